"""The first part of the slow engine: which events of a case have a say, in which order, and what is missing.

Written from the contract (design §4, decision 0003) over plain lists: every rule looks at the whole history again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lienthong_schemas.case_event import CaseEvent, Handover


class Said(NamedTuple):
    """An event that has a say, and when the bus knew it."""

    event: CaseEvent
    known_at: int

    @property
    def number(self) -> str:
        """Its number, as causes are written."""
        return f"{self.event.epoch}.{self.event.seq}"


class Order(NamedTuple):
    """The events that have a say, and the causes of findings about the others."""

    said: list[Said]
    holes: list[str]
    conflicts: list[str]
    held: list[str]


def ordered(history: Iterable[tuple[CaseEvent, int]]) -> Order:
    """The history as it counts, whatever order and however often it came."""
    rows = list(history)
    numbers = sorted({(event.epoch, event.seq) for event, _ in rows})
    chosen: dict[tuple[int, int], tuple[CaseEvent, int]] = {}
    conflicts = []
    for number in numbers:
        here = [(event, known) for event, known in rows if (event.epoch, event.seq) == number]
        contents = {event.digest for event, _ in here}
        earliest = {
            digest: min(event.accepted_at for event, _ in here if event.digest == digest) for digest in contents
        }
        first = min(contents, key=lambda digest: (earliest[digest], digest))
        same = [(event, known) for event, known in here if event.digest == first]
        chosen[number] = same[0][0]._replace(accepted_at=earliest[first]), min(known for _, known in same)
        conflicts += [f"{number[0]}.{number[1]}"] * (len(contents) > 1)
    return _of_epochs(chosen, conflicts)


def _of_epochs(chosen: dict[tuple[int, int], tuple[CaseEvent, int]], conflicts: list[str]) -> Order:
    """From epoch to epoch, as handovers lead."""
    epoch, holes, applied = 1, list[str](), list[tuple[CaseEvent, int]]()
    while True:
        numbers = sorted(seq for of, seq in chosen if of == epoch)
        handover = _handover(chosen, epoch, numbers)
        if handover is not None:
            numbers = [seq for seq in numbers if seq <= handover.last_seq]
        holes += _holes(chosen, epoch, numbers, handover)
        applied += [chosen[epoch, seq] for seq in numbers]
        if handover is None:
            break
        epoch = handover.next_epoch
    told = {(event.epoch, event.seq) for event, _ in applied}
    held = [f"{of}.{seq}" for of, seq in sorted(chosen) if (of, seq) not in told]
    return Order([Said(*one) for one in applied], holes, conflicts, held)


def _handover(chosen: dict[tuple[int, int], tuple[CaseEvent, int]], epoch: int, numbers: list[int]) -> Handover | None:
    """The first handover of an epoch ends it."""
    for seq in numbers:
        found = chosen[epoch, seq][0].handover
        if found is not None:
            return found
    return None


def _holes(
    chosen: dict[tuple[int, int], tuple[CaseEvent, int]], epoch: int, numbers: list[int], handover: Handover | None
) -> list[str]:
    """Runs of numbers that are missing; before an opening nothing is."""
    if handover is None and not numbers:
        return []
    last = numbers[-1] if handover is None else max(handover.last_seq, *numbers)
    opened = [seq for seq in numbers if chosen[epoch, seq][0].opening is not None]
    missing = [seq for seq in range(min(opened, default=1), last + 1) if seq not in numbers]
    starts = [seq for seq in missing if seq - 1 not in missing]
    ends = [seq for seq in missing if seq + 1 not in missing]
    return [f"{epoch}.{first}-{final}" for first, final in zip(starts, ends, strict=True)]
