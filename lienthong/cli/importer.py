"""The verb `lienthong import`: bring events of the past to a bus of their own, in their own time."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong.cli.options import settings_for

if TYPE_CHECKING:
    from lienthong_producers.domain.municipal_log import Day
    from lienthong_producers.importer import Imported
    from lienthong_schemas.instants import Instant

LogFile = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="The log as CSV, plain or compressed (gz, xz); default: the packaged one."),
]
ImportPrefix = Annotated[str, typer.Option("--prefix", metavar="PREFIX", help="The bus; it should hold nothing else.")]
Until = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Import only what was known at the end of this date, or at this time."),
]
Speed = Annotated[
    float, typer.Option(min=0.0, metavar="DAYS", help="Days of the log per second; 0 = as fast as it goes.")
]


def register(app: typer.Typer) -> None:
    """Add the group of verbs."""
    group = typer.Typer(name="import", help="Bring events of the past to a bus of their own.", no_args_is_help=True)
    group.callback()(_group)
    group.command("municipal-log")(_municipal_log)
    app.add_typer(group)


def _group() -> None:
    """Bring events of the past to a bus of their own."""


def _municipal_log(
    file: LogFile = None, prefix: ImportPrefix = "municipal", until: Until = None, speed: Speed = 0.0
) -> None:
    """Import the log of real permit dossiers in its own time. Importing again is harmless, and completes it."""
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.log_lines import log_to_stderr
    from lienthong_producers.domain.municipal_log import days
    from lienthong_producers.municipal_file import municipal_events
    from lienthong_schemas.instants import iso_of

    log_to_stderr()
    cut = None if until is None else _instant(until)
    log = list(days(municipal_events(file, until=cut), cut))
    settings = settings_for(prefix)
    done = asyncio.run(_import(bootstrap(settings), settings.prefix, log, speed))
    typer.echo(
        f"imported {done.events} events of {done.dossiers} dossiers and {done.ticks} ticks to the bus"
        f" {settings.prefix}, up to {iso_of(done.horizon)}"
    )


def _instant(text: str) -> "Instant":
    """The end of a date in the log's own zone, or a time with its offset."""
    from lienthong_producers.domain.municipal_log import TIME_ZONE
    from lienthong_schemas.instants import instant_of

    try:
        if len(text) == len("2011-06-30"):
            return instant_of(datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), TIME_ZONE))
        return instant_of(datetime.fromisoformat(text))
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write 2011-06-30 or 2011-06-30T12:00:00+02:00") from error


async def _import(address: str, prefix: str, log: "Sequence[Day]", speed: float) -> "Imported":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from lienthong.municipal import import_municipal_days, prepare_municipal_bus
    from lienthong_producers.domain.municipal_log import TIME_ZONE
    from lienthong_schemas.instants import datetime_of

    await prepare_municipal_bus(address, prefix)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("municipal log", total=sum(len(day.events) for day in log))

        def after_day(day: "Day") -> None:
            shown = datetime_of(day.tick_at).astimezone(TIME_ZONE).date().isoformat()
            progress.update(bar, advance=len(day.events), description=f"municipal log, {shown}")

        return await import_municipal_days(address, prefix, log, days_per_second=speed, after_day=after_day)
