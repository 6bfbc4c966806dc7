"""Official totals: what the ledger publishes on ``official-totals.v1``, all cells of one turn from one snapshot.

A cell is written again when its figures have changed; the province's cells are written at every new judgement, so that
a reader knows how far all of them reach. A cell that has lost its cases is written with zeros, for the newest record of
a key counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_consumers.ledger.tables.official import CellFigures, figures, positions, selectors_with_field
from lienthong_consumers.ledger.tables.outbound import newest
from lienthong_consumers.ledger.tables.references import last_reference, read_references
from lienthong_consumers.ledger.tables.ticks import Judgement, judgement
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from lienthong_schemas.partial_totals import SHARE_BOUNDS
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.totals import MEASURES, OFFICIAL_TOPIC, PROVINCE, Cell, Totals, key_of, record_of, totals

NOT_OF_ALL: Final = ("shares_of_time",)
"""What is not counted of all cases where a worker ended one that does not say how much of its time was used."""
_NOTHING: Final = (*(0 for _ in MEASURES), (0,) * (len(SHARE_BOUNDS) + 1), ())
"""The figures of a cell without cases."""


class OfficialTotals:
    """The publication of official totals; see ``publishing.Publication``."""

    def __init__(self, book: SchemaBook) -> None:
        self._book = book
        self._published: dict[Cell, tuple[Any, ...]] | None = None
        self._procedures, self._procedures_until = ReferenceBook(), -1
        self._last: tuple[Judgement, Mapping[str, int]] | None = None

    async def publish(self, cursor: Cursor, now: Instant) -> Sequence[OutboundRecord]:
        """What has changed since the last turn. Nothing before the ledger has caught up with its first tick.

        What a turn returns counts as published: whoever calls commits it, or makes a new publication.
        """
        by = await judgement(cursor)
        stands = await positions(cursor)
        if by.at is None or self._last == (by, stands):
            return []
        published = await self._known(cursor)
        counted = {one.cell: _figures(one) for one in await figures(cursor, await self._fields(cursor, by.at))}
        counted.update((cell, _NOTHING) for cell in published.keys() - counted.keys())
        changed = [
            cell for cell in sorted(counted) if cell.scope == PROVINCE or counted[cell] != published.get(cell, _NOTHING)
        ]
        published.update((cell, counted[cell]) for cell in changed)
        self._last = by, stands
        return [self._record(cell, counted[cell], by.at, by.generation, stands) for cell in changed]

    async def _known(self, cursor: Cursor) -> dict[Cell, tuple[Any, ...]]:
        """What readers know, or will: from the outbound table at the first turn, from then on kept."""
        if self._published is None:
            self._published = {}
            for value in (await newest(cursor, OFFICIAL_TOPIC)).values():
                if value is not None:
                    one = totals(self._book.decode(OFFICIAL_TOPIC, value))
                    self._published[one.cell] = one.figures
        return self._published

    async def _fields(self, cursor: Cursor, at: Instant) -> dict[str, str]:
        """By selector in use, the field that it has now."""
        last = await last_reference(cursor)
        if last != self._procedures_until:
            self._procedures, self._procedures_until = ReferenceBook(await read_references(cursor, "procedure")), last
        return {selector: self._procedures.field_of(selector, at) for selector in await selectors_with_field(cursor)}

    def _record(
        self, cell: Cell, figures: tuple[Any, ...], at: Instant, generation: int, stands: Mapping[str, int]
    ) -> OutboundRecord:
        one = Totals(*cell, at, generation, stands, *figures)
        return OutboundRecord(OFFICIAL_TOPIC, key_of(cell), self._book.encode(OFFICIAL_TOPIC, record_of(one)))


def _figures(counted: CellFigures) -> tuple[Any, ...]:
    """As ``Totals.figures`` has them."""
    return (*counted.measures, counted.shares, NOT_OF_ALL if counted.untold else ())
