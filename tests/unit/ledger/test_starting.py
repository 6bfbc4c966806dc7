"""A process of the ledger that waits for its servers can be told to stop: nobody waits a minute for it."""

from __future__ import annotations

import asyncio

import pytest

from lienthong_consumers.ledger.app import LedgerOptions, run_ledger
from lienthong_consumers.ledger.publish_app import PublishOptions, run_publisher
from lienthong_consumers.ledger.starting import unless_stopped
from lienthong_infra.errors import UnavailableError

BOOTSTRAP = "127.0.0.1:1"
DSN = "postgresql://ledger:none@127.0.0.1:1/ledger"
"""Nobody listens there."""
MOST_S = 30.0
"""Half of the time for which servers are waited for."""


def told_to_stop() -> asyncio.Event:
    """An order that comes while the process waits."""
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.1, stop.set)
    return stop


async def test_a_sink_without_a_database_stops_when_told() -> None:
    """Without an error: it was asked to."""
    stop = told_to_stop()
    async with asyncio.timeout(MOST_S):
        await run_ledger(LedgerOptions(bootstrap=BOOTSTRAP, dsn=DSN, prefix="h27"), stop)
    assert stop.is_set()


async def test_a_publisher_without_a_database_stops_when_told() -> None:
    """The same."""
    stop = told_to_stop()
    async with asyncio.timeout(MOST_S):
        await run_publisher(PublishOptions(bootstrap=BOOTSTRAP, dsn=DSN, prefix="h27", interval_s=1.0), stop)
    assert stop.is_set()


async def test_work_that_ends_or_fails_says_so() -> None:
    """Its result and its error are its caller's."""

    async def work(fails: bool) -> str:
        if fails:
            raise UnavailableError("away")
        return "done"

    assert await unless_stopped(work(fails=False), asyncio.Event()) == "done"
    with pytest.raises(UnavailableError, match="away"):
        await unless_stopped(work(fails=True), asyncio.Event())


async def test_work_that_is_cut_short_has_ended() -> None:
    """What it holds is released before the caller goes on."""
    released = asyncio.Event()

    async def work() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            released.set()
        return "never"

    assert await unless_stopped(work(), told_to_stop()) is None
    assert released.is_set()
