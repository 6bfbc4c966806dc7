"""The verb `lienthong exporter`: serve what can be seen of a bus as Prometheus metrics."""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong.cli.options import Prefix, settings_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from lienthong_infra.settings import Settings

DEFAULT_PORT = 9477
"""Below 32768, where Linux begins to hand out ports to outgoing connections; that of the example for Prometheus."""
Port = Annotated[
    int | None,
    typer.Option(min=1, max=65_535, help="Serve on this port instead of LIENTHONG_METRICS_PORT (default 9477)."),
]
Host = Annotated[str, typer.Option(help="Serve on this address; 0.0.0.0 = on all.")]
Interval = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="Time between two looks at a source.")]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="SENDER", help="Id of an outbox that is gone for good, as for the ticker."),
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("exporter")(_exporter)


def _exporter(
    port: Port = None, host: Host = "127.0.0.1", interval: Interval = 15.0, prefix: Prefix = "", without: Without = None
) -> None:
    """Serve metrics about broker and ledger until SIGTERM or Ctrl-C, also while one of them is away."""
    from lienthong_infra.log_lines import log_to_stderr

    log_to_stderr()
    settings = settings_for(prefix)
    place = (host, port or settings.metrics_port or DEFAULT_PORT)
    asyncio.run(export(settings, place, interval=interval, without=without or ()))


async def export(settings: "Settings", place: tuple[str, int], *, interval: float, without: "Collection[str]") -> None:
    """Serve at (host, port) until SIGTERM or SIGINT. Raises ConfigurationError where the port cannot be had."""
    import lienthong
    from lienthong.status.watches import open_broker_watch, open_ledger_watch
    from lienthong_consumers.exporter.service import Identity, serve
    from lienthong_consumers.exporter.sources import Rhythm, Source
    from lienthong_infra.stop_signals import stop_on_signals

    def now() -> int:
        return time.time_ns() // 1_000

    rhythm = Rhythm(interval_s=interval)
    broker = Source("broker", lambda: open_broker_watch(settings, without=without), clock=now, rhythm=rhythm)
    ledger = Source("ledger", lambda: open_ledger_watch(settings), clock=now, rhythm=rhythm)
    identity = Identity(settings.prefix, lienthong.__version__)
    await serve(identity, broker, ledger, place=place, stop=stop_on_signals())
