"""The compiled calendar: what the library knows, what the overlay adds, and the file that both were compiled to."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import lienthong_infra
from lienthong_infra.holiday_calendar import Overlay, calendar_file, compile_calendar, read_overlay
from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.calendar_table import WorkingCalendar
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.reference_files import load_reference
from tests.support.calendars import WORK_WEEK

OVERLAY = Path(lienthong_infra.__file__).parent / "calendar_overlays" / "vn.yaml"
(PACKAGED,) = [json.loads(entry.body) for entry in load_reference("vn") if entry.record_id == "calendar/default/2"]
CALENDAR = WorkingCalendar(Calendar.model_validate(PACKAGED))


def days(text: str) -> list[date]:
    """Dates in one line."""
    return [date.fromisoformat(each) for each in text.split()]


def overlay(**changes: Any) -> Overlay:
    """An overlay of 2026 with nothing of its own, unless given."""
    plain: dict[str, Any] = {
        "country": "VN",
        "language": "vi",
        "key": "default",
        "version": 1,
        "valid_from": "2026-01-01T00:00:00+07:00",
        "time_zone": "Asia/Ho_Chi_Minh",
        "source": "test",
        "first_year": 2026,
        "last_year": 2026,
        "seasons": [{"hours": WORK_WEEK}],
    }
    return Overlay.model_validate({**plain, **changes})


@pytest.mark.parametrize(
    "off",
    [
        "2025-01-01 2025-01-27 2025-01-28 2025-01-29 2025-01-30 2025-01-31",
        "2025-04-07 2025-04-30 2025-05-01 2025-05-02 2025-09-01 2025-09-02",
        "2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20",
        "2026-04-27 2026-04-30 2026-05-01 2026-08-31 2026-09-01 2026-09-02 2026-11-24",
        "2027-01-01 2027-02-04 2027-02-05 2027-02-08 2027-02-09 2027-02-10 2027-11-24",
    ],
)
def test_the_days_off_are_days_off(off: str) -> None:
    """Tết of 2025 and 2026 as announced, of 2027 as computed; Hùng Kings with its substitute; the day of culture."""
    assert [day for day in days(off) if CALENDAR.is_working_day(day)] == []


def test_swapped_saturdays_are_worked() -> None:
    """26 April 2025, 22 August 2026, and 10 January 2026, which the library does not know (12729/VPCP-KGVX)."""
    worked = days("2025-04-26 2026-01-10 2026-08-22")
    saturdays = [date(2025, 1, 4) + timedelta(weeks=week) for week in range(156)]
    assert [day for day in saturdays if CALENDAR.is_working_day(day)] == worked


def test_nothing_undecided_is_in_the_calendar() -> None:
    """The break of 21 to 24 November 2026 was only proposed; before 2026 nobody had the day of culture off."""
    assert [day for day in days("2025-11-24 2026-11-20 2026-11-23") if not CALENDAR.is_working_day(day)] == []


def test_the_working_days_of_the_years_are_these() -> None:
    """A count by hand of weekdays less days off plus swapped Saturdays: 2025 261 - 12 + 1, 2026 261 - 14 + 2."""
    counts = [
        sum(CALENDAR.is_working_day(date(year, 1, 1) + timedelta(days=number)) for number in range(365))
        for year in (2025, 2026)
    ]
    assert counts == [250, 249]


def test_the_packaged_file_is_what_the_overlay_compiles_to() -> None:
    """Another version of the library changes no published record: it shows here, and a person decides.

    Names may differ, days may not.
    """
    compiled = compile_calendar(read_overlay(OVERLAY))
    assert list(Calendar.model_validate(compiled).hours_by_day()) == list(
        Calendar.model_validate(PACKAGED).hours_by_day()
    )
    assert calendar_file(OVERLAY).startswith("# Compiled from vn.yaml and the holidays package ")


def test_a_swap_of_the_library_says_which_day_it_makes_up_for() -> None:
    """And has the hours of that weekday."""
    worked = compile_calendar(overlay())["working_days"]
    assert worked == [{"date": "2026-08-22", "name": "Làm bù cho ngày 31/08/2026", "hours_of": "mon"}]


def test_an_overlay_corrects_the_library() -> None:
    """A Tết that was decided otherwise: some days off less, others more, and a flood of the province."""
    compiled = compile_calendar(
        overlay(
            not_off=["2026-02-16"],
            days_off=[{"date": "2026-02-23", "name": "Mùng bảy Tết"}],
            local_days_off=[{"date": "2026-10-05", "name": "Lũ lụt"}],
        )
    )
    calendar = WorkingCalendar(Calendar.model_validate(compiled))
    asked = days("2026-02-16 2026-02-17 2026-02-23 2026-10-05")
    assert [calendar.is_working_day(day) for day in asked] == [True, False, False, False]


def test_a_worked_day_off_is_refused() -> None:
    """An overlay that contradicts the library must say which of the two is right."""
    swap = {"day_off": "2026-01-02", "worked": "2026-09-02", "name": "x"}
    with pytest.raises(CatalogueError, match="2026-09-02 is a day off as well; keep one of the two"):
        compile_calendar(overlay(swaps=[swap]))


def test_an_unknown_country_is_named() -> None:
    """With what the library is missing."""
    with pytest.raises(CatalogueError, match="the holidays package knows no 'ATLANTIS'"):
        compile_calendar(overlay(country="ATLANTIS"))


def test_every_problem_of_an_overlay_is_listed(tmp_path: Path) -> None:
    """With file and line."""
    path = tmp_path / "broken.yaml"
    text = OVERLAY.read_text(encoding="utf-8").replace("swaps:", "swap:").replace("last_year: 2027", "last_year: soon")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError) as refused:
        read_overlay(path)
    assert [problem.split(": ")[1] for problem in refused.value.problems] == ["last_year", "swap"]
