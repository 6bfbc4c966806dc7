"""The due time that counts for an episode, and what a stated one looks like beside the computed one.

Rules (design §5): a stated due time counts, moved by the pauses opened since it was stated; where none is stated the
computed one counts; no pause un-breaches; after a supplement in mode ``restart`` the time begins again from zero,
unless the office states a new due time.
"""

from __future__ import annotations

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_schemas.policy_due import DueTime
from lienthong_streams.domain.episode import Episode, Pause
from lienthong_streams.domain.outlook import Due
from lienthong_streams.domain.terms import Terms


def due_of(episode: Episode, terms: Terms) -> Due | None:
    """The due time that counts; None where none is stated and none can be computed."""
    stated = episode.stated_due_at
    if stated is not None:
        return _stated(episode, terms, stated)
    due, earliest = _computed(episode, terms), terms.not_before
    if due is None or earliest is None or due.at >= earliest:
        return due
    return Due(earliest, max(earliest, due.last_in_time), due.moving)


def counting_pauses(episode: Episode, terms: Terms) -> list[Pause]:
    """The pauses that stop this clock."""
    return [pause for pause in episode.pauses if terms.pauses_for(pause.reason)]


def restarted_by(episode: Episode, terms: Terms) -> Pause | None:
    """The last supplement after which the time began again, if that is how the policy has it."""
    if not terms.restarts:
        return None
    done = [pause for pause in episode.pauses if pause.reason == "supplement" and pause.closed_at is not None]
    return done[-1] if done else None


def counted_from(episode: Episode, terms: Terms) -> Instant:
    """When the time that counts began: the start or, where the policy has it so, the last restart."""
    restart = restarted_by(episode, terms)
    return episode.started_at if restart is None or restart.closed_at is None else restart.closed_at


def computed_from(episode: Episode, terms: Terms) -> DueTime | None:
    """The due time that follows from the policy, pauses left out; counted from the last restart."""
    return terms.computed(counted_from(episode, terms))


def _stated(episode: Episode, terms: Terms, stated: Instant) -> Due:
    due, count = stated, len(episode.statements)
    restart = restarted_by(episode, terms)
    for pause in counting_pauses(episode, terms):
        if pause.statement < count or pause.opened_at > terms.last_in_time(due):
            continue
        if pause.closed_at is None and episode.ended_at is None:
            return Due(due, terms.last_in_time(due), moving=True)
        if pause is restart and pause.closed_at is not None:
            again = terms.computed(pause.closed_at)
            due = due if again is None else again.instant
        else:
            due = terms.moved(due, pause.opened_at, _closed(pause, episode))
    return Due(due, terms.last_in_time(due), moving=False)


def _computed(episode: Episode, terms: Terms) -> Due | None:
    start = counted_from(episode, terms)
    due = terms.computed(start)
    if due is None:
        return None
    closed = brought_pauses(episode, terms, due)
    due = (terms.computed(start, closed) if closed else None) or due
    for pause in counting_pauses(episode, terms):
        if pause.opened_at < start or pause.opened_at > due.last_in_time:
            continue
        if pause.closed_at is None and episode.ended_at is None:
            return Due(due.instant, due.last_in_time, moving=True)
        closed.append((pause.opened_at, _closed(pause, episode)))
        due = terms.computed(start, closed) or due
    return Due(due.instant, due.last_in_time, moving=False)


def brought_pauses(episode: Episode, terms: Terms, due: DueTime) -> list[tuple[Instant, Instant]]:
    """The pauses before an opening, as one behind the start: they move the due time by their length."""
    balance = episode.balance
    if balance is None or not balance.paused_seconds or counted_from(episode, terms) != episode.started_at:
        return []
    begin, length = due.counted_from, balance.paused_seconds * MICROSECONDS_PER_SECOND
    end = terms.calendar.add(begin, length) if terms.calendar is not None and terms.is_working else begin + length
    return [(begin, end)]


def _closed(pause: Pause, episode: Episode) -> Instant:
    closed = episode.ended_at if pause.closed_at is None else pause.closed_at
    return pause.opened_at if closed is None else max(pause.opened_at, closed)


def paused_until(episode: Episode, terms: Terms, instant: Instant) -> int:
    """Microseconds of pauses before an instant, in the time that is counted; with what an opening brought."""
    paused = _paused_between(episode, terms, episode.started_at, instant)
    balance = episode.balance
    if balance is None or instant < balance.since:
        return paused
    return paused + balance.paused_seconds * MICROSECONDS_PER_SECOND


def used_until(episode: Episode, terms: Terms, instant: Instant) -> int:
    """Microseconds that the clock ran before an instant, in the time that is counted; with what an opening brought."""
    balance = episode.balance
    if balance is not None:
        begin = balance.since
        brought = balance.used_seconds * MICROSECONDS_PER_SECOND
        if instant < begin:
            return min(brought, terms.measured(episode.started_at, instant))
        return brought + max(0, terms.measured(begin, instant) - _paused_between(episode, terms, begin, instant))
    return max(0, terms.measured(episode.started_at, instant) - paused_until(episode, terms, instant))


def shares_of(episode: Episode, terms: Terms, until: Instant) -> tuple[tuple[str, int], ...]:
    """Microseconds that each office had the running clock, in the order in which they came to hold it."""
    found: dict[str, int] = {}
    balance, began = episode.balance, episode.started_at
    if balance is not None and episode.holders:
        began = min(max(balance.since, began), until)
        found[episode.holders[0].name] = used_until(episode, terms, began)
    for index, (since, _, office) in enumerate(episode.holders):
        begin = began if index == 0 else max(since, began)
        end = episode.holders[index + 1].since if index + 1 < len(episode.holders) else until
        end = min(max(end, begin), until)
        ran = terms.measured(begin, end) - _paused_between(episode, terms, begin, end)
        found[office] = found.get(office, 0) + max(0, ran)
    return tuple(found.items())


def _paused_between(episode: Episode, terms: Terms, begin: Instant, end: Instant) -> int:
    return sum(
        terms.measured(max(pause.opened_at, begin), min(end if pause.closed_at is None else pause.closed_at, end))
        for pause in counting_pauses(episode, terms)
    )
