"""What the body of a calendar may say, and the words for what it may not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from lienthong_schemas.calendar_body import Calendar
from tests.support.calendars import OFFICE_HOURS, VIETNAM_2026, WORK_WEEK


def body(**changes: Any) -> dict[str, Any]:
    """The calendar of 2026 with other fields."""
    return {**VIETNAM_2026, **changes}


def problems(data: dict[str, Any]) -> str:
    """All that is said against a body."""
    with pytest.raises(ValidationError) as refused:
        Calendar.model_validate(data)
    return " | ".join(error["msg"] for error in refused.value.errors())


def test_a_time_zone_alone_is_a_calendar() -> None:
    """Records of before there were office hours stay sound."""
    assert not Calendar.model_validate({"time_zone": "Europe/Amsterdam", "source": "log"}).has_hours


def test_days_are_worked_by_weekday_swap_and_day_off() -> None:
    """A working day is one by its weekday unless it is off, or one that was swapped."""
    worked = {day for day, _ in Calendar.model_validate(body()).hours_by_day()}
    asked = ("2026-01-02", "2026-01-10", "2026-01-11", "2026-01-12", "2026-08-22", "2026-08-31", "2026-09-03")
    assert [day for day in asked if date.fromisoformat(day) in worked] == [
        "2026-01-10",
        "2026-01-12",
        "2026-08-22",
        "2026-09-03",
    ]


def test_a_swapped_day_has_the_hours_of_the_day_that_it_stands_for() -> None:
    """On Saturday the hours of Friday, though nobody works on other Saturdays."""
    week = {**WORK_WEEK, "fri": ["07:00-11:30"]}
    calendar = Calendar.model_validate(body(seasons=[{"hours": week}]))
    assert dict(calendar.hours_by_day())[date(2026, 1, 10)] == ("07:00-11:30",)


def test_hours_change_with_the_season() -> None:
    """Winter hours up to the day before the summer's first."""
    winter = {key: ["07:30-12:00", "13:00-16:30"] for key in WORK_WEEK}
    seasons = [
        {"last_day": "2026-04-14", "hours": winter},
        {"first_day": "2026-04-15", "hours": WORK_WEEK},
    ]
    hours = dict(Calendar.model_validate(body(seasons=seasons)).hours_by_day())
    assert [hours[date(2026, 4, day)][0] for day in (14, 15)] == ["07:30-12:00", "07:00-11:30"]


def test_a_local_day_off_is_a_day_off() -> None:
    """One of a single province, such as the day of a flood."""
    calendar = Calendar.model_validate(body(local_days_off=[{"date": "2026-10-05", "name": "flood"}]))
    assert date(2026, 10, 5) not in dict(calendar.hours_by_day())


def test_a_calendar_on_which_nobody_works_is_refused() -> None:
    """A clock would run on it for ever (fault F15 of the helpdesk)."""
    assert "no working day in all these years" in problems(body(seasons=[{"hours": {}}], working_days=[]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time_zone": "Asia/Hanoi"}, "'Asia/Hanoi' is no time zone"),
        ({"seasons": []}, "there are no office hours"),
        ({"last_year": None}, "say which years"),
        ({"last_year": 2025}, "0 to 49 years after"),
        ({"last_year": 2100}, "0 to 49 years after"),
        ({"seasons": [{"first_day": "2026-01-05", "hours": WORK_WEEK}]}, "no season covers 2026-01-01 to 2026-01-04"),
        ({"seasons": [{"last_day": "2026-12-30", "hours": WORK_WEEK}]}, "no season covers 2026-12-31"),
        (
            {"seasons": [{"last_day": "2026-06-01", "hours": WORK_WEEK}, {"first_day": "2026-06-01", "hours": {}}]},
            "two seasons cover 2026-06-01",
        ),
        (
            {"seasons": [{"first_day": "2026-02-01", "last_day": "2026-01-01", "hours": {}}]},
            "ends on 2026-01-01 before",
        ),
        ({"days_off": [{"date": "2027-01-01", "name": "x"}]}, "2027-01-01 lies outside the years 2026 to 2026"),
        ({"days_off": [{"date": "2026-01-10", "name": "x"}]}, "2026-01-10 is a day off as well"),
        ({"days_off": [{"date": "2026-01-05", "name": "x"}] * 2}, "2026-01-05 is listed 2 times"),
        ({"days_off": [{"date": "5/1/2026", "name": "x"}]}, "'5/1/2026' is no date; write it as 2026-01-31"),
        ({"days_off": [{"date": "2026-02-30", "name": "x"}]}, "'2026-02-30' is no date of the calendar"),
        ({"days_off": [{"date": 20_000, "name": "x"}]}, "20000 is no date"),
        ({"working_days": [{"date": "2026-01-10", "name": "x", "hours_of": "sun"}]}, "no hours on sun"),
        ({"working_days": [{"date": "2026-01-10", "name": "x"}]}, "needs either hours_of a weekday or hours"),
        (
            {"working_days": [{"date": "2026-01-10", "name": "x", "hours_of": "fri", "hours": OFFICE_HOURS}]},
            "needs either hours_of a weekday or hours",
        ),
        ({"seasons": [{"hours": {"mon": ["7:00-11:30"]}}]}, "'7:00' is no time of day"),
        ({"seasons": [{"hours": {"mon": ["07:00"]}}]}, "'07:00' are no hours"),
        ({"seasons": [{"hours": {"mon": ["17:00-07:00"]}}]}, "ends before it begins"),
        ({"seasons": [{"hours": {"mon": ["07:00-12:00", "11:30-17:00"]}}]}, "overlap or stand in the wrong order"),
        ({"seasons": [{"hours": {"monday": OFFICE_HOURS}}]}, "'mon'"),
        ({"holidays": []}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], said: str) -> None:
    """In words, with the date or the hours in question."""
    assert said in problems(body(**changes))


def test_several_faults_are_all_said() -> None:
    """So that a file needs one correction, not five."""
    text = problems(
        body(
            days_off=[{"date": "2026-01-10", "name": "x"}, {"date": "2025-01-10", "name": "x"}],
            seasons=[{"first_day": "2026-01-05", "hours": WORK_WEEK}],
        )
    )
    assert [said in text for said in ("2026-01-10 is a day off", "2025-01-10 lies outside", "no season covers")] == [
        True,
        True,
        True,
    ]
