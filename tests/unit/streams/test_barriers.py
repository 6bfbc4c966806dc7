"""Ticks and reference data that cannot be read are left out, said once and counted."""

from __future__ import annotations

import json
import logging

import pytest
from prometheus_client import CollectorRegistry

from lienthong_infra.ports import Record
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.records import ReferenceRecord, Tick
from lienthong_streams.barrier_metrics import BarrierMetrics
from lienthong_streams.barriers import Barriers

BOOK = SchemaBook()


def reference(offset: int, kind: str, body: str) -> Record:
    """A record of the reference topic."""
    one = ReferenceRecord(f"{kind}/x@1", kind, "x", 1, 0, 0, body)
    return Record("reference.v1", 0, offset, b"x", BOOK.encode("reference.v1", one._asdict()), 0)


def test_a_rule_that_cannot_be_read_is_said_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever looks why a rule does nothing finds it; every later book of the same records is silent about it."""
    barriers, registry = Barriers(BOOK), CollectorRegistry()
    BarrierMetrics("h27", barriers, registry)
    with caplog.at_level(logging.WARNING):
        barriers.add_reference(reference(0, "unit", '{"name": "Tư pháp", "unit_type": "agency", "colour": "red"}'))
        barriers.add_reference(reference(1, "unit", '{"name": "Tư pháp", "unit_type": "agency"}'))
        barriers.add_reference(reference(2, "moon-phase", "{}"))
        assert [bool(barriers.reference(end).problems) for end in (1, 2, 3)] == [True, True, True]
    said = [vars(each) for each in caplog.records if each.message == "barrier-refused"]
    assert [(each["offset"], each["code"]) for each in said] == [(0, "broken-body"), (2, "broken-body")]
    assert "colour" in said[0]["problem"]
    labels = {"bus": "h27", "code": "broken-body"}
    assert registry.get_sample_value("lienthong_stream_barriers_refused_total", labels) == 2


def test_what_is_no_record_of_its_topic_is_counted_by_its_code() -> None:
    """A damaged tick, a damaged reference record, and a schema that is none."""
    barriers = Barriers(BOOK)
    barriers.add_tick(Record("tick.v1", 0, 0, None, b"nonsense", 0))
    barriers.add_reference(Record("reference.v1", 0, 0, b"x", b"nonsense", 0))
    barriers.add_reference(reference(1, "schema", json.dumps({"type": "no type"})))
    assert sum(barriers.refused.values()) == 3
    assert barriers.refused["broken-schema"] == 1
    assert barriers.reference_position == 2


def test_a_tick_says_no_later_time_than_the_log_had_when_it_took_it() -> None:
    """A ticker whose clock is a day fast makes nothing overdue; one that agrees to the millisecond is believed."""
    taken = 1_790_000_000_000
    barriers = Barriers(BOOK)
    for offset, bus_time in enumerate((taken * 1_000 + 999, taken * 1_000 + 86_400_000_000)):
        barriers.add_tick(record_of_tick(offset, bus_time, taken))
    assert [one.bus_time for _, _, one in barriers.pending("dossier.v1/0", -1)] == [taken * 1_000 + 999] * 2


def test_a_tick_of_a_log_without_times_is_believed() -> None:
    """A record may carry no timestamp (-1): there is nothing to hold the tick against."""
    barriers = Barriers(BOOK)
    barriers.add_tick(record_of_tick(0, 1_790_000_000_000_000, -1))
    assert [one.bus_time for _, _, one in barriers.pending("dossier.v1/0", -1)] == [1_790_000_000_000_000]


@pytest.mark.parametrize("bus_time", [-(2**62), 2**62])
def test_a_tick_of_an_impossible_time_is_left_out(bus_time: int) -> None:
    """No worker goes to the year 148,000, and the ledger refuses the same tick."""
    barriers = Barriers(BOOK)
    barriers.add_tick(record_of_tick(0, bus_time, 1_790_000_000_000))
    assert barriers.pending("dossier.v1/0", -1) == []
    assert barriers.refused == {"broken-rule": 1}


def record_of_tick(offset: int, bus_time: int, taken_ms: int) -> Record:
    """A tick with a time of its own, and the time at which the log took it."""
    value = BOOK.encode("tick.v1", Tick(bus_time, {}, 0, {})._asdict())
    return Record("tick.v1", 0, offset, None, value, taken_ms)
