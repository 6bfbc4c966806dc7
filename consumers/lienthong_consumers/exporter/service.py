"""The process: looks at both sources in their rhythm and serves what it saw on one port."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.registry import Collector

from lienthong_consumers.exporter import metric_catalogue as catalogue
from lienthong_consumers.exporter.families import Families, Family, add_broker, add_ledger, add_ledger_lag
from lienthong_consumers.exporter.sightings import BrokerSight, LedgerSight
from lienthong_consumers.exporter.sources import Source
from lienthong_infra.errors import ConfigurationError
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND

log = logging.getLogger(__name__)

CANCEL_AGAIN_S: Final = 0.5
"""Seconds until a look that goes on in spite of being cancelled is cancelled again."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which bus the metrics are about, and which version says so."""

    bus: str
    version: str


class BusCollector(Collector):
    """What Prometheus is told at a scrape. Called in the threads of the HTTP server: it only reads finished sights."""

    def __init__(self, identity: Identity, broker: Source[BrokerSight], ledger: Source[LedgerSight]) -> None:
        self._identity = identity
        self._broker = broker
        self._ledger = ledger

    def collect(self) -> Iterator[Family]:
        """All families that have a series now."""
        families = Families(self._identity.bus)
        families.add(catalogue.EXPORTER_INFO, 1, self._identity.version)
        broker, ledger = self._broker.sight(), self._ledger.sight()
        for source, sight in ((self._broker, broker), (self._ledger, ledger)):
            families.add(catalogue.SOURCE_UP, sight is not None, source.name)
            families.add(catalogue.SOURCE_SEEN, source.seen_at / MICROSECONDS_PER_SECOND, source.name)
        if broker is not None:
            add_broker(families, broker)
        if ledger is not None:
            add_ledger(families, ledger)
        if broker is not None and ledger is not None:
            add_ledger_lag(families, broker, ledger)
        yield from families


async def serve(
    identity: Identity,
    broker: Source[BrokerSight],
    ledger: Source[LedgerSight],
    *,
    place: tuple[str, int],
    stop: asyncio.Event,
) -> None:
    """Serve at (host, port) until ``stop`` is set. Raises ConfigurationError where the port cannot be had."""
    host, port = place
    registry = CollectorRegistry()
    registry.register(BusCollector(identity, broker, ledger))
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise ConfigurationError(
            [f"the exporter cannot listen on {host}:{port} ({error.strerror}): end what listens there, or use --port"]
        ) from error
    log.info("exporter-started", extra={"bus": identity.bus, "address": f"http://{host}:{port}/metrics"})
    looking = [asyncio.create_task(broker.keep_looking()), asyncio.create_task(ledger.keep_looking())]
    try:
        await stop.wait()
    finally:
        await _ended(looking)
        server.shutdown()
        server.server_close()
        thread.join()
        log.info("exporter-stopped", extra={"bus": identity.bus})


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel the tasks until they are done: a client that fails in the moment of a cancellation swallows it."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
