"""The serving process: it answers on its port, and ends when told to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from lienthong_consumers.exporter.service import Identity, serve
from lienthong_consumers.exporter.sightings import BrokerSight, LedgerSight
from lienthong_consumers.exporter.sources import Rhythm, Source
from lienthong_infra.embedded.ports import LOOPBACK, choose_port
from lienthong_infra.errors import ConfigurationError, UnavailableError
from lienthong_schemas.instants import Instant
from tests.support.scrape import served_at
from tests.support.snapshots import BROKER
from tests.support.watches import StagedWatch, ledger_sight

IDENTITY = Identity("h27", "1")
LEDGER_UP = 'lienthong_source_up{bus="h27",source="ledger"}'


@dataclass
class StubbornWatch:
    """A look that swallows the first cancellation, as a client does that fails in that moment."""

    looking: asyncio.Event = field(default_factory=asyncio.Event)
    swallowed: int = 0

    async def look(self, now: Instant) -> BrokerSight:
        """Wait for ever, but for the first cancellation."""
        self.looking.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.swallowed += 1
            if self.swallowed == 1:
                raise UnavailableError("the connection broke") from None
            raise
        raise AssertionError("unreachable: nobody sets the event")

    async def close(self) -> None:
        """Nothing to release."""


def ledger() -> Source[LedgerSight]:
    """A source that is always there."""
    watch = StagedWatch[LedgerSight](lambda _: ledger_sight())
    return Source("ledger", watch.opener(), clock=lambda: 0, rhythm=Rhythm())


def broker() -> Source[BrokerSight]:
    """Another one."""
    watch = StagedWatch[BrokerSight](lambda _: BROKER)
    return Source("broker", watch.opener(), clock=lambda: 0, rhythm=Rhythm())


async def test_metrics_are_served_until_told_to_stop() -> None:
    """And the port is free again at once."""
    port, stop = choose_port(1), asyncio.Event()
    serving = asyncio.create_task(serve(IDENTITY, broker(), ledger(), place=(LOOPBACK, port), stop=stop))
    async with asyncio.timeout(10):
        while (await asyncio.to_thread(served_at, port)).get(LEDGER_UP) != 1:
            continue
        stop.set()
        await serving
    assert served_at(port) == {}


async def test_a_look_that_swallows_its_cancellation_does_not_keep_the_process() -> None:
    """It is cancelled again."""
    watch, stop = StubbornWatch(), asyncio.Event()

    async def open_watch() -> StubbornWatch:
        return watch

    stubborn = Source("broker", open_watch, clock=lambda: 0, rhythm=Rhythm(interval_s=0))
    place = (LOOPBACK, choose_port(1))
    serving = asyncio.create_task(serve(IDENTITY, stubborn, ledger(), place=place, stop=stop))
    async with asyncio.timeout(10):
        await watch.looking.wait()
        stop.set()
        await serving
    assert watch.swallowed == 2


async def test_a_port_that_is_taken_is_told_with_the_remedy() -> None:
    """As a setting that is wrong."""
    server = await asyncio.start_server(lambda *_: None, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(ConfigurationError, match="use --port"):
            await serve(IDENTITY, broker(), ledger(), place=(LOOPBACK, port), stop=asyncio.Event())
