"""The verdict on the processing clock of each episode: its facts, its state at the horizon, what to remark.

``breached`` holds iff the end (or, while open, the horizon) is later than the last instant in time, so ending exactly
at the due instant is in time, and ``met-late`` implies ``breached``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple

from lienthong_schemas.errors import BeyondCalendar
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.records import FIRM, PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.due import (
    counted_from,
    counting_pauses,
    late_pauses,
    paused_until,
    shares_of,
    used_until,
)
from lienthong_streams.domain.episode import Episode, Statement
from lienthong_streams.domain.facts import Claim, Clock, Fact, Remark, remark_claim, remark_key, remark_on
from lienthong_streams.domain.foresight import level_times, outlook_of
from lienthong_streams.domain.outlook import ENDLESS, Due, Outlook
from lienthong_streams.domain.processing import Processing, used_and_regulated
from lienthong_streams.domain.terms import Terms

NEAR_DUE = timedelta(hours=1) // timedelta(microseconds=1)
"""Microseconds around the due time in which a pause is worth a look (design §5, against gaming)."""

_ENDS: Final = ("met", "met-late")
"""Kinds of facts that say how much of the regulated time was used."""


class Knowledge(NamedTuple):
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
    """What the clocks add to the fold."""

    facts: list[Claim[Fact]] = field(default_factory=list)
    remarks: list[Claim[Remark]] = field(default_factory=list)
    clocks: list[Callable[[], Clock]] = field(default_factory=list)
    watch: list[Instant] = field(default_factory=list)
    """Instants after which something more may hold."""
    processing: list[Processing] = field(default_factory=list)
    """The processing clock of each episode."""

    def take(self, other: Verdict) -> None:
        """Add all of another."""
        self.facts += other.facts
        self.remarks += other.remarks
        self.clocks += other.clocks
        self.watch += other.watch

    def remark(self, act: Act, code: str, detail: str) -> None:
        """Add a remark caused by an act."""
        self.remarks.append(remark_claim(act, code, detail))


def judge(found: Verdict, episode: Episode, terms: Terms, knowledge: Knowledge) -> None:
    """Add the verdict on one episode. Raises CalendarError where the calendar does not reach far enough."""
    outlook = outlook_of(episode, terms)
    due, is_open = outlook.due, episode.ended_at is None
    until = episode.until(knowledge.horizon)
    breached = due is not None and not due.moving and until > due.last_in_time
    teller = _Teller(found, episode, terms, due)
    teller.course()
    _remarks(found, episode, terms, outlook)
    firmness = knowledge.firmness(due.last_in_time if due else 0, episode.last.office, is_open=is_open)
    if due is None:
        found.remark(episode.last, "no-due-time", "no due time is stated")
    else:
        _levels(teller, outlook, until, breached=breached)
        if breached:
            teller.say("breached", iso_of(due.at), due.at, episode.last, firmness)
        elif is_open and not due.moving:
            found.watch.append(due.last_in_time)
    teller.end(breached=breached, firmness=firmness)
    teller.stand(until, breached=breached)
    found.processing.append(Processing(episode, terms, due, breached, firmness))


class _Teller:
    """Makes the claims about an episode, and their contents."""

    __slots__ = ("_begin", "_reach", "due", "episode", "found", "terms")

    def __init__(self, found: Verdict, episode: Episode, terms: Terms, due: Due | None) -> None:
        self.found = found
        self.episode = episode
        self.terms = terms
        self.due = due
        self._begin = f"{terms.clock}|{episode.number}|"
        balance = episode.balance
        self._reach = terms.reach(episode.started_at if balance is None else min(episode.started_at, balance.since))

    def say(self, kind: str, cause: str, at: Instant, act: Act, firm: str = FIRM, level: str = "") -> None:
        """Claim one fact about the clock at an instant. Raises BeyondCalendar where its content could not be told."""
        if at > self._reach:
            raise BeyondCalendar("the calendar does not cover all of the clock's time")
        key = f"{self._begin}{kind}|{level}|{cause}"
        self.found.facts.append(Claim(key, firm, partial(self._fact, kind, cause, at, act, firm, level)))

    def stand(self, until: Instant, *, breached: bool) -> None:
        """Say how the clock stands. Raises BeyondCalendar where that could not be told."""
        if until > self._reach:
            raise BeyondCalendar("the calendar does not cover all of the clock's time")
        self.found.clocks.append(partial(_clock, self.episode, self.terms, self.due, until, breached))

    def _fact(self, kind: str, cause: str, at: Instant, act: Act, firm: str, level: str) -> Fact:
        episode, terms = self.episode, self.terms
        return Fact(
            terms.clock, episode.number, kind, cause, at, firm, episode.stated_due_at,
            None if self.due is None else self.due.at, act.office, act.commune, act.selector,
            used_until(episode, terms, at), paused_until(episode, terms, at), terms.policy_id, level,
            used_and_regulated(episode, terms, self.due) if kind in _ENDS else None,
        )  # fmt: skip

    def course(self) -> None:
        """Start, pauses, and due times stated anew."""
        episode, terms = self.episode, self.terms
        late = late_pauses(episode, terms) if terms.restarts and episode.pauses else ()
        self.say("started", episode.started_by.cause, episode.started_at, episode.started_by)
        for pause in episode.pauses:
            if not terms.pauses_for(pause.reason):
                continue
            self.say("paused", pause.opened_by.cause, pause.opened_at, pause.opened_by)
            if pause.closed_at is not None and pause.closed_by is not None:
                again = terms.restarts and pause.reason == "supplement" and pause not in late
                kind = "restarted" if again else "resumed"
                self.say(kind, pause.closed_by.cause, pause.closed_at, pause.closed_by)
        for one in episode.statements:
            if one.before is not None:
                self.say("extended" if one.is_extension else "due-changed", one.act.cause, one.at, one.act)

    def end(self, *, breached: bool, firmness: str) -> None:
        """How it ended, if it has."""
        episode = self.episode
        if episode.ended_by is None or episode.ended_at is None:
            return
        if not episode.judged:
            kind = "stopped"
        elif self.due is None:
            return
        else:
            kind = "met-late" if breached else "met"
        self.say(kind, episode.ended_by.cause, episode.ended_at, episode.ended_by, firmness)


def _levels(teller: _Teller, outlook: Outlook, until: Instant, *, breached: bool) -> None:
    """Warnings before the due time and escalations after it."""
    first, due, episode = outlook.first_level_at, outlook.due, teller.episode
    if first == ENDLESS or due is None:
        return
    is_open = episode.ended_by is None
    if until < first:
        if is_open:
            teller.found.watch.append(first - 1)
        return
    for kind, level, at in level_times(episode, teller.terms, due.at):
        if at <= until and (kind == "warned" or breached):
            teller.say(kind, iso_of(at), at, episode.last, FIRM, level)
        elif is_open:
            teller.found.watch.append(at - 1 if kind == "warned" else max(at - 1, due.last_in_time))


def _remarks(found: Verdict, episode: Episode, terms: Terms, outlook: Outlook) -> None:
    if terms.policy is None:
        return
    if episode.back_dated:
        detail = "entered more than an hour after it is said to have happened"
        found.remark(episode.started_by, "back-dated", detail)
    first = episode.first_promise() if outlook.differs else None
    if first is not None:
        key = remark_key("due-differs", first.act.cause)
        found.remarks.append(Claim(key, FIRM, partial(_due_differs, episode, terms, first)))
    if len(episode.statements) > 1:
        allowed = terms.policy.max_extensions
        for one in [one for one in episode.statements if one.is_extension][allowed:]:
            found.remark(one.act, "too-many-extensions", f"the policy allows {allowed}")
    if outlook.due is not None:
        for pause in episode.pauses:
            if abs(pause.opened_at - outlook.due.at) <= NEAR_DUE:
                found.remark(pause.opened_by, "pause-near-due", "a pause within an hour of the due time")


def _due_differs(episode: Episode, terms: Terms, first: Statement) -> Remark:
    computed = (terms.base or terms).computed(episode.started_at)
    stated = "" if first.due_at is None else iso_of(first.due_at)
    by_policy = "" if computed is None else iso_of(computed.instant)
    return remark_on(first.act, "due-differs", f"stated {stated}, by the policy {by_policy}")


def _clock(episode: Episode, terms: Terms, due: Due | None, until: Instant, breached: bool) -> Clock:
    state = episode.state
    if state == "paused" and all(one.closed_at is not None for one in counting_pauses(episode, terms)):
        state = "running"
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
