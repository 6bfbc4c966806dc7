"""The partition processor: letters, waiting for a schema, ticks, restarts. Source: design §4, §5, §6."""

from __future__ import annotations

import json

import pytest

from lienthong_infra.dead_letter import read_letter
from lienthong_infra.partitioning import partition_of
from lienthong_infra.placement import Placement
from lienthong_infra.ports import OutboundRecord, Record
from lienthong_schemas.codec import MARKER, SchemaBook, fingerprint_of, packaged_schema
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND
from lienthong_schemas.records import PROVISIONAL_SILENCE, ClockEvent, ReferenceRecord, clock_event, finding
from lienthong_streams.partition import DeadlinePartition, NotReady
from lienthong_streams.position import POSITION_KEY, decode_position
from tests.support.cases import CASE, POLICY, STATES, event, minute
from tests.support.log import SOURCE, Log, avro_record


def said(log: Log, outputs: tuple[OutboundRecord, ...]) -> list[ClockEvent]:
    """The clock events among outputs."""
    return [clock_event(log.book.decode("sla.v1", one.value or b"")) for one in outputs if one.topic == "sla.v1"]


AGENCY = json.dumps({"name": "Sở Tư pháp", "unit_type": "agency"})


def letters_of(outputs: tuple[OutboundRecord, ...]) -> list[tuple[int, str, str]]:
    """(offset, stage, code) of the dead letters among outputs."""
    found = []
    for one in outputs:
        if one.topic == "dossier-dead-letter.v1":
            letter = read_letter(Record(one.topic, 0, 0, one.key, one.value, 0, one.headers))
            found.append((letter.offset, letter.stage, letter.code))
    return found


def test_a_breach_is_announced_by_the_first_tick_after_the_due_time() -> None:
    """Time comes from ticks alone; the input position and the due time are in the announcement."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    partition = log.partition()
    log.tick(minute(30), 1, {"H27.16": minute(30)})
    assert [one.kind for one in said(log, partition.run(log.records, now=0).outputs)] == ["started"]
    log.tick(minute(61), 1, {"H27.16": minute(61)})
    (breach,) = said(log, partition.run((), now=0).outputs)
    assert ("breached", minute(60), "firm", 1) == (breach.kind, breach.due_at, breach.firmness, breach.source_offset)


def test_before_the_first_tick_nothing_is_said_but_all_is_kept() -> None:
    """Without time there is nothing to announce; the timeline is in the changelog."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    partition = log.partition()
    effects = partition.run(log.records, now=0)
    assert ((), [CASE.encode(), POSITION_KEY]) == (effects.outputs, [key for key, _ in effects.changes])
    log.tick(minute(61), 1)
    assert [one.kind for one in said(log, partition.run((), now=0).outputs)] == ["started", "breached"]


def test_a_tick_waits_for_the_position_that_it_names() -> None:
    """A tick is a barrier: what lies before it is read first."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60), event(2, "9", 59, due=60)])
    partition = log.partition()
    log.tick(minute(61), 2)
    assert partition.run(log.records[:1], now=0).outputs == ()
    assert [one.kind for one in said(log, partition.run(log.records[1:], now=0).outputs)] == ["started", "met"]


def test_a_silent_office_is_confirmed_when_it_is_heard() -> None:
    """Provisional for want of a heartbeat, then confirmed, without any new event."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    partition = log.partition()
    log.tick(minute(61), 1)
    breach = said(log, partition.run(log.records, now=0).outputs)[-1]
    log.tick(minute(62), 1, {"H27.16": minute(62)})
    (confirmed,) = said(log, partition.run((), now=0).outputs)
    assert (PROVISIONAL_SILENCE, breach.event_id) == (breach.firmness, confirmed.refers_to)
    assert confirmed.kind == "confirmed"


def test_bad_records_become_letters_and_the_others_go_on() -> None:
    """Undecodable, of another topic, forbidden: each a letter with its reason; the sound one is applied (P5)."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    sound = log.records[0]
    log.append(b"not avro", CASE.encode())
    log.append(None, CASE.encode())
    log.append((sound.value or b"")[:-3], CASE.encode())
    log.append(
        log.book.encode("tick.v1", {"bus_time": 0, "case_ends": {}, "reference_end": 0, "complete_through": {}}), b""
    )
    log.append(sound.value, b"another key")
    log.append(log.book.encode(SOURCE.topic, {**avro_record(event(2, "4", 1)), "seq": 0}), CASE.encode())
    log.tick(minute(61), 7)
    partition = log.partition()
    effects = partition.run(log.records, now=0)
    assert letters_of(effects.outputs) == [
        (1, "decode", "not-single-object"),
        (2, "decode", "not-single-object"),
        (3, "decode", "undecodable"),
        (4, "decode", "wrong-schema"),
        (5, "rule", "broken-rule"),
        (6, "rule", "broken-rule"),
    ]
    assert [one.kind for one in said(log, effects.outputs)] == ["started", "breached"]
    assert partition.position == 7


def grown_schema() -> dict[str, object]:
    """The dossier's schema as a newer producer has it: one more field."""
    schema: dict[str, object] = packaged_schema("dossier.v1")
    fields = schema["fields"]
    assert isinstance(fields, list)
    fields.append({"name": "priority", "type": "string", "default": ""})
    return schema


def newer_value(seq: int) -> bytes:
    """An event as a newer producer writes it: its schema has a field more at the end."""
    old = SchemaBook().encode(SOURCE.topic, avro_record(event(seq, "2", 0, due=60)))
    return MARKER + fingerprint_of(grown_schema()) + old[10:] + b"\x00"


def test_an_unknown_schema_is_waited_for_then_becomes_a_letter() -> None:
    """At most 60 s per fingerprint, then letters at once (design §4)."""
    log = Log(SchemaBook())
    log.append(newer_value(1), CASE.encode())
    log.append(newer_value(2), CASE.encode())
    partition = log.partition()
    assert partition.run(log.records, now=0).outputs == ()
    assert partition.position == 0
    effects = partition.run(log.records, now=61 * MICROSECONDS_PER_SECOND)
    assert letters_of(effects.outputs) == [(0, "decode", "unknown-fingerprint"), (1, "decode", "unknown-fingerprint")]


def test_a_schema_from_the_reference_topic_ends_the_wait() -> None:
    """Producers may be upgraded first: the schema arrives as reference data and the event is read."""
    log = Log(SchemaBook())
    log.append(newer_value(1), CASE.encode())
    partition = log.partition()
    partition.run(log.records, now=0)
    schema = ReferenceRecord("schema/dossier.v1/2", "schema", "dossier.v1", 2, 0, 0, json.dumps(grown_schema()))
    value = log.book.encode("reference.v1", schema._asdict())
    log.barriers.add_reference(Record("reference.v1", 0, 2, b"", value, 0))
    effects = partition.run(log.records, now=1)
    assert (letters_of(effects.outputs), partition.position, list(partition.cases)) == ([], 1, [CASE.encode()])


def test_a_restart_from_the_changelog_says_nothing_again() -> None:
    """A rebuild of the state is silent, and the due time is still watched."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    log.tick(minute(30), 1)
    changes = dict(log.partition().run(log.records, now=0).changes)
    again = log.restored(changes)
    assert (again.position, again.standing.generation) == (1, 2)
    assert again.run((), now=0).outputs == ()
    log.tick(minute(61), 1)
    assert [one.kind for one in said(log, again.run((), now=0).outputs)] == ["breached"]


def test_a_new_policy_makes_every_case_be_folded_again() -> None:
    """Without a policy no clock runs; the record that brings one starts it, with the next tick."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)], references=(STATES,))
    partition = log.partition()
    log.tick(minute(30), 1)
    assert said(log, partition.run(log.records, now=0).outputs) == []
    log.barriers.add_reference(Record("reference.v1", 0, 1, b"", log.book.encode("reference.v1", POLICY._asdict()), 0))
    log.reference_end = 2
    log.tick(minute(31), 1)
    assert [one.kind for one in said(log, partition.run((), now=0).outputs)] == ["started"]


def test_an_office_that_is_registered_later_is_no_longer_unknown() -> None:
    """The finding is withdrawn with the tick that brings the register's new record."""
    other, own = (ReferenceRecord(f"unit/{code}/1", "unit", code, 1, 0, 0, AGENCY) for code in ("H27.01", "H27.16"))
    log = Log(SchemaBook(), [event(1, "2", 0, due=60, commune="")], references=(STATES, POLICY, other))
    partition = log.partition()
    log.tick(minute(30), 1)
    found = [
        finding(log.book.decode("quality.v1", one.value or b""))
        for one in partition.run(log.records, now=0).outputs
        if one.topic == "quality.v1"
    ]
    assert ("unknown-office", "raised") in [(one.code, one.kind) for one in found]
    log.barriers.add_reference(Record("reference.v1", 0, 3, b"", log.book.encode("reference.v1", own._asdict()), 0))
    log.reference_end = 4
    log.tick(minute(31), 1)
    (one,) = [one for one in partition.run((), now=0).outputs if one.topic == "quality.v1"]
    assert finding(log.book.decode("quality.v1", one.value or b"")).kind == "withdrawn"


def test_an_idle_run_is_not_urgent() -> None:
    """A tick without consequences moves only the position; the host may put its commit off."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    partition = log.partition()
    log.tick(minute(1), 1)
    assert partition.run(log.records, now=0).urgent
    log.tick(minute(2), 1)
    effects = partition.run((), now=0)
    assert (False, minute(2)) == (effects.urgent, decode_position(effects.changes[-1][1] or b"").horizon)


def test_taking_over_before_the_reference_was_read_is_refused() -> None:
    """Deadlines folded without policies would be wrong in silence."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    log.tick(minute(30), 1)
    changes = dict(log.partition().run(log.records, now=0).changes)
    unread = Log(SchemaBook(), references=())
    with pytest.raises(NotReady, match="read it to its end"):
        unread.restored(changes)


def test_a_duplicate_record_changes_nothing() -> None:
    """The same event twice, accepted later the second time: no output, no change (P2)."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    log.append(
        log.book.encode(SOURCE.topic, avro_record(event(1, "2", 0, due=60, accepted_at=minute(9)))), CASE.encode()
    )
    log.tick(minute(30), 1)
    partition: DeadlinePartition = log.partition()
    partition.run(log.records[:1], now=0)
    effects = partition.run(log.records[1:], now=0)
    assert (effects.outputs, [key for key, _ in effects.changes]) == ((), [POSITION_KEY])


def test_a_case_with_too_many_events_takes_no_more_and_goes_on_by_what_is_known() -> None:
    """The state of a case has a bound; behind it new events are letters, duplicates are harmless, its clocks run."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60), event(2, "4", 1, due=60), event(1, "2", 0, due=60)])
    partition = log.partition()
    partition.longest_timeline = 1
    log.tick(minute(61), 3)
    effects = partition.run(log.records, now=0)
    assert letters_of(effects.outputs) == [(1, "apply", "case-too-long")]
    assert [one.kind for one in said(log, effects.outputs)] == ["started", "breached"]


def test_a_record_that_kills_its_worker_is_set_aside() -> None:
    """After n deaths it becomes a letter of stage `apply`, and the partition goes on behind it (design §6)."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60), event(2, "9", 1, due=60)])
    log.tick(minute(30), 2)
    partition = log.partition()
    effects = partition.set_aside(log.records[0], deaths=5, now=0)
    assert letters_of(effects.outputs) == [(0, "apply", "worker-died")]
    assert decode_position(effects.changes[-1][1] or b"").next_offset == 1
    assert [one.kind for one in said(log, partition.run(log.records[1:], now=0).outputs)] == ["started", "met"]


def test_a_case_outside_the_partition_of_its_key_is_a_letter() -> None:
    """Two workers would each count half of it (design §4); the ledger writes the same letter."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    partition = log.partition()
    belongs = partition_of(CASE.encode(), 4)
    wrong = [log.records[0]._replace(partition=(belongs + 1) % 4)]
    partition.placement = Placement({SOURCE.topic: 4})
    assert letters_of(partition.run(wrong, now=0).outputs) == [(0, "rule", "wrong-partition")]
    assert (partition.position, partition.cases.get(CASE.encode())) == (1, None)


@pytest.mark.parametrize("timestamp", [-1, 2**62])
def test_a_timestamp_that_is_none_ends_no_worker(timestamp: int) -> None:
    """It counts as the beginning of 1970, as in the ledger."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    partition = log.partition()
    log.tick(minute(30), 1)
    outputs = partition.run([log.records[0]._replace(timestamp=timestamp)], now=0).outputs
    assert [one.kind for one in said(log, outputs)] == ["started"]
