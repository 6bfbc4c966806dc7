"""The first part of the demo: a real log of the past, imported in its own time, and the facts that must come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lienthong.demo.ground import Ground
from lienthong.demo.tables import UnitRow
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.summary import settled, summary, unit_table
from lienthong_schemas.instants import Instant

FACTS: Final[Mapping[str, int]] = {
    "dossiers": 1434,
    "source_rows": 8577,
    "events": 9906,
    "ended": 1329,
    "open": 105,
    "ended_late": 377,
    "ended_late_by_date": 309,
    "breached": 416,
    "met": 952,
    "met_late": 377,
}
"""Facts of the log, counted without this software (see the data's README): the first seven are read from the ledger's
rows, the last three from the clocks that hold at the log's last event."""
KIND: Final = "dossier"


def figures(ground: Ground) -> dict[str, int | None]:
    """The same figures from the ledger, under the names of FACTS."""
    with connect_now(ground.ledger_dsn, ground.municipal) as connection:
        return {**summary(connection, KIND)._asdict(), **settled(connection, KIND)._asdict()}


def units(ground: Ground, horizon: Instant) -> dict[str, UnitRow]:
    """By name, the figures of each group of the municipality."""
    with connect_now(ground.ledger_dsn, ground.municipal) as connection:
        return {
            _name(one.office): UnitRow(one.received, one.ended, one.ended_late, one.open, one.overdue)
            for one in unit_table(connection, KIND, horizon)
        }


def _name(office: str) -> str:
    """``NL.GROUP.1`` → ``Group 1``."""
    return office.removeprefix("NL.").replace(".", " ").capitalize()
