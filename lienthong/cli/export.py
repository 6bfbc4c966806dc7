"""The verb `lienthong export`: rows of the ledger as CSV."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from lienthong.cli.grouped_options import verb_of
from lienthong.cli.moments import instant_option
from lienthong.cli.options import Prefix, settings_for
from lienthong.cli.out_files import written


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    what: Annotated[
        str, typer.Option(help="cases, events, clocks, findings, totals, cells, corrections, gaps or conflicts.")
    ] = "cases"
    where: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=VALUE; also != < <= > >= and ~ (contains). All that are given must hold."),
    ] = None
    columns: Annotated[str, typer.Option(metavar="A,B,…", help="Only these columns, in this order.")] = ""
    as_of: Annotated[
        str, typer.Option(help="Cases, events or corrections as known at this time (ISO 8601 with offset).")
    ] = ""
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file, which is there when whole.")] = None
    prefix: Prefix = ""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("export")(verb_of(_Options, _export))


def _export(options: _Options) -> None:
    """Write rows of the ledger as CSV (UTF-8, instants in UTC), whatever their number; nothing personal is in them."""
    from lienthong.export.write import Asked, export, refuse_what_cannot_be
    from lienthong_consumers.ledger.database import open_ledger
    from lienthong_infra.embedded.servers import ledger_dsn

    asked = Asked(
        what=options.what,
        where=tuple(options.where or ()),
        columns=tuple(name.strip() for name in options.columns.split(",") if name.strip()),
        as_of=instant_option("--as-of", options.as_of),
    )
    refuse_what_cannot_be(asked)
    settings = settings_for(options.prefix)
    with open_ledger(ledger_dsn(settings), settings.prefix) as connection:
        if options.out is None:
            export(connection, asked, _write_out)
            return
        with written(options.out) as file:
            rows = export(connection, asked, file.write)
    typer.echo(f"wrote {options.out}: {rows:,} rows")


def _write_out(piece: bytes) -> None:
    """Write to standard output; whoever reads it may have seen enough."""
    try:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None
