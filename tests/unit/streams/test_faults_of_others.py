"""Faults that five other implementations of deadlines have, each as a test that this one does not have it.

``F`` numbers are faults read in code, ``thread`` numbers are complaints. All stand in `docs/faults-of-others.md`,
each with the tests that hold it, or why it cannot be a test.
"""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_infra.settings import Settings
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from tests.support.calendars import VIETNAM_2026, at, shown
from tests.support.cases import STATES, book, known, record
from tests.support.law import (
    HOUR,
    IN_HOURS,
    RECORDS,
    RESIDENCE,
    book_with,
    clock,
    codes,
    due,
    happened,
    of,
    outcome,
    packaged_book,
    told,
)

RECEIVED = ("2", "2026-03-02 09:00")
"""On a Monday; seven working days end on Wednesday, 11 March."""


def test_f1_an_edit_does_not_begin_the_clock_again() -> None:
    """Late is measured from the start, not from the last change of the record."""
    edits = [("4", f"2026-03-{day:02} 10:00") for day in range(3, 12)]
    found = outcome("2026-03-12 00:00", *of(RESIDENCE, RECEIVED, *edits))
    assert due(found) == "2026-03-11 17:00:00"
    assert told(found) == ["started", "breached"]


@pytest.mark.parametrize("field", ["step", "urgency", "commune"])
def test_f1_a_changed_field_moves_no_due_time(field: str) -> None:
    """Another step, another commune: the promise stands."""
    changed: dict[str, Any] = {field: "18100"}
    found = outcome("2026-03-04 09:00", *of(RESIDENCE, RECEIVED), happened(2, "4", "2026-03-03 09:00", **changed))
    assert due(found) == "2026-03-11 17:00:00"


@pytest.mark.parametrize(
    ("policy", "expected"), [({}, 1), ({"max_extensions": 0}, 2), ({"max_extensions": 2}, 0)], ids=["1", "0", "2"]
)
def test_f4_a_limit_is_read_in_one_place(policy: dict[str, Any], expected: int) -> None:
    """How many new appointments are allowed stands in the policy, and nowhere else."""
    body = {"case_kind": "dossier", "selector": "x", "unit": "working_day", "amount": 2, "source": "test", **policy}
    reference = book_with(record("clock-policy", "dossier/x/*/processing", body))
    dues = ("2026-03-04 17:00", "2026-03-05 17:00", "2026-03-06 17:00")
    events = [
        happened(seq, "2" if seq == 1 else "4", f"2026-03-02 09:0{seq}", due=each, selector="x")
        for seq, each in enumerate(dues, start=1)
    ]
    found = outcome("2026-03-02 10:00", *events, book=reference)
    assert [one.code for one in found.remarks].count("too-many-extensions") == expected


def test_f4_no_legal_parameter_is_a_setting() -> None:
    """A setting beside the policy would be a second place."""
    assert set(Settings.model_fields) & set(ClockPolicy.model_fields) == set()


def test_f5_without_a_policy_no_default_steps_in() -> None:
    """No five days out of nowhere: no clock, and a finding that says so."""
    found = outcome("2026-12-01 09:00", *of(RESIDENCE, RECEIVED), book=book(STATES))
    assert (found.clocks, found.facts, codes(found)) == ((), (), {"no-policy"})


def test_f6_near_due_are_those_that_fall_due_soon_not_those_that_just_came() -> None:
    """Seven working days: fresh on the first, near (within 24 hours of the end) on the last."""

    def warned(horizon: str) -> list[str]:
        found = outcome(horizon, *of(RESIDENCE, RECEIVED))
        return [one.level for one in found.facts if one.kind == "warned"]

    assert warned("2026-03-02 09:01") == []
    assert warned("2026-03-10 16:59") == ["early"]
    assert warned("2026-03-10 17:00") == ["early", "near"]


def test_f7_a_case_without_a_due_time_is_a_finding_and_no_crash() -> None:
    """The policy takes the stated due time, and none is stated."""
    found = outcome("2026-12-01 09:00", *of("9.999999", RECEIVED, ("9", "2026-11-30 09:00")))
    assert (told(found), codes(found)) == (["started"], {"invalid-transition", "no-due-time"})


def test_f9_configured_hours_are_the_hours() -> None:
    """Minutes of the afternoon's opening are its own; no default comes back."""
    hours = {day: ["07:15-11:45", "13:20-16:50"] for day in ("mon", "tue", "wed", "thu", "fri")}
    reference = book_with(
        record("calendar", "odd", {**VIETNAM_2026, "seasons": [{"hours": hours}]}),
        record(
            "clock-policy",
            "dossier/x/*/processing",
            {
                "case_kind": "dossier",
                "selector": "x",
                "unit": "working_hour",
                "amount": 5,
                "calendar": "odd",
                "source": "test",
            },
        ),
    )
    assert due(outcome("2026-03-02 09:00", *of("x", ("2", "2026-03-02 07:15")), book=reference)) == (
        "2026-03-02 13:50:00"
    )
    assert due(outcome("2026-03-02 09:00", *of("x", ("2", "2026-03-02 16:00")), book=reference)) == (
        "2026-03-03 11:25:00"
    )


def test_f10_equality_is_in_time_on_both_sides() -> None:
    """Open at the due instant and ended at the due instant are the same: in time."""
    assert told(outcome("2026-03-03 09:00", *of(IN_HOURS, RECEIVED))) == ["started"]
    ended = of(IN_HOURS, RECEIVED, ("9", "2026-03-03 09:00"))
    assert told(outcome("2026-03-03 09:00", *ended)) == ["started", "met"]


@pytest.mark.parametrize(
    ("ended", "verdict"), [("2026-03-14 10:00", "met-late"), ("2026-03-07 10:00", "met")], ids=["late", "in time"]
)
def test_f10_what_ends_on_a_saturday_is_judged_by_its_end(ended: str, verdict: str) -> None:
    """The weekday of the receipt has no say; a Saturday is no working time and no excuse."""
    assert told(outcome("2026-03-16 09:00", *of(RESIDENCE, RECEIVED, ("9", ended))))[-1] == verdict


def test_f10_lateness_in_another_office_is_counted_there() -> None:
    """The commune took one hour, the department all the rest: the breach stands, the shares say whose time it was."""
    found = outcome(
        "2026-03-05 09:00",
        *of(IN_HOURS, RECEIVED),
        happened(2, "4", "2026-03-02 10:00", selector=IN_HOURS, office="H27.31"),
    )
    assert told(found) == ["started", "breached"]
    assert dict(clock(found).shares) == {"H27.16": HOUR, "H27.31": 23 * HOUR}
    assert [one.office for one in found.facts if one.kind == "breached"] == ["H27.31"]


def test_f10_an_extension_does_not_make_a_case_early() -> None:
    """Ended behind the first appointment and before the second: in time for the one in force, and both are kept."""
    first = happened(1, "2", "2026-03-02 09:00", due="2026-03-11 17:00")
    again = happened(2, "4", "2026-03-10 09:00", due="2026-03-20 17:00")
    ended = happened(3, "9", "2026-03-13 09:00", due="2026-03-20 17:00")
    found = outcome("2026-03-16 09:00", first, again, ended)
    assert told(found) == ["started", "extended", "met"]
    assert codes(found) == set()


def test_f12_a_case_that_has_waited_for_months_still_times_out() -> None:
    """No window of recent changes: the supplement of March is overdue in November."""
    found = outcome("2026-11-20 09:00", *of(RESIDENCE, RECEIVED, ("5", "2026-03-04 10:00")))
    assert told(found, "supplement") == ["started", "breached"]


@pytest.mark.parametrize(
    ("unit", "amount", "expected"),
    [
        ("calendar_minute", 10, "2026-03-02 09:10:00"),
        ("calendar_hour", 4, "2026-03-02 13:00:00"),
        ("calendar_day", 4, "2026-03-06 09:00:00"),
        ("working_hour", 4, "2026-03-02 15:00:00"),
        ("working_day", 4, "2026-03-06 09:00:00"),
    ],
)
def test_f13_every_unit_gives_a_due_time(unit: str, amount: int, expected: str) -> None:
    """No unit is an empty method; a minute is a minute and a day a day (thread 7)."""
    body = {"case_kind": "dossier", "selector": "x", "unit": unit, "amount": amount, "source": "test"}
    reference = book_with(record("clock-policy", "dossier/x/*/processing", body))
    assert due(outcome("2026-03-02 09:05", *of("x", RECEIVED), book=reference)) == expected


@pytest.mark.parametrize("status", ["4", "5"], ids=["running", "paused"])
def test_f15_a_day_off_that_is_decreed_reaches_paused_cases_too(status: str) -> None:
    """The calendar with one more day off, from the same day on: what it says does not wait for a touch."""
    more = [*VIETNAM_2026["days_off"], {"date": "2026-03-06", "name": "flood"}]
    body = {"case_kind": "dossier", "selector": "x", "unit": "working_day", "amount": 5, "calendar": "c"}
    policy = record("clock-policy", "dossier/x/*/processing", {**body, "source": "test"})
    old = record("calendar", "c", VIETNAM_2026)
    new = record("calendar", "c", {**VIETNAM_2026, "days_off": more}, version=2)
    events = of("x", RECEIVED, (status, "2026-03-04 09:00"))
    assert due(outcome("2026-03-05 09:00", *events, book=book_with(policy, old))) == "2026-03-09 09:00:00"
    assert due(outcome("2026-03-05 09:00", *events, book=book_with(policy, old, new))) == "2026-03-10 09:00:00"


def test_f20_a_correction_is_taken_however_late_it_comes() -> None:
    """An end that is heard after the breach was said changes what holds."""
    late = happened(2, "9", "2026-03-03 08:00", selector=IN_HOURS)
    assert told(outcome("2026-03-09 09:00", *of(IN_HOURS, RECEIVED))) == ["started", "breached"]
    assert told(outcome("2026-03-09 09:00", *of(IN_HOURS, RECEIVED), late)) == ["started", "met"]


def test_thread_1_the_label_and_the_clock_say_the_same() -> None:
    """Paused means that no time is used: neither in the state nor in what was used a week later."""
    events = of(RESIDENCE, RECEIVED, ("5", "2026-03-03 09:00"))
    soon, later = (clock(outcome(when, *events)) for when in ("2026-03-03 09:00", "2026-03-20 09:00"))
    assert (soon.state, later.state) == ("paused", "paused")
    assert soon.used == later.used == 8 * HOUR


def test_thread_1_a_reopened_case_does_not_show_the_old_due_time() -> None:
    """The clock of the new episode has a due time of its own."""
    events = of(IN_HOURS, RECEIVED, ("9", "2026-03-02 15:00"), ("4", "2026-03-05 09:00"))
    assert due(outcome("2026-03-05 10:00", *events), episode=2) == "2026-03-06 09:00:00"


@pytest.mark.parametrize(
    ("opened", "closed", "expected"),
    [
        ("2026-03-02 17:00", "2026-03-03 07:00", "2026-03-03 09:00:00"),
        ("2026-03-02 17:00", "2026-03-03 08:00", "2026-03-03 10:00:00"),
        ("2026-03-02 11:30", "2026-03-02 13:30", "2026-03-03 09:00:00"),
        ("2026-03-02 11:00", "2026-03-02 14:00", "2026-03-03 10:00:00"),
    ],
    ids=["a night", "a night and an hour", "a lunch break", "around lunch"],
)
def test_thread_2_a_pause_counts_only_where_work_counts(opened: str, closed: str, expected: str) -> None:
    """Not the hours of the clock: a night costs nothing."""
    found = outcome("2026-03-03 08:30", *of(IN_HOURS, RECEIVED, ("5", opened), ("4", closed)))
    assert due(found) == expected


@pytest.mark.parametrize("status", ["5", "6", "8", "9", "7"])
def test_thread_3_no_later_state_masks_a_breach(status: str) -> None:
    """Paused, stopped, ended or withdrawn afterwards: it was late."""
    found = outcome("2026-03-09 09:00", *of(IN_HOURS, RECEIVED, (status, "2026-03-04 09:00")))
    assert "breached" in told(found)


def test_thread_4_nothing_falls_due_during_lunch() -> None:
    """Two sessions a day: what would end in the break ends after it or before it, at no time between."""
    for begin in range(7 * 60, 17 * 60, 20):
        received = f"2026-03-02 {begin // 60:02}:{begin % 60:02}"
        wall = due(outcome(received, *of(IN_HOURS, ("2", received))))[11:]
        assert not "11:30:00" < wall < "13:30:00"


def test_thread_5_a_reopened_case_does_not_spoil_the_first_verdict() -> None:
    """Months later it goes on: a second episode, counted and flagged; the first stays met."""
    found = outcome("2026-09-10 09:00", *of(IN_HOURS, RECEIVED, ("9", "2026-03-02 15:00"), ("4", "2026-09-07 09:00")))
    assert told(found, episode=1) == ["started", "met"]
    assert told(found, episode=2) == ["started", "breached"]
    assert "reopened" in codes(found)


def test_thread_6_the_receipt_begins_the_clock_not_the_officers_click() -> None:
    """Received on Monday, entered on Tuesday: seven days from Monday."""
    found = outcome("2026-03-04 09:00", happened(1, "2", "2026-03-03 10:00", received="2026-03-02 09:00"))
    assert due(found) == "2026-03-11 17:00:00"


def test_thread_6_every_verdict_names_the_rule_that_it_used() -> None:
    """The record of the policy stands in each fact."""
    found = outcome("2026-03-12 00:00", *of(RESIDENCE, RECEIVED))
    assert {one.policy for one in found.facts} == {"clock-policy/dossier/1.004222/*/processing/1"}


def test_thread_7_a_case_of_no_age_is_not_overdue() -> None:
    """Submitted this instant."""
    found = outcome(RECEIVED[1], *of(RESIDENCE, RECEIVED))
    assert (told(found), clock(found).used) == (["started"], 0)


def test_thread_7_a_wait_of_a_day_is_not_over_after_minutes() -> None:
    """Fifteen working days of the applicant are days, not minutes."""
    events = of(RESIDENCE, RECEIVED, ("5", "2026-03-04 10:00"))
    assert told(outcome("2026-03-04 10:15", *events), "supplement") == ["started"]
    assert told(outcome("2026-03-25 17:00", *events), "supplement") == ["started"]


def test_thread_9_an_older_update_never_overwrites_a_newer_one() -> None:
    """Delivered in any order, the numbers decide."""
    events = of(RESIDENCE, RECEIVED, ("5", "2026-03-04 10:00"), ("4", "2026-03-05 10:00"))
    forward, backward = (
        fold(known(order), packaged_book(), at("2026-03-06 09:00"), {}) for order in (events, events[::-1])
    )
    assert forward == backward
    assert forward.clocks[0].state == "running"


def test_thread_11_the_late_half_of_a_pair_is_no_second_case() -> None:
    """The same event again, an hour after the first: one start, one clock."""
    (event,) = of(RESIDENCE, RECEIVED)
    timeline: list[Known] = []
    insert(timeline, Known(event, at("2026-03-02 09:00")))
    insert(timeline, Known(event._replace(accepted_at=event.accepted_at + HOUR), at("2026-03-02 10:00")))
    assert len(fold(timeline, packaged_book(), at("2026-03-03 09:00"), {}).clocks) == 1


def test_thread_12_no_target_is_never_in_time() -> None:
    """Ended without a policy: counted as a finding, never as met."""
    found = outcome("2026-12-01 09:00", *of(RESIDENCE, RECEIVED, ("9", "2026-03-03 09:00")), book=book(STATES))
    assert (told(found), "no-policy" in codes(found)) == ([], True)


def test_thread_12_a_time_from_the_office_is_bounded_by_the_bus() -> None:
    """An end that lies a year ahead counts as five minutes behind its arrival."""
    start, end = of(IN_HOURS, RECEIVED, ("4", "2027-03-02 10:00"))
    timeline = [Known(start, at("2026-03-02 09:00")), Known(end._replace(status="9"), at("2026-03-02 10:00"))]
    found = fold(timeline, packaged_book(), at("2026-03-05 09:00"), {})
    assert "occurred-in-the-future" in codes(found)
    ended_at = found.clocks[0].ended_at
    assert ended_at is not None
    assert shown(ended_at) == "2026-03-02 10:05:00"


def test_thread_12_what_is_shown_is_what_is_judged() -> None:
    """One source for the due time: at the one that is shown it is in time, behind its day it is late."""
    events = of(RECORDS, RECEIVED)
    shown_due = due(outcome("2026-03-03 09:00", *events))
    assert told(outcome(shown_due, *events)) == ["started"]
    assert told(outcome(f"{shown_due[:10]} 23:59:59", *events)) == ["started"]
    assert told(outcome("2026-03-13 00:00", *events)) == ["started", "breached"]
