"""Records as JSON: instants as ISO 8601 along the schema, letters without what they hold, trouble in words."""

from __future__ import annotations

import json

import pytest

from lienthong.tail.rendering import Renderer
from lienthong_infra.dead_letter import letter
from lienthong_infra.ports import OutboundRecord, Record
from lienthong_schemas.codec import SCHEMA_OF_TOPIC, SchemaBook
from lienthong_schemas.records import Tick
from tests.support.ledger_log import BOOK, dossier, outbound, reference


def read_back(record: OutboundRecord) -> Record:
    """The record as it lies at offset 7 of partition 1, appended on 15 June 2025."""
    return Record(record.topic, 1, 7, record.key, record.value, 1_750_000_000_000, record.headers)


def test_a_case_event_is_shown_with_its_place_and_its_instants() -> None:
    """Where it lies, then its fields; timestamp-micros as ISO 8601, null as null."""
    opening = {"started_at": 1_749_000_000_000_000, "used_seconds": 5, "paused_seconds": 0}
    record = outbound(dossier(1, 1, change="opening", opening=opening))
    shown = Renderer("dossier.v1", SchemaBook()).render(read_back(record))
    assert (shown["topic"], shown["partition"], shown["offset"], shown["timestamp"]) == (
        "dossier.v1",
        1,
        7,
        "2025-06-15T15:06:40Z",
    )
    assert (
        shown["received_at"],
        shown["ended_at"],
        shown["opening"]["started_at"],
        shown["opening"]["used_seconds"],
    ) == (
        "2025-06-15T15:06:40Z",
        None,
        "2025-06-04T01:20:00Z",
        5,
    )
    assert json.loads(json.dumps(shown)) == shown


def test_maps_of_instants_are_shown_too() -> None:
    """A tick says how far each office was heard."""
    value = BOOK.encode("tick.v1", Tick(1_750_000_000_000_000, {"dossier.v1/0": 4}, 3, {"H27": 0})._asdict())
    shown = Renderer("tick.v1", SchemaBook()).render(read_back(OutboundRecord("tick.v1", None, value)))
    assert (shown["bus_time"], shown["case_ends"], shown["complete_through"], shown["record_key"]) == (
        "2025-06-15T15:06:40Z",
        {"dossier.v1/0": 4},
        {"H27": "1970-01-01T00:00:00Z"},
        None,
    )


def test_the_body_of_reference_data_is_shown_as_data() -> None:
    """Not as text with escaped quotes."""
    shown = Renderer("reference.v1", SchemaBook()).render(read_back(reference("unit", "u", {"name": "n"})))
    assert shown["body"] == {"name": "n"}


def test_what_cannot_be_read_is_shown_with_the_reason() -> None:
    """A damaged record is a line of its own, never left out."""
    shown = Renderer("dossier.v1", SchemaBook()).render(read_back(OutboundRecord("dossier.v1", b"\xff", b"{}")))
    assert (shown["offset"], shown["record_key"], "C3 01" in shown["problem"]) == (7, "\\xff", True)


def test_a_letter_is_shown_without_the_record_in_it() -> None:
    """Which record, which stage, which code; not what an office sent."""
    wrong = Record("dossier.v1", 2, 9, b"k", b"secret", 0)
    written = letter(wrong, stage="decode", code="undecodable", problems=["damaged"], consumer="ledger")
    shown = Renderer("dossier-dead-letter.v1", SchemaBook()).render(read_back(written))
    assert (shown["original_topic"], shown["original_offset"], shown["code"], shown["problems"]) == (
        "dossier.v1",
        9,
        "undecodable",
        ["damaged"],
    )
    assert "secret" not in json.dumps(shown)


@pytest.mark.parametrize("topic", [*SCHEMA_OF_TOPIC, "dossier-dead-letter.v1"])
def test_every_topic_has_fields_to_choose_by(topic: str) -> None:
    """Place, its own, and the problem."""
    fields = Renderer(topic, SchemaBook()).fields
    assert (fields[:2], fields[-1], len(fields) > 8) == (("topic", "partition"), "problem", True)
