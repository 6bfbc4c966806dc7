"""The verdict on the processing clock of each episode: its facts, its state at the horizon, what to remark.

``breached`` holds iff the end (or, while open, the horizon) is later than the last instant in time, so ending exactly
at the due instant is in time, and ``met-late`` implies ``breached``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.policy_levels import after, before, share_reached
from lienthong_schemas.records import FIRM, PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_streams.domain.due import (
    Due,
    computed_from,
    counted_from,
    due_of,
    paused_until,
    shares_of,
    used_until,
)
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.facts import Clock, Fact, Remark
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.walk import cause_of, remark_on

NEAR_DUE = timedelta(hours=1) // timedelta(microseconds=1)
"""Microseconds around the due time in which a pause is worth a look (design §5, against gaming)."""

BACK_DATED = timedelta(hours=1) // timedelta(microseconds=1)
"""Microseconds between an acceptance and its entry into the outbox from which it counts as back-dated (design §5)."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a verdict depends on beside the case: horizon, missing events, how far each office was heard."""

    horizon: Instant
    hole: bool
    complete_through: Mapping[str, Instant]

    def firmness(self, last_in_time: Instant, office: str, *, is_open: bool) -> str:
        """How firm a verdict is. Only a breach by absence needs the office to have been heard."""
        if self.hole:
            return PROVISIONAL_HOLE
        if is_open and self.complete_through.get(office, 0) < last_in_time:
            return PROVISIONAL_SILENCE
        return FIRM


@dataclass(slots=True)
class Verdict:
    """What a clock adds to the fold."""

    clocks: list[Clock]
    facts: list[Fact]
    remarks: list[Remark]
    watch: list[Instant]
    """Instants after which something more may hold."""

    def take(self, other: Verdict) -> None:
        """Add all of another."""
        self.clocks += other.clocks
        self.facts += other.facts
        self.remarks += other.remarks
        self.watch += other.watch


def nothing() -> Verdict:
    """A verdict that says nothing yet."""
    return Verdict([], [], [], [])


def judge(episode: Episode, terms: Terms, knowledge: Knowledge) -> Verdict:
    """The verdict on one episode. Raises CalendarError where the calendar does not reach far enough."""
    found = nothing()
    due = due_of(episode, terms)
    until = episode.until(knowledge.horizon)
    breached = due is not None and not due.moving and until > due.last_in_time
    teller = _Teller(episode, terms, due)
    found.facts += teller.course()
    found.remarks += _remarks(episode, terms, due)
    if due is None:
        found.remarks.append(remark_on(episode.last, "no-due-time", "no due time is stated"))
    else:
        _levels(found, teller, due, until, breached=breached, is_open=episode.ended_by is None)
    is_open = episode.ended_by is None
    firmness = knowledge.firmness(due.last_in_time if due else 0, episode.last.office, is_open=is_open)
    if breached and due is not None:
        found.facts.append(teller.fact("breached", iso_of(due.at), due.at, episode.last, firmness))
    elif due is not None and is_open and not due.moving:
        found.watch.append(due.last_in_time)
    found.facts += teller.end(breached=breached, firmness=firmness)
    found.clocks.append(_clock(episode, terms, due, until, breached=breached))
    return found


class _Teller:
    """Makes the facts of an episode."""

    def __init__(self, episode: Episode, terms: Terms, due: Due | None) -> None:
        self.episode = episode
        self.terms = terms
        self.due = due

    def fact(self, kind: str, cause: str, at: Instant, event: CaseEvent, firm: str = FIRM, level: str = "") -> Fact:
        """One fact about the clock at an instant."""
        episode, terms = self.episode, self.terms
        return Fact(
            terms.clock, episode.number, kind, cause, at, firm, episode.stated_due_at,
            None if self.due is None else self.due.at, event.office, event.commune, event.selector,
            used_until(episode, terms, at), paused_until(episode, terms, at), terms.policy_id, level,
        )  # fmt: skip

    def course(self) -> Iterator[Fact]:
        """Start, pauses, and due times stated anew."""
        episode = self.episode
        yield self.fact("started", cause_of(episode.started_by), episode.started_at, episode.started_by)
        for pause in episode.pauses:
            if not self.terms.pauses_for(pause.reason):
                continue
            yield self.fact("paused", cause_of(pause.opened_by), pause.opened_at, pause.opened_by)
            if pause.closed_at is not None and pause.closed_by is not None:
                again = self.terms.restarts and pause.reason == "supplement"
                kind = "restarted" if again else "resumed"
                yield self.fact(kind, cause_of(pause.closed_by), pause.closed_at, pause.closed_by)
        for statement in episode.statements:
            if statement.before is not None:
                kind = "extended" if statement.is_extension else "due-changed"
                yield self.fact(kind, cause_of(statement.event), statement.at, statement.event)

    def end(self, *, breached: bool, firmness: str) -> Iterator[Fact]:
        """How it ended, if it has."""
        episode = self.episode
        if episode.ended_by is None or episode.ended_at is None:
            return
        cause = cause_of(episode.ended_by)
        if not episode.judged:
            yield self.fact("stopped", cause, episode.ended_at, episode.ended_by, firmness)
        elif self.due is not None:
            kind = "met-late" if breached else "met"
            yield self.fact(kind, cause, episode.ended_at, episode.ended_by, firmness)


def _levels(found: Verdict, teller: _Teller, due: Due, until: Instant, *, breached: bool, is_open: bool) -> None:
    """Warnings before the due time and escalations after it."""
    terms, episode = teller.terms, teller.episode
    if terms.policy is None or terms.calendar is None or due.moving:
        return
    reached: list[tuple[str, str, Instant]] = []
    counted = computed_from(episode, terms)
    for warning in terms.policy.warnings:
        if warning.before is not None:
            reached.append(("warned", warning.level, before(warning.before, terms.calendar, due.at)))
        elif warning.share is not None and counted is not None:
            whole = counted._replace(total=terms.measured(counted.counted_from, due.at))
            reached.append(("warned", warning.level, share_reached(warning.share, terms.calendar, whole)))
    reached += [
        ("escalated", level.level, after(level.after, terms.calendar, due.at)) for level in terms.policy.escalations
    ]
    for kind, level, at in reached:
        if at <= until and (kind == "warned" or breached):
            found.facts.append(teller.fact(kind, iso_of(at), at, episode.last, FIRM, level))
        elif is_open:
            found.watch.append(at - 1)


def _remarks(episode: Episode, terms: Terms, due: Due | None) -> Iterator[Remark]:
    if terms.policy is None:
        return
    start = episode.started_by
    if episode.number == 1 and start.change != "opening" and start.accepted_at - start.occurred_at > BACK_DATED:
        yield remark_on(start, "back-dated", "entered more than an hour after it is said to have happened")
    computed = terms.computed(episode.started_at)
    first = next((one for one in episode.statements if one.due_at is not None), None)
    stated = None if first is None or first.after_pause else first.due_at
    if first is not None and stated is not None and computed is not None and not terms.same_due(stated, computed):
        detail = f"stated {iso_of(stated)}, by the policy {iso_of(computed.instant)}"
        yield remark_on(first.event, "due-differs", detail)
    extensions = [one for one in episode.statements if one.is_extension]
    allowed = terms.policy.max_extensions
    for one in extensions[allowed:]:
        yield remark_on(one.event, "too-many-extensions", f"the policy allows {allowed}")
    if due is not None:
        for pause in episode.pauses:
            if abs(pause.opened_at - due.at) <= NEAR_DUE:
                yield remark_on(pause.opened_by, "pause-near-due", "a pause within an hour of the due time")


def _clock(episode: Episode, terms: Terms, due: Due | None, until: Instant, *, breached: bool) -> Clock:
    if episode.ended_by is not None:
        state = "ended" if episode.judged else "stopped"
    else:
        state = "running" if episode.open_pause() is None else "paused"
    return Clock(
        terms.clock,
        episode.number,
        state,
        counted_from(episode, terms),
        episode.ended_at,
        episode.stated_due_at,
        None if due is None else due.at,
        breached,
        used_until(episode, terms, until),
        paused_until(episode, terms, until),
        shares_of(episode, terms, until),
    )
