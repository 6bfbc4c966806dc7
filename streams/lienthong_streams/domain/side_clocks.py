"""The clocks beside processing: acceptance, supplement, internal steps, apology. Each is a span with a verdict.

Sources: domain facts §1.2: late acceptance is counted apart; the supplement has a limit of its own; internal steps are
counted in working hours; an apology is out at the latest one day before the due time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.policy_due import due_time
from lienthong_schemas.policy_levels import before
from lienthong_schemas.records import FIRM
from lienthong_streams.domain.due import computed_from, due_of
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.facts import Clock, Fact
from lienthong_streams.domain.judge import Knowledge, Verdict, nothing
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.walk import Walk, cause_of, remark_on


class Span(NamedTuple):
    """A span that must end by a due time. ``until`` None: still open."""

    clock: str
    number: int
    since: Instant
    event: CaseEvent
    until: Instant | None
    until_event: CaseEvent | None
    due_at: Instant
    last_in_time: Instant


def judge_side_clocks(walk: Walk, terms: Terms, knowledge: Knowledge) -> Verdict:
    """The verdicts on all clocks beside processing. Raises CalendarError where the calendar does not reach so far."""
    found = nothing()
    if terms.policy is None or terms.calendar is None:
        return found
    for span in (*_acceptance(walk, terms), *_supplements(walk, terms), *_steps(walk, terms)):
        _judge_span(found, span, terms, knowledge)
        late = (knowledge.horizon if span.until is None else span.until) > span.last_in_time
        if span.clock == "supplement" and late:
            supplement = terms.policy.supplement
            follows = "" if supplement is None or supplement.then_status is None else supplement.then_status
            found.remarks.append(remark_on(span.event, "supplement-overdue", f"to be followed by state {follows!r}"))
    for episode in walk.episodes:
        _judge_apology(found, episode, terms, knowledge)
    return found


def _due(terms: Terms, clock: str, since: Instant) -> tuple[Instant, Instant] | None:
    """(due time, last instant in time) of another clock of the policy, if it has one."""
    if terms.policy is None or terms.calendar is None or clock not in terms.policy.spans():
        return None
    due = due_time(terms.policy, terms.calendar, since, clock=clock)
    return due.instant, due.last_in_time


def _acceptance(walk: Walk, terms: Terms) -> Iterator[Span]:
    submitted = walk.submission
    due = None if submitted is None else _due(terms, "acceptance", submitted.at)
    if submitted is not None and due is not None:
        yield Span("acceptance", 1, submitted.at, submitted.event, submitted.decided_at, submitted.decided_by, *due)


def _supplements(walk: Walk, terms: Terms) -> Iterator[Span]:
    number = 0
    for episode in walk.episodes:
        for pause in episode.pauses:
            due = _due(terms, "supplement", pause.opened_at) if pause.reason == "supplement" else None
            if due is None:
                continue
            number += 1
            closed, closed_by = pause.closed_at, pause.closed_by
            if closed is None and episode.ended_at is not None:
                closed, closed_by = episode.ended_at, episode.ended_by
            yield Span("supplement", number, pause.opened_at, pause.opened_by, closed, closed_by, *due)


def _steps(walk: Walk, terms: Terms) -> Iterator[Span]:
    numbers: Counter[str] = Counter()
    for episode in walk.episodes:
        for stretch in episode.stretches(episode.steps, "step"):
            clock = f"step/{stretch.name}"
            due = _due(terms, clock, stretch.since) if stretch.name else None
            if due is None:
                continue
            numbers[clock] += 1
            yield Span(clock, numbers[clock], stretch.since, stretch.event, stretch.until, stretch.until_event, *due)


def _judge_span(found: Verdict, span: Span, terms: Terms, knowledge: Knowledge) -> None:
    until = knowledge.horizon if span.until is None else span.until
    late = until > span.last_in_time
    firmness = knowledge.firmness(span.last_in_time, span.event.office, is_open=span.until is None)

    def fact(kind: str, cause: str, at: Instant, event: CaseEvent, firm: str = FIRM) -> Fact:
        return Fact(
            span.clock, span.number, kind, cause, at, firm, None, span.due_at, event.office, event.commune,
            event.selector, terms.measured(span.since, at), 0, terms.policy_id,
        )  # fmt: skip

    found.facts.append(fact("started", cause_of(span.event), span.since, span.event))
    if late:
        found.facts.append(fact("breached", iso_of(span.due_at), span.due_at, span.event, firmness))
    elif span.until is None:
        found.watch.append(span.last_in_time)
    if span.until is not None and span.until_event is not None:
        kind = "met-late" if late else "met"
        found.facts.append(fact(kind, cause_of(span.until_event), span.until, span.until_event, firmness))
    ran = terms.measured(span.since, until)
    state = "running" if span.until is None else "ended"
    shares = ((span.event.office, ran),)
    found.clocks.append(
        Clock(span.clock, span.number, state, span.since, span.until, None, span.due_at, late, ran, 0, shares)
    )


def _judge_apology(found: Verdict, episode: Episode, terms: Terms, knowledge: Knowledge) -> None:
    """A case that will be late needs an apology with a new appointment before its first due time (form 04)."""
    first = next((one for one in episode.statements if one.due_at is not None), None)
    computed = computed_from(episode, terms)
    promised = first.due_at if first is not None else None if computed is None else computed.instant
    lead = None if terms.policy is None else terms.policy.apology_lead
    if promised is None or lead is None or terms.calendar is None:
        return
    deadline = before(lead, terms.calendar, promised)
    given = next((one for one in episode.statements if one.is_extension), None)
    due = due_of(episode, terms)
    until = episode.until(knowledge.horizon)
    if given is None and (due is None or due.moving or until <= due.last_in_time):
        return
    span = Span(
        "apology", episode.number, episode.started_at, episode.last,
        None if given is None else given.at, None if given is None else given.event, deadline, deadline,
    )  # fmt: skip
    _judge_span(found, span, terms, knowledge)
