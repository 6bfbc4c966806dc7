"""The verb `lienthong publish`: hand JSON lines in to an outbox."""

import asyncio
import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from lienthong.cli.forward import OutboxPath
from lienthong_infra import exit_codes
from lienthong_infra.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lienthong_producers.intake import Taken
    from lienthong_producers.outbox import Outbox

Source = Annotated[
    str, typer.Argument(metavar="[FILE|-]", help="JSON lines, one state of a case each; - is standard input.")
]
Whole = Annotated[bool, typer.Option("--all-or-nothing", help="Accept nothing where any line has a problem.")]
Receipts = Annotated[bool, typer.Option("--receipts", help="Print a receipt as JSON for every line accepted.")]
Send = Annotated[
    bool, typer.Option("--send", help="Then send what waits to LIENTHONG_BOOTSTRAP, bus LIENTHONG_PREFIX, and end.")
]
RejectedPath = Annotated[
    Path | None, typer.Option("--rejected", metavar="FILE", help="Write the lines not accepted here, as they came.")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("publish")(_publish)


def _publish(
    outbox: OutboxPath,
    source: Source = "-",
    all_or_nothing: Whole = False,
    rejected: RejectedPath = None,
    receipts: Receipts = False,
    send: Send = False,
) -> None:
    """Accept JSON lines into an outbox. Every problem of every line is listed; if there is one, the exit code is 65."""
    from lienthong_producers.outbox import Outbox

    with ExitStack() as opened:
        lines = sys.stdin.buffer if source == "-" else opened.enter_context(_open(Path(source), "rb"))
        aside = None if rejected is None else opened.enter_context(_open(rejected, "wb"))
        made = opened.enter_context(Outbox(outbox))
        refused = _report(_taken(made, lines, source, all_or_nothing), aside, receipts)
    if send:
        asyncio.run(_send(outbox))
    raise typer.Exit(exit_codes.BAD_INPUT if refused else exit_codes.GOOD)


def _open(path: Path, mode: str) -> BinaryIO:
    try:
        return path.open(mode)  # type: ignore[return-value]  # always a binary mode
    except OSError as error:
        raise BadInputError([f"{path}: it cannot be opened: {error.strerror}"]) from error


def _taken(outbox: "Outbox", lines: BinaryIO, source: str, all_or_nothing: bool) -> "Iterable[Taken]":
    from lienthong_producers.intake import AT_ONCE, take_in, take_in_all

    if all_or_nothing:
        return take_in_all(outbox, lines)
    return take_in(outbox, lines, at_once=1 if source == "-" else AT_ONCE)


def _report(taken: "Iterable[Taken]", aside: BinaryIO | None, receipts: bool) -> int:
    """Tell what became of each line, also where the outbox turns out to be full; returns how many were refused."""
    accepted = refused = last = 0
    try:
        for each in taken:
            last = each.line.number
            if each.accepted is not None:
                accepted += 1
                if receipts:
                    typer.echo(json.dumps(asdict(each.accepted)))
                continue
            refused += 1
            for problem in each.told():
                typer.echo(problem, err=True)
            if aside is not None:
                aside.write(each.line.raw.rstrip(b"\r\n") + b"\n")
    finally:
        typer.echo(f"accepted {accepted} events, refused {refused} lines; the last line was {last}", err=True)
    return refused


async def _send(outbox: Path) -> None:
    """Send what waits. What was accepted is safe also if this fails; the error then says why it waits."""
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.log_lines import log_to_stderr
    from lienthong_infra.settings import load_settings
    from lienthong_producers.errors import OutboxInUse
    from lienthong_producers.forward_app import send_waiting

    log_to_stderr()
    settings = load_settings()
    try:
        sent = await send_waiting(bootstrap(settings), settings.prefix, outbox)
        typer.echo(f"sent {sent} events to the bus {settings.prefix}", err=True)
    except OutboxInUse:
        typer.echo("a forwarder is at work on this outbox; it sends them", err=True)
