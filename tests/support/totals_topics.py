"""What the totals topics of a bus say, and letting the ledger publish once all of a log is taken."""

from __future__ import annotations

import asyncio

from lienthong_consumers.ledger.publish_app import PublishOptions, run_publisher
from lienthong_schemas.partial_totals import MEASURES as PARTIAL_MEASURES
from lienthong_schemas.partial_totals import TOPIC as PARTIAL_TOPIC
from lienthong_schemas.records import partition_key
from lienthong_schemas.totals import (
    NEW_CHANNELS,
    OFFICIAL_TOPIC,
    PROVINCE,
    WHOLE,
    Cell,
    Totals,
    cells_of,
    plus,
    totals,
)
from tests.support.whole_bus import REST_LIMIT_S, WholeBus

LOOK_S = 0.1
INTERVAL_S = 0.2


async def newest_totals(bus: WholeBus, topic: str) -> dict[Cell, Totals]:
    """By cell, the newest record of a totals topic."""
    return {one.cell: one for one in map(totals, await bus.decoded(topic))}


async def official_totals(bus: WholeBus) -> dict[Cell, Totals]:
    """Let the ledger publish what it holds, and read it back from Kafka. The bus is at rest."""
    stop = asyncio.Event()
    options = PublishOptions(bootstrap=bus.bootstrap, dsn=bus.dsn, prefix=bus.prefix, interval_s=INTERVAL_S)
    publishing = asyncio.create_task(run_publisher(options, stop))
    sent = "SELECT count(*) > 0 AND bool_and(sent_at IS NOT NULL) FROM outbound WHERE topic = %s"
    try:
        async with asyncio.timeout(REST_LIMIT_S):
            while not publishing.done() and bus.rows(sent, OFFICIAL_TOPIC) != [(True,)]:  # noqa: ASYNC110 - a row
                await asyncio.sleep(LOOK_S)
    finally:
        stop.set()
        await publishing
    return await newest_totals(bus, OFFICIAL_TOPIC)


async def live_totals(bus: WholeBus) -> dict[Cell, Totals]:
    """By cell, the live figures: the newest record of each partition's cells, added up. No procedure has a field."""
    newest = {record.key: record.value or b"" for record in await bus.records(PARTIAL_TOPIC)}
    found: dict[Cell, Totals] = {}
    for value in newest.values():
        one = bus.book.decode(PARTIAL_TOPIC, value)
        measures = {name: one[name] for name in PARTIAL_MEASURES}
        measures[NEW_CHANNELS.get(one["channel"], "new_other")] = one["received"] - one["carried"]
        positions = {partition_key(one["source_topic"], one["source_partition"]): one["position"]}
        for cell in cells_of(one["kind"], one["office"], one["commune"], one["selector"], one["channel"], ""):
            part = Totals(*cell, one["as_of"], one["generation"], positions, **measures)
            found[cell] = plus(found[cell], part) if cell in found else part
    return {cell: one for cell, one in found.items() if one.received or one.waiting or one.declined}


def province_of(kind: str) -> Cell:
    """The cell of all cases of a kind."""
    return Cell(PROVINCE, kind, WHOLE, "", "")
