"""The verdict on the processing clock of each episode: its facts, its state at the horizon, what to remark.

``breached`` holds iff the end (or, while open, the horizon) is later than the last instant in time, so ending exactly
at the due instant is in time, and ``met-late`` implies ``breached``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from lienthong_schemas.errors import BeyondCalendar
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.records import FIRM, PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.due import counted_from, paused_until, shares_of, used_until
from lienthong_streams.domain.episode import Episode, Statement
from lienthong_streams.domain.facts import Claim, Clock, Fact, Remark, remark_claim, remark_key, remark_on
from lienthong_streams.domain.foresight import level_times, outlook_of
from lienthong_streams.domain.outlook import ENDLESS, Due, Outlook
from lienthong_streams.domain.terms import Terms

NEAR_DUE = timedelta(hours=1) // timedelta(microseconds=1)
"""Microseconds around the due time in which a pause is worth a look (design §5, against gaming)."""


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

    facts: list[Claim[Fact]]
    remarks: list[Claim[Remark]]
    clocks: list[Callable[[], Clock]]
    watch: list[Instant]
    """Instants after which something more may hold."""


def nothing() -> Verdict:
    """A verdict that says nothing yet."""
    return Verdict([], [], [], [])


def judge(found: Verdict, episode: Episode, terms: Terms, knowledge: Knowledge) -> None:
    """Add the verdict on one episode. Raises CalendarError where the calendar does not reach far enough."""
    outlook = outlook_of(episode, terms)
    due, until = outlook.due, episode.until(knowledge.horizon)
    is_open = episode.ended_by is None
    breached = due is not None and not due.moving and until > due.last_in_time
    teller = _Teller(episode, terms, due)
    found.facts += teller.course()
    found.remarks += _remarks(episode, terms, outlook)
    if due is None:
        found.remarks.append(remark_claim(episode.last, "no-due-time", "no due time is stated"))
    else:
        _levels(found, teller, outlook, until, breached=breached)
    firmness = knowledge.firmness(due.last_in_time if due else 0, episode.last.office, is_open=is_open)
    if breached and due is not None:
        found.facts.append(teller.claim("breached", iso_of(due.at), due.at, episode.last, firmness))
    elif due is not None and is_open and not due.moving:
        found.watch.append(due.last_in_time)
    found.facts += teller.end(breached=breached, firmness=firmness)
    found.clocks.append(teller.clock(until, breached=breached))


class _Teller:
    """Makes the claims about an episode, and their contents."""

    def __init__(self, episode: Episode, terms: Terms, due: Due | None) -> None:
        self.episode = episode
        self.terms = terms
        self.due = due
        self._name = f"{terms.clock}|{episode.number}|"
        self._reach = terms.reach(episode.started_at)

    def claim(self, kind: str, cause: str, at: Instant, act: Act, firm: str = FIRM, level: str = "") -> Claim[Fact]:
        """One fact about the clock at an instant. Raises BeyondCalendar where its content could not be told."""
        self._check(at)
        return Claim(
            f"{self._name}{kind}|{level}|{cause}", firm, partial(self._fact, kind, cause, at, act, firm, level)
        )

    def clock(self, until: Instant, *, breached: bool) -> Callable[[], Clock]:
        """What tells how the clock stands. Raises BeyondCalendar where it could not."""
        self._check(until)
        tell = partial(_clock, self.episode, self.terms, self.due, until, breached=breached)
        if self.episode.balance is not None:
            tell()
        return tell

    def _check(self, at: Instant) -> None:
        """Raise now what the content would raise. It measures from the start on, after an opening from there too."""
        if self.episode.balance is not None:
            used_until(self.episode, self.terms, at)
            paused_until(self.episode, self.terms, at)
        elif at > self._reach:
            raise BeyondCalendar("the calendar does not cover all of the clock's time")

    def _fact(self, kind: str, cause: str, at: Instant, act: Act, firm: str, level: str) -> Fact:
        episode, terms = self.episode, self.terms
        return Fact(
            terms.clock, episode.number, kind, cause, at, firm, episode.stated_due_at,
            None if self.due is None else self.due.at, act.office, act.commune, act.selector,
            used_until(episode, terms, at), paused_until(episode, terms, at), terms.policy_id, level,
        )  # fmt: skip

    def course(self) -> Iterator[Claim[Fact]]:
        """Start, pauses, and due times stated anew."""
        episode = self.episode
        yield self.claim("started", episode.started_by.cause, episode.started_at, episode.started_by)
        for pause in episode.pauses:
            if not self.terms.pauses_for(pause.reason):
                continue
            yield self.claim("paused", pause.opened_by.cause, pause.opened_at, pause.opened_by)
            if pause.closed_at is not None and pause.closed_by is not None:
                again = self.terms.restarts and pause.reason == "supplement"
                kind = "restarted" if again else "resumed"
                yield self.claim(kind, pause.closed_by.cause, pause.closed_at, pause.closed_by)
        for statement in episode.statements:
            if statement.before is not None:
                kind = "extended" if statement.is_extension else "due-changed"
                yield self.claim(kind, statement.act.cause, statement.at, statement.act)

    def end(self, *, breached: bool, firmness: str) -> Iterator[Claim[Fact]]:
        """How it ended, if it has."""
        episode = self.episode
        if episode.ended_by is None or episode.ended_at is None:
            return
        cause = episode.ended_by.cause
        if not episode.judged:
            yield self.claim("stopped", cause, episode.ended_at, episode.ended_by, firmness)
        elif self.due is not None:
            kind = "met-late" if breached else "met"
            yield self.claim(kind, cause, episode.ended_at, episode.ended_by, firmness)


def _levels(found: Verdict, teller: _Teller, outlook: Outlook, until: Instant, *, breached: bool) -> None:
    """Warnings before the due time and escalations after it."""
    episode, due = teller.episode, outlook.due
    is_open = episode.ended_by is None
    if until < outlook.first_level_at or due is None:
        if is_open and outlook.first_level_at != ENDLESS:
            found.watch.append(outlook.first_level_at - 1)
        return
    for kind, level, at in level_times(episode, teller.terms, due.at):
        if at <= until and (kind == "warned" or breached):
            found.facts.append(teller.claim(kind, iso_of(at), at, episode.last, FIRM, level))
        elif is_open:
            found.watch.append(at - 1)


def _remarks(episode: Episode, terms: Terms, outlook: Outlook) -> Iterator[Claim[Remark]]:
    if terms.policy is None:
        return
    if episode.back_dated:
        detail = "entered more than an hour after it is said to have happened"
        yield remark_claim(episode.started_by, "back-dated", detail)
    first = episode.first_promise() if outlook.differs else None
    if first is not None:
        yield Claim(remark_key("due-differs", first.act.cause), FIRM, partial(_due_differs, episode, terms, first))
    extensions = [one for one in episode.statements if one.is_extension]
    allowed = terms.policy.max_extensions
    for one in extensions[allowed:]:
        yield remark_claim(one.act, "too-many-extensions", f"the policy allows {allowed}")
    if outlook.due is not None:
        for pause in episode.pauses:
            if abs(pause.opened_at - outlook.due.at) <= NEAR_DUE:
                yield remark_claim(pause.opened_by, "pause-near-due", "a pause within an hour of the due time")


def _due_differs(episode: Episode, terms: Terms, first: Statement) -> Remark:
    computed = terms.computed(episode.started_at)
    stated = "" if first.due_at is None else iso_of(first.due_at)
    by_policy = "" if computed is None else iso_of(computed.instant)
    return remark_on(first.act, "due-differs", f"stated {stated}, by the policy {by_policy}")


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
