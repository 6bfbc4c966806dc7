"""Bad input that reached the log past every outbox: each row of `docs/operate/bad-input.md` becomes its dead letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lienthong_infra.dead_letter import letter_of_error
from lienthong_infra.partitioning import partition_of
from lienthong_infra.placement import Placement, WrongPartition
from lienthong_infra.ports import OutboundRecord, Record
from lienthong_schemas.codec import MARKER, SchemaBook
from lienthong_schemas.errors import BrokenRule, DecodeError
from lienthong_streams.partition import SET_ASIDE, TOO_LONG
from tests.support.bad_input import Became, kept_promise, letters, rows
from tests.support.cases import CASE, event, handover, minute, opening
from tests.support.log import SOURCE, Log, avro_record

SECTION = "Written past the outbox"
GOOD = event(1, "2", 0, due=60)
PATIENCE = minute(2) - minute(0)
"""Longer than an unknown schema is waited for."""


def outputs_of(log: Log) -> tuple[OutboundRecord, ...]:
    """What a partition writes about a log; it must go on to the end and announce the good event at its beginning."""
    log.tick(minute(61), len(log.records))
    partition = log.partition()
    outputs = partition.run(log.records, now=0).outputs
    outputs += partition.run(log.records[partition.position :], now=PATIENCE).outputs
    assert partition.position == len(log.records)
    assert [one.topic for one in outputs].count("sla.v1") == 2
    return outputs


def record(key: bytes | None = CASE.encode(), **fields: Any) -> list[Became]:
    """What becomes of the second event of a case with these fields changed."""
    log = Log(SchemaBook(), [GOOD])
    log.append(log.book.encode(SOURCE.topic, {**avro_record(event(2, "4", 1, due=60)), **fields}), key)
    return letters(outputs_of(log))


def value(change: Callable[[bytes], bytes]) -> list[Became]:
    """What becomes of an event whose bytes were changed."""
    log = Log(SchemaBook(), [GOOD])
    good = log.book.encode(SOURCE.topic, avro_record(event(2, "4", 1, due=60)))
    log.append(change(good), CASE.encode())
    return letters(outputs_of(log))


def foreign() -> bytes:
    """A tick."""
    whole = {"bus_time": 0, "case_ends": {}, "reference_end": 0, "complete_through": {}}
    return SchemaBook().encode("tick.v1", whole)


def deadly() -> list[Became]:
    """A record at which its worker died five times."""
    log = Log(SchemaBook(), [GOOD])
    return letters(log.partition().set_aside(log.records[0], deaths=5, now=0).outputs)


def endless() -> list[Became]:
    """One event more than a case may have; here one is the most."""
    log = Log(SchemaBook(), [GOOD, event(2, "4", 1, due=60)])
    partition = log.partition()
    partition.longest_timeline = 1
    return letters(partition.run(log.records, now=0).outputs)


def misplaced() -> list[Became]:
    """A sound event that another client's partitioner put into the wrong partition."""
    sound = Log(SchemaBook(), [GOOD]).records[0]
    right = partition_of(CASE.encode(), 4)
    there = Record(sound.topic, (right + 1) % 4, 0, sound.key, sound.value, 0)
    try:
        Placement({sound.topic: 4}).check(there)
    except WrongPartition as error:
        return letters([letter_of_error(there, error, consumer="ledger")])
    return []


OVER = avro_record(handover(2, 1, successor="H27.01", next_epoch=1))
NEGATIVE = avro_record(opening(2, 1, started=0))
INPUTS: dict[str, Callable[[], list[Became]]] = {
    "a value that is no Avro": lambda: value(lambda _: b'{"status": 2}'),
    "damaged bytes": lambda: value(lambda good: good[:-3]),
    "the schema of another topic": lambda: value(lambda _: foreign()),
    "a schema nobody has published, after 60 seconds": lambda: value(lambda good: MARKER + b"\x01" * 8 + good[10:]),
    "an unknown kind of case": lambda: record(b"permit:H27.16:1", case_id="permit:H27.16:1"),
    "a kind of case on another kind's topic": lambda: record(b"document:H27.16:1", case_id="document:H27.16:1"),
    "a malformed case id": lambda: record(b"1", case_id="1"),
    "a key that is not the case id": lambda: record(b"another"),
    "a malformed office on the bus": lambda: record(office="Sở Tư pháp"),
    "a malformed commune on the bus": lambda: record(commune="1807"),
    "an event numbered 0": lambda: record(seq=0),
    "an unknown change": lambda: record(change="deleted"),
    "an empty status on the bus": lambda: record(status=""),
    "a handover to an epoch that is over": lambda: record(change="handover", handover=OVER["handover"]),
    "a foreign event id": lambda: record(event_id="00000000-0000-0000-0000-000000000000"),
    "an instant of the year 3026": lambda: record(due_at=33_334_070_400_000_000),
    "a null character in a text": lambda: record(step="a\0b"),
    "a code of thousands of characters": lambda: record(procedure="x" * 5_000),
    "an opening with negative time": lambda: record(
        change="opening", opening={**NEGATIVE["opening"], "used_seconds": -1}
    ),
    "an event in another partition than its key's": misplaced,
    "an event of a case that has thousands already": endless,
    "a record that kills its worker": deadly,
}


@pytest.mark.parametrize("name", INPUTS)
def test_what_cannot_be_taken_is_the_letter_that_the_page_says(name: str) -> None:
    """With its code and in these words; the other events go on."""
    became = INPUTS[name]()
    assert kept_promise(rows(SECTION)[name], became), became


def test_every_row_about_the_log_is_tried() -> None:
    """And nothing is tried that the page leaves out."""
    assert set(rows(SECTION)) == set(INPUTS)


def test_every_reason_of_a_dead_letter_is_in_the_table() -> None:
    """A new code needs a row."""
    reasons: list[type[DecodeError]] = [DecodeError, *DecodeError.__subclasses__()]
    codes = {each.code for each in reasons} | {BrokenRule.code, WrongPartition.code, SET_ASIDE, TOO_LONG}
    assert {row.becomes for row in rows(SECTION).values()} == {f"letter {code}" for code in codes}
