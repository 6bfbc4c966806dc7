"""A simulated province on a bus of its own: topics, reference data, then all that arrives, in its own time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lienthong.bus_setup import clients, prepare_bus
from lienthong_producers.domain.simulation.delivery import Delivered
from lienthong_producers.domain.simulation.options import Disorder, Flaws, Size, check
from lienthong_producers.domain.simulation.province import Province
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_producers.simulation_import import AfterTick, Published, SimulationImport
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.instants import instant_of
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import Entry, load_reference
from lienthong_schemas.statements import moment

REFERENCE_SET: Final = "vn"
CALENDAR: Final = "default"


def national_entries() -> list[Entry]:
    """The reference data of the country: all but its units, for a simulated province has its own."""
    return [entry for entry in load_reference(REFERENCE_SET) if entry.kind != "unit"]


def simulation_of(size: Size, flaws: Flaws, disorder: Disorder) -> Simulation:
    """The simulation with the calendar of the reference data. ``disorder``: what is to be asked of it afterwards.

    Raises SimulationError with every fault in all three, CatalogueError, CalendarError.
    """
    check(size, flaws, disorder)
    book = ReferenceBook([entry.record(None) for entry in national_entries()])
    found = book.calendar(CALENDAR, instant_of(moment(f"{size.start}T00:00:00+00:00")))
    if found is None:
        raise CatalogueError([f"start: no calendar {CALENDAR} applies on {size.start}"])
    record_id, calendar = found
    return Simulation(size, calendar, flaws=flaws, calendar_id=record_id)


async def prepare_simulated_bus(bootstrap: str, prefix: str, province: Province) -> None:
    """Make the topics of an import under this prefix, and publish its reference data; what is there stays.

    Raises UnavailableError, CatalogueError, PublishError.
    """
    entries = [*national_entries(), *reference_entries(province)]
    await prepare_bus(bootstrap, prefix, entries, known_from=None)


async def publish_simulation(
    bootstrap: str, prefix: str, items: Iterable[Delivered], after_tick: AfterTick | None = None
) -> Published:
    """Publish a delivery on a bus that is prepared. Raises UnavailableError or PublishError; run again it completes."""
    async with clients(bootstrap, prefix) as (reader, publisher):
        return await SimulationImport(publisher, reader).run(items, after_tick)
