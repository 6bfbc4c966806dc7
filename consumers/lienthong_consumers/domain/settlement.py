"""From the history of one case to what holds: the event that applies, holes, conflicts, events that wait.

The result is a function of the set of events, whatever order they came in (design §4):

- of two events with equal ``(epoch, seq)`` and different content, the one with the smaller ``(accepted_at, digest)``
  applies; the other is a conflict;
- epoch 1 has a say from the start, a later one only through a handover in the epoch before it that names it; until
  that handover arrives its events are held;
- a handover ends its epoch at ``last_seq`` (at its own number at the earliest): what lies behind is held;
- of what has a say, the event with the highest ``(epoch, seq)`` is the current row.

The streams apply the same rules by code of their own; a test of the whole bus holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from lienthong_consumers.domain.entry import CurrentRow, Entry, row_of

FIRST_EPOCH: Final = 1
OPENING: Final = "opening"
"""Change of an event that brings in a case from before the bus: numbers below it are not missed."""


class Gap(NamedTuple):
    """Numbers ``first_seq`` to ``last_seq`` of an epoch have not arrived."""

    epoch: int
    first_seq: int
    last_seq: int


class Conflict(NamedTuple):
    """An event that lost against another with the same number; both are in the history."""

    epoch: int
    seq: int
    digest: bytes
    applied_digest: bytes


class Held(NamedTuple):
    """An event that has no say: its epoch has no handover yet, or ended before its number."""

    epoch: int
    seq: int
    digest: bytes


class Settlement(NamedTuple):
    """What the history of a case says. ``row`` is None as long as nothing of it has a say."""

    row: CurrentRow | None
    gaps: frozenset[Gap]
    conflicts: frozenset[Conflict]
    held: frozenset[Held]


NOTHING: Final = Settlement(None, frozenset(), frozenset(), frozenset())
"""A case of which nothing is known."""


def settle(entries: Iterable[Entry]) -> Settlement:
    """What a set of different events of one case says (duplicates must be gone; see ``merge``)."""
    epochs, conflicts = _winners(entries)
    gaps: list[Gap] = []
    last: Entry | None = None
    sealed = carried = False
    epoch: int | None = FIRST_EPOCH
    while epoch is not None and epoch in epochs:
        numbered = epochs.pop(epoch)
        handover, end = _end(numbered)
        own = sorted(seq for seq in numbered if end is None or seq <= end)
        opened = numbered[own[0]].change == OPENING
        gaps.extend(_gaps(epoch, own, end, opened=opened))
        carried = opened if last is None else carried
        last, sealed = numbered[own[-1]], handover is not None
        behind = {seq: entry for seq, entry in numbered.items() if end is not None and seq > end}
        if behind:
            epochs[-epoch] = behind  # an epoch is above 0, so this is nobody's place
        epoch = None if handover is None else handover.next_epoch
    held = frozenset(Held(*entry.identity) for numbered in epochs.values() for entry in numbered.values())
    row = None if last is None else row_of(last, sealed=sealed, carried=carried)
    return Settlement(row, frozenset(gaps), conflicts, held)


def standing_entries(entries: Iterable[Entry]) -> list[Entry]:
    """The events of a case that have a say, in the order of their numbers; the last is the one that applies."""
    epochs, _ = _winners(entries)
    found: list[Entry] = []
    epoch: int | None = FIRST_EPOCH
    while epoch is not None and epoch in epochs:
        numbered = epochs.pop(epoch)
        handover, end = _end(numbered)
        found.extend(numbered[seq] for seq in sorted(numbered) if end is None or seq <= end)
        epoch = None if handover is None else handover.next_epoch
    return found


def merge(entries: Iterable[Entry]) -> dict[tuple[int, int, bytes], Entry]:
    """By identity, each event once: the first delivery, with the earliest time at which any was accepted and known."""
    merged: dict[tuple[int, int, bytes], Entry] = {}
    for entry in entries:
        twin = merged.get(entry.identity)
        merged[entry.identity] = entry if twin is None else earliest(twin, entry)
    return merged


def earliest(first: Entry, second: Entry) -> Entry:
    """The first of two deliveries of an event, with the earlier times of both."""
    if second.accepted_at >= first.accepted_at and second.known_at >= first.known_at:
        return first
    return first._replace(
        accepted_at=min(first.accepted_at, second.accepted_at), known_at=min(first.known_at, second.known_at)
    )


def _winners(entries: Iterable[Entry]) -> tuple[dict[int, dict[int, Entry]], frozenset[Conflict]]:
    """By epoch and number, the event that applies, and those that lost against it."""
    numbered: dict[tuple[int, int], list[Entry]] = {}
    for entry in entries:
        numbered.setdefault(entry.number, []).append(entry)
    epochs: dict[int, dict[int, Entry]] = {}
    conflicts: list[Conflict] = []
    for (epoch, seq), rivals in numbered.items():
        winner = rivals[0] if len(rivals) == 1 else min(rivals, key=lambda entry: (entry.accepted_at, entry.digest))
        epochs.setdefault(epoch, {})[seq] = winner
        conflicts.extend(
            Conflict(epoch, seq, entry.digest, winner.digest) for entry in rivals if entry.digest != winner.digest
        )
    return epochs, frozenset(conflicts)


def _end(numbered: Mapping[int, Entry]) -> tuple[Entry | None, int | None]:
    """The handover of an epoch, and its last number; None: it goes on."""
    handover = next((numbered[seq] for seq in sorted(numbered) if numbered[seq].next_epoch is not None), None)
    return handover, None if handover is None else max(handover.last_seq or 0, handover.seq)


def _gaps(epoch: int, numbers: list[int], end: int | None, *, opened: bool) -> list[Gap]:
    """The numbers missing below the last known one, and up to the end of the epoch where that is stated."""
    expected = numbers[0] if opened else 1
    gaps: list[Gap] = []
    for seq in numbers:
        if seq > expected:
            gaps.append(Gap(epoch, expected, seq - 1))
        expected = seq + 1
    if end is not None and expected <= end:
        gaps.append(Gap(epoch, expected, end))
    return gaps
