"""A given history through the engine in the order of time, as if a tick came at every instant that counts.

The same ``fold`` and ``diff`` as in the worker. Something is looked at when an event becomes known and when a due time,
a warning or an escalation is reached, so announcements bear the very instant. Every office counts as heard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from lienthong_schemas.instants import Instant
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.announcements import Emission, diff, told_anew
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.figures import clock_view
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert


class Said(NamedTuple):
    """Something that was said, when, and the newest event of the case by then."""

    at: Instant
    case_id: str
    last: Known
    emission: Emission


@dataclass(slots=True)
class _Case:
    timeline: list[Known] = field(default_factory=list)
    standing: dict[str, str] = field(default_factory=dict)
    withdrawals: dict[str, str] = field(default_factory=dict)
    share: int | None = None
    """Bucket of the regulated time that its last clock had used; None before the first fold."""


class Replay:
    """A history on its way through the engine."""

    def __init__(self, book: ReferenceBook, arrivals: Iterable[Known]) -> None:
        self._book = book
        self._arrivals = sorted(arrivals, key=lambda known: known.known_at, reverse=True)
        self._offices = {known.event.office for known in self._arrivals}
        self._cases: defaultdict[str, _Case] = defaultdict(_Case)
        self._watched: list[tuple[Instant, str]] = []

    def until(self, as_of: Instant) -> Iterator[Said]:
        """All that is said up to an instant, in the order of time, at one instant in the order of the case ids."""
        while (at := self._next()) is not None and at <= as_of:
            yield from self._at(at, self._arrived(at) | self._reached(at))
        yield from self._at(as_of, set(self._cases))

    def folds(self, as_of: Instant) -> Iterator[tuple[str, Fold]]:
        """What holds about every case at an instant, in the order of their ids."""
        for case_id in sorted(self._cases):
            yield case_id, self._fold(case_id, as_of)

    def _next(self) -> Instant | None:
        arrival = self._arrivals[-1].known_at if self._arrivals else None
        reached = self._watched[0][0] if self._watched else None
        return min((at for at in (arrival, reached) if at is not None), default=None)

    def _arrived(self, at: Instant) -> set[str]:
        found = set()
        while self._arrivals and self._arrivals[-1].known_at == at:
            known = self._arrivals.pop()
            insert(self._cases[known.event.case_id].timeline, known)
            found.add(known.event.case_id)
        return found

    def _reached(self, at: Instant) -> set[str]:
        found = set()
        while self._watched and self._watched[0][0] == at:
            found.add(heappop(self._watched)[1])
        return found

    def _at(self, at: Instant, cases: set[str]) -> Iterator[Said]:
        for case_id in sorted(cases):
            case, outcome = self._cases[case_id], self._fold(case_id, at)
            self._watch(case_id, at, outcome)
            emissions = diff(case_id, case.standing, case.withdrawals, outcome)
            before, case.share = case.share, clock_view(outcome.processing).share
            if before not in (None, case.share):
                emissions += told_anew(case_id, case.standing, case.withdrawals, outcome, emissions)
            for emission in emissions:
                yield Said(at, case_id, case.timeline[-1], emission)

    def _watch(self, case_id: str, at: Instant, outcome: Fold) -> None:
        """What falls due after an instant is seen a microsecond later; what is behind us changes nothing any more."""
        if outcome.watch_from is not None and outcome.watch_from >= at:
            heappush(self._watched, (outcome.watch_from + 1, case_id))

    def _fold(self, case_id: str, at: Instant) -> Fold:
        return fold(self._cases[case_id].timeline, self._book, at, dict.fromkeys(self._offices, at))


def last_arrival(arrivals: Sequence[Known]) -> Instant:
    """When the last event became known."""
    return max(known.known_at for known in arrivals)
