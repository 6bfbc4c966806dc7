"""The verb `lienthong forward`: bring what an outbox accepted to the bus."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from lienthong.cli.options import Prefix, settings_for

OutboxPath = Annotated[Path, typer.Option("--outbox", metavar="FILE", help="The outbox file; made if it is not there.")]
Offices = Annotated[
    list[str] | None,
    typer.Option(
        "--office", metavar="CODE", help="Agency code whose only outbox this is; kept in the file. Repeatable."
    ),
]
Heartbeat = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How often the office is vouched for.")]


GiveUp = Annotated[
    float, typer.Option("--give-up", min=0.0, metavar="SECONDS", help="How long the bus may be away at the start.")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("forward")(_forward)


def _forward(
    outbox: OutboxPath, office: Offices = None, prefix: Prefix = "", heartbeat: Heartbeat = 10.0, give_up: GiveUp = 60.0
) -> None:
    """Forward an outbox until SIGTERM or Ctrl-C; ends with 69 if the bus cannot be reached at the start."""
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.kafka.connection import Patience
    from lienthong_infra.log_lines import log_to_stderr
    from lienthong_producers.forward_app import forward
    from lienthong_producers.forwarder import Pace

    log_to_stderr()
    settings = settings_for(prefix)
    asyncio.run(
        forward(
            bootstrap(settings),
            settings.prefix,
            outbox,
            offices=office or (),
            pace=Pace(heartbeat=heartbeat),
            patience=Patience(limit_s=give_up),
        )
    )
