"""The processes of the demo: what runs on a real bus, under the same supervisor, each with a log file of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from lienthong.demo.ground import Ground
from lienthong_infra.supervisor import Service, ServiceEvent, Supervisor, SupervisorTimes

TIMES: Final = SupervisorTimes(grace_s=4.0)
"""Ctrl-C ends everything within ten seconds: these four, then the servers."""
TICK_COMMIT_S: Final = 1.0
EXPORTER_LOOKS_S: Final = 5.0
PUBLISHED_EVERY_S: Final = 5.0

T = TypeVar("T")


def services(ground: Ground, *, metrics_port: int) -> list[Service]:
    """Deadline worker and ledger for both buses; totals, live and official, and a ticker for the live one; exporter."""
    ground.logs.mkdir(exist_ok=True)
    exporter = ("--port", str(metrics_port), "--interval", str(EXPORTER_LOOKS_S))
    deadlines = ("stream", "deadlines", "--tick-commit", str(TICK_COMMIT_S))
    live, municipal = ground.live, ground.municipal
    return [
        *(_service(ground, prefix, "deadlines", *deadlines) for prefix in (live, municipal)),
        *(_service(ground, prefix, "ledger", "ledger", "run") for prefix in (live, municipal)),
        _service(ground, live, "totals", "stream", "totals"),
        _service(ground, live, "publisher", "ledger", "publish", "--interval", str(PUBLISHED_EVERY_S)),
        _service(ground, live, "ticker", "ticker"),
        _service(ground, live, "exporter", "exporter", *exporter),
    ]


def _service(ground: Ground, prefix: str, name: str, *verb: str) -> Service:
    command = (sys.executable, "-m", "lienthong.cli.main", *verb)
    return Service(f"{prefix}-{name}", command, ground.environment(prefix), ground.logs / f"{prefix}-{name}.log")


class Processes:
    """The supervised processes, while they run."""

    def __init__(self, supervising: asyncio.Task[None]) -> None:
        self._supervising = supervising

    async def beside(self, work: Awaitable[T]) -> T:
        """Do some work; raises at once what ends the supervisor: a process that cannot be started again."""
        main = asyncio.ensure_future(work)
        try:
            await asyncio.wait({main, self._supervising}, return_when=asyncio.FIRST_COMPLETED)
            if self._supervising.done():
                self._supervising.result()
            return await main
        finally:
            main.cancel()
            await asyncio.wait({main})


@asynccontextmanager
async def running(wanted: list[Service], say: Callable[[str], None]) -> AsyncIterator[Processes]:
    """Run the services inside; afterwards none is left. ``say`` is told of one that ended by itself."""
    stop = asyncio.Event()

    def told(event: ServiceEvent) -> None:
        if event.what == "ended" and not stop.is_set():
            say(f"  the process {event.name} ended with {event.code} and is started again; see its log")

    supervising = asyncio.create_task(Supervisor(wanted, times=TIMES, on_event=told).run(stop))
    try:
        yield Processes(supervising)
    finally:
        stop.set()
        await asyncio.wait({supervising})
