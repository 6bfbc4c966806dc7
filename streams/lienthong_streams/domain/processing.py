"""How the processing clock of an episode stands: as much as costs nothing to know, and the time it took."""

from __future__ import annotations

from typing import NamedTuple

from lienthong_schemas.errors import CalendarError
from lienthong_schemas.records import PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_streams.domain.due import counted_from, used_until
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.outlook import Due
from lienthong_streams.domain.terms import Terms


class Processing(NamedTuple):
    """The processing clock of an episode, as it was judged."""

    episode: Episode
    terms: Terms
    due: Due | None
    breached: bool
    firmness: str

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
        return used_and_regulated(self.episode, self.terms, self.due)


def used_and_regulated(episode: Episode, terms: Terms, due: Due | None) -> tuple[int, int]:
    """Of an episode that has ended and its due time; see ``Processing.used_and_regulated``."""
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
