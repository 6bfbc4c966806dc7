"""How the processing clock of an episode stands: as much as costs nothing to know, and the time it took."""

from __future__ import annotations

from typing import NamedTuple

from lienthong_schemas.errors import CalendarError
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_streams.domain.due import counted_from, counting_pauses, shares_of, used_and_paused, used_until
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.outlook import Due
from lienthong_streams.domain.terms import Terms


class Clock(NamedTuple):
    """A clock as it stands at the horizon. ``state`` is running, paused, ended or stopped."""

    name: str
    episode: int
    state: str
    started_at: Instant
    ended_at: Instant | None
    stated_due_at: Instant | None
    due_at: Instant | None
    """The due time that counts; while a pause moves it, the value at the pause's beginning."""
    breached: bool
    used: int
    paused: int
    shares: tuple[tuple[str, int], ...] = ()
    """Microseconds that each office had the running clock."""


class Judged:
    """A clock that was judged. A plain class, as all that is made for each fold (decision 0033)."""

    __slots__ = ()

    def as_clock(self) -> Clock:
        """The clock as it stands; that costs more than to judge it."""
        raise NotImplementedError  # each kind of clock says it


class Processing(Judged):
    """The processing clock of an episode, as it was judged."""

    __slots__ = ("_share", "breached", "due", "episode", "firmness", "terms", "until")

    def __init__(self, episode: Episode, terms: Terms, due: Due | None, until: Instant, firmness: str) -> None:
        """``due``: the due time that counts; ``until``: the end or, while open, the horizon."""
        self.episode = episode
        self.terms = terms
        self.due = due
        self.until = until
        self.breached = due is not None and not due.moving and until > due.last_in_time
        self.firmness = firmness
        self._share: tuple[int, int] | None = None

    @property
    def certain(self) -> bool:
        """Whether nothing that has happened can make it otherwise: no event is missing, and where it is breached for
        want of an end, its office was heard up to the due time."""
        if self.firmness == PROVISIONAL_HOLE:
            return False
        return not (self.breached and self.firmness == PROVISIONAL_SILENCE)

    def used_and_regulated(self) -> tuple[int, int]:
        """Of an episode that has ended: microseconds that were used and that might have been, in the time that is
        counted, from the last restart on. Zeros where that cannot be told."""
        if self._share is None:
            self._share = _used_and_regulated(self.episode, self.terms, self.due)
        return self._share

    def as_clock(self) -> Clock:
        """The clock as it stands."""
        episode, terms, until = self.episode, self.terms, self.until
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
            None if self.due is None else self.due.at,
            self.breached,
            *used_and_paused(episode, terms, until),
            shares_of(episode, terms, until),
        )


def _used_and_regulated(episode: Episode, terms: Terms, due: Due | None) -> tuple[int, int]:
    ended = episode.ended_at
    if ended is None or due is None:
        return 0, 0
    try:
        begin = counted_from(episode, terms)
        before = used_until(episode, terms, begin) if begin > episode.started_at else 0
        used = used_until(episode, terms, ended) - before
        if due.at >= ended:
            return used, used + terms.measured(ended, due.at)
        return used, used_until(episode, terms, due.at) - before
    except CalendarError:
        return 0, 0


def percent_used(used: int, regulated: int) -> int | None:
    """Percent of a regulated time that were used, rounded up, for bounds are inclusive; None where there is none."""
    return -(-used * 100 // regulated) if regulated > 0 else None
