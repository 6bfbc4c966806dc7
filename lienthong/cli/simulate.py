"""The verb `lienthong simulate`: a province made up from a seed, as JSON lines or on a bus of its own."""

import asyncio
import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from lienthong.cli.grouped_options import verb_of
from lienthong.cli.options import settings_for
from lienthong_infra.errors import BadInputError

if TYPE_CHECKING:
    from lienthong_producers.domain.simulation.delivery import Delivered
    from lienthong_producers.domain.simulation.options import Disorder, Flaws, Size
    from lienthong_producers.domain.simulation.simulation import Simulation
    from lienthong_producers.simulation_import import Published
    from lienthong_schemas.instants import Instant


_OBJECTS_BETWEEN_COLLECTIONS = 50_000


class Form(StrEnum):
    """What the lines of a file are."""

    DELIVERY = "delivery"
    STATES = "states"


def _share(text: str) -> Any:
    return typer.Option(metavar="SHARE", help=text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"start: {text!r} is no date; write it as 2026-04-13") from None


Start = Annotated[str, typer.Option(metavar="DATE", help="The first date.")]
Offline = Annotated[
    list[str] | None,
    typer.Option(metavar="OFFICE:DAYS", help="Cut off this office for so many days in the middle; may be repeated."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed, another province.")] = 1
    days: Annotated[int, typer.Option(metavar="D", help="Dates to simulate.")] = 30
    dossiers_per_day: Annotated[float, typer.Option(metavar="K", help="On average, on a working day.")] = 200.0
    communes: Annotated[int, typer.Option(metavar="C", help="Communes of the province.")] = 69
    start: Start = "2026-04-13"
    duplicates: Annotated[float, _share("Brought twice.")] = 0.05
    disorder: Annotated[float, _share("Brought out of order.")] = 0.10
    held: Annotated[float, _share("Brought days later: holes that are filled.")] = 0.001
    lost: Annotated[float, _share("Never brought: holes that stay.")] = 0.0005
    conflicts: Annotated[float, _share("With a number that was given before.")] = 0.001
    offline: Offline = None
    clean: Annotated[bool, typer.Option("--clean", help="Bring everything once, in order, at once.")] = False
    tick_minutes: Annotated[int, typer.Option(metavar="MINUTES", help="Time between two ticks.")] = 60
    out: Annotated[str, typer.Option(metavar="FILE|-", help="Write JSON lines; - is standard output.")] = ""
    form: Annotated[Form, typer.Option(help="Lines: all that arrives, or the states that --office hands in.")] = (
        Form.DELIVERY
    )
    office: Annotated[str, typer.Option(metavar="OFFICE", help="The office of --form states.")] = ""
    prefix: Annotated[str, typer.Option(metavar="PREFIX", help="Publish to this bus; it should hold nothing else.")] = (
        ""
    )


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("simulate")(verb_of(_Options, _simulate))


def _simulate(options: _Options) -> None:
    """Make up a province from a seed: dossiers, reports and documents, scrambled on their way, in their own time."""
    from lienthong.simulation import simulation_of
    from lienthong_infra.log_lines import log_to_stderr
    from lienthong_producers.domain.simulation.options import SimulationError
    from lienthong_producers.schema_book import schema_book

    if bool(options.out) == bool(options.prefix):
        raise typer.BadParameter("say where it goes: either --out FILE, or --prefix PREFIX")
    log_to_stderr()
    begun = perf_counter()
    try:
        disorder = _disorder(options)
        simulation = simulation_of(_size(options), _flaws(options), disorder)
        items = simulation.delivery(
            disorder, book=schema_book() if options.prefix else None, tick_minutes=options.tick_minutes
        )
        write = _publish if options.prefix else _write
        with _seldom_collected():
            events = write(simulation, items, options)
    except SimulationError as error:
        raise typer.BadParameter("; ".join(error.problems)) from error
    took = perf_counter() - begun
    typer.echo(f"{events} events in {took:.1f} s, {events / took:.0f} a second", err=True)


def _size(options: _Options) -> "Size":
    from lienthong_producers.domain.simulation.options import Size

    return Size(
        seed=options.seed,
        days=options.days,
        dossiers_per_day=options.dossiers_per_day,
        communes=options.communes,
        start=_date(options.start),
    )


def _flaws(options: _Options) -> "Flaws":
    from lienthong_producers.domain.simulation.options import Flaws

    return Flaws(conflicts=options.conflicts, lost=options.lost)


def _disorder(options: _Options) -> "Disorder":
    from lienthong_producers.domain.simulation.options import CLEAN, Disorder, Outage

    if options.clean:
        return CLEAN
    outages = []
    for text in options.offline or ():
        office, _, days = text.rpartition(":")
        try:
            outages.append(Outage(office, float(days)))
        except ValueError:
            raise typer.BadParameter(f"offline: {text!r}: write OFFICE:DAYS, such as H27.40.5:3") from None
    return Disorder(options.duplicates, options.disorder, options.held, tuple(outages))


def _write(simulation: "Simulation", items: "Iterable[Delivered]", options: _Options) -> int:
    """The lines; returns how many events."""
    from lienthong_producers.domain.simulation.lines import delivery_lines, state_lines

    count = _Count()
    if options.form is Form.STATES:
        codes = {office.code for office in simulation.province.offices}
        if options.office not in codes:
            raise typer.BadParameter(f"office: name the one whose states you want; there is no {options.office!r}")
        lines = count.lines(state_lines(simulation.truth(), options.office))
    else:
        lines = delivery_lines(count.events(items))
    with _output(options.out) as file:
        file.writelines(f"{line}\n" for line in lines)
    return count.so_far


def _publish(simulation: "Simulation", items: "Iterable[Delivered]", options: _Options) -> int:
    """Bring the delivery to the bus; returns how many events were written."""
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_schemas.instants import iso_of

    settings = settings_for(options.prefix)
    done = asyncio.run(_published(bootstrap(settings), settings.prefix, simulation, items))
    typer.echo(
        f"published {done.events} events, {done.heartbeats} heartbeats and {done.ticks} ticks to the bus"
        f" {settings.prefix}, up to {iso_of(done.horizon)}"
    )
    return done.events


async def _published(address: str, prefix: str, simulation: "Simulation", items: "Iterable[Delivered]") -> "Published":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from lienthong.simulation import prepare_simulated_bus, publish_simulation
    from lienthong_schemas.calendar_table import HOUR
    from lienthong_schemas.instants import iso_of

    await prepare_simulated_bus(address, prefix, simulation.province)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("simulation, hours", total=(simulation.horizon - simulation.begin) // HOUR)

        def after_tick(at: "Instant", events: int) -> None:
            hours = (at - simulation.begin) // HOUR
            progress.update(bar, completed=hours, description=f"{iso_of(at)[:10]}, {events} events, hours")

        return await publish_simulation(address, prefix, items, after_tick)


class _Count:
    """Counts what passes by."""

    def __init__(self) -> None:
        self.so_far = 0

    def events(self, items: "Iterable[Delivered]") -> "Iterator[Delivered]":
        from lienthong_producers.domain.simulation.delivery import Arrival

        for item in items:
            self.so_far += isinstance(item, Arrival)
            yield item

    def lines(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            self.so_far += 1
            yield line


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for cycles of objects less often: a simulation makes none, and to look costs a quarter of its time."""
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextmanager
def _output(name: str) -> Iterator[TextIO]:
    if name == "-":
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads has seen enough; nothing must be flushed there at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    with _opened(Path(name)) as file:
        yield file


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise BadInputError([f"{path}: it cannot be written: {error.strerror}"]) from error
