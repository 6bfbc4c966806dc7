"""When people come and officers work: peaks after opening and before lunch, nothing in the break and on days off."""

from collections import Counter
from datetime import date

import pytest

from lienthong_producers.domain.simulation.chance import Chance
from lienthong_schemas.errors import BeyondCalendar
from tests.support.calendars import at, shown
from tests.support.simulations import hours

THURSDAY = date(2026, 3, 5)
VISITORS = 20_000


@pytest.fixture(scope="module")
def by_half_hour() -> Counter[str]:
    """Visitors of one day, by the half hour in which they come."""
    chance = Chance(1, "visitors")
    found: Counter[str] = Counter()
    for _ in range(VISITORS):
        clock = shown(hours().at_counter(THURSDAY, chance))[11:16]
        found[f"{clock[:2]}:{'00' if clock[3:] < '30' else '30'}"] += 1
    return found


def test_most_come_after_opening_and_before_the_lunch_break(by_half_hour: Counter[str]) -> None:
    """Each of the two peaks is well above the middle of the morning."""
    middle = by_half_hour["09:00"]
    assert by_half_hour["07:30"] > 2 * middle
    assert by_half_hour["10:30"] > 2 * middle


def test_nobody_comes_while_the_office_is_closed(by_half_hour: Counter[str]) -> None:
    """Office hours are 07:00 to 11:30 and 13:30 to 17:00."""
    assert set(by_half_hour) == {
        *("07:00", "07:30", "08:00", "08:30", "09:00", "09:30", "10:00", "10:30", "11:00"),
        *("13:30", "14:00", "14:30", "15:00", "15:30", "16:00", "16:30"),
    }


def test_people_write_from_home_at_all_hours() -> None:
    """Also on Sundays, in the evening more than at night."""
    chance = Chance(2, "writers")
    by_hour = Counter(shown(hours().online(date(2026, 3, 8), chance))[11:13] for _ in range(VISITORS))
    assert by_hour["20"] > 5 * by_hour["01"] > 0


def test_who_comes_back_comes_on_a_working_day() -> None:
    """Two days after a Friday is a Sunday: it becomes the Monday."""
    chance = Chance(3, "back")
    back = hours().back_at_counter(at("2026-03-06 10:00"), 2, chance)
    assert hours().date_of(back) == date(2026, 3, 9)
    assert hours().calendar.is_open(back)


@pytest.mark.parametrize(
    ("instant", "day"),
    [("2026-03-05 00:00", THURSDAY), ("2026-03-05 23:59:59.999999", THURSDAY), ("2026-03-06 00:00", date(2026, 3, 6))],
)
def test_the_date_of_an_instant(instant: str, day: date) -> None:
    """The same as the working calendar's, from midnight to midnight."""
    assert hours().date_of(at(instant)) == day == hours().calendar.date_of(at(instant))


def test_years_outside_the_calendar_are_refused() -> None:
    """With the years that it covers."""
    with pytest.raises(BeyondCalendar, match="2025 to 2027"):
        hours().midnight(date(2024, 12, 31))
    with pytest.raises(BeyondCalendar, match="2025 to 2027"):
        hours().date_of(at("2028-01-01 00:00"))
