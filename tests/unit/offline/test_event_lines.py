"""Reading a history from JSON lines: defaults, and every problem with its line and field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lienthong.offline.event_lines import read_history
from lienthong_infra.errors import BadInputError
from lienthong_schemas.case_event import CaseEvent, Handover, Opening
from tests.support.calendars import at

CASE = "dossier:H27.16:260423-0001"


def line(**fields: Any) -> bytes:
    """A line with the three fields that are needed, and these."""
    needed = {"case": CASE, "at": "2026-04-23T15:20:00+07:00", "status": "2"}
    return json.dumps({**needed, **fields}).encode()


def events(*lines: bytes) -> list[CaseEvent]:
    """The events of lines."""
    return [known.event for known in read_history(lines, "events.jsonl")]


def problems(*lines: bytes) -> list[str]:
    """What is wrong in lines."""
    with pytest.raises(BadInputError) as caught:
        read_history(lines, "e.jsonl")
    return list(caught.value.problems)


def test_three_fields_are_enough() -> None:
    """All else has a default: numbered by its place, held by the authority, accepted and known at once."""
    (known,) = read_history([line()], "")
    when = at("2026-04-23 15:20")
    expected = CaseEvent(CASE, 1, 1, known.event.digest, when, when, "H27.16", "", "changed", "2", None, None, None, "")
    assert (known.event, known.known_at) == (expected, when)


def test_events_of_a_case_are_numbered_in_the_order_of_the_lines() -> None:
    """By case and epoch; a number that is given is kept, and counting goes on from it."""
    other = "dossier:H27.16:2"
    lines = [line(), line(case=other), line(), line(seq=7), line(), line(epoch=2), line(case=other)]
    assert [each.seq for each in events(*lines)] == [1, 1, 2, 7, 8, 1, 2]


def test_what_is_known_late_was_accepted_when_it_happened() -> None:
    """Unless the line says otherwise."""
    late = "2026-04-25T08:00:00+07:00"
    (known,) = read_history([line(known_at=late)], "")
    assert (known.event.accepted_at, known.known_at) == (at("2026-04-23 15:20"), at("2026-04-25 08:00"))
    (known,) = read_history([line(accepted_at=late)], "")
    assert (known.event.accepted_at, known.known_at) == (at("2026-04-25 08:00"), at("2026-04-25 08:00"))


def test_a_line_may_hand_over_or_open_a_case() -> None:
    """The change follows from what it brings."""
    handover = {"successor": "h27.31", "next_epoch": 2, "last_seq": 1}
    opening = {"started_at": "2026-04-01T00:00:00+07:00", "used_seconds": 60}
    first, second = events(line(handover=handover), line(opening=opening))
    assert (first.change, first.handover) == ("handover", Handover("H27.31", 2, 1))
    assert (second.change, second.opening) == ("opening", Opening(at("2026-04-01 00:00"), 60, 0))


def test_a_copy_has_the_same_digest_and_another_content_has_not() -> None:
    """When it was accepted and known is no part of the content."""
    same, copy, other = events(line(seq=1), line(seq=1, known_at="2026-04-25T08:00:00+07:00"), line(seq=1, step="x"))
    assert same.digest == copy.digest != other.digest


def test_every_problem_of_every_line_is_listed() -> None:
    """With file, line and field; blank lines count and are passed over."""
    opening = {"started_at": "2026-04-01T00:00:00+07:00"}
    handover = {"successor": "H27.31", "next_epoch": 1, "last_seq": 1}
    found = problems(
        line(case="x", at="2026", status=""),
        b"",
        line(seq=0, epoch="2", stats=1),
        b"[]",
        b'{"case": 1',
        line(handover=handover, opening=opening),
        b'{"case": "dossier:H27.16:1", "case": "dossier:H27.16:2"}',
    )
    assert [problem.split(": ")[:2] for problem in found] == [
        ["e.jsonl:1", "case"],
        ["e.jsonl:1", "at"],
        ["e.jsonl:1", "status"],
        ["e.jsonl:3", "epoch"],
        ["e.jsonl:3", "seq"],
        ["e.jsonl:3", "stats"],
        ["e.jsonl:4", "event"],
        ["e.jsonl:5", "event"],
        ["e.jsonl:6", "handover, opening"],
        ["e.jsonl:6", "handover.next_epoch"],
        ["e.jsonl:7", "case"],
    ]


def test_a_history_without_an_event_is_refused() -> None:
    """It would print nothing, and nobody would know why."""
    assert problems(b"\n") == ["e.jsonl:1: there is no event in it"]
