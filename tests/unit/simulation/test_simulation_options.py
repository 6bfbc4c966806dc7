"""What cannot be simulated is refused with every fault."""

from datetime import date
from typing import Any

import pytest

from lienthong_producers.domain.simulation.options import CLEAN, Disorder, Flaws, Outage, SimulationError, Size, check
from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.errors import NoOfficeHours
from tests.support.simulations import simulation


def faults(size: Size, flaws: Flaws, disorder: Disorder) -> list[str]:
    """What is refused, by name."""
    try:
        check(size, flaws, disorder)
    except SimulationError as error:
        return [problem.split(":")[0] for problem in error.problems]
    return []


def test_all_faults_are_told_at_once() -> None:
    """Of the size, the flaws and the disorder."""
    size = Size(days=0, dossiers_per_day=0, communes=1_000)
    found = faults(size, Flaws(lost=-1), Disorder(outages=(Outage("X", 1),)))
    assert found == ["days", "dossiers-per-day", "communes", "lost", "offline", "offline"]


@pytest.mark.parametrize("wrong", [{"days": 367}, {"communes": 0}, {"dossiers_per_day": 200_001.0}])
def test_sizes_have_bounds(wrong: dict[str, Any]) -> None:
    """One fault, one problem."""
    with pytest.raises(SimulationError) as caught:
        simulation(Size(**wrong))
    assert len(caught.value.problems) == 1


def test_the_largest_and_the_smallest_are_taken() -> None:
    """The bounds themselves are within."""
    assert faults(Size(days=366, dossiers_per_day=200_000, communes=999), Flaws(1, 1), Disorder(1, 1, 0)) == []
    assert faults(Size(days=1, dossiers_per_day=0.1, communes=1), Flaws(0, 0), CLEAN) == []


@pytest.mark.parametrize("start", [date(2025, 1, 31), date(2027, 6, 1)])
def test_years_that_the_calendar_does_not_cover_are_refused(start: date) -> None:
    """Cases are opened before the first date, and fall due long after the last."""
    with pytest.raises(SimulationError, match="covers 2025-01-01 to 2027-12-31"):
        simulation(Size(start=start))


def test_a_calendar_without_office_hours_is_refused() -> None:
    """It is a time zone alone."""
    from lienthong_producers.domain.simulation.simulation import Simulation

    with pytest.raises(NoOfficeHours):
        Simulation(Size(), Calendar(time_zone="Asia/Ho_Chi_Minh", source="test"))


def test_a_day_of_one_commune_can_be_simulated() -> None:
    """The smallest province still has its departments."""
    events = list(simulation(Size(days=1, dossiers_per_day=1, communes=1)).truth())
    assert all(event.step.office.code.startswith("H27.") for event in events)
