"""The table ``total_part``: figures by base cell, kept by the transitions of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lienthong_consumers.domain.figures import MEASURES, Cell, Figures
from lienthong_consumers.ledger.tables.copying import Cursor, copy_rows, integers, longs, quoted, texts

_KEY: Final = (*texts("kind"), *integers("partition"), *texts("office", "commune", "selector", "channel"))
_TOTAL: Final = (*_KEY, *longs(*MEASURES))

TEMPORARY_TABLES: Final = ("CREATE TEMPORARY TABLE batch_total (LIKE total_part) ON COMMIT DELETE ROWS",)
_ADD: Final = (
    f"INSERT INTO total_part AS t ({quoted(_TOTAL)}) SELECT {quoted(_TOTAL)} FROM batch_total ORDER BY {quoted(_KEY)}"
    f" ON CONFLICT ({quoted(_KEY)}) DO UPDATE SET "
    + ", ".join(f'"{name}" = t."{name}" + excluded."{name}"' for name in MEASURES)
)
"""In the order of the key, so that two transactions that should ever add to the same rows never wait in a circle."""


async def add_totals(cursor: Cursor, changes: Mapping[Cell, Figures]) -> None:
    """Add the changes of a batch to the figures of each cell."""
    if changes:
        await copy_rows(cursor, "batch_total", _TOTAL, ((*cell, *figures) for cell, figures in changes.items()))
        await cursor.execute(_ADD)
