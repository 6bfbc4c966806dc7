"""Faults of those who look for breaches in scans, each as a test on a partition; see ``test_faults_of_others``."""

from __future__ import annotations

from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.records import ClockEvent, clock_event
from lienthong_streams.partition import DeadlinePartition
from tests.support.cases import event, minute
from tests.support.log import Log

CASES = 250


def tick(log: Log, partition: DeadlinePartition, at: float) -> list[ClockEvent]:
    """The breaches that the partition announces with a tick."""
    log.tick(minute(at), len(log.records))
    outputs = partition.run(log.records[partition.position :], now=0).outputs
    said = [clock_event(log.book.decode("sla.v1", one.value or b"")) for one in outputs if one.topic == "sla.v1"]
    return [one for one in said if one.kind == "breached"]


def open_cases(number: int) -> list[str]:
    """Ids of so many cases."""
    return [f"dossier:H27.16:000.00.16.H27-250701-{each:04}" for each in range(number)]


def test_f2_with_many_open_cases_the_oldest_is_found_too() -> None:
    """Every case that falls due is looked at, not the newest hundred."""
    events = [event(1, "2", each, due=60 + each, case_id=case) for each, case in enumerate(open_cases(CASES))]
    log = Log(SchemaBook(), events)
    partition = log.partition()
    assert [one.case_id for one in tick(log, partition, 60.5)] == open_cases(1)
    assert {one.case_id for one in tick(log, partition, 60 + CASES)} == set(open_cases(CASES)[1:])


def test_f3_every_office_and_commune_is_looked_at() -> None:
    """One worker serves them all."""
    offices = ["H27.16", "H27.31", "H27.40.1"]
    events = [
        event(1, "2", 0, due=60, case_id=case, office=office, commune=f"1807{each}")
        for each, (case, office) in enumerate(zip(open_cases(3), offices, strict=True))
    ]
    log = Log(SchemaBook(), events)
    breaches = tick(log, log.partition(), 61)
    assert {(one.office, one.commune) for one in breaches} == set(
        zip(offices, ["18070", "18071", "18072"], strict=True)
    )


def test_f11_a_breach_is_announced_once_however_long_it_lasts() -> None:
    """Thirty days of ticks: one announcement, not one a day."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    partition = log.partition()
    found = [len(tick(log, partition, 61 + day * 24 * 60)) for day in range(30)]
    assert found == [1] + [0] * 29


def test_thread_3_a_breach_is_found_without_anybody_touching_the_case() -> None:
    """Time alone is enough: no event, no save, no outside job for this case."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    partition = log.partition()
    assert tick(log, partition, 60) == []
    assert len(tick(log, partition, 60.01)) == 1
