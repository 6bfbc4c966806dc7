"""What can be chosen about a simulation: its size, what is wrong in what offices hand in, and how it is brought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from lienthong_producers.domain.simulation.names import office_codes
from lienthong_schemas.errors import ContractError

DEFAULT_COMMUNES: Final = 69
"""Communes of Hà Tĩnh since 1 July 2025."""
MOST_COMMUNES: Final = 999
MOST_DOSSIERS: Final = 200_000
"""On a working day: more than the whole country has."""
DEFAULT_START: Final = date(2026, 4, 13)
"""A Monday; the month from it on has the day of the Hùng Kings, 30 April, 1 May and the closing of a monthly report."""


class SimulationError(ContractError):
    """What was chosen cannot be simulated; ``problems`` lists every fault."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class Size:
    """How large the province is, and for how long it is watched. The same size and seed give the same truth."""

    seed: int = 1
    days: int = 30
    """Dates that are simulated; the horizon is the midnight that ends the last."""
    dossiers_per_day: float = 200.0
    """On average, on a working day."""
    communes: int = DEFAULT_COMMUNES
    start: date = DEFAULT_START

    def problems(self) -> Iterator[str]:
        """All that is wrong with it."""
        if not 1 <= self.days <= 366:
            yield f"days: {self.days} is not between 1 and 366"
        if not 0 < self.dossiers_per_day <= MOST_DOSSIERS:
            yield f"dossiers-per-day: {self.dossiers_per_day:g} is not above 0 and at most {MOST_DOSSIERS}"
        if not 1 <= self.communes <= MOST_COMMUNES:
            yield f"communes: {self.communes} is not between 1 and {MOST_COMMUNES}"


@dataclass(frozen=True, slots=True)
class Flaws:
    """What goes wrong before anything is brought: shares of all events. It is the same in every delivery."""

    conflicts: float = 0.001
    """A number is given a second time, to an event with other content."""
    lost: float = 0.0005
    """A number is given to an event that never reaches the bus; its office believes it did."""

    def problems(self) -> Iterator[str]:
        """All that is wrong with it."""
        yield from _shares(conflicts=self.conflicts, lost=self.lost)


@dataclass(frozen=True, slots=True)
class Outage:
    """An office without a line for so many days, in the middle of the simulation."""

    office: str
    days: float


@dataclass(frozen=True, slots=True)
class Disorder:
    """How events are brought to the bus: shares of all events."""

    duplicates: float = 0.05
    """Brought once more, at once or much later."""
    out_of_order: float = 0.10
    """Brought after something that was accepted later, mostly after the next event of the same case."""
    held: float = 0.001
    """Kept back for one to four days: a hole that is filled late."""
    outages: tuple[Outage, ...] = ()

    def problems(self, size: Size) -> Iterator[str]:
        """All that is wrong with it for a simulation of this size."""
        offices = office_codes(size.communes)
        yield from _shares(duplicates=self.duplicates, disorder=self.out_of_order, held=self.held)
        if self.out_of_order + self.held > 1:
            yield "disorder, held: together they are more than all events"
        for outage in self.outages:
            if outage.office not in offices:
                yield f"offline: there is no office {outage.office!r}; the last commune's is {offices[-1]}"
            if not 0 < outage.days <= size.days:
                yield f"offline: {outage.office} cannot be cut off for {outage.days:g} of {size.days} days"
        codes = [outage.office for outage in self.outages]
        if len(set(codes)) < len(codes):
            yield "offline: name each office once"


CLEAN: Final = Disorder(duplicates=0.0, out_of_order=0.0, held=0.0)
"""Everything in order, once, and at once."""


def check(size: Size, flaws: Flaws, disorder: Disorder) -> None:
    """Raises SimulationError with all that is wrong."""
    problems = (*size.problems(), *flaws.problems(), *disorder.problems(size))
    if problems:
        raise SimulationError(problems)


def _shares(**shares: float) -> Iterator[str]:
    for name, share in shares.items():
        if not 0 <= share <= 1:
            yield f"{name}: {share:g} is no share between 0 and 1"
