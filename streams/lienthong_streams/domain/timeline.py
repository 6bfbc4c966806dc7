"""The timeline of a case: every event known, in the order of the office that numbered them.

The state of a case is its timeline ordered by ``(epoch, seq)``, whatever order the events came in. Rules (design §4):
an equal ``(epoch, seq)`` with an equal digest is a duplicate; with another digest it is a conflict, and the one with
the smaller ``(accepted_at, digest)`` applies; an epoch above 1 applies only after a handover that names it; what is
held waits without a say.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from lienthong_schemas.case_event import CaseEvent, Handover
from lienthong_schemas.instants import Instant

FIRST_EPOCH = 1
FIRST_SEQ = 1


class Known:
    """An event and when the bus knew it (the record's timestamp). Plain, as an act is."""

    __slots__ = ("event", "known_at")

    def __init__(self, event: CaseEvent, known_at: Instant) -> None:
        self.event = event
        self.known_at = known_at

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and self.event == other.event and self.known_at == other.known_at

    def __repr__(self) -> str:
        return f"Known({self.event!r}, {self.known_at})"


class Hole(NamedTuple):
    """Sequence numbers ``first`` to ``last`` of an epoch are missing."""

    epoch: int
    first: int
    last: int


class Applied(NamedTuple):
    """What of a timeline has a say, and what is wrong with the rest."""

    events: tuple[Known, ...]
    holes: tuple[Hole, ...]
    conflicts: tuple[CaseEvent, ...]
    """Events that lost against another with the same ``(epoch, seq)``."""
    held: tuple[CaseEvent, ...]
    """Events of an epoch without a handover, or behind the handover that ended their epoch."""


def _place(known: Known) -> tuple[int, int, bytes]:
    event = known.event
    return event.epoch, event.seq, event.digest


def insert(timeline: list[Known], known: Known) -> bool:
    """Put an event in its place; returns whether the timeline changed.

    A duplicate changes nothing unless it was accepted or known earlier than its twin: the earliest counts, so that
    the result does not depend on which of them came first.
    """
    at = bisect_left(timeline, _place(known), key=_place)
    if at == len(timeline) or _place(timeline[at]) != _place(known):
        timeline.insert(at, known)
        return True
    twin = timeline[at]
    earliest = Known(
        twin.event._replace(accepted_at=min(twin.event.accepted_at, known.event.accepted_at)),
        min(twin.known_at, known.known_at),
    )
    if earliest == twin:
        return False
    timeline[at] = earliest
    return True


def applied(timeline: Sequence[Known]) -> Applied:
    """Which events of an ordered timeline have a say."""
    if len(timeline) == 1:  # a new case, as nearly all of them begin
        only = timeline[0].event
        if (only.epoch, only.seq, only.handover) == (FIRST_EPOCH, FIRST_SEQ, None):
            return Applied((timeline[0],), (), (), ())
    conflicts: list[CaseEvent] = []
    epochs: dict[int, list[Known]] = {}
    for known in timeline:
        chosen = epochs.setdefault(known.event.epoch, [])
        if chosen and chosen[-1].event.seq == known.event.seq:
            conflicts.append(_loser_of_conflict(chosen, known))
        else:
            chosen.append(known)
    events: list[Known] = []
    holes: list[Hole] = []
    held: list[CaseEvent] = []
    epoch: int | None = FIRST_EPOCH
    while epoch is not None and epoch in epochs:
        chosen = epochs.pop(epoch)
        handover = _handover_in(chosen)
        last = None if handover is None else handover.last_seq
        own = [known for known in chosen if last is None or known.event.seq <= last]
        held.extend(known.event for known in chosen[len(own) :])
        holes.extend(_holes(epoch, own, last))
        events.extend(own)
        epoch = None if handover is None else handover.next_epoch
    held.extend(known.event for chosen in epochs.values() for known in chosen)
    return Applied(tuple(events), tuple(holes), tuple(conflicts), tuple(held))


def _loser_of_conflict(chosen: list[Known], known: Known) -> CaseEvent:
    """Leave the winner at the end of ``chosen``; returns the other."""
    standing = chosen[-1].event
    if (known.event.accepted_at, known.event.digest) < (standing.accepted_at, standing.digest):
        chosen[-1] = known
        return standing
    return known.event


def _handover_in(chosen: Sequence[Known]) -> Handover | None:
    """The first handover of an epoch; its own number is the least that it can end the epoch with."""
    for known in chosen:
        handover = known.event.handover
        if handover is not None:
            return handover._replace(last_seq=max(handover.last_seq, known.event.seq))
    return None


def _holes(epoch: int, own: Sequence[Known], last: int | None) -> list[Hole]:
    holes: list[Hole] = []
    expected = FIRST_SEQ
    for known in own:
        event = known.event
        if event.seq > expected and not (event.change == "opening" and known is own[0]):
            holes.append(Hole(epoch, expected, event.seq - 1))
        expected = event.seq + 1
    if last is not None and expected <= last:
        holes.append(Hole(epoch, expected, last))
    return holes
