"""The verb `lienthong ticker`: write the bus's own time."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong.cli.forward import GiveUp
from lienthong.cli.options import Prefix, settings_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lienthong_infra.kafka.connection import Patience

Interval = Annotated[float, typer.Option(min=0.05, metavar="SECONDS", help="Time between two ticks.")]
Without = Annotated[
    list[str] | None,
    typer.Option(
        "--without", metavar="SENDER", help="Id of an outbox that is gone for good; its office no longer waits for it."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("ticker")(_ticker)


def _ticker(interval: Interval = 1.0, prefix: Prefix = "", without: Without = None, give_up: GiveUp = 60.0) -> None:
    """Write ticks until SIGTERM or Ctrl-C; one ticker for each bus is enough, two do no harm."""
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.kafka.connection import Patience
    from lienthong_infra.log_lines import log_to_stderr

    log_to_stderr()
    settings = settings_for(prefix)
    patience = Patience(limit_s=give_up)
    asyncio.run(tick(bootstrap(settings), settings.prefix, interval=interval, without=without or (), patience=patience))


async def tick(
    address: str, prefix: str, *, interval: float, without: "Sequence[str]" = (), patience: "Patience | None" = None
) -> None:
    """Write ticks until SIGTERM or SIGINT. Raises UnavailableError or UnknownTopic at the start."""
    from lienthong_infra.kafka.publisher import KafkaPublisher
    from lienthong_infra.kafka.reader import KafkaReader
    from lienthong_infra.stop_signals import stop_on_signals
    from lienthong_producers.ticker import Ticker

    stop = stop_on_signals()
    reader, publisher = KafkaReader(address, prefix, patience=patience), KafkaPublisher(address, prefix)
    try:
        await Ticker(reader, publisher, without=without).run(stop, interval=interval)
    finally:
        await publisher.close()
        await reader.close()
