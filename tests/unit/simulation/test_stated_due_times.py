"""The due times that the simulation prints on its slips are those that its clock policies compute."""

from datetime import date, timedelta

import pytest

from lienthong_producers.domain.simulation.chance import Chance
from lienthong_producers.domain.simulation.procedures import PROCEDURES, Procedure, stated_due
from lienthong_producers.domain.simulation.province import province
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.policy_due import due_time
from lienthong_schemas.reference import parse_body
from tests.support.calendars import at, shown
from tests.support.simulations import hours

POLICIES = {
    policy.selector: policy
    for entry in reference_entries(province(1, 1))
    if isinstance(policy := parse_body(entry.record(None)), ClockPolicy)
}


def procedure(code: str) -> Procedure:
    """The procedure with this code."""
    return next(each for each in PROCEDURES if each.code == code)


@pytest.mark.parametrize("each", PROCEDURES, ids=lambda each: each.code)
def test_stated_and_computed_due_times_agree(each: Procedure) -> None:
    """For every procedure, at any moment of work of a year with its holidays."""
    chance = Chance(9, each.code)
    differing = []
    day = date(2026, 1, 5)
    for _ in range(120):
        day = hours().calendar.next_working_day(day + timedelta(days=2))
        received = hours().at_counter(day, chance)
        if stated_due(hours(), each, received) != due_time(POLICIES[each.code], hours().calendar, received).instant:
            differing.append(shown(received))
    assert differing == []


@pytest.mark.parametrize(
    ("code", "received", "due"),
    [
        ("1.904002", "2026-03-05 09:00:00", "2026-03-06 09:00:00"),
        ("1.904002", "2026-03-05 15:00:00", "2026-03-06 15:00:00"),
        ("1.904002", "2026-03-05 15:00:01", "2026-03-09 07:00:00"),
        ("1.904001", "2026-03-05 10:00:00", "2026-03-05 16:00:00"),
        ("1.904001", "2026-03-05 16:00:00", "2026-03-06 11:00:00"),
        ("1.904003", "2026-02-13 10:00:00", "2026-02-25 10:00:00"),
        ("1.904010", "2026-04-23 10:00:00", "2026-05-04 10:00:00"),
    ],
)
def test_due_times_by_hand(code: str, received: str, due: str) -> None:
    """A cut-off at 15:00 missed by a second, the lunch break, Tết, seven days that would end on 30 April."""
    assert shown(stated_due(hours(), procedure(code), at(received))) == due
