"""Clocks that start with a state which their policy names."""

from __future__ import annotations

from typing import Any

from lienthong_schemas.reference import ReferenceBook
from tests.support.cases import record
from tests.support.law import book_with, clock, codes, due, happened, of, outcome, told

KEY = "dossier/x/*/processing"
SUBMITTED, RECEIVED, WORKED = ("1", "2026-03-02 08:00"), ("2", "2026-03-02 09:00"), ("4", "2026-03-04 10:00")


def book(**fields: Any) -> ReferenceBook:
    """The packaged rules with a policy that starts with state 4."""
    body = {"case_kind": "dossier", "selector": "x", "unit": "working_hour", "amount": 8, "source": "test"}
    return book_with(record("clock-policy", KEY, {**body, "start_status": "4", **fields}))


def test_the_clock_starts_with_the_state_that_the_policy_names() -> None:
    """Received on Monday, in work on Wednesday at ten: due on Thursday at ten."""
    found = outcome("2026-03-04 11:00", *of("x", RECEIVED, WORKED), book=book())
    assert due(found) == "2026-03-05 10:00:00"
    assert [one.cause for one in found.facts if one.kind == "started"] == ["1.2"]
    assert codes(found) == set()


def test_before_that_state_no_clock_runs() -> None:
    """However long it takes: that is what the policy says."""
    found = outcome("2026-06-01 09:00", *of("x", RECEIVED), book=book())
    assert (found.clocks, codes(found)) == ((), set())


def test_acceptance_ends_with_the_receipt_all_the_same() -> None:
    """It is decided when the case is accepted, not when work begins."""
    reference = book(acceptance={"amount": 4, "unit": "working_hour"})
    found = outcome("2026-03-05 09:00", *of("x", SUBMITTED, RECEIVED, WORKED), book=reference)
    assert told(found, "acceptance") == ["started", "met"]


def test_a_receipt_that_is_stated_does_not_move_the_start() -> None:
    """The state says when the clock starts; `received_at` says when the case was received."""
    start, work = happened(1, *RECEIVED, selector="x"), happened(2, *WORKED, selector="x", received="2026-03-02 09:00")
    assert due(outcome("2026-03-04 11:00", start, work, book=book())) == "2026-03-05 10:00:00"


def test_a_case_that_ends_without_that_state_counts_from_the_first_work() -> None:
    """Officers skip states: nothing is in time for want of a start, and it is a finding."""
    found = outcome("2026-03-09 09:00", *of("x", RECEIVED, ("9", "2026-03-05 09:00")), book=book())
    assert told(found) == ["started", "breached", "met-late"]
    assert clock(found).started_at == happened(1, *RECEIVED).occurred_at
    assert codes(found) == {"start-skipped", "invalid-transition"}


def test_the_first_of_several_states_before_it_counts() -> None:
    """Received on Monday, moved on Tuesday, ended on Thursday: from Monday."""
    steps = (RECEIVED, ("2", "2026-03-03 09:00"), ("9", "2026-03-05 09:00"))
    found = outcome("2026-03-09 09:00", *of("x", *steps), book=book())
    assert clock(found).started_at == happened(1, *RECEIVED).occurred_at


def test_a_reopened_case_starts_at_once() -> None:
    """It has started before; the second episode begins with the event that reopened it."""
    found = outcome(
        "2026-03-09 09:00",
        *of("x", RECEIVED, WORKED, ("9", "2026-03-04 11:00"), ("2", "2026-03-05 09:00")),
        book=book(),
    )
    assert due(found, episode=2) == "2026-03-06 09:00:00"
