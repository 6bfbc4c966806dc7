"""Due times against a second, slow way to find them that shares no code with ours: random policies and calendars."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lienthong_schemas.calendar_table import HOUR, WorkingCalendar
from lienthong_schemas.errors import BeyondCalendar
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.policy_due import due_time
from tests.support.calendar_oracle import OutOfRange, SlowCalendar
from tests.support.calendars import calendar_bodies, working
from tests.support.policies import policies
from tests.support.policy_oracle import SlowPolicy

BEYOND = -1
"""The calendar does not reach so far."""


_LENGTHS = st.sampled_from([0.0, 0.5, 1, 3.5, 4, 4.5, 8, 13, 16, 24, 48]).map(lambda hours: round(hours * HOUR))
"""Of waits and pauses: often just a session or a day."""


class Trial(NamedTuple):
    """A calendar twice, policies, and starts with pauses that follow them."""

    ours: WorkingCalendar
    slow: SlowCalendar
    policies: list[dict[str, Any]]
    histories: list[tuple[int, list[tuple[int, int]]]]


@st.composite
def trials(draw: st.DrawFn) -> Trial:
    """Most starts lie at the edge of a session, a microsecond beside it, or at a cut-off."""
    body = draw(calendar_bodies())
    slow = SlowCalendar(body)
    assume(len(slow.pieces) > 1)
    ours = working(body)
    edges = st.sampled_from([edge for piece in slow.pieces[:-1] for edge in piece])
    beside = st.builds(lambda edge, step: edge + step, edges, st.integers(-1, 1))
    first, last = slow.pieces[0][0], slow.pieces[-1][1]
    cut_offs = st.builds(slow.at, st.sampled_from(sorted(slow.hours)), st.sampled_from(["15:00", "02:45"]))
    starts = st.one_of(st.integers(first, last), beside, edges, cut_offs)
    histories = []
    for start in draw(st.lists(starts, min_size=2, max_size=5)):
        lengths = draw(st.lists(_LENGTHS, max_size=6))
        at, pauses = start, []
        for wait, pause in zip(lengths[::2], lengths[1::2], strict=False):
            pauses.append((at + wait, at + wait + pause))
            at += wait + pause
        histories.append((start, pauses))
    return Trial(ours, slow, draw(st.lists(policies(), min_size=2, max_size=4)), histories)


def ours_due(data: dict[str, Any], calendar: WorkingCalendar, start: int, pauses: list[tuple[int, int]]) -> int:
    """Our due time."""
    try:
        return due_time(ClockPolicy.model_validate(data), calendar, start, pauses=pauses).instant
    except BeyondCalendar:
        return BEYOND


def slow_due(data: dict[str, Any], calendar: SlowCalendar, start: int, pauses: list[tuple[int, int]]) -> int:
    """The other's due time."""
    try:
        return SlowPolicy(data, calendar).due(start, pauses)
    except OutOfRange:
        return BEYOND


@given(trials())
@settings(max_examples=200, deadline=None)
def test_both_ways_lead_to_the_same_due_time(trial: Trial) -> None:
    """With every unit, cut-off, intake and precision, and with pauses."""
    for data in trial.policies:
        for start, pauses in trial.histories:
            found = ours_due(data, trial.ours, start, pauses)
            assert slow_due(data, trial.slow, start, pauses) == found


@given(trials())
@settings(max_examples=60, deadline=None)
def test_a_pause_of_no_length_changes_nothing(trial: Trial) -> None:
    """Pausing and resuming at one instant, and cutting a pause in two, leave the due time where it is."""
    for data in trial.policies:
        for start, pauses in trial.histories:
            empty = [(opened, opened) for opened, _ in pauses]
            halves = [half for opened, closed in pauses for half in _halves(opened, closed)]
            assert ours_due(data, trial.ours, start, empty) == ours_due(data, trial.ours, start, [])
            assert ours_due(data, trial.ours, start, halves) == ours_due(data, trial.ours, start, pauses)


def _halves(opened: int, closed: int) -> list[tuple[int, int]]:
    middle = (opened + closed) // 2
    return [(opened, middle), (middle, closed)]


@given(trials())
@settings(max_examples=60, deadline=None)
def test_the_total_is_the_amount_of_the_policy(trial: Trial) -> None:
    """And what lies between the start of the count and a due time that nothing has rounded."""
    for data in trial.policies:
        policy = ClockPolicy.model_validate(data)
        if policy.due_precision == "day" or policy.unit == "calendar_day" or policy.span is None:
            continue
        by_dates = policy.unit == "working_day" and policy.days is None
        for start, _ in trial.histories:
            if ours_due(data, trial.ours, start, []) == BEYOND:
                continue
            due = due_time(policy, trial.ours, start)
            elapsed = due.instant - due.counted_from
            used = trial.ours.between(due.counted_from, due.instant) if due.working else elapsed
            assert (due.total, due.last_in_time) == (used, due.instant)
            assert by_dates or due.total == policy.span.microseconds
