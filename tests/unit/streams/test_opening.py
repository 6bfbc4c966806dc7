"""Opening balances: a case that is older than the bus goes on as if the bus had seen all of it. Source: design §4."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_schemas.case_event import CaseEvent, Opening
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.processing import Clock
from tests.support.calendars import at
from tests.support.cases import record
from tests.support.law import HOUR, book_with, clock, happened, of, outcome, told

START, ASKED, ANSWERED, BUS = "2026-03-02 09:00", "2026-03-03 10:00", "2026-03-04 16:00", "2026-03-05 08:30"
BEFORE = (("2", START), ("5", ASKED), ("4", ANSWERED), ("4", BUS))
UNITS: list[dict[str, Any]] = [
    {"unit": "calendar_minute", "amount": 6000},
    {"unit": "calendar_hour", "amount": 100},
    {"unit": "calendar_day", "amount": 5},
    {"unit": "calendar_day", "amount": 5, "due_precision": "day"},
    {"unit": "working_hour", "amount": 30},
    {"unit": "working_day", "amount": 4, "days": "hours"},
    {"unit": "working_day", "amount": 4},
    {"unit": "working_day", "amount": 4, "due_precision": "day"},
]


def book(policy: dict[str, Any]) -> ReferenceBook:
    """The packaged rules with one policy more."""
    body = {"case_kind": "dossier", "selector": "x", "source": "test", **policy}
    return book_with(record("clock-policy", "dossier/x/*/processing", body))


def opening(seen: Clock) -> CaseEvent:
    """The opening balance that says of a case what the bus would have seen."""
    second = 1_000_000
    brought = Opening(at(START), seen.used // second, seen.paused // second)
    return happened(4, "4", BUS, selector="x", change="opening", opening=brought)


def ids(policy: dict[str, Any]) -> str:
    """How a policy is called in the list of tests."""
    return "-".join(str(value) for value in policy.values())


@pytest.mark.parametrize("policy", UNITS, ids=ids)
def test_a_case_brought_in_is_due_when_it_was_due_before(policy: dict[str, Any]) -> None:
    """In every unit: the same due time, time used, time paused and share, before and after a further pause."""
    reference = book(policy)
    whole = of("x", *BEFORE)
    brought = opening(clock(outcome(BUS, *whole, book=reference)))
    later = happened(5, "5", "2026-03-05 10:00", selector="x"), happened(6, "4", "2026-03-05 14:00", selector="x")
    for more in ((), later):
        seen = clock(outcome("2026-03-05 16:00", *whole, *more, book=reference))
        known = clock(outcome("2026-03-05 16:00", brought, *more, book=reference))
        assert known == seen


@pytest.mark.parametrize("policy", UNITS, ids=ids)
def test_a_case_brought_in_breaches_when_it_would_have(policy: dict[str, Any]) -> None:
    """With the same cause, and nothing is used at its start."""
    reference = book(policy)
    whole = of("x", *BEFORE)
    brought = opening(clock(outcome(BUS, *whole, book=reference)))
    seen, known = (outcome("2026-03-20 09:00", *events, book=reference) for events in (whole, [brought]))
    assert told(known) == ["started", "breached"]
    breach = [[one.cause for one in each.facts if one.kind == "breached"] for each in (seen, known)]
    assert breach[0] == breach[1]
    assert [(one.used, one.paused) for one in known.facts if one.kind == "started"] == [(0, 0)]


def test_a_pause_that_was_open_before_the_bus_goes_on() -> None:
    """Brought in while papers are missing: the time before is in the balance, the time since is counted."""
    reference = book({"unit": "working_hour", "amount": 30})
    paused = Opening(at(START), 9 * 3600, 3 * 3600)
    brought = happened(4, "5", "2026-03-04 08:00", selector="x", change="opening", opening=paused)
    found = clock(outcome("2026-03-04 10:00", brought, book=reference))
    assert (found.state, found.used, found.paused) == ("paused", 9 * HOUR, 5 * HOUR)


def test_a_restart_after_the_bus_came_forgets_what_was_brought() -> None:
    """The time begins again from zero, and old pauses have no say in it (karaoke decree Art. 6.4)."""
    reference = book({"unit": "working_hour", "amount": 8, "supplement": {"mode": "restart"}})
    events = (
        happened(4, "5", BUS, selector="x", change="opening", opening=Opening(at("2026-03-04 15:30"), 3600, 7200)),
        happened(5, "4", "2026-03-09 09:00", selector="x"),
    )
    due_at = clock(outcome("2026-03-09 10:00", *events, book=reference)).due_at
    assert due_at == at("2026-03-10 09:00")
