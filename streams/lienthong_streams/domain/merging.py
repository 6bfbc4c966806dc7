"""The sum of all partial figures: newest snapshot of each key, added up to the cells of ``totals.v1``. Pure.

A partial snapshot is the whole figure of one cell in one partition, so a newer one replaces what its key said before:
the difference of the two goes to every total in which the cell counts. In which order snapshots come makes no
difference, and one that comes twice none either; an older one, by generation and position, is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import add, sub
from typing import Any, Final, NamedTuple

from lienthong_schemas.instants import Instant
from lienthong_schemas.partial_totals import ALL_CHANNELS, SHARE_BOUNDS, PartialTotals, key_of
from lienthong_schemas.records import partition_key
from lienthong_schemas.totals import MEASURES, NEW_CHANNELS, Cell, Totals, cells_of

FieldOf = Callable[[str], str]
"""The field of a procedure; "" where it is not known."""
Age = tuple[int, int, Instant]
"""Generation, position, as_of: of two snapshots under one key the greater one is newer."""
Figures = Sequence[int]
"""MEASURES, then the buckets of the shares of time."""

_LENGTH: Final = len(MEASURES) + len(SHARE_BOUNDS) + 1
NOTHING: Final[Figures] = (0,) * _LENGTH
_NEVER: Final[Age] = (-1, -1, -1)
_PLACES: Final = tuple(PartialTotals._fields.index(name) if name in PartialTotals._fields else -1 for name in MEASURES)
"""By measure of a total its place in a snapshot; -1 for the new cases by channel, which follow from it."""
_NEW_BY_CHANNEL: Final = {channel: MEASURES.index(name) for channel, name in NEW_CHANNELS.items()}
_NEW_OTHER: Final = MEASURES.index("new_other")


class _Part(NamedTuple):
    """The newest snapshot of one key."""

    source: str
    age: Age
    parts: tuple[str, str, str, str, str]
    """Kind, agency, commune, selector, channel."""
    figures: Figures
    cells: tuple[Cell, ...]
    """The totals in which it counts."""


class _Sum:
    """The figures of one cell, and by source (topic/partition) the age of the newest snapshot among its parts."""

    __slots__ = ("ages", "figures")

    def __init__(self) -> None:
        self.figures: Figures = NOTHING
        self.ages: dict[str, Age] = {}


class Merger:
    """All totals of a bus. ``changed`` has the cells whose figures may be other than when it was last cleared."""

    def __init__(self, field_of: FieldOf = lambda _: "") -> None:
        self.changed: set[Cell] = set()
        self._field_of = field_of
        self._newest: dict[bytes, _Part] = {}
        self._sums: dict[Cell, _Sum] = {}
        self._ages: dict[str, Age] = {}
        self._undivided: dict[str, set[bytes]] = {}
        """By source, the keys of snapshots that do not tell channels apart."""
        self._divided: set[str] = set()
        """Sources whose owner does."""

    def cells(self) -> Iterator[Cell]:
        """Every cell that has ever counted something."""
        return iter(self._sums)

    def take(self, snapshot: PartialTotals) -> bool:
        """Count a snapshot instead of what its key said before. False: what is known is as new, or newer."""
        key, source = key_of(snapshot), partition_key(snapshot.source_topic, snapshot.source_partition)
        age = snapshot.generation, snapshot.position, snapshot.as_of
        before = self._newest.get(key)
        if before is not None and before.age >= age:
            return False
        if not self._tells(source, key, divided=snapshot.channel != ALL_CHANNELS):
            return False
        channel = "" if snapshot.channel == ALL_CHANNELS else snapshot.channel
        parts = snapshot.kind, snapshot.office, snapshot.commune, snapshot.selector, channel
        cells = self._cells_of(parts) if before is None else before.cells
        part = _Part(source, age, parts, _figures_of(snapshot, channel), cells)
        difference = part.figures if before is None else tuple(map(sub, part.figures, before.figures))
        self._newest[key] = part
        self._ages[source] = max(age, self._ages.get(source, _NEVER))
        self._add(part, difference)
        return True

    def use_fields(self, field_of: FieldOf) -> None:
        """Procedures may belong to other fields now: count each where it belongs."""
        self._field_of = field_of
        fields: dict[str, str] = {}
        for key, part in self._newest.items():
            selector = part.parts[3]
            if selector not in fields:
                fields[selector] = field_of(selector)
            cells = tuple(cells_of(*part.parts, fields[selector]))
            if cells == part.cells:
                continue
            self._add(part, tuple(map(sub, NOTHING, part.figures)))
            self._newest[key] = moved = part._replace(cells=cells)
            self._add(moved, moved.figures)
            for cell in {*part.cells} ^ {*cells}:  # nobody wrote a snapshot, and what is said now is newer all the same
                self._sums[cell].ages = dict(self._ages)

    def total(self, cell: Cell) -> Totals:
        """The figures of a cell; all zero where it has none, standing on all that is known.

        They stand on the newest snapshot of each source that counts in the cell; ``generation`` is the sum of theirs,
        so it grows with every owner that begins anew.
        """
        found = self._sums.get(cell)
        figures, ages = (NOTHING, self._ages) if found is None else (found.figures, found.ages)
        return Totals._make(
            (
                *cell,
                max((as_of for _, _, as_of in ages.values()), default=0),
                sum(generation for generation, _, _ in ages.values()),
                {source: position for source, (_, position, _) in sorted(ages.items())},
                *figures[: len(MEASURES)],
                tuple(figures[len(MEASURES) :]),
                (),
            )
        )

    def _tells(self, source: str, key: bytes, *, divided: bool) -> bool:
        """Whether a snapshot has a say. Once an owner tells channels apart, all that did not is counted by it anew."""
        if divided:
            if source not in self._divided:
                self._divided.add(source)
                for old in self._undivided.pop(source, ()):
                    gone = self._newest.pop(old)
                    self._add(gone, tuple(map(sub, NOTHING, gone.figures)))
            return True
        if source in self._divided:
            return False
        self._undivided.setdefault(source, set()).add(key)
        return True

    def _cells_of(self, parts: tuple[str, str, str, str, str]) -> tuple[Cell, ...]:
        return tuple(cells_of(*parts, self._field_of(parts[3])))

    def _add(self, part: _Part, difference: Figures) -> None:
        for cell in part.cells:
            total = self._sums.get(cell)
            if total is None:
                total = self._sums[cell] = _Sum()
            total.figures = tuple(map(add, total.figures, difference))
            if part.age > total.ages.get(part.source, _NEVER):
                total.ages[part.source] = part.age
        self.changed.update(part.cells)


def _figures_of(snapshot: PartialTotals, channel: str) -> Figures:
    """A snapshot's measures in the order of a total, its new cases under their channel."""
    numbers: Sequence[Any] = snapshot
    figures: list[int] = [numbers[place] if place >= 0 else 0 for place in _PLACES]
    figures[_NEW_BY_CHANNEL.get(channel, _NEW_OTHER)] = snapshot.received - snapshot.carried
    return (*figures, *snapshot.shares_of_time)
