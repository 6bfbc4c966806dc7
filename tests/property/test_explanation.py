"""An explanation adds up: intervals tile the clock, their sums are the clock's, the derivation ends at its due time."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_schemas.case_event import CaseEvent, Opening
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.explanation import ExplainedClock, Explanation, explain
from lienthong_streams.domain.timeline import Known, insert
from tests.support.calendars import VIETNAM_2026, at
from tests.support.cases import EFFECTS, TRANSITIONS, event, handover, record

STATES = record(
    "states",
    "dossier",
    {
        "case_kind": "dossier",
        "effects": EFFECTS,
        "transitions": TRANSITIONS,
        "initial": ["1", "2"],
        "pause_reasons": {"5": "supplement", "6": "financial-duty", "8": "suspended"},
        "source": "test",
    },
)
CALENDAR = record("calendar", "default", VIETNAM_2026)
BEGIN = at("2026-04-20 06:30")
HOUR = 3_600 * 1_000_000
STATUSES = st.sampled_from(["1", "2", "4", "4", "4", "5", "5", "6", "8", "7", "9", "9", "10", "3", "99"])
OFFICES = st.sampled_from(["H27.16", "H27.16", "H27.01"])
STEP_HOURS = st.sampled_from([0, 0, 0.25, 1, 2.5, 6, 17, 24, 100])


RECEIPT = record(
    "clock-policy",
    "dossier/*/*/receipt",
    {"case_kind": "dossier", "clock": "receipt", "unit": "working_hour", "amount": 2, "source": "test"},
)
DAYS = {"unit": "working_day", "amount": 2, "apology_lead": {"amount": 1, "unit": "working_day"}}
POLICIES: list[dict[str, Any]] = [
    {**DAYS, "due_precision": "day", "cut_off": {"at": "15:00"}},
    {**DAYS, "supplement": {"mode": "restart"}},
    {**DAYS, "financial_duty_pause": False, "days": "hours"},
    {"unit": "working_hour", "amount": 6.5, "cut_off": {"before_closing_minutes": 60, "counts_from": "08:00"}},
    {"unit": "working_hour", "amount": 3, "supplement": {"mode": "restart"}, "due_precision": "instant"},
    {"unit": "calendar_day", "amount": 4, "intake": "office-hours", "due_precision": "day"},
    {"unit": "calendar_day", "amount": 3, "supplement": {"mode": "restart"}},
    {"unit": "calendar_hour", "amount": 30},
    {"unit": "working_day", "amount": 0, "due_precision": "day"},
    {"mode": "stated", "due_precision": "instant"},
]


@cache
def book_of(number: int) -> ReferenceBook:
    """The book with one of the policies, with clocks beside processing; -1: the stated due time alone."""
    if number < 0:
        return ReferenceBook((STATES, record("policy", "dossier/*", {"case_kind": "dossier", "source": "test"})), 2)
    policy = {"case_kind": "dossier", "source": "test", **POLICIES[number]}
    policy["acceptance"] = {"amount": 4, "unit": "working_hour"}
    limit = {"limit": {"amount": 2, "unit": "working_day"}, "then_status": "3"}
    policy["supplement"] = {**limit, **policy.get("supplement", {"mode": "pause"})}
    policy["steps"] = {"check": {"amount": 1, "unit": "working_hour"}}
    return ReferenceBook((STATES, CALENDAR, RECEIPT, record("clock-policy", "dossier/*/*/processing", policy)), 4)


BOOKS = st.integers(-1, len(POLICIES) - 1).map(book_of)


@st.composite
def histories(draw: st.DrawFn) -> list[Known]:
    """Up to nine events in any states, of two offices, with due times, an opening, a hole, a handover at times."""
    when, made = BEGIN + draw(st.integers(0, 72)) * HOUR // 2, list[CaseEvent]()
    due = draw(st.one_of(st.none(), st.integers(0, 200)))
    for seq in range(1, draw(st.integers(1, 9)) + 1):
        when += round(draw(STEP_HOURS) * HOUR)
        due = draw(st.sampled_from([due, due, due, None, 30, 120, 300]))
        changes: dict[str, Any] = {"occurred_at": when, "accepted_at": when, "office": draw(OFFICES)}
        changes["due_at"] = None if due is None else BEGIN + due * HOUR
        changes |= {"ended_at": None, "step": draw(st.sampled_from(["", "check"]))}
        if seq == 1 and draw(st.integers(0, 4)) == 0:
            changes |= {"change": "opening", "opening": Opening(when - 30 * HOUR, draw(st.integers(0, 90_000)), 60)}
        made.append(event(seq, draw(STATUSES), 0, **changes))
    if draw(st.integers(0, 3)) == 0:
        made.append(handover(len(made) + 1, 0, successor="H27.01", next_epoch=2)._replace(occurred_at=when))
    if len(made) > 2 and draw(st.integers(0, 3)) == 0:
        del made[draw(st.integers(1, len(made) - 2))]
    timeline: list[Known] = []
    for one in made:
        insert(timeline, Known(one, one.occurred_at + HOUR))
    return timeline


HORIZONS = st.integers(0, 400).map(lambda hours: BEGIN + hours * HOUR)


def explained(timeline: list[Known], book: ReferenceBook, horizon: int) -> Explanation:
    """The explanation at a horizon, never before what is known."""
    return explain(timeline, book, max(horizon, timeline[-1].known_at))


@given(histories(), BOOKS, HORIZONS)
@settings(max_examples=150, deadline=None)
def test_the_intervals_of_a_clock_tile_its_time(timeline: list[Known], book: ReferenceBook, horizon: int) -> None:
    """From its start to its end or the horizon, without a gap or an overlap."""
    found = explained(timeline, book, horizon)
    for each in found.clocks:
        ends = [interval.until for interval in each.intervals]
        assert [interval.since for interval in each.intervals[1:]] == ends[:-1]
        assert all(interval.since <= interval.until for interval in each.intervals)
        assert ends[-1] == max(each.intervals[0].since, end_of(each, found))


def end_of(each: ExplainedClock, found: Explanation) -> int:
    """The end of a clock or the horizon."""
    return found.horizon if each.clock.ended_at is None else each.clock.ended_at


@given(histories(), BOOKS, HORIZONS)
@settings(max_examples=150, deadline=None)
def test_what_the_intervals_count_is_what_the_clock_counts(
    timeline: list[Known], book: ReferenceBook, horizon: int
) -> None:
    """Running: used, and by office the shares. Standing still: paused."""
    for each in explained(timeline, book, horizon).clocks:
        counted = Counter[str]()
        by_office = Counter[str]()
        for interval in each.intervals:
            counted[interval.state] += interval.counted
            if interval.state == "running":
                by_office[interval.office] += interval.counted
        assert (counted["running"], counted["paused"]) == (each.clock.used, each.clock.paused)
        assert +by_office == +Counter(dict(each.clock.shares))


@given(histories(), BOOKS, HORIZONS)
@settings(max_examples=150, deadline=None)
def test_the_derivation_ends_at_the_due_time_of_the_engine(
    timeline: list[Known], book: ReferenceBook, horizon: int
) -> None:
    """And names its rules; no clock has a due time that nobody can explain."""
    for each in explained(timeline, book, horizon).clocks:
        rules = [reason.rule for reason in each.reasons]
        if each.clock.due_at is not None:
            assert (each.reasons[-1].at, "due" in rules) == (each.clock.due_at, False)
