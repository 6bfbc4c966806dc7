"""While one partition of a step computes, the transactions of those before it are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lienthong_infra.memory import MemoryPartitionLog
from lienthong_infra.ports import Change, OutboundRecord, PartitionLog, Record, TopicPartition
from lienthong_schemas.instants import Instant
from lienthong_streams.runtime.ports import Effects
from tests.support.brokers import MemoryKit
from tests.support.counting import CountingProcessor
from tests.support.stage import QUICK, Stage

TURNS_OF_A_CLIENT = 7
"""Turns of the event loop after which the client of Kafka has written the first request of a transaction
(``tests/contract/test_setting_out.py``)."""


class SlowLog(MemoryPartitionLog):
    """Sets out as late as the client of Kafka does."""

    def __init__(self, kit: MemoryKit, source: TopicPartition, seen: list[str]) -> None:
        super().__init__(kit.broker, "deadlines", source)
        self._seen = seen

    async def commit(self, outputs: Sequence[OutboundRecord], changes: Sequence[Change]) -> None:
        """Note when the first request would go out."""
        for _ in range(TURNS_OF_A_CLIENT):
            await asyncio.sleep(0)
        if outputs:
            self._seen.append("set out")
        await super().commit(outputs, changes)


async def test_a_transaction_sets_out_before_the_next_partition_computes() -> None:
    """Else all of them wait for the last partition, and the broker has nothing to do meanwhile."""
    seen: list[str] = []
    kit = MemoryKit()

    class Noting(CountingProcessor):
        def run(self, records: Sequence[Record], *, now: Instant) -> Effects:
            if records:
                seen.append("computed")
            return super().run(records, now=now)

    def log_of(source: TopicPartition) -> PartitionLog:
        return SlowLog(kit, source, seen)

    stage = await Stage(kit).prepare()
    await stage.write(20)
    async with stage.running(log_of=log_of, processor_of=Noting, times=QUICK) as host:
        await stage.until_said(host)
    assert len(seen) >= 2 * stage.partitions
    assert seen == ["computed", "set out"] * (len(seen) // 2)
    await stage.assert_exact()
