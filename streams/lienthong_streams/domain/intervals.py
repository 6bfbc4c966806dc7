"""The intervals of a clock: from when to when it ran or stood still, why, who held the case, what was counted.

They tile the time from the start of a clock to its end (or the horizon) without gap or overlap. What was counted while
it ran adds up to what the clock has used, and by office to the shares; while it stood still, to what was paused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.due import counting_pauses, late_pauses, runs_from, used_until
from lienthong_streams.domain.episode import Episode, Pause, Turn
from lienthong_streams.domain.processing import Clock
from lienthong_streams.domain.terms import Terms

RUNNING = "running"
PAUSED = "paused"


class Interval(NamedTuple):
    """A stretch in which nothing changed. ``counted`` is microseconds of working time or of the clock, as it counts."""

    since: Instant
    until: Instant
    state: str
    rule: str
    """Why: ``started``, ``brought``, ``resumed``, ``restarted``, ``held``, ``paused``, or the reason of the pause."""
    cause: str
    """``epoch.seq`` of the event with which it began."""
    office: str
    counted: int


class _Why(NamedTuple):
    state: str
    rule: str
    act: Act


def span_interval(clock: Clock, act: Act, until: Instant) -> tuple[Interval, ...]:
    """The one interval of a clock beside processing; what a step stood still with the case is told behind it."""
    office = clock.shares[0][0] if clock.shares else act.office
    end = max(clock.started_at, until)
    still = (Interval(end, end, PAUSED, "paused", act.cause, office, clock.paused),) if clock.paused else ()
    return (Interval(clock.started_at, end, RUNNING, "started", act.cause, office, clock.used), *still)


def intervals_of(episode: Episode, terms: Terms, until: Instant) -> tuple[Interval, ...]:
    """The intervals of the processing clock of an episode, up to its end or the horizon."""
    begin = episode.started_at
    brought = _brought(episode, terms, max(begin, until))
    if brought:
        begin = brought[-1].until
    until = max(begin, until)
    pauses = counting_pauses(episode, terms)
    cuts = {begin, until, *_changes(episode, pauses)}
    inside = sorted(cut for cut in cuts if begin <= cut <= until)
    pieces = [
        _interval(episode, terms, pauses, since, following)
        for since, following in zip(inside, inside[1:] or inside, strict=False)
        if since < following or begin == until
    ]
    return (*brought, *_joined(pieces))


def _brought(episode: Episode, terms: Terms, until: Instant) -> tuple[Interval, ...]:
    """What an opening says that the clock had run and stood still before: nobody knows in which order."""
    balance, start = episode.balance, episode.started_by
    if balance is None:
        return ()
    why = "brought", start.cause, start.office
    since = max(episode.started_at, balance.since)
    if until < since:
        return (Interval(episode.started_at, until, RUNNING, *why, used_until(episode, terms, until)),)
    ran, stood = (seconds * MICROSECONDS_PER_SECOND for seconds in (balance.used_seconds, balance.paused_seconds))
    still = (Interval(since, since, PAUSED, *why, stood),) if stood else ()
    return (Interval(episode.started_at, since, RUNNING, *why, ran), *still)


def _changes(episode: Episode, pauses: Sequence[Pause]) -> list[Instant]:
    found = [turn.since for turn in episode.holders]
    for pause in pauses:
        found.append(pause.opened_at)
        if pause.closed_at is not None:
            found.append(pause.closed_at)
    return found


def _interval(episode: Episode, terms: Terms, pauses: Sequence[Pause], since: Instant, until: Instant) -> Interval:
    why, holder = _why(episode, terms, pauses, since), _holding(episode, since).name
    counted = terms.measured(max(since, runs_from(episode, terms)), until)
    return Interval(since, until, why.state, why.rule, why.act.cause, holder, counted)


def _why(episode: Episode, terms: Terms, pauses: Sequence[Pause], at: Instant) -> _Why:
    """What the clock does from an instant on, and since which event."""
    found = _Why(RUNNING, "started", episode.started_by)
    for pause in pauses:
        if pause.opened_at > at:
            break
        if pause.closed_at is None or pause.closed_by is None or at < pause.closed_at:
            return _Why(PAUSED, pause.reason or "paused", pause.opened_by)
        again = terms.restarts and pause.reason == "supplement" and pause not in late_pauses(episode, terms)
        found = _Why(RUNNING, "restarted" if again else "resumed", pause.closed_by)
    turn = _holding(episode, at)
    if found.act is not turn.act and turn.since > _begin_of(found, pauses, episode):
        found = _Why(RUNNING, "held", turn.act)
    return found


def _begin_of(why: _Why, pauses: Sequence[Pause], episode: Episode) -> Instant:
    closed = [pause.closed_at for pause in pauses if pause.closed_by is why.act and pause.closed_at is not None]
    return max(closed, default=episode.started_at)


def _holding(episode: Episode, at: Instant) -> Turn:
    """The turn of the office that holds the case at an instant."""
    found = episode.holders[0]
    for turn in episode.holders[1:]:
        if turn.since > at:
            break
        found = turn
    return found


def _joined(pieces: Sequence[Interval]) -> list[Interval]:
    """Pieces between which nothing changed, made one."""
    found: list[Interval] = []
    for piece in pieces:
        if found and found[-1][2:6] == piece[2:6]:
            last = found.pop()
            piece = piece._replace(since=last.since, counted=last.counted + piece.counted)
        found.append(piece)
    return found
