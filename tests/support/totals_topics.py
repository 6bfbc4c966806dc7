"""What the totals topics of a bus say, and letting the ledger publish once all of a log is taken."""

from __future__ import annotations

import asyncio

from prometheus_client import CollectorRegistry

from lienthong_consumers.ledger.publish_app import PublishOptions, run_publisher
from lienthong_infra.kafka.partition_log import KafkaPartitionLog
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_schemas.totals import LIVE_TOPIC, OFFICIAL_TOPIC, PROVINCE, WHOLE, Cell, Totals, totals
from lienthong_streams.totals_host import CONSUMER, PARTIALS, TotalsHost, TotalsPorts
from lienthong_streams.totals_metrics import TotalsMetrics
from tests.support.whole_bus import REST_LIMIT_S, WholeBus, wall_clock

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
    """Let the merging process catch up with the partials, and read its totals back from Kafka. The bus is at rest."""
    ports = TotalsPorts(
        log=KafkaPartitionLog(bus.bootstrap, bus.prefix, PARTIALS, application=CONSUMER),
        reader=KafkaReader(bus.bootstrap, bus.prefix),
        now=wall_clock,
        observer=TotalsMetrics(bus.prefix, CollectorRegistry()),
    )
    try:
        await TotalsHost(ports, every_s=0.0).catch_up()
    finally:
        await ports.reader.close()
        await ports.log.close()
    return await newest_totals(bus, LIVE_TOPIC)


def province_of(kind: str) -> Cell:
    """The cell of all cases of a kind."""
    return Cell(PROVINCE, kind, WHOLE, "", "")
