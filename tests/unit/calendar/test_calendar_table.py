"""Counting in working time and in days, by hand: office hours 07:00 to 11:30 and 13:30 to 17:00, Việt Nam in 2026."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.calendar_table import HOUR, WORKING_DAY, WorkingCalendar
from lienthong_schemas.errors import BeyondCalendar, NoOfficeHours
from tests.support.calendars import VIETNAM_2026, at, shown, working

CALENDAR = working(VIETNAM_2026)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-01-05 07:00:00", 4.5, "2026-01-05 11:30:00"),
        ("2026-01-05 07:00:00", 8, "2026-01-05 17:00:00"),
        ("2026-01-05 11:00:00", 1, "2026-01-05 14:00:00"),
        ("2026-01-05 12:00:00", 1, "2026-01-05 14:30:00"),
        ("2026-01-05 05:00:00", 1, "2026-01-05 08:00:00"),
        ("2026-01-05 16:30:00", 1, "2026-01-06 07:30:00"),
        ("2026-01-09 16:30:00", 1, "2026-01-10 07:30:00"),
        ("2026-01-10 16:30:00", 1, "2026-01-12 07:30:00"),
        ("2026-02-13 16:00:00", 2, "2026-02-23 08:00:00"),
        ("2026-08-21 16:59:59", 8, "2026-08-22 16:59:59"),
    ],
)
def test_working_time_runs_only_in_office_hours(start: str, hours: float, end: str) -> None:
    """Not in the lunch break, at night, on a weekend, over Tết; but on the Saturdays of 10 January and 22 August."""
    assert shown(CALENDAR.add(at(start), round(hours * HOUR))) == end


def test_subtracting_ends_at_the_latest_instant() -> None:
    """3.5 hours before closing time begin after the lunch break, not at its beginning."""
    assert shown(CALENDAR.subtract(at("2026-01-05 17:00"), round(3.5 * HOUR))) == "2026-01-05 13:30:00"


def test_a_hold_over_night_counts_only_its_working_time() -> None:
    """From 16:00 to 09:00 the next day three hours pass, not seventeen (a fault of helpdesk PR 2449)."""
    assert CALENDAR.between(at("2026-01-05 16:00"), at("2026-01-06 09:00")) == 3 * HOUR
    assert CALENDAR.between(at("2026-01-06 09:00"), at("2026-01-05 16:00")) == -3 * HOUR


def test_the_configured_hours_are_the_ones_that_count() -> None:
    """An afternoon that begins at 13:45 begins at 13:45 (OpenCPS took the minutes of the end: F9)."""
    week = {key: ["08:15-12:00", "13:45-17:30"] for key in ("mon", "tue")}
    calendar = working({**VIETNAM_2026, "seasons": [{"hours": week}], "working_days": []})
    asked = [calendar.next_working(at(f"2026-01-05 {clock}")) for clock in ("07:00", "12:00", "13:44", "17:30")]
    assert [shown(found) for found in asked] == [
        "2026-01-05 08:15:00",
        "2026-01-05 13:45:00",
        "2026-01-05 13:45:00",
        "2026-01-06 08:15:00",
    ]


def test_closing_time_is_still_open_and_nothing_more() -> None:
    """First and last instant of a session belong to it; a microsecond beside does not."""
    edges = ("2026-01-05 07:00", "2026-01-05 11:30", "2026-01-05 13:30", "2026-01-05 17:00")
    assert [CALENDAR.is_open(at(edge)) for edge in edges] == [True] * 4
    beside = [at(edges[0]) - 1, at(edges[1]) + 1, at(edges[2]) - 1, at(edges[3]) + 1]
    assert [CALENDAR.is_open(instant) for instant in beside] == [False] * 4


def test_days_are_counted_from_the_day_after() -> None:
    """Five working days after Wednesday 11 February end after Tết; the swapped Saturday counts."""
    assert CALENDAR.working_day_after(date(2026, 2, 11), 5) == date(2026, 2, 25)
    assert CALENDAR.working_day_after(date(2026, 1, 9), 1) == date(2026, 1, 10)
    assert CALENDAR.working_day_before(date(2026, 1, 12), 2) == date(2026, 1, 9)
    assert CALENDAR.next_working_day(date(2026, 8, 31)) == date(2026, 9, 3)


def test_a_working_day_ends_with_its_last_session() -> None:
    """Closing time; on a day off there is none."""
    assert shown(CALENDAR.end_of_working_day(date(2026, 1, 10))) == "2026-01-10 17:00:00"
    with pytest.raises(ValueError, match="nobody works on 2026-01-11"):
        CALENDAR.end_of_working_day(date(2026, 1, 11))


def test_a_time_is_kept_within_the_hours_of_a_day() -> None:
    """In the break or in the evening the last work counts, in the morning the first."""
    day = date(2026, 1, 5)
    clocks = ("06:00", "07:00", "11:30", "12:00", "13:30", "20:00")
    assert [shown(CALENDAR.within_hours(day, at(f"2026-01-05 {clock}")))[11:16] for clock in clocks] == [
        "07:00",
        "07:00",
        "11:30",
        "11:30",
        "13:30",
        "17:00",
    ]


def test_beyond_the_years_there_is_an_error_and_no_guess() -> None:
    """It says what to publish."""
    with pytest.raises(BeyondCalendar, match=r"outside the years that it covers, 2026 to 2026: publish a version"):
        CALENDAR.add(at("2026-12-31 16:00"), 2 * HOUR)
    with pytest.raises(BeyondCalendar, match="2027-01-04T00:00:00Z"):
        CALENDAR.next_working(at("2027-01-04 07:00"))
    with pytest.raises(BeyondCalendar, match="3 working days after 2026-12-30"):
        CALENDAR.working_day_after(date(2026, 12, 30), 3)
    with pytest.raises(BeyondCalendar, match="2025-12-31"):
        CALENDAR.is_working_day(date(2025, 12, 31))


def test_a_time_zone_alone_computes_no_deadline() -> None:
    """The error names the record."""
    with pytest.raises(NoOfficeHours, match="calendar/default/1: it has no office hours"):
        WorkingCalendar(Calendar(time_zone="Asia/Ho_Chi_Minh", source="test"), "calendar/default/1")


def test_a_night_shift_is_an_hour_shorter_when_the_clocks_go_forward() -> None:
    """Amsterdam, 29 March 2026: 02:00 does not come. And an hour longer on 25 October, when it comes twice."""
    night = {"sun": ["00:00-06:00"], "mon": ["08:00-17:00"]}
    calendar = working(
        {**VIETNAM_2026, "time_zone": "Europe/Amsterdam", "seasons": [{"hours": night}], "working_days": []}
    )
    lengths = [
        calendar.between(at(f"{day} 00:00", AMSTERDAM), at(f"{day} 23:00", AMSTERDAM)) / HOUR
        for day in ("2026-03-22", "2026-03-29", "2026-10-25")
    ]
    assert lengths == [6, 5, 7]


@pytest.mark.parametrize(("hours", "length"), [("02:30-05:00", 3.5), ("00:00-02:30", 2.5), ("02:15-02:45", 0.5)])
def test_of_a_time_that_comes_twice_the_first_counts(hours: str, length: float) -> None:
    """Amsterdam, 25 October 2026: 02:30 comes twice, and an office opens and closes at the first."""
    data = {
        **VIETNAM_2026,
        "time_zone": "Europe/Amsterdam",
        "seasons": [{"hours": {"sun": [hours]}}],
        "working_days": [],
    }
    day = [at(f"2026-10-25 {clock}", AMSTERDAM) for clock in ("00:00", "23:00")]
    assert working(data).between(day[0], day[1]) == length * HOUR


def test_opening_time_is_that_of_the_wall_clock_in_summer_and_winter() -> None:
    """In UTC it moves by an hour; eight hours after 16:00 on the Friday before are Monday 16:00."""
    week = {key: ["09:00-17:00"] for key in ("mon", "fri")}
    calendar = working(
        {**VIETNAM_2026, "time_zone": "Europe/Amsterdam", "seasons": [{"hours": week}], "working_days": []}
    )
    due = calendar.add(at("2026-03-27 16:00", AMSTERDAM), WORKING_DAY)
    assert (shown(due, AMSTERDAM), due - at("2026-03-27 16:00", AMSTERDAM)) == ("2026-03-30 16:00:00", 71 * HOUR)


def test_the_same_time_on_another_day_is_that_of_the_wall_clock() -> None:
    """A time that does not come on that day is the moment at which the clocks jump."""
    calendar = working({**VIETNAM_2026, "time_zone": "Europe/Amsterdam"})
    found = calendar.same_time_on(date(2026, 3, 29), at("2026-03-28 02:30", AMSTERDAM))
    assert shown(found, AMSTERDAM) == "2026-03-29 03:00:00"


@pytest.mark.parametrize(
    ("day", "minute", "expected"),
    [
        (date(2026, 3, 28), 150, "2026-03-28 02:30:00"),
        (date(2026, 3, 29), 150, "2026-03-29 03:00:00"),
        (date(2026, 3, 29), 900, "2026-03-29 15:00:00"),
        (date(2026, 10, 25), 900, "2026-10-25 15:00:00"),
    ],
)
def test_a_time_of_day_is_that_of_the_wall_clock(day: date, minute: int, expected: str) -> None:
    """Also on the days on which the clocks are changed; a time that does not come is the moment of the jump."""
    calendar = working({**VIETNAM_2026, "time_zone": "Europe/Amsterdam"})
    assert shown(calendar.time_on(day, minute), AMSTERDAM) == expected


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Australia/Sydney"])
@pytest.mark.parametrize("day", ["2026-01-02", "2026-03-29", "2026-03-30", "2026-07-01", "2026-10-26", "2026-12-31"])
def test_a_day_begins_at_its_midnight_in_summer_and_winter(zone: str, day: str) -> None:
    """The microsecond before belongs to the day before, whichever way the clocks went since the first day covered."""
    calendar, begins = working({**VIETNAM_2026, "time_zone": zone}), at(f"{day} 00:00", ZoneInfo(zone))
    wanted = date.fromisoformat(day)
    assert (calendar.date_of(begins), calendar.date_of(begins - 1)) == (wanted, wanted - timedelta(days=1))
