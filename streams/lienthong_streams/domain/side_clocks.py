"""The clocks beside processing: acceptance, supplement, internal steps, apology. Each is a span with a verdict.

Sources: domain facts §1.2: late acceptance is counted apart; the supplement has a limit of its own; internal steps are
counted in working hours; an apology is out at the latest one day before the due time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from lienthong_schemas.errors import BeyondCalendar
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.records import FIRM
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.facts import Claim, Clock, Fact, remark_claim
from lienthong_streams.domain.foresight import apology_by, outlook_of
from lienthong_streams.domain.judge import Knowledge, Verdict
from lienthong_streams.domain.outlook import KEPT, Limit
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.walk import Walk


class Span(NamedTuple):
    """A span that must end by a due time. ``until`` None: still open."""

    clock: str
    number: int
    since: Instant
    act: Act
    until: Instant | None
    until_act: Act | None
    limit: Limit


def judge_side_clocks(found: Verdict, walk: Walk, terms: Terms, knowledge: Knowledge) -> None:
    """Add the verdicts on all clocks beside processing. Raises CalendarError where the calendar does not reach."""
    if terms.policy is None or terms.calendar is None:
        return
    for span in (*_acceptance(walk, terms), *_supplements(walk, terms), *_steps(walk, terms)):
        _judge_span(found, span, terms, knowledge)
        late = (knowledge.horizon if span.until is None else span.until) > span.limit.last_in_time
        if span.clock == "supplement" and late:
            supplement = terms.policy.supplement
            follows = "" if supplement is None or supplement.then_status is None else supplement.then_status
            detail = f"to be followed by state {follows!r}"
            found.remarks.append(remark_claim(span.act, "supplement-overdue", detail))
    for episode in walk.episodes:
        _judge_apology(found, episode, terms, knowledge)


def _acceptance(walk: Walk, terms: Terms) -> Iterator[Span]:
    submitted = walk.submission
    if submitted is None:
        return
    submitted.limit = submitted.limit or terms.limit_of("acceptance", submitted.at)
    if submitted.limit is not None:
        yield Span(
            "acceptance", 1, submitted.at, submitted.act, submitted.decided_at, submitted.decided_by, submitted.limit
        )


def _supplements(walk: Walk, terms: Terms) -> Iterator[Span]:
    number = 0
    for episode in walk.episodes:
        for pause in episode.pauses:
            if pause.limit is None and pause.reason == "supplement":
                pause.limit = terms.limit_of("supplement", pause.opened_at)
            if pause.limit is None:
                continue
            number += 1
            closed, closed_by = pause.closed_at, pause.closed_by
            if closed is None and episode.ended_at is not None:
                closed, closed_by = episode.ended_at, episode.ended_by
            yield Span("supplement", number, pause.opened_at, pause.opened_by, closed, closed_by, pause.limit)


def _steps(walk: Walk, terms: Terms) -> Iterator[Span]:
    numbers: Counter[str] = Counter()
    for episode in walk.episodes:
        if not episode.steps:
            continue
        for index, stretch in enumerate(episode.stretches(episode.steps)):
            clock = f"step/{stretch.name}"
            limit = episode.step_limits[index] or terms.limit_of(clock, stretch.since)
            episode.step_limits[index] = limit
            if limit is None:
                continue
            numbers[clock] += 1
            yield Span(clock, numbers[clock], stretch.since, stretch.act, stretch.until, stretch.until_act, limit)


def _judge_span(found: Verdict, span: Span, terms: Terms, knowledge: Knowledge) -> None:
    until = knowledge.horizon if span.until is None else span.until
    late = until > span.limit.last_in_time
    firmness = knowledge.firmness(span.limit.last_in_time, span.act.office, is_open=span.until is None)
    if until > terms.reach(span.since):
        raise BeyondCalendar("the calendar does not cover all of the clock's time")
    told = [_Told("started", span.act.cause, span.since, span.act, FIRM)]
    if late:
        due_at = span.limit.due_at
        told.append(_Told("breached", iso_of(due_at), due_at, span.act, firmness))
    elif span.until is None:
        found.watch.append(span.limit.last_in_time)
    if span.until is not None and span.until_act is not None:
        kind = "met-late" if late else "met"
        told.append(_Told(kind, span.until_act.cause, span.until, span.until_act, firmness))
    name = f"{span.clock}|{span.number}|"
    found.facts += [
        Claim(f"{name}{one.kind}||{one.cause}", one.firmness, partial(_fact, span, terms, one)) for one in told
    ]
    found.clocks.append(partial(_clock, span, terms, until, late=late))


class _Told(NamedTuple):
    """What is told about a span."""

    kind: str
    cause: str
    at: Instant
    act: Act
    firmness: str


def _fact(span: Span, terms: Terms, told: _Told) -> Fact:
    act = told.act
    return Fact(
        span.clock, span.number, told.kind, told.cause, told.at, told.firmness, None, _due_at(span, terms), act.office,
        act.commune, act.selector, terms.measured(span.since, told.at), 0, terms.policy_id,
    )  # fmt: skip


def _clock(span: Span, terms: Terms, until: Instant, *, late: bool) -> Clock:
    ran = terms.measured(span.since, until)
    state = "running" if span.until is None else "ended"
    shares = ((span.act.office, ran),)
    return Clock(
        span.clock, span.number, state, span.since, span.until, None, _due_at(span, terms), late, ran, 0, shares
    )


def _due_at(span: Span, terms: Terms) -> Instant:
    limit = terms.limit_of(span.clock, span.since) if span.limit == KEPT else span.limit
    return (limit or span.limit).due_at


def _judge_apology(found: Verdict, episode: Episode, terms: Terms, knowledge: Knowledge) -> None:
    """A case that will be late needs an apology with a new appointment."""
    given = next((one for one in episode.statements if one.is_extension), None)
    due = outlook_of(episode, terms).due
    until = episode.until(knowledge.horizon)
    if given is None and (due is None or due.moving or until <= due.last_in_time):
        return
    deadline = apology_by(episode, terms)
    if deadline is None:
        return
    span = Span(
        "apology", episode.number, episode.started_at, episode.last,
        None if given is None else given.at, None if given is None else given.act, Limit(deadline, deadline),
    )  # fmt: skip
    _judge_span(found, span, terms, knowledge)
