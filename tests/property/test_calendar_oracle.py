"""The working calendar against a second, slow one that shares no code with it, over random calendars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lienthong_schemas.calendar_table import HOUR, WorkingCalendar
from lienthong_schemas.errors import BeyondCalendar
from tests.support.calendar_oracle import OutOfRange, SlowCalendar
from tests.support.calendars import calendar_bodies, working

BEYOND = "beyond the calendar"


class Question(NamedTuple):
    """Two instants, an amount of working time and a number of days."""

    one: int
    other: int
    amount: int
    number: int


class Both(NamedTuple):
    """Both calendars of a body, and what to ask them."""

    ours: WorkingCalendar
    slow: SlowCalendar
    questions: list[Question]


@st.composite
def calendars(draw: st.DrawFn) -> Both:
    """Half of the instants lie at the edge of a working interval, or a microsecond beside it."""
    body: dict[str, Any] = draw(calendar_bodies())
    slow = SlowCalendar(body)
    assume(slow.pieces)
    ours = working(body)
    edges = st.sampled_from([edge for piece in slow.pieces for edge in piece])
    beside = st.builds(lambda edge, step: edge + step, edges, st.integers(-1, 1))
    inside = beside.map(lambda at: min(max(at, ours.begins), ours.ends - 1))
    instants = st.one_of(st.integers(ours.begins, ours.ends - 1), inside)
    amounts = st.one_of(st.integers(0, 200 * HOUR), st.integers(0, 100).map(lambda halves: halves * HOUR // 2))
    one_question = st.builds(Question, instants, instants, amounts, st.integers(1, 40))
    questions = draw(st.lists(one_question, min_size=3, max_size=8))
    return Both(ours, slow, [*questions, *(_exact(slow, question) for question in questions)])


def _exact(slow: SlowCalendar, question: Question) -> Question:
    """The same with just the working time that lies between the two instants."""
    return question._replace(amount=abs(slow.between(question.one, question.other)))


def outcome(ask: Callable[..., Any], *about: Any) -> Any:
    """What is answered, or that it lies outside the years; both calendars say that in their own words."""
    try:
        return ask(*about)
    except (BeyondCalendar, OutOfRange):
        return BEYOND


@given(calendars())
@settings(max_examples=100, deadline=None)
def test_both_calendars_count_the_same(both: Both) -> None:
    """Adding, subtracting, measuring and going to the next work, with the edges of the years."""
    ours, slow, questions = both
    for one, other, amount, _ in questions:
        assert {
            "add": outcome(slow.add, one, amount),
            "subtract": outcome(slow.subtract, one, amount),
            "between": slow.between(one, other),
            "next": outcome(slow.next_working, one),
            "last": outcome(slow.last_working, one),
            "open": any(start <= one <= end for start, end in slow.pieces),
        } == {
            "add": outcome(ours.add, one, amount),
            "subtract": outcome(ours.subtract, one, amount),
            "between": ours.between(one, other),
            "next": outcome(ours.next_working, one),
            "last": outcome(ours.last_working, one),
            "open": ours.is_open(one),
        }


@given(calendars())
@settings(max_examples=50, deadline=None)
def test_both_calendars_count_days_the_same(both: Both) -> None:
    """Which days are worked, the days after and before, when work begins and ends."""
    ours, slow, questions = both
    for one, _, _, number in questions:
        day = ours.date_of(one)
        found = outcome(ours.working_day_after, day, number)
        assert {
            "date": slow.wall(one).date(),
            "worked": day in slow.hours,
            "after": outcome(slow.working_day_after, day, number),
            "before": outcome(slow.working_day_before, day, number),
            "next": outcome(slow.working_day_after, day - timedelta(days=1), 1),
        } == {
            "date": day,
            "worked": ours.is_working_day(day),
            "after": found,
            "before": outcome(ours.working_day_before, day, number),
            "next": outcome(ours.next_working_day, day),
        }
        if isinstance(found, date):
            own = [piece for piece in slow.pieces if slow.wall(piece[0]).date() == found]
            assert (own[0][0], own[-1][1]) == (ours.start_of_working_day(found), ours.end_of_working_day(found))


@given(calendars())
@settings(max_examples=50, deadline=None)
def test_used_and_left_are_the_amount(both: Both) -> None:
    """At any time on the way to the due time; and subtracting the amount again leads back, but for time off."""
    ours, _, questions = both
    for one, other, amount, _ in questions:
        due = outcome(ours.add, one, amount)
        if due == BEYOND:
            continue
        now = min(max(one, other), due)
        used, left = ours.between(one, now), ours.between(now, due)
        assert (used >= 0, left >= 0, used + left) == (True, True, amount)
        assert ours.add(now, left) == (due if left else now)
        back = ours.subtract(due, amount)
        assert (ours.between(back, one), ours.between(back, due)) == (0, amount)


@given(calendars())
@settings(max_examples=50, deadline=None)
def test_adding_what_was_subtracted_leads_back(both: Both) -> None:
    """To the same instant, or to the end of the work before it; a negative amount goes the other way."""
    ours, _, questions = both
    for one, _, amount, _ in questions:
        start = outcome(ours.subtract, one, amount)
        if start == BEYOND:
            continue
        again = ours.add(start, amount)
        assert (ours.between(start, one), ours.between(again, one), again <= one) == (amount, 0, True)
        assert (ours.add(one, -amount), ours.subtract(start, -amount)) == (start, again)


@given(calendars())
@settings(max_examples=50, deadline=None)
def test_measuring_there_and_back_is_nothing(both: Both) -> None:
    """And a stop on the way changes nothing."""
    ours, _, questions = both
    for one, other, _, _ in questions:
        middle = (one + other) // 2
        assert ours.between(one, other) == -ours.between(other, one)
        assert ours.between(one, middle) + ours.between(middle, other) == ours.between(one, other)


@given(calendar_bodies())
@settings(max_examples=50, deadline=None)
def test_a_calendar_is_refused_only_where_nobody_ever_works(body: dict[str, Any]) -> None:
    """With it a clock would run for ever (a fault seen elsewhere: F15)."""
    refused = ""
    try:
        working(body)
    except ValidationError as error:
        refused = str(error)
    assert bool(refused) == (SlowCalendar(body).pieces == [])
    assert ("no working day" in refused) == bool(refused)
