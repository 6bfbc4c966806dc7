"""What an event makes goes when it is done with: nothing is left that only a collection would find."""

from __future__ import annotations

import gc

from lienthong_schemas.codec import SchemaBook
from tests.support.cases import event, minute
from tests.support.log import Log


def test_a_judged_case_leaves_no_cycles() -> None:
    """To find the cycles of each case was a tenth of the engine's time, in pauses of a tenth of a second."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60), event(2, "4", 5), event(3, "5", 10), event(4, "4", 20)])
    partition = log.partition()
    log.tick(minute(30), 1, {"H27.16": minute(30)})
    partition.run(log.records[:1], now=0)
    gc.collect()
    gc.disable()
    try:
        kinds = {one.topic for one in partition.run(log.records[1:], now=0).outputs}
        assert "sla.v1" in kinds
        assert gc.collect() == 0
    finally:
        gc.enable()
