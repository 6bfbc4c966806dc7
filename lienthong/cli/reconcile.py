"""The verb `lienthong reconcile`: figures or dossiers of another system against the ledger."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lienthong.cli.grouped_options import verb_of
from lienthong.cli.moments import instant_option
from lienthong.cli.options import CLOSING, PERIODS, Count, Counted, Prefix, settings_for
from lienthong.cli.out_files import written


class By(StrEnum):
    """What a line of the file is about."""

    OFFICE = "office"
    COMMUNE = "commune"


class Format(StrEnum):
    """How it is shown."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


_PERIODS = f"{PERIODS}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    portal: Annotated[
        Path, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="CSV or XLSX of the other system.")
    ]
    period: Annotated[str, typer.Option(metavar="PERIOD", help=_PERIODS)]
    as_of: Annotated[str, typer.Option(help="Our figures as known at this time (ISO 8601 with offset).")] = ""
    exported: Annotated[str, typer.Option(help="When the file was written; default: at the end of the period.")] = ""
    count: Counted = Count.DAY
    by: Annotated[By, typer.Option(help="What the units of the file are.")] = By.OFFICE
    closing_day: Annotated[int | None, typer.Option(min=1, max=28, help=CLOSING)] = None
    most: Annotated[int, typer.Option(min=0, help="Dossiers shown in the table; the other formats have all.")] = 50
    format: Annotated[Format, typer.Option(help="How to show it.")] = Format.TABLE
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file.")] = None
    prefix: Prefix = ""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("reconcile")(verb_of(_Options, _reconcile))


def _reconcile(options: _Options) -> None:
    """Compare another system's figures or dossiers with ours, down to the dossiers; exit code 1 where they differ."""
    from lienthong.reconcile.reconcile import Asked, reconcile
    from lienthong_consumers.ledger.database import open_ledger
    from lienthong_infra import exit_codes
    from lienthong_infra.embedded.servers import ledger_dsn
    from lienthong_infra.errors import WrongCallError

    if options.out is not None and options.format == Format.TABLE and not options.as_json:
        raise WrongCallError(["--out: a table is for the screen; for a file add --format csv or --format json"])
    asked = Asked(
        file=options.portal,
        period=options.period,
        by=options.by.value,
        counting=options.count.value,
        closing_day=options.closing_day,
        as_of=instant_option("--as-of", options.as_of),
        exported_at=instant_option("--exported", options.exported),
    )
    settings = settings_for(options.prefix)
    with open_ledger(ledger_dsn(settings), settings.prefix) as connection:
        found = reconcile(connection, asked)
    _tell(found, options)
    if not found.good:
        raise typer.Exit(exit_codes.PROBLEMS_FOUND)


def _tell(found: object, options: _Options) -> None:
    from rich.console import Console

    from lienthong.reconcile import show
    from lienthong.reconcile.reconcile import Reconciled

    assert isinstance(found, Reconciled)
    if options.format == Format.TABLE and not options.as_json:
        show.show(Console(highlight=False, markup=False), found, most=options.most)
        return
    text = show.as_csv(found) if options.format == Format.CSV else show.as_json(found) + "\n"
    if options.out is None:
        typer.echo(text, nl=False)
    else:
        with written(options.out) as file:
            file.write(text.encode())
        typer.echo(f"wrote {options.out}")
