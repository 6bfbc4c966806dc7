"""What the contract forbids about a readable case event: a list of all problems, never a crash later on."""

from typing import Any

import pytest

from lienthong_schemas.case_event import content_digest, read_case_event
from lienthong_schemas.case_marks import RATED, SATISFIED
from lienthong_schemas.codec import SchemaBook, fingerprint_of, packaged_schema
from lienthong_schemas.errors import BrokenRule
from lienthong_schemas.models import case_record, parse_case_state

BOOK = SchemaBook()
KEY = b"dossier:H27.16:1"
YEAR_3000 = 32_503_680_000_000_000


def sound(**more: Any) -> dict[str, Any]:
    """Return a record that breaks no rule, with other values in place of some."""
    state = parse_case_state(
        {
            "kind": "dossier",
            "authority": "H27.16",
            "local": "1",
            "office": "H27.16",
            "commune": "18073",
            "occurred_at": "2026-07-01T08:00:00+07:00",
            "status": "2",
            "procedure": "1.005129",
            "channel": "online",
        }
    )
    record = case_record(state, epoch=1, seq=1, seq_by="holder", accepted_at=7, previous=None)
    return {**record, **more}


def problems(record: dict[str, Any], *, key: bytes | None = KEY, topic: str = "dossier.v1") -> list[str]:
    """Return the fields that are reported."""
    with pytest.raises(BrokenRule) as broken:
        read_case_event(BOOK, topic, key, BOOK.encode(topic, record))
    return [problem.split(":")[0] for problem in broken.value.problems]


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"rating": 0}, ["rating"]),
        ({"rating": 6}, ["rating"]),
        ({"case_id": "dossier:h27.16:1"}, ["case_id", "key", "event_id"]),
        ({"office": "h27.16"}, ["office", "event_id"]),
        ({"epoch": 0}, ["epoch", "event_id"]),
        ({"seq": 0}, ["seq", "event_id"]),
        ({"change": "other"}, ["change"]),
        ({"change": "handover"}, ["handover"]),
        ({"change": "opening"}, ["opening"]),
        ({"status": ""}, ["status"]),
        ({"event_id": "x"}, ["event_id"]),
        ({"commune": "1807"}, ["commune"]),
        ({"commune": "1807٣"}, ["commune"]),
        ({"step": "a\0b"}, ["step"]),
        ({"due_at": YEAR_3000}, ["due_at"]),
        ({"ended_at": -(2**62)}, ["ended_at"]),
        ({"change": "opening", "opening": {"started_at": 0, "used_seconds": -1, "paused_seconds": 0}}, ["opening"]),
        (
            {"change": "opening", "opening": {"started_at": YEAR_3000, "used_seconds": 0, "paused_seconds": 0}},
            ["opening.started_at"],
        ),
        (
            {"change": "handover", "handover": {"successor": "G09", "next_epoch": 1, "last_seq": 1}},
            ["handover.next_epoch"],
        ),
        (
            {"change": "handover", "handover": {"successor": "g 09", "next_epoch": 2, "last_seq": 1}},
            ["handover.successor"],
        ),
        (
            {"change": "handover", "handover": {"successor": "", "next_epoch": 2, "last_seq": 1}},
            ["handover.successor"],
        ),
    ],
)
def test_a_broken_rule_is_reported_by_field(wrong: dict[str, Any], fields: list[str]) -> None:
    """Each rule bites on its own, and names the field."""
    assert problems(sound(**wrong)) == fields


def test_a_key_that_is_not_the_case_is_reported() -> None:
    """Another key would send the case's events to different partitions."""
    assert [problems(sound(), key=None), problems(sound(), key=b"x")] == [["key"], ["key"]]


def test_the_digest_does_not_see_the_delivery() -> None:
    """The same change accepted again later, with or without the digest before it, is a duplicate and no conflict."""
    values = [
        BOOK.encode("dossier.v1", sound(accepted_at=accepted, previous=previous))
        for accepted in (0, 7, 10**15)
        for previous in (None, "", "a" * 300)
    ]
    assert {content_digest(value) for value in values} == {content_digest(values[0])}


def test_the_digest_sees_every_other_field() -> None:
    """A different state with the same number is a conflict."""
    digests = {
        content_digest(BOOK.encode("dossier.v1", sound(**other)))
        for other in ({}, {"status": "4"}, {"office": "H27.17"}, {"digitised": True}, {"seq": 2}, {"commune": ""})
    }
    assert len(digests) == 6


def test_a_rating_makes_a_record_of_the_second_version() -> None:
    """What rates nothing is written as ever: sending it again after an upgrade is a duplicate, not a conflict."""
    plain, unrated, rated = (BOOK.encode("dossier.v1", record) for record in (
        {name: value for name, value in sound().items() if name != "rating"}, sound(rating=None), sound(rating=4),
    ))  # fmt: skip
    assert plain == unrated
    assert plain[2:10] == fingerprint_of(packaged_schema("dossier.v1"))
    assert rated[2:10] == fingerprint_of(packaged_schema("dossier.v2"))
    assert [read_case_event(BOOK, "dossier.v1", KEY, value)[1]["rating"] for value in (plain, rated)] == [None, 4]
    assert read_case_event(BOOK, "dossier.v1", KEY, rated)[0].marks == RATED | SATISFIED
