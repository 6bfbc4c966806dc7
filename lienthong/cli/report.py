"""The verb `lienthong report II.06`: a statutory report from the ledger."""

import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong.cli.grouped_options import verb_of
from lienthong.cli.moments import instant_option
from lienthong.cli.options import CLOSING, PERIODS, Count, Counted, Prefix, settings_for
from lienthong.cli.out_files import written

if TYPE_CHECKING:
    from lienthong.report.form import FilledForm


class By(StrEnum):
    """What a line is about."""

    OFFICE = "office"
    PROCEDURE = "procedure"
    COMMUNE = "commune"
    FIELD = "field"


class Units(StrEnum):
    """Whose units lines are about."""

    THEN = "then"
    TODAY = "today"


class Format(StrEnum):
    """How a form is shown."""

    TABLE = "table"
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


NAME_WIDTH = 16
"""Letters of a unit's name in one line at least."""
COUNT_WIDTH = 7
"""Up to 999,999; headings break between words."""
NARROWEST = 120
"""Columns in which all of the form is there; a narrower terminal breaks its lines, but nothing is left out."""
COUNTED = {"day": "ngày", "instant": "thời điểm"}

_PERIODS = f"{PERIODS}; default: yesterday."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    period: Annotated[str, typer.Option(metavar="PERIOD", help=_PERIODS)] = ""
    by: Annotated[By, typer.Option(help="A line for each office (06a), field (06b), procedure or commune.")] = By.OFFICE
    unit: Annotated[str, typer.Option(metavar="CODE", help="Only dossiers of this office or commune.")] = ""
    version: Annotated[int | None, typer.Option(min=1, help="As it was published in this version.")] = None
    as_of: Annotated[str, typer.Option(help="As known at this time (ISO 8601 with offset); default: now.")] = ""
    units: Annotated[Units, typer.Option(help="Units as in the period, or re-stated for those of today.")] = Units.THEN
    count: Counted = Count.DAY
    closing_day: Annotated[int | None, typer.Option(min=1, max=28, help=CLOSING)] = None
    running: Annotated[bool, typer.Option("--running", help="Show a period that is not over yet.")] = False
    format: Annotated[Format, typer.Option(help="How to show it.")] = Format.TABLE
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file; needed for xlsx.")] = None
    prefix: Prefix = ""


def register(app: typer.Typer) -> None:
    """Add the group of verbs."""
    group = typer.Typer(name="report", help="The statutory reports from the ledger.", no_args_is_help=True)
    group.command("II.06")(verb_of(_Options, _report))
    app.add_typer(group)


def _report(options: _Options) -> None:
    """Fill form II.06 from the ledger: each dossier once received, and once resolved or pending."""
    from lienthong.report.fill import Asked, filled
    from lienthong_consumers.ledger.database import open_ledger
    from lienthong_infra.embedded.servers import ledger_dsn
    from lienthong_infra.errors import WrongCallError

    if options.format == Format.XLSX and options.out is None:
        raise WrongCallError(["--out: a workbook needs a file"])
    if options.format == Format.TABLE and options.out is not None:
        raise WrongCallError(["--out: a table is for the screen; for a file add --format csv, xlsx or json"])
    if options.version is not None:
        others = {
            "--as-of": options.as_of,
            "--running": options.running,
            "--closing-day": options.closing_day,
            "--units today": options.units == Units.TODAY,
        }
        given = [name for name, value in others.items() if value]
        if given or options.count == Count.INSTANT:
            raise WrongCallError(
                [
                    f"--version: it was published by day and is what it is; leave out {name}"
                    for name in given or ["--count"]
                ]
            )
    asked = Asked(
        period=options.period,
        by=options.by.value,
        unit=options.unit,
        counting=options.count.value,
        closing_day=options.closing_day,
        as_of=instant_option("--as-of", options.as_of),
        running=options.running,
        version=options.version,
        today=options.units == Units.TODAY,
    )
    settings = settings_for(options.prefix)
    with open_ledger(ledger_dsn(settings), settings.prefix) as connection:
        found = filled(connection, asked, time.time_ns() // 1_000)
    _show(found, options.format, options.out)


def _show(form: "FilledForm", as_format: Format, out: Path | None) -> None:
    from lienthong.report.files import as_csv, as_json, write_xlsx

    if as_format == Format.TABLE:
        _print_table(form)
        return
    text = as_csv(form) if as_format == Format.CSV else as_json(form) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    with written(out) as file:
        if as_format == Format.XLSX:
            write_xlsx(form, file)
        else:
            file.write(text.encode())
    typer.echo(f"wrote {out}")


def _print_table(form: "FilledForm") -> None:
    from rich.console import Console
    from rich.table import Column, Table

    from lienthong_schemas.instants import iso_of

    heading, *rows = form.rows()
    code, name, *counts = map(str, heading)
    columns = [Column(code, no_wrap=True), Column(name, min_width=NAME_WIDTH)]
    columns += [Column(each, justify="right", width=COUNT_WIDTH) for each in counts]
    table = Table(*columns, box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for row in rows:
        cells = [format(cell, ",") if isinstance(cell, int) else cell for cell in row]
        table.add_row(*cells, style="bold" if row is rows[-1] else None)
    console = Console(highlight=False, markup=False)
    console.width = max(console.width, NARROWEST)
    console.print(form.title)
    console.print(table)
    if form.total.refused:
        console.print(f"Trong số đã giải quyết có {form.total.refused:,} hồ sơ bị từ chối sau khi tiếp nhận.")
    for one in form.moved:
        name = " ".join(filter(None, (one.name, one.code and f"({one.code})")))
        taken, handed = one.line.taken_over, one.line.handed_over
        console.print(f"{name}: nhận {taken:,} hồ sơ từ dòng khác, chuyển {handed:,} hồ sơ sang dòng khác.")
    known = "chưa có gì" if form.known_at is None else iso_of(form.known_at)
    console.print(f"Số liệu biết đến {known}, tính theo {COUNTED[form.counting]}.")
    for note in form.notes:
        console.print(note)
    if form.incomplete:
        console.print(f"Khi chốt kỳ chưa gửi đủ số liệu: {', '.join(form.incomplete)}.")
    if form.version is not None:
        console.print(f"Phiên bản công bố: {form.version}, mới nhất: {form.newest}.")
    elif form.newest is not None:
        console.print(f"Kỳ đã công bố, phiên bản mới nhất: {form.newest}.")
