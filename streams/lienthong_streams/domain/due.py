"""The due time that counts for an episode, and how long its clock has run.

Rules (design §5, docs/clock-policies.md): a stated due time counts, moved by the pauses opened since it was stated;
where none is stated the computed one counts; no pause un-breaches; after a supplement in mode ``restart`` the time
begins again from zero, unless the office states a new due time.
"""

from __future__ import annotations

from typing import NamedTuple

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_schemas.policy_due import DueTime
from lienthong_streams.domain.episode import Episode, Pause
from lienthong_streams.domain.outlook import Due
from lienthong_streams.domain.terms import Terms


class Reckoning(NamedTuple):
    """The due time that counts, and the pauses that opened after the last instant in time: they move nothing."""

    due: Due
    late: tuple[Pause, ...]


def due_of(episode: Episode, terms: Terms) -> Due | None:
    """The due time that counts; None where none is stated and none can be computed."""
    found = reckoned(episode, terms)
    if found is None:
        return None
    due, earliest = found.due, terms.not_before
    if episode.stated_due_at is not None or earliest is None or due.at >= earliest:
        return due
    return Due(earliest, max(earliest, due.last_in_time), due.moving)


def reckoned(episode: Episode, terms: Terms) -> Reckoning | None:
    """The due time that counts and how it came about; None where none is stated and none can be computed.

    Pauses that follow one another without a moment between are one: if the first opened in time, so did they all.
    """
    count = _count_of(episode, terms)
    if count is None:
        return None
    late: list[Pause] = []
    paused_to: Instant | None = None
    for pause in _moving_pauses(episode, terms):
        if pause.opened_at > count.last_in_time and pause.opened_at != paused_to:
            late.append(pause)
            continue
        if pause.closed_at is None and episode.ended_at is None:
            return Reckoning(Due(count.at, count.last_in_time, moving=True), tuple(late))
        paused_to = closed_at(pause, episode)
        if terms.restarts and pause.reason == "supplement" and pause.closed_by is not None:
            count = _Count(terms, paused_to, None)
        else:
            count.move(pause.opened_at, paused_to)
    return Reckoning(Due(count.at, count.last_in_time, moving=False), tuple(late))


class _Count:
    """A due time that pauses move: a stated one as it stands, a computed one by the rules of the policy."""

    def __init__(self, terms: Terms, since: Instant, stated: Instant | None) -> None:
        self._terms, self._since, self._stated = terms, since, stated is not None
        self._pauses: list[tuple[Instant, Instant]] = []
        self.at = self.last_in_time = since
        if stated is None:
            self._compute()
        else:
            self._state(stated)

    def move(self, opened_at: Instant, closed_at: Instant) -> None:
        """Move it by a pause."""
        if self._stated:
            self._state(self._terms.moved(self.at, opened_at, closed_at))
        else:
            self._pauses.append((opened_at, closed_at))
            self._compute()

    def _state(self, due: Instant) -> None:
        self.at, self.last_in_time = due, self._terms.last_in_time(due)

    def _compute(self) -> None:
        due = self._terms.computed(self._since, self._pauses)
        if due is not None:
            self.at, self.last_in_time = due.instant, due.last_in_time


def _count_of(episode: Episode, terms: Terms) -> _Count | None:
    if episode.stated_due_at is not None:
        return _Count(terms, episode.started_at, episode.stated_due_at)
    due = terms.computed(episode.started_at)
    if due is None:
        return None
    count = _Count(terms, episode.started_at, None)
    for opened_at, until in brought_pauses(episode, terms, due):
        count.move(opened_at, until)
    return count


def brought_pauses(episode: Episode, terms: Terms, due: DueTime) -> list[tuple[Instant, Instant]]:
    """The pauses before an opening, as one behind the start: they move the due time by their length."""
    balance = episode.balance
    if balance is None or not balance.paused_seconds:
        return []
    begin, length = due.counted_from, balance.paused_seconds * MICROSECONDS_PER_SECOND
    end = terms.calendar.add(begin, length) if terms.calendar is not None and terms.is_working else begin + length
    return [(begin, end)]


def _moving_pauses(episode: Episode, terms: Terms) -> list[Pause]:
    """The pauses that may move the due time: those opened since it was stated or, where none is, all."""
    pauses = counting_pauses(episode, terms)
    if episode.stated_due_at is None:
        return pauses
    count = len(episode.statements)
    return [pause for pause in pauses if pause.statement == count]


def counting_pauses(episode: Episode, terms: Terms) -> list[Pause]:
    """The pauses that stop this clock."""
    if not episode.pauses:
        return []
    return [pause for pause in episode.pauses if terms.pauses_for(pause.reason)]


def late_pauses(episode: Episode, terms: Terms) -> tuple[Pause, ...]:
    """The pauses that opened after the last instant in time."""
    found = reckoned(episode, terms)
    return () if found is None else found.late


def restarted_by(episode: Episode, terms: Terms) -> Pause | None:
    """The last supplement after which the time began again, if that is how the policy has it."""
    if not terms.restarts:
        return None
    done = [pause for pause in episode.pauses if pause.reason == "supplement" and pause.closed_at is not None]
    late = late_pauses(episode, terms) if done else ()
    return next((pause for pause in reversed(done) if pause not in late), None)


def counted_from(episode: Episode, terms: Terms) -> Instant:
    """When the time that counts began: the start or, where the policy has it so, the last restart."""
    restart = restarted_by(episode, terms)
    return episode.started_at if restart is None or restart.closed_at is None else restart.closed_at


def computed_from(episode: Episode, terms: Terms) -> DueTime | None:
    """The due time that follows from the policy, pauses left out; counted from the last restart."""
    return terms.computed(counted_from(episode, terms))


def closed_at(pause: Pause, episode: Episode) -> Instant:
    """When a pause was over, by its own end or by that of the episode; an open one is over when it begins."""
    closed = episode.ended_at if pause.closed_at is None else pause.closed_at
    return pause.opened_at if closed is None else max(pause.opened_at, closed)


def runs_from(episode: Episode, terms: Terms) -> Instant:
    """From when the clock runs: cut-off and office hours regarded. What an opening brought was before the opening."""
    if episode.balance is not None:
        return max(episode.balance.since, episode.started_at)
    counted = terms.counted_from(episode.started_at)
    return episode.started_at if counted is None else counted


def used_until(episode: Episode, terms: Terms, instant: Instant) -> int:
    """Microseconds that the clock ran before an instant, in the time that is counted; with what an opening brought."""
    return used_and_paused(episode, terms, instant)[0]


def used_and_paused(episode: Episode, terms: Terms, instant: Instant) -> tuple[int, int]:
    """``used_until``, and the microseconds of pauses until then, counted alike."""
    balance = episode.balance
    if balance is None and instant <= episode.started_at:  # every clock is said to have started
        return 0, 0
    begin = runs_from(episode, terms)
    paused = paused_between(episode, terms, begin, instant)
    ran = max(0, terms.measured(begin, instant) - paused)
    if balance is None:
        return ran, paused
    brought = balance.used_seconds * MICROSECONDS_PER_SECOND
    if instant >= balance.since:
        paused += balance.paused_seconds * MICROSECONDS_PER_SECOND
    if instant < begin:
        return min(brought, terms.measured(episode.started_at, instant)), paused
    return brought + ran, paused


def shares_of(episode: Episode, terms: Terms, until: Instant) -> tuple[tuple[str, int], ...]:
    """Microseconds that each office had the running clock, in the order in which they came to hold it."""
    found: dict[str, int] = {}
    began = runs_from(episode, terms)
    if episode.balance is not None and episode.holders:
        began = min(began, until)
        found[episode.holders[0].name] = used_until(episode, terms, began)
    for index, turn in enumerate(episode.holders):
        begin = began if index == 0 else max(turn.since, began)
        end = episode.holders[index + 1].since if index + 1 < len(episode.holders) else until
        end = min(max(end, begin), until)
        ran = terms.measured(begin, end) - paused_between(episode, terms, begin, end)
        found[turn.name] = found.get(turn.name, 0) + max(0, ran)
    return tuple(found.items())


def paused_between(episode: Episode, terms: Terms, begin: Instant, end: Instant) -> int:
    """Microseconds of pauses between two instants, in the time that is counted."""
    if not episode.pauses:
        return 0
    open_until = end if episode.ended_at is None else min(end, episode.ended_at)
    return sum(
        terms.measured(max(one.opened_at, begin), open_until if one.closed_at is None else min(one.closed_at, end))
        for one in counting_pauses(episode, terms)
    )
