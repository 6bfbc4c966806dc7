"""What is to be written to ``totals.v1``: totals that say something else than the topic says already.

A total is a full snapshot under the key of its cell; the newest record of a key counts. One that has not changed is not
written again, so a new owner that has read both topics to their ends writes only what the one before it had not said.
A cell that has emptied is written with zeros: whoever was away for longer than a tombstone is kept would otherwise
show the old figures for ever.
"""

from __future__ import annotations

from typing import Any, Final

from lienthong_infra.ports import OutboundRecord, Record
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import DecodeError
from lienthong_schemas.totals import LIVE_TOPIC, MEASURES, Cell, cell_of, key_of, record_of, totals
from lienthong_streams.domain.merging import NOTHING, Merger

Said = tuple[Any, ...]
"""The figures of a record."""
_NOTHING: Final[Said] = (*NOTHING[: len(MEASURES)], tuple(NOTHING[len(MEASURES) :]), ())
"""What a cell says that was never written."""


class TotalsTopic:
    """What the topic says of each cell, and what it should."""

    def __init__(self, book: SchemaBook, merger: Merger) -> None:
        self._book = book
        self._merger = merger
        self._said: dict[Cell, Said] = {}
        self._waiting: dict[Cell, None] = {}

    def read(self, record: Record) -> None:
        """Take a record that stands on the topic, oldest first. One that cannot be read, or has no value, says nothing;
        then its cell is written anew.
        """
        try:
            cell = cell_of(record.key or b"")
        except ValueError:
            return  # under no key of ours: nobody can take it for a total
        self._waiting[cell] = None
        self._said.pop(cell, None)
        try:
            if record.value is not None:
                self._said[cell] = totals(self._book.decode(LIVE_TOPIC, record.value)).figures
        except DecodeError:
            return

    @property
    def waits(self) -> bool:
        """Whether something may have to be written."""
        return bool(self._waiting or self._merger.changed)

    def outputs(self, limit: int) -> list[OutboundRecord]:
        """The next totals to write, at most so many. They must be committed; else nothing more may be written."""
        changed = self._merger.changed
        self._waiting.update(dict.fromkeys(sorted(changed)))
        changed.clear()
        found: list[OutboundRecord] = []
        while self._waiting and len(found) < limit:
            cell = next(iter(self._waiting))
            del self._waiting[cell]
            total = self._merger.total(cell)
            if total.figures == self._said.get(cell, _NOTHING):
                continue
            self._said[cell] = total.figures
            found.append(OutboundRecord(LIVE_TOPIC, key_of(cell), self._book.encode(LIVE_TOPIC, record_of(total))))
        return found
