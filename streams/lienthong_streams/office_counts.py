"""The live figures of one partition by office, for its checksums.

They are read off the cells that the live figures keep and publish, so that a checksum vouches for those and not for a
count beside them. Only cells that changed are read again.
"""

from __future__ import annotations

from collections.abc import Iterable

from lienthong_infra.ports import TopicPartition
from lienthong_schemas.checksums import Checksum, checksum_of
from lienthong_streams.domain.figures import Cell, LiveFigures, cell_parts

_NONE = (0, 0, 0)


class OfficeCounts:
    """Received, ended and ended late by office, brought up to date when a checksum is due."""

    def __init__(self, source: TopicPartition, live: LiveFigures) -> None:
        self._source = source
        self._live = live
        self._changed: set[Cell] = set()
        self._of_cell: dict[Cell, tuple[int, int, int]] = {}
        self._of_office: dict[str, list[int]] = {}

    def note(self, cells: Iterable[Cell]) -> None:
        """These cells may have changed."""
        self._changed.update(cells)

    def checksum(self, below: int) -> Checksum:
        """The figures of all offices as they are now, after all records below an offset."""
        for cell in self._changed:
            self._read(cell)
        self._changed.clear()
        return checksum_of(*self._source, below, self._of_office)

    def _read(self, cell: Cell) -> None:
        before, now = self._of_cell.get(cell, _NONE), self._live.stated(cell)
        if now == before:
            return
        counts = self._of_office.setdefault(cell_parts(cell)[1], [0, 0, 0])
        for index in range(len(counts)):
            counts[index] += now[index] - before[index]
        if now == _NONE:
            del self._of_cell[cell]
        else:
            self._of_cell[cell] = now
