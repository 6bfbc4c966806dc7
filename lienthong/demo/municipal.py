"""The first part of the demo: a real log of the past, imported in its own time, and the facts that must come out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from lienthong.demo.ground import Ground
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.summary import UnitFigures, settled, summary, unit_table
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_producers.domain.municipal_log import Day, MunicipalEvent, days
from lienthong_producers.importer import Imported, MunicipalImport
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


async def import_log(
    ground: Ground, events: list[MunicipalEvent], after_day: Callable[[Day], Awaitable[None]]
) -> Imported:
    """Publish the log under its own prefix, day by day."""
    publisher = KafkaPublisher(ground.bootstrap, ground.municipal)
    reader = KafkaReader(ground.bootstrap, ground.municipal)
    try:
        return await MunicipalImport(publisher, reader).run(days(events), after_day)
    finally:
        await publisher.close()
        await reader.close()


def figures(ground: Ground) -> dict[str, int | None]:
    """The same figures from the ledger, under the names of FACTS."""
    with connect_now(ground.ledger_dsn, ground.municipal) as connection:
        return {**summary(connection, KIND)._asdict(), **settled(connection)._asdict()}


def units(ground: Ground, horizon: Instant) -> list[UnitFigures]:
    """The figures of each group of the municipality."""
    with connect_now(ground.ledger_dsn, ground.municipal) as connection:
        return unit_table(connection, KIND, horizon)
