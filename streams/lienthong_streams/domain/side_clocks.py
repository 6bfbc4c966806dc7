"""The clocks beside processing: acceptance, supplement, internal steps, apology. Each is a span with a verdict.

Sources: domain facts §1.2: late acceptance is counted apart; the supplement has a limit of its own; internal steps are
counted in working hours; an apology is out at the latest one day before the due time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from lienthong_schemas.errors import BeyondCalendar
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.records import FIRM
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.due import closed_at, counting_pauses
from lienthong_streams.domain.episode import Episode, Stretch
from lienthong_streams.domain.facts import Claim, Clock, Fact
from lienthong_streams.domain.foresight import Whole, apology_by, outlook_of, times_of_levels
from lienthong_streams.domain.judge import Knowledge, Verdict
from lienthong_streams.domain.outlook import KEPT, Limit
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.walk import Submission, Walk


class Span(NamedTuple):
    """A span that must end by a due time. ``until`` None: still open."""

    clock: str
    number: int
    since: Instant
    act: Act
    until: Instant | None
    until_act: Act | None
    limit: Limit
    answers: Act | None = None
    """Whose office answers for it, where that is not the one that began it."""
    pauses: tuple[tuple[Instant, Instant | None], ...] = ()
    """In which it stood still; None: it still does."""
    moving: bool = False
    """Whether an open pause moves its due time."""


def judge_side_clocks(found: Verdict, walk: Walk, terms: Terms, forces: Sequence[Terms], knowledge: Knowledge) -> None:
    """Add the verdicts on all clocks beside processing. ``terms``: those of the start; ``forces``: those by which each
    episode is judged. Raises CalendarError where the calendar does not reach.
    """
    if terms.policy is None or terms.calendar is None:
        return
    if walk.submission is not None:
        _judge_acceptance(found, walk.submission, terms, knowledge)
    _judge_supplements(found, walk.episodes, terms, knowledge)
    _judge_steps(found, walk.episodes, terms, knowledge)
    for episode, force in zip(walk.episodes, forces, strict=True):
        _judge_apology(found, episode, force, knowledge)


def _judge_acceptance(found: Verdict, submitted: Submission, terms: Terms, knowledge: Knowledge) -> None:
    if submitted.limit is None:
        submitted.limit = terms.limit_of("acceptance", submitted.at)
    if submitted.limit is not None:
        span = Span(
            "acceptance", 1, submitted.at, submitted.act, submitted.decided_at, submitted.decided_by, submitted.limit
        )
        judge_span(found, span, terms, knowledge)


def _judge_supplements(found: Verdict, episodes: list[Episode], terms: Terms, knowledge: Knowledge) -> None:
    number = 0
    for episode in episodes:
        for pause in episode.pauses:
            if pause.limit is None and pause.reason == "supplement":
                pause.limit = terms.limit_of("supplement", pause.opened_at)
            if pause.limit is None:
                continue
            number += 1
            closed, closed_by = pause.closed_at, pause.closed_by
            if closed is None and episode.ended_at is not None:
                closed, closed_by = closed_at(pause, episode), episode.ended_by
            span = Span("supplement", number, pause.opened_at, pause.opened_by, closed, closed_by, pause.limit)
            if judge_span(found, span, terms, knowledge):
                supplement = None if terms.policy is None else terms.policy.supplement
                follows = "" if supplement is None or supplement.then_status is None else supplement.then_status
                found.remark(span.act, "supplement-overdue", f"to be followed by state {follows!r}")


def _judge_steps(found: Verdict, episodes: list[Episode], terms: Terms, knowledge: Knowledge) -> None:
    if not terms.has_steps:
        return
    numbers: Counter[str] = Counter()
    for episode in episodes:
        for index, stretch in enumerate(episode.stretches(episode.steps)):
            clock = f"step/{stretch.name}"
            limit = episode.step_limits[index] or terms.limit_of(clock, stretch.since)
            episode.step_limits[index] = limit
            if limit is None:
                continue
            numbers[clock] += 1
            span = Span(clock, numbers[clock], stretch.since, stretch.act, stretch.until, stretch.until_act, limit)
            pauses = _pauses_within(episode, terms, stretch) if episode.pauses else ()
            judge_span(found, _stood_still(span, terms, pauses) if pauses else span, terms, knowledge)


def step_pauses(episode: Episode, terms: Terms, name: str, since: Instant) -> list[tuple[Instant, Instant]]:
    """The pauses that moved the due time of a step begun at an instant."""
    for stretch in episode.stretches(episode.steps):
        if (f"step/{stretch.name}", stretch.since) == (name, since):
            return _counting(terms, name, since, _pauses_within(episode, terms, stretch))[1]
    return []


def _pauses_within(episode: Episode, terms: Terms, stretch: Stretch) -> tuple[tuple[Instant, Instant | None], ...]:
    """A step stands still while the case does: the parts of its pauses that lie in the stretch."""
    found = []
    for pause in counting_pauses(episode, terms):
        closed = pause.closed_at if episode.ended_at is None else closed_at(pause, episode)
        if stretch.until is not None:
            closed = stretch.until if closed is None else min(closed, stretch.until)
        opened = max(pause.opened_at, stretch.since)
        if closed is None or closed > opened:
            found.append((opened, closed))
    return tuple(found)


def _stood_still(span: Span, terms: Terms, pauses: tuple[tuple[Instant, Instant | None], ...]) -> Span:
    """The span with its due time as the pauses moved it."""
    limit, _, moving = _counting(terms, span.clock, span.since, pauses)
    return span._replace(limit=limit or span.limit, pauses=pauses, moving=moving)


def _counting(
    terms: Terms, clock: str, since: Instant, pauses: Sequence[tuple[Instant, Instant | None]]
) -> tuple[Limit | None, list[tuple[Instant, Instant]], bool]:
    """The limit, the pauses that moved it, and whether one still does; what opened after the last instant does not."""
    done: list[tuple[Instant, Instant]] = []
    limit, moving = terms.limit_of(clock, since), False
    for opened, closed in pauses:
        if limit is not None and opened > limit.last_in_time and not (done and done[-1][1] == opened):
            continue
        if closed is None:
            moving = True
        else:
            done.append((opened, closed))
            limit = terms.limit_of(clock, since, done)
    return limit, done, moving


def judge_span(found: Verdict, span: Span, terms: Terms, knowledge: Knowledge) -> bool:
    """Add the verdict on a span, with its levels where the policy is its own; returns whether it is late. Raises
    CalendarError.
    """
    last_in_time = span.limit.last_in_time
    until = knowledge.horizon if span.until is None else span.until
    late = until > last_in_time and not span.moving
    act = span.answers or span.act
    firmness = knowledge.firmness(last_in_time, act.office, is_open=span.until is None)
    if until > terms.reach(span.since, span.clock):
        raise BeyondCalendar("the calendar does not cover all of the clock's time")
    told = [_Told("started", span.act.cause, span.since, span.act, FIRM)]
    if late:
        due_at = span.limit.due_at
        told.append(_Told("breached", iso_of(due_at), due_at, act, firmness))
    elif span.until is None and not span.moving:
        found.watch.append(last_in_time)
    if span.until is not None and span.until_act is not None:
        kind = "met-late" if late else "met"
        told.append(_Told(kind, span.until_act.cause, span.until, span.until_act, firmness))
    if terms.clock == span.clock:
        told += _levels(found, span, terms, until, late)
    for one in told:
        key = f"{span.clock}|{span.number}|{one.kind}|{one.level}|{one.cause}"
        found.facts.append(Claim(key, one.firmness, partial(_fact, span, terms, one)))
    found.clocks.append(partial(_clock, span, terms, until, late))
    return late


class _Told(NamedTuple):
    """What is told about a span."""

    kind: str
    cause: str
    at: Instant
    act: Act
    firmness: str
    level: str = ""


def _levels(found: Verdict, span: Span, terms: Terms, until: Instant, late: bool) -> list[_Told]:
    told = []
    for kind, level, at in times_of_levels(terms, span.limit.due_at, lambda: _whole(span, terms)):
        if at <= until and (kind == "warned" or late):
            told.append(_Told(kind, iso_of(at), at, span.act, FIRM, level))
        elif span.until is None:
            found.watch.append(at - 1 if kind == "warned" else max(at - 1, span.limit.last_in_time))
    return told


def _whole(span: Span, terms: Terms) -> Whole | None:
    computed = terms.computed(span.since)
    if computed is None:
        return None
    total = terms.measured(computed.counted_from, span.limit.due_at)
    return (computed, (), total) if total else None


def _fact(span: Span, terms: Terms, told: _Told) -> Fact:
    act = told.act
    return Fact(
        span.clock, span.number, told.kind, told.cause, told.at, told.firmness, None, _due_at(span, terms), act.office,
        act.commune, act.selector, *_time_until(span, terms, told.at), terms.policy_id, told.level,
    )  # fmt: skip


def _clock(span: Span, terms: Terms, until: Instant, late: bool) -> Clock:
    used, paused = _time_until(span, terms, until)
    stands = any(closed is None for _, closed in span.pauses)
    state = "ended" if span.until is not None else "paused" if stands else "running"
    shares = (((span.answers or span.act).office, used),)
    return Clock(
        span.clock, span.number, state, span.since, span.until, None, _due_at(span, terms), late, used, paused, shares
    )


def _time_until(span: Span, terms: Terms, instant: Instant) -> tuple[int, int]:
    """Microseconds that a span ran and stood still before an instant, in its own unit and from when it runs."""
    begin = terms.runs_from(span.clock, span.since)
    paused = sum(
        terms.measured(max(opened, begin), instant if closed is None else min(closed, instant), span.clock)
        for opened, closed in span.pauses
    )
    return max(0, terms.measured(begin, instant, span.clock) - paused), paused


def _due_at(span: Span, terms: Terms) -> Instant:
    limit = terms.limit_of(span.clock, span.since) if span.limit == KEPT else span.limit
    return (limit or span.limit).due_at


def _judge_apology(found: Verdict, episode: Episode, terms: Terms, knowledge: Knowledge) -> None:
    """A case that will be late needs an apology with a new appointment."""
    given = episode.first_extension()
    if given is None:
        due = outlook_of(episode, terms).due
        if due is None or due.moving or episode.until(knowledge.horizon) <= due.last_in_time:
            return
    deadline = apology_by(episode, terms)
    if deadline is None:
        return
    span = Span(
        "apology", episode.number, episode.started_at, episode.started_by,
        None if given is None else given.at, None if given is None else given.act, Limit(deadline, deadline),
        episode.last,
    )  # fmt: skip
    judge_span(found, span, terms, knowledge)
