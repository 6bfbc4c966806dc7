"""The cases of a partition: as bytes, untouched ones never unpacked, closed ones out of memory and back. Issue 4."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import ClockEvent
from lienthong_streams.case_metrics import CaseMetrics
from lienthong_streams.case_state import UnknownStateVersion
from lienthong_streams.case_store import DAY, KEPT_CLOSED
from lienthong_streams.partition import DeadlinePartition
from tests.support.cases import CASE, MINUTE, event, minute
from tests.support.log import SOURCE, Log, avro_record, clock_events

KEY = CASE.encode()
KEPT = ("open", "closed", "disk")
LATER = minute(0) + KEPT_CLOSED + DAY + 3 * 60 * MINUTE


def closed_log() -> Log:
    """A case that was late and has ended, known when it occurred."""
    log = Log(SchemaBook())
    for one in (event(1, "2", 0, due=60), event(3, "9", 90, due=60)):
        log.take(one, known_at=one.occurred_at)
    return log


def put_away(log: Log, at: Instant = LATER) -> tuple[DeadlinePartition, list[ClockEvent], dict[bytes, bytes | None]]:
    """A partition that has left its closed case to the disk, what it said, and its changelog."""
    partition = log.partition()
    log.tick(minute(100), len(log.records), {"H27.16": minute(100)})
    effects = partition.run(log.records, now=0)
    log.tick(at, len(log.records))
    later = partition.run((), now=0)
    return partition, clock_events(log.book, effects.outputs + later.outputs), dict(effects.changes + later.changes)


def test_a_closed_case_leaves_memory_after_the_time_set() -> None:
    """Its bytes are on the disk then, and nothing is said or written about that."""
    log = closed_log()
    partition, said, _ = put_away(log, minute(90) + KEPT_CLOSED)
    assert (partition.cases.tally().closed, partition.cases.tally().cold) == (1, 0)
    log.tick(LATER, 2)
    effects = partition.run((), now=0)
    tally = partition.cases.tally()
    assert (tally.open, tally.closed, tally.cold, tally.memory_bytes) == (0, 0, 1, 0)
    assert (effects.outputs, effects.urgent) == ((), False)
    assert [one.kind for one in said] == ["started", "breached", "met-late"]


def test_an_open_case_stays() -> None:
    """Also after a year of silence; so does one that waits for papers."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60), event(1, "5", 0, due=60, case_id=f"{CASE}-2")])
    partition, *_ = put_away(log, minute(0) + 400 * DAY)
    assert partition.cases.tally()[:3] == (2, 0, 0)


def test_an_event_for_a_case_on_the_disk_gives_what_the_whole_timeline_gives() -> None:
    """The missing event is a pause: the breach is withdrawn, and nothing is said twice."""
    log = closed_log()
    partition, said, _ = put_away(log)
    pause = log.take(event(2, "5", 30, due=60), known_at=LATER)
    after = clock_events(log.book, partition.run([pause], now=0).outputs)
    in_memory = Log(SchemaBook(), [event(1, "2", 0, due=60), event(2, "5", 30, due=60), event(3, "9", 90, due=60)])
    in_memory.tick(LATER, 3)
    whole = clock_events(log.book, in_memory.partition().run(in_memory.records, now=0).outputs)
    withdrawn = {one.refers_to for one in after if one.kind == "cleared"}
    standing = {one.settled_key for one in said + after if one.event_id not in withdrawn and one.kind != "cleared"}
    assert standing == {one.settled_key for one in whole}
    assert len({one.event_id for one in said + after}) == len(said + after)
    assert "breached" in {one.kind for one in said if one.event_id in withdrawn}


def test_a_duplicate_for_a_case_on_the_disk_changes_nothing() -> None:
    """It comes back into memory and leaves it again with the next tick."""
    log = closed_log()
    partition, *_ = put_away(log)
    again = log.take(event(1, "2", 0, due=60), known_at=LATER)
    effects = partition.run([again], now=0)
    assert (effects.outputs, len(effects.changes)) == ((), 1)
    log.tick(LATER + MINUTE, 3)
    partition.run((), now=0)
    assert partition.cases.tally()[:3] == (0, 0, 1)


def test_a_restart_leaves_closed_cases_on_the_disk() -> None:
    """The next owner keeps open cases in memory only, and says nothing; a late event finds the whole timeline."""
    log = closed_log()
    log.take(event(1, "2", 80, due=900, case_id=f"{CASE}-2"), known_at=minute(80))
    _, said, changelog = put_away(log, minute(200))
    again = log.restored(changelog)
    assert again.cases.tally()[:3] == (1, 0, 1)
    assert again.run((), now=0).outputs == ()
    late = again.run([log.take(event(2, "4", 30, due=60), known_at=LATER)], now=0).outputs
    assert not {one.event_id for one in clock_events(log.book, late)} & {one.event_id for one in said}
    assert CASE.encode() in list(again.cases)


def test_a_case_that_was_reopened_is_in_memory_alone() -> None:
    """An uncompacted changelog holds it closed, then open."""
    log = closed_log()
    partition, _, changelog = put_away(log, minute(200))
    reopened = partition.run([log.take(event(4, "4", 95, due=60), known_at=minute(201))], now=0)
    again = log.partition()
    for key, value in (*changelog.items(), *reopened.changes):
        again.restore(key, value)
    again.restored()
    assert again.cases.tally()[:3] == (1, 0, 0)
    again.restore(KEY, None)
    assert again.cases.tally() == (0, 0, 0, 0)


def test_memory_is_counted_as_cases_come_change_and_go() -> None:
    """Keys and values; the counts must not drift, for people plan memory by them."""
    log = Log(SchemaBook())
    partition = log.partition()
    expected = 0
    for number in range(9):
        log.take(event(1, "2", number, due=60, case_id=f"{CASE}-{number % 3}"), known_at=minute(number))
        log.tick(minute(number), number + 1)
        changes = partition.run(log.records[-1:], now=0).changes
        held = {key: value or b"" for key, value in changes if key[:1] != b"\0"}
        if number < 3:
            expected += sum(len(key) + len(value) for key, value in held.items())
            assert partition.cases.tally().memory_bytes == expected
    assert partition.cases.tally().open == 3


def test_a_tick_on_which_nothing_falls_due_unpacks_no_case() -> None:
    """It costs what falls due and what was heard, not what is open: decodes are counted, not time."""
    cases = [event(1, "2", number, due=500 + number, case_id=f"{CASE}-{number}") for number in range(50)]
    log = Log(SchemaBook(), cases)
    partition = log.partition()
    log.tick(minute(60), 50)
    partition.run(log.records, now=0)
    before = partition.cases.decodes
    for number in range(61, 400):
        log.tick(minute(number), 50, {"H27.16": minute(number)})
        partition.run((), now=0)
    assert partition.cases.decodes == before
    log.tick(minute(502.5), 50)
    partition.run((), now=0)
    assert partition.cases.decodes == before + 3


def test_a_heard_office_unpacks_only_what_waits_for_it() -> None:
    """One office was silent over a due time, another's cases are not looked at."""
    log = Log(SchemaBook())
    for number in range(20):
        office = "H27.16" if number < 2 else "H27.01"
        log.take(event(1, "2", 0, due=60, case_id=f"{CASE}-{number}", office=office), known_at=minute(1))
    partition = log.partition()
    log.tick(minute(61), 20, {"H27.01": minute(61)})
    partition.run(log.records, now=0)
    before = partition.cases.decodes
    log.tick(minute(62), 20, {"H27.01": minute(62), "H27.16": minute(62)})
    confirmed = clock_events(log.book, partition.run((), now=0).outputs)
    assert ([one.kind for one in confirmed], partition.cases.decodes - before) == (["confirmed"] * 2, 2)


def test_restoring_unpacks_no_case() -> None:
    """Bytes and headers alone, so that a million cases are back in seconds."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60, case_id=f"{CASE}-{number}") for number in range(9)])
    log.tick(minute(30), 9)
    again = log.restored(dict(log.partition().run(log.records, now=0).changes))
    assert (again.cases.decodes, again.cases.tally().open) == (0, 9)


def test_the_changelog_of_a_newer_program_is_refused_at_once() -> None:
    """Not only when the case is touched."""
    partition = Log(SchemaBook()).partition()
    with pytest.raises(UnknownStateVersion, match="newer program"):
        partition.restore(KEY, b"\x63 unknown")


def test_outdated_entries_do_not_pile_up() -> None:
    """A due time that is stated anew again and again leaves entries behind; the index is built anew in time."""
    log = Log(SchemaBook())
    partition = log.partition()
    log.tick(minute(0), 0)
    for seq in range(1, 61):
        record = avro_record(event(seq, "4", seq / 10, due=10_000 + 100 * seq))
        log.append(log.book.encode(SOURCE.topic, record), KEY, known_at=minute(seq / 10))
        log.tick(minute(seq / 10), seq)
        partition.run(log.records[-1:], now=0)
    assert partition.cases.waiting_entries > 50
    partition.cases.outdated_allowed = 10
    log.tick(minute(10), 60)
    partition.run((), now=0)
    assert partition.cases.waiting_entries == 1


def test_the_metrics_tell_what_is_kept_where() -> None:
    """Of the partitions owned now; one that is let go vanishes with its cases."""
    registry = CollectorRegistry()
    metrics = CaseMetrics("h27", registry)
    log = closed_log()
    partition, *_ = put_away(log, minute(200))
    log.take(event(1, "2", 80, due=900, case_id=f"{CASE}-2"), known_at=minute(201))
    partition.run(log.records[2:], now=0)
    metrics.watch(partition)
    here = {"bus": "h27", "topic": SOURCE.topic, "partition": str(SOURCE.partition)}
    kept = [registry.get_sample_value("lienthong_stream_cases", {**here, "kept": each}) for each in KEPT]
    assert kept == [1, 1, 0]
    weight = registry.get_sample_value("lienthong_stream_cases_memory_bytes", here)
    assert weight == partition.cases.tally().memory_bytes > 300
    del partition
    assert registry.get_sample_value("lienthong_stream_cases_memory_bytes", here) is None
