"""What is wrong on the bus becomes a letter, a finding or a correction, as design says; the worker goes on.

One bus for all of it, in two acts: what arrives wrong or late, and what arrives afterwards and sets it right.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from lienthong_infra.dead_letter import Letter, read_letter
from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import MARKER, SchemaBook, fingerprint_of, packaged_schema
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import ReferenceRecord
from tests.support.agreement import Key, counted, events_of, ledger_count, settled_by_fold, standing_in_ledger
from tests.support.handwritten import MINUTE, OFFICE, Scribe
from tests.support.ledger_recount import Recount
from tests.support.whole_bus import WholeBus, wall_clock, whole_bus

pytestmark = pytest.mark.broker

FAR = 45.0
"""Minutes after the beginning, when the first act's tick comes: every due time (30) has passed."""
CURTAIN = 50.0
PARTITIONS = load_catalogue().topics["dossier.v1"].config.partitions


def case(local: str) -> str:
    """The case id of a dossier."""
    return f"dossier:{OFFICE}:{local}"


def wrong_records(scribe: Scribe) -> dict[str, OutboundRecord]:
    """By the code of the letter that each must become, a record that nobody can take."""

    def sound(name: str) -> OutboundRecord:
        return scribe.record(scribe.dossier(f"WRONG-{name}", "2", 1.0), 1)

    undecodable, strange, foreign, astray = map(sound, ("UNDECODABLE", "UNKNOWN", "FOREIGN", "ASTRAY"))
    beat = {"office": OFFICE, "sender": "s", "sent_at": 0, "complete_through": 0, "accepted": 0, "pending": 0}
    value = undecodable.value or b""
    return {
        "not-single-object": sound("JSON")._replace(value=b'{"status": 2}', headers=(("ce_id", b"1"),)),
        "undecodable": undecodable._replace(value=value[:-9]),  # the fields at its end are missing
        "unknown-fingerprint": strange._replace(value=MARKER + b"\x01" * 8 + value[10:]),
        "wrong-schema": foreign._replace(value=scribe.book.encode("heartbeat.v1", beat)),
        "broken-rule": sound("KEY")._replace(key=b"dossier:H27.16:ANOTHER"),
        "wrong-partition": astray._replace(partition=(partition_of(astray.key or b"", PARTITIONS) + 1) % PARTITIONS),
    }


def newer_schema() -> tuple[dict[str, Any], bytes]:
    """Tomorrow's schema of dossiers, with a field that today's programs do not know."""
    schema = packaged_schema("dossier.v1")
    schema["fields"].append({"name": "queue_number", "type": "int", "default": 0})
    return schema, fingerprint_of(schema)


def by_newer_program(scribe: Scribe) -> OutboundRecord:
    """A dossier as a program writes it that knows the newer schema already."""
    record = scribe.record(scribe.dossier("NEWER", "2", 1.0, due=90.0), 1)
    return record._replace(value=MARKER + newer_schema()[1] + (record.value or b"")[10:] + b"\x0e")


def schema_record(book: SchemaBook) -> OutboundRecord:
    """The publication of the newer schema."""
    body = json.dumps(newer_schema()[0])
    one = ReferenceRecord("schema/dossier.v1/2", "schema", "dossier.v1", 2, 0, 0, body)
    return OutboundRecord("reference.v1", b"schema/dossier.v1", book.encode("reference.v1", one._asdict()))


@dataclass
class Story:
    """What is to be seen afterwards."""

    wrong: dict[str, OutboundRecord]
    letters: list[Letter]
    clock_events: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    between: list[str]
    """Settled keys that stood between the acts."""
    bus: WholeBus
    recount: Recount
    folded: frozenset[Key]

    def said(self, local: str) -> list[tuple[str, str, str]]:
        """(kind, firmness, kind of what it refers to) of what was announced about a dossier, in order."""
        kinds = {each["event_id"]: each["kind"] for each in self.clock_events}
        return [
            (each["kind"], each["firmness"], kinds.get(each["refers_to"] or "", ""))
            for each in self.clock_events
            if each["case_id"] == case(local)
        ]

    def found(self, local: str) -> list[tuple[str, str]]:
        """(code, raised or withdrawn) of the findings about a dossier, in order."""
        return [(each["code"], each["kind"]) for each in self.findings if each["case_id"] == case(local)]


async def first_act(bus: WholeBus, scribe: Scribe) -> dict[str, OutboundRecord]:
    """Everything that is wrong, in conflict, incomplete or twice, among sound cases."""
    await bus.tick(scribe.minute(0))
    await bus.publish(by_newer_program(scribe))
    await bus.publish(schema_record(bus.book))
    await bus.at_rest()
    wrong = wrong_records(scribe)
    for number, each in enumerate(wrong.values()):
        await bus.publish(each, *scribe.course(f"SOUND-{number}", ("2", 1.0), ("4", 2.0), ("9", 20.0)))
    twice = scribe.course("TWICE", ("2", 1.0))
    await bus.publish(*twice, *twice)
    await bus.publish(*scribe.course("CONFLICT", ("2", 1.0)))
    await bus.publish(scribe.record(scribe.dossier("CONFLICT", "4", 10.0), 2, accepted=12.0))
    hole = scribe.course("HOLE", ("2", 1.0), ("5", 5.0), ("4", 6.0))
    await bus.publish(hole[0], hole[2])
    await bus.publish(*scribe.course("LATE", ("2", 1.0), ("4", 2.0)))
    await bus.publish(*scribe.course("JUMPED", ("2", 1.0), ("9", 20.0)))
    await bus.heard(OFFICE, through=scribe.minute(FAR))
    await bus.tick(scribe.minute(FAR))
    await bus.at_rest()
    return wrong


async def second_act(bus: WholeBus, scribe: Scribe) -> None:
    """What was missing arrives."""
    ended = scribe.dossier("CONFLICT", "9", 11.0, ended=True)
    await bus.publish(scribe.record(ended, 2, accepted=11.0))
    await bus.publish(scribe.course("HOLE", ("2", 1.0), ("4", 5.0))[1])
    await bus.publish(scribe.record(scribe.dossier("LATE", "9", 25.0, ended=True), 3))
    await bus.tick(scribe.minute(CURTAIN))
    await bus.at_rest()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def story(kafka_bootstrap: str, ledger_dsn_factory: Callable[[], str]) -> AsyncIterator[Story]:
    """The bus after both acts."""
    dsn, prefix = ledger_dsn_factory(), f"t-{secrets.token_hex(5)}"
    async with whole_bus(kafka_bootstrap, dsn, prefix) as bus:
        begins: Instant = wall_clock() - 60 * MINUTE
        scribe = Scribe(bus.book, begins)
        wrong = await first_act(bus, scribe)
        between = sorted(key for key, _ in standing_in_ledger(bus))
        await second_act(bus, scribe)
        bus.book.learn("dossier.v1", newer_schema()[0])
        events = await events_of(bus)
        yield Story(
            wrong,
            [read_letter(each) for each in await bus.records("dossier-dead-letter.v1")],
            await bus.decoded("sla.v1"),
            await bus.decoded("quality.v1"),
            between,
            bus,
            counted(events),
            await settled_by_fold(bus, events, scribe.minute(CURTAIN)),
        )


@pytest.mark.parametrize(
    "code", ["not-single-object", "undecodable", "unknown-fingerprint", "wrong-schema", "broken-rule"]
)
def test_a_wrong_record_becomes_a_letter_byte_for_byte(story: Story, code: str) -> None:
    """With its reason, its key, its value and its headers."""
    record = story.wrong[code]
    letters = {letter.letter_id: letter for letter in story.letters if letter.code == code}
    assert [(each.key, each.value, each.headers) for each in letters.values()] == [
        (record.key, record.value, record.headers)
    ]


def test_streams_and_ledger_write_the_same_letters(story: Story) -> None:
    """Both read every record, so each letter is there twice, and counts once."""
    writers = {(letter.letter_id, letter.consumer) for letter in story.letters}
    assert len(writers) == 2 * len(story.wrong)
    rows = story.bus.rows("SELECT code, copies, state FROM dead_letter ORDER BY code")
    assert rows == [(code, 2, "open") for code in sorted(story.wrong)]


def test_the_worker_goes_on_behind_every_wrong_record(story: Story) -> None:
    """Sound cases that were written right after them are judged."""
    for number in range(len(story.wrong)):
        assert ("met", "firm", "") in story.said(f"SOUND-{number}")


def test_a_newer_schema_is_waited_for(story: Story) -> None:
    """A producer may be upgraded first: its event waits for its schema and then counts, and is no letter."""
    assert ("started", "firm", "") in story.said("NEWER")
    assert story.recount.rows[case("NEWER")][:2] == (1, 1)


def test_a_duplicate_counts_once(story: Story) -> None:
    """The ledger keeps one row of it and knows that it came twice; the streams say nothing about it."""
    assert story.bus.rows("SELECT count(*) FROM case_event WHERE case_id = %s", case("TWICE")) == [(1,)]
    assert story.recount.duplicates == 1
    assert [kind for kind, _, _ in story.said("TWICE")] == ["started", "breached"]
    assert story.found("TWICE") == []


def test_in_a_conflict_the_event_accepted_first_applies(story: Story) -> None:
    """The breach that the other led to is withdrawn, both are kept, and the conflict is a finding."""
    assert story.said("CONFLICT") == [
        ("started", "firm", ""),
        ("breached", "firm", ""),
        ("cleared", "firm", "breached"),
        ("met", "firm", ""),
    ]
    assert ("conflict", "raised") in story.found("CONFLICT")
    assert story.bus.rows("SELECT seq FROM conflict WHERE case_id = %s", case("CONFLICT")) == [(2,)]
    assert story.bus.rows("SELECT status FROM case_row WHERE case_id = %s", case("CONFLICT")) == [("9",)]


def test_a_hole_makes_a_breach_provisional_until_it_is_filled(story: Story) -> None:
    """And it is a finding for as long, and a gap in the ledger."""
    assert f"{case('HOLE')}|finding|hole|1.2-2" in story.between
    assert story.said("HOLE") == [
        ("started", "firm", ""),
        ("breached", "provisional-hole", ""),
        ("confirmed", "firm", "breached"),
    ]
    assert story.found("HOLE") == [("hole", "raised"), ("hole", "withdrawn")]
    assert story.bus.rows("SELECT count(*) FROM gap WHERE case_id = %s", case("HOLE")) == [(0,)]


def test_a_late_event_withdraws_the_breach_by_name(story: Story) -> None:
    """The case was ended in time; only nobody had heard."""
    assert story.said("LATE") == [
        ("started", "firm", ""),
        ("breached", "firm", ""),
        ("cleared", "firm", "breached"),
        ("met", "firm", ""),
    ]


def test_a_state_out_of_turn_is_kept_and_flagged(story: Story) -> None:
    """Practice breaks every table of transitions; the event counts all the same."""
    assert story.found("JUMPED") == [("invalid-transition", "raised")]
    assert ("met", "firm", "") in story.said("JUMPED")


def test_the_ledger_is_a_recount_of_the_log(story: Story) -> None:
    """Rows, totals, numbers of events and of duplicates."""
    assert ledger_count(story.bus) == story.recount


def test_what_stands_in_the_ledger_is_the_fold_of_the_log(story: Story) -> None:
    """Whatever was announced on the way, streams and ledger end in the settled result."""
    assert standing_in_ledger(story.bus) == story.folded
