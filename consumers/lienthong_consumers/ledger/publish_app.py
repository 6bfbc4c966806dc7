"""The process ``lienthong ledger publish``: puts publications, relay and metrics together and runs them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry
from psycopg import AsyncConnection

from lienthong_consumers.ledger.app import serve_metrics
from lienthong_consumers.ledger.database import connect
from lienthong_consumers.ledger.official_totals import OfficialTotals
from lienthong_consumers.ledger.period_publication import PeriodReports
from lienthong_consumers.ledger.publish_metrics import PublishMetrics
from lienthong_consumers.ledger.publishing import HOLDER_SILENCE_S, Publishing, Scheduled, stand_by
from lienthong_consumers.ledger.readiness import begin_command, topics_that_ticks_miss
from lienthong_consumers.ledger.relay import Relay
from lienthong_consumers.ledger.starting import brought_up, unless_stopped
from lienthong_infra.errors import LienthongError, TemporaryError
from lienthong_infra.kafka.partition_log import KafkaPartitionLog
from lienthong_infra.ports import PartitionLog, TopicPartition
from lienthong_schemas.codec import SchemaBook

log = logging.getLogger(__name__)

APPLICATION: Final = "ledger-publisher"
"""Names the transactional id by which a new relay shuts the former one out."""
PERIODS_S: Final = 60.0
"""How often it is looked for periods to close, at most: the bus's time, by which they close, goes on hour by hour."""
_SOURCE: Final = TopicPartition("outbound", 0)
"""What the relay reads in place of a partition: the ledger's table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOptions:
    """Where the publishing process reads and writes, and how often publications have their turn.

    ``make_...`` are seams for those who test it.
    """

    bootstrap: str
    dsn: str
    prefix: str
    interval_s: float
    metrics_port: int = 0
    silence_s: float = HOLDER_SILENCE_S
    make_publications: Callable[[PublishOptions], Sequence[Scheduled]] | None = None
    make_relay: Callable[[AsyncConnection, PartitionLog], Relay] = Relay


def publications(options: PublishOptions) -> Sequence[Scheduled]:
    """Everything that the ledger publishes. Each publication has a file of its own; add it here."""
    if options.make_publications is not None:
        return options.make_publications(options)
    return [
        Scheduled("official-totals", OfficialTotals(SchemaBook()), options.interval_s),
        Scheduled("period-reports", PeriodReports(SchemaBook()), max(options.interval_s, PERIODS_S)),
    ]


async def run_publisher(options: PublishOptions, stop: asyncio.Event) -> None:
    """Migrate, wait for the lock, then publish until ``stop`` is set.

    Raises ConfigurationError or UnavailableError at the start, TemporaryError for anything that a new start may heal.
    """
    if await unless_stopped(brought_up(options.dsn, options.prefix), stop) is None:
        return
    registry = CollectorRegistry()
    metrics = PublishMetrics(options.prefix, registry)
    serve_metrics(options.metrics_port, registry)
    metrics.active(False)
    connection = await connect(options.dsn, options.prefix)
    partition_log = KafkaPartitionLog(options.bootstrap, options.prefix, _SOURCE, application=APPLICATION)
    try:
        if not await stand_by(connection, stop, silence_s=options.silence_s):
            return
        await unless_stopped(partition_log.fence(), stop)
        if stop.is_set():
            return
        metrics.active(True)
        log.info("publisher-started", extra={"bus": options.prefix})
        if missed := await topics_that_ticks_miss(connection):
            extra = {"bus": options.prefix, "topics": ",".join(missed), "run": begin_command(missed)}
            log.warning("topics-not-begun", extra=extra)
        relay = options.make_relay(connection, partition_log)
        await Publishing(connection, relay, publications(options), metrics).run(stop)
        log.info("publisher-stopped", extra={"bus": options.prefix})
    except LienthongError:
        raise
    except Exception as error:
        log.exception("publisher-failed")
        raise TemporaryError(f"the publisher ended on {type(error).__name__}; start it again") from error
    finally:
        await partition_log.close()
        await connection.close()
