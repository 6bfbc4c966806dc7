"""From the current rows of the cases in a batch and the batch's entries to all that changes in the ledger.

Nearly every event continues its case: it carries the next number, so the current row is all that must be known. A case
with anything else in the batch (a repeated or skipped number, a handover, a later epoch) is settled anew from its whole
history. Both ways give the same; a property test holds them together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from lienthong_consumers.domain.entry import CurrentRow, Entry, row_of
from lienthong_consumers.domain.figures import Totals, standing_of, unit_of
from lienthong_consumers.domain.settlement import (
    FIRST_EPOCH,
    NOTHING,
    OPENING,
    Conflict,
    Gap,
    Held,
    Settlement,
    earliest,
    merge,
    settle,
)
from lienthong_schemas.instants import Instant

LONG_HISTORY: Final = 500
"""Events of a case (a real one has tens) above which a batch settles it once and not after each of its events: one
sender who numbers wildly must not hold up the others. Only the causes of corrections become coarser."""

CaseIdentity = tuple[str, int, int, bytes]
"""An event anywhere: case id, epoch, seq, digest."""


class Correction(NamedTuple):
    """A case that had been counted as ended counts differently since a later event. ``cause`` is that event."""

    case_id: str
    before: CurrentRow
    after: CurrentRow
    cause: Entry


@dataclass(slots=True)
class Changes:
    """All that one batch changes. What was opened and closed again within the batch is in neither list."""

    entries: list[Entry] = field(default_factory=list)
    duplicates: Counter[CaseIdentity] = field(default_factory=Counter)
    earlier: dict[CaseIdentity, tuple[Instant, Instant]] = field(default_factory=dict)
    """Events of the history of which an earlier (accepted_at, known_at) became known."""
    rows: dict[str, CurrentRow] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    gaps_opened: list[tuple[str, Gap]] = field(default_factory=list)
    gaps_closed: list[tuple[str, Gap]] = field(default_factory=list)
    conflicts_opened: list[tuple[str, Conflict]] = field(default_factory=list)
    conflicts_closed: list[tuple[str, Conflict]] = field(default_factory=list)
    held: list[tuple[str, Held]] = field(default_factory=list)
    released: list[tuple[str, Held]] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)


def by_case(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """The entries of a batch by case, each case in the order of the log."""
    cases: dict[str, list[Entry]] = {}
    for entry in entries:
        cases.setdefault(entry.case_id, []).append(entry)
    return cases


def continues(row: CurrentRow | None, entries: Sequence[Entry]) -> bool:
    """Whether each entry carries the next number of its case, or repeats the newest, so that no history is needed."""
    if row is not None and row.sealed:
        return False
    epoch, seq, digest = (FIRST_EPOCH, 0, b"") if row is None else (row.epoch, row.seq, row.digest)
    accepted, known = (0, 0) if row is None else (row.accepted_at, row.known_at)
    for entry in entries:
        if entry.epoch != epoch or entry.next_epoch is not None:
            return False
        repeated = entry.seq == seq and entry.digest == digest
        if repeated and (entry.accepted_at < accepted or entry.known_at < known):
            return False
        if not repeated and entry.seq != seq + 1:
            return False
        if not repeated:
            seq, digest, accepted, known = entry.seq, entry.digest, entry.accepted_at, entry.known_at
    return True


def changes_of(
    cases: Mapping[str, Sequence[Entry]],
    rows: Mapping[str, CurrentRow],
    histories: Mapping[str, Sequence[Entry]],
) -> Changes:
    """All that changes.

    ``cases``: the batch's entries by case. ``rows``: current rows before the batch. ``histories``: the entries before
    the batch of every case that does not continue (none for a new case).
    """
    changes = Changes()
    for case_id, entries in cases.items():
        row = rows.get(case_id)
        if continues(row, entries):
            _continue(changes, row, entries)
        else:
            _settle_anew(changes, row, histories.get(case_id, ()), entries)
    return changes


def _continue(changes: Changes, row: CurrentRow | None, entries: Sequence[Entry]) -> None:
    before, current = row, row
    for entry in entries:
        if current is not None and entry.seq == current.seq:
            changes.duplicates[entry.case_id, *entry.identity] += 1
            continue
        changes.entries.append(entry)
        carried = entry.change == OPENING if current is None else current.carried
        after = row_of(entry, sealed=False, carried=carried)
        _note_correction(changes, current, after, entry)
        current = after
    if current is not None and current is not before:
        changes.rows[current.case_id] = current
        changes.totals.move(before, current)


def _settle_anew(changes: Changes, row: CurrentRow | None, history: Sequence[Entry], entries: Sequence[Entry]) -> None:
    timeline = merge(history)
    fresh: set[tuple[int, int, bytes]] = set()
    before = settle(timeline.values()) if timeline else NOTHING
    after = before
    for entry in entries:
        if _take(changes, timeline, fresh, entry) and len(timeline) <= LONG_HISTORY:
            after = _settle_and_compare(changes, timeline, after, entry)
    if len(timeline) > LONG_HISTORY:
        after = _settle_and_compare(changes, timeline, after, entries[-1])
    changes.entries.extend(timeline[identity] for identity in sorted(fresh))
    _note_difference(changes, entries[0].case_id, before, after)
    if after.row is not None and after.row != row:
        changes.rows[after.row.case_id] = after.row
        changes.totals.move(row, after.row)


def _take(
    changes: Changes,
    timeline: dict[tuple[int, int, bytes], Entry],
    fresh: set[tuple[int, int, bytes]],
    entry: Entry,
) -> bool:
    """Put an entry into its case; returns whether that can change what holds."""
    twin = timeline.get(entry.identity)
    if twin is None:
        fresh.add(entry.identity)
        timeline[entry.identity] = entry
        return True
    changes.duplicates[entry.case_id, *entry.identity] += 1
    newest = timeline[entry.identity] = earliest(twin, entry)
    if newest is twin:
        return False
    if entry.identity not in fresh:
        changes.earlier[entry.case_id, *entry.identity] = newest.accepted_at, newest.known_at
    return True


def _settle_and_compare(
    changes: Changes, timeline: Mapping[tuple[int, int, bytes], Entry], before: Settlement, cause: Entry
) -> Settlement:
    after = settle(timeline.values())
    if after.row is not None:
        _note_correction(changes, before.row, after.row, cause)
    return after


def _note_difference(changes: Changes, case_id: str, before: Settlement, after: Settlement) -> None:
    changes.gaps_opened.extend((case_id, gap) for gap in sorted(after.gaps - before.gaps))
    changes.gaps_closed.extend((case_id, gap) for gap in sorted(before.gaps - after.gaps))
    changes.conflicts_opened.extend((case_id, one) for one in sorted(after.conflicts - before.conflicts))
    changes.conflicts_closed.extend((case_id, one) for one in sorted(before.conflicts - after.conflicts))
    changes.held.extend((case_id, one) for one in sorted(after.held - before.held))
    changes.released.extend((case_id, one) for one in sorted(before.held - after.held))


def _note_correction(changes: Changes, before: CurrentRow | None, after: CurrentRow, cause: Entry) -> None:
    """A figure that was final changes: by whom the case is counted, or as what."""
    if before is None or before.ended_at is None:
        return
    if (unit_of(before), standing_of(before)) != (unit_of(after), standing_of(after)):
        changes.corrections.append(Correction(after.case_id, before, after, cause))
