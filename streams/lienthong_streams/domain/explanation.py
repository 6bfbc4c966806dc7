"""``explain``: why the clocks of a case stand as they do. Everything a person asks, from the timeline alone.

A pure function of timeline, reference data and horizon, like ``fold``, whose clocks and remarks it takes over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.policy_due import due_time
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.derivation import Days, Reason, last_of, reasons_of, steps_as_reasons, with_days
from lienthong_streams.domain.due import due_of
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.facts import Remark
from lienthong_streams.domain.fold import fold_of
from lienthong_streams.domain.foresight import apology_by
from lienthong_streams.domain.intervals import Interval, intervals_of, span_interval
from lienthong_streams.domain.passage import Wait
from lienthong_streams.domain.processing import Clock
from lienthong_streams.domain.progress import Progress, progress_of
from lienthong_streams.domain.rules import rules_of
from lienthong_streams.domain.side_clocks import step_pauses
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.timeline import Applied, Hole, Known, applied

PROCESSING, RECEIPT = "processing", "receipt"
APPLIES, LOST, HELD = "applies", "conflict", "held"


class Version(NamedTuple):
    """A record of reference data that was used."""

    record_id: str
    valid_from: Instant
    source: str
    name: str = ""


class Entry(NamedTuple):
    """An event of the case: what it stated, when it was known, and whether it has a say."""

    known: Known
    standing: str


class ExplainedClock(NamedTuple):
    """A clock with the reasons for it."""

    clock: Clock
    policy: Version | None
    calendar: Version | None
    span: str
    """The time that it has, as ``5 working_day``; empty where the due time is only stated."""
    last_in_time: Instant | None
    intervals: tuple[Interval, ...]
    reasons: tuple[Reason, ...]
    by_policy: tuple[Reason, ...]
    """How the policy computes the due time where a stated one counts instead."""
    late: int
    """Microseconds by which it is behind its due time, in the time that is counted; 0 where it is in time."""
    working: bool
    """Whether it counts working time."""


class Explanation(NamedTuple):
    """All about the clocks of a case at a horizon."""

    case_id: str
    horizon: Instant
    entries: tuple[Entry, ...]
    holes: tuple[Hole, ...]
    clocks: tuple[ExplainedClock, ...]
    remarks: tuple[Remark, ...]
    states: Version | None

    @property
    def newest(self) -> CaseEvent:
        """The newest event that has a say, or else the newest of all."""
        having = [entry for entry in self.entries if entry.standing == APPLIES]
        return (having or list(self.entries))[-1].known.event


def explain(timeline: Sequence[Known], book: ReferenceBook, horizon: Instant) -> Explanation:
    """Explain a case. ``timeline``: its known events, at least one, ordered as ``timeline.insert`` keeps them."""
    chosen, progress = applied(timeline), progress_of(timeline, rules_of(book))
    outcome = fold_of(progress, horizon, {})
    remarks, clocks = outcome.remarks, outcome.clocks
    reasons = _Reasons(book, progress, remarks)
    return Explanation(
        timeline[0].event.case_id,
        horizon,
        tuple(_entries(timeline, chosen)),
        chosen.holes,
        tuple(reasons.explained(clock, horizon) for clock in clocks),
        remarks,
        _version(book, book.states_id(progress.kind, progress.begins_at)) if chosen.events else None,
    )


def _entries(timeline: Sequence[Known], chosen: Applied) -> Iterator[Entry]:
    standing = {_identity(event): LOST for event in chosen.conflicts}
    standing.update((_identity(event), HELD) for event in chosen.held)
    for known in timeline:
        yield Entry(known, standing.get(_identity(known.event), APPLIES))


def _identity(event: CaseEvent) -> tuple[int, int, bytes]:
    return event.epoch, event.seq, event.digest


def _version(book: ReferenceBook, record_id: str) -> Version | None:
    found = book.version(record_id)
    if found is None:
        return None
    valid_from, body = found
    return Version(record_id, valid_from, getattr(body, "source", ""), getattr(body, "name", ""))


class _Ground(NamedTuple):
    """What a clock was judged by."""

    terms: Terms
    policy: Version | None
    calendar: Version | None
    days: Days | None


def _ground(book: ReferenceBook, terms: Terms, at: Instant) -> _Ground:
    """The records behind the terms of a clock that starts at an instant."""
    policy = _version(book, terms.policy_id)
    found = None if terms.policy is None else book.calendar(terms.policy.calendar, at)
    if found is None or terms.calendar is None:
        return _Ground(terms, policy, None, None)
    return _Ground(terms, policy, _version(book, found[0]), Days(terms.calendar, found[1]))


class _Reasons:
    """Finds the reasons for the clocks of a case."""

    def __init__(self, book: ReferenceBook, progress: Progress, remarks: Sequence[Remark]) -> None:
        self._book = book
        self._progress = progress
        self._walk = progress.walk
        begun, terms = self._walk.begun(), progress.terms or Terms("", PROCESSING)
        beyond = {remark.cause for remark in remarks if remark.code == "beyond-calendar"}
        if begun is not None and begun.act.cause in beyond:
            terms = terms.stated_alone
        self._own = _ground(book, terms, 0 if begun is None else begun.at)

    def explained(self, clock: Clock, horizon: Instant) -> ExplainedClock:
        """One clock with its reasons."""
        until = horizon if clock.ended_at is None else clock.ended_at
        by_policy: tuple[Reason, ...] = ()
        if clock.name == PROCESSING:
            ground, terms = self._own, self._own.terms
            episode = self._walk.episodes[clock.episode - 1]
            intervals, reasons = intervals_of(episode, terms, until), reasons_of(episode, terms)
            if episode.stated_due_at is not None:
                by_policy = steps_as_reasons(terms.computed(episode.started_at))
        else:
            ground, act = self._side(clock)
            terms = ground.terms
            intervals, reasons = span_interval(clock, act, until), tuple(self._side_reasons(clock, terms))
        if clock.due_at is not None and last_of(reasons) != clock.due_at:
            reasons = (Reason("due", clock.due_at),)
        return ExplainedClock(
            clock,
            ground.policy,
            ground.calendar,
            _span(terms, clock.name),
            _last_in_time(terms, clock),
            intervals,
            with_days(reasons, ground.days),
            with_days(by_policy, ground.days),
            0 if clock.due_at is None or not clock.breached else terms.measured(clock.due_at, until),
            terms.is_working,
        )

    def _side(self, clock: Clock) -> tuple[_Ground, Act]:
        """What a clock beside processing was judged by, and the act with which it began."""
        wait = self._wait(clock)
        if wait is None:
            return self._own, self._began(clock)
        progress = self._progress
        terms = progress.rules.terms_of(progress.kind, wait.act.selector, wait.urgency, clock.name, wait.since)
        return self._own if terms is None else _ground(self._book, terms, wait.since), wait.act

    def _wait(self, clock: Clock) -> Wait | None:
        """The wait for a receipt that a clock measures."""
        passage = self._progress.passage
        if passage is None or clock.name != RECEIPT:
            return None
        waits = passage.transfers if passage.arrival is None else [passage.arrival, *passage.transfers]
        return next((wait for wait in waits if wait.since == clock.started_at), None)

    def _began(self, clock: Clock) -> Act:
        walk = self._walk
        if clock.name == "acceptance" and walk.submission is not None:
            return walk.submission.act
        for episode in walk.episodes:
            for pause in episode.pauses:
                if clock.name == "supplement" and pause.opened_at == clock.started_at:
                    return pause.opened_by
            for turn in episode.steps:
                if clock.name == f"step/{turn.name}" and turn.since == clock.started_at:
                    return turn.act
        return walk.episodes[min(clock.episode, len(walk.episodes)) - 1].started_by

    def _side_reasons(self, clock: Clock, terms: Terms) -> Iterator[Reason]:
        if terms.policy is None or terms.calendar is None:
            return
        if clock.name == "apology":
            yield from self._apology(self._walk.episodes[clock.episode - 1], terms.policy)
        elif clock.name in terms.policy.spans():
            pauses = [
                pause
                for episode in self._walk.episodes
                for pause in step_pauses(episode, terms, clock.name, clock.started_at)
            ]
            due = due_time(terms.policy, terms.calendar, clock.started_at, clock=clock.name, pauses=pauses)
            for reason in steps_as_reasons(due):
                yield reason._replace(rule="began") if reason.rule == "started" else reason

    def _apology(self, episode: Episode, policy: ClockPolicy) -> Iterator[Reason]:
        """The due time that counts or that a new appointment replaced, and the lead before it."""
        terms, given = self._own.terms, episode.first_extension()
        due = due_of(episode, terms)
        promised = given.before if given is not None else None if due is None else due.at
        stated = next((one for one in reversed(episode.statements) if one.due_at == promised), None)
        latest = apology_by(episode, terms)
        if promised is not None and latest is not None and policy.apology_lead is not None:
            yield Reason("promised", promised, "", "" if stated is None else stated.act.cause)
            yield Reason("apology-lead", latest, policy.apology_lead.text())


def _span(terms: Terms, clock: str) -> str:
    span = None if terms.policy is None else terms.policy.spans().get(clock)
    return "" if span is None else span.text()


def _last_in_time(terms: Terms, clock: Clock) -> Instant | None:
    if clock.due_at is None or clock.name == PROCESSING:
        return None if clock.due_at is None else terms.last_in_time(clock.due_at)
    limit = terms.limit_of(clock.name, clock.started_at)
    return clock.due_at if limit is None or limit.due_at != clock.due_at else limit.last_in_time
