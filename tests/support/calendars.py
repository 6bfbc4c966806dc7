"""Calendars for tests: Việt Nam in 2026 written by hand from the official notices, and random ones."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.calendar_table import WorkingCalendar
from lienthong_schemas.instants import Instant, instant_of

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
OFFICE_HOURS = ["07:00-11:30", "13:30-17:00"]
"""The hours that systems of provinces come with."""
WORK_WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE_HOURS)
OFF_2026 = (
    "2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-04-26 2026-04-27 2026-04-30 "
    "2026-05-01 2026-08-31 2026-09-01 2026-09-02 2026-11-24"
)
"""Notice 12729/VPCP-KGVX of 25 December 2025, and the day of culture from 2026 on."""
VIETNAM_2026: dict[str, Any] = {
    "time_zone": "Asia/Ho_Chi_Minh",
    "source": "test",
    "first_year": 2026,
    "last_year": 2026,
    "seasons": [{"hours": WORK_WEEK}],
    "days_off": [{"date": day, "name": "off"} for day in OFF_2026.split()],
    "working_days": [
        {"date": "2026-01-10", "name": "for 2 January", "hours_of": "fri"},
        {"date": "2026-08-22", "name": "for 31 August", "hours_of": "mon"},
    ],
}


def working(body: dict[str, Any]) -> WorkingCalendar:
    """The working calendar of a body."""
    return WorkingCalendar(Calendar.model_validate(body))


def at(text: str, zone: ZoneInfo = HANOI) -> Instant:
    """The instant of a local time, such as ``2026-01-05 07:00``; by default in Việt Nam."""
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=zone))


def shown(instant: Instant, zone: ZoneInfo = HANOI) -> str:
    """What the wall clock shows at an instant, in the form that ``at`` reads."""
    return str((datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(microseconds=instant)).astimezone(zone))[:-6]


_PATTERNS: list[list[str]] = [
    [],
    OFFICE_HOURS,
    ["08:00-12:00", "13:00-17:00"],
    ["00:00-24:00"],
    ["22:15-24:00"],
    ["00:00-02:30", "02:30-05:00"],
    ["00:00-02:15", "02:30-05:00"],
    ["01:45-03:15", "23:00-23:30"],
]
_ZONES = ["Asia/Ho_Chi_Minh", "Europe/Amsterdam", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"]
_YEARS = [2011, 2017, 2026]
"""With a day that Apia skipped, and with midnights that São Paulo skipped."""


_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@st.composite
def _weeks(draw: st.DrawFn) -> dict[str, list[str]]:
    usual, rare = draw(st.sampled_from(_PATTERNS)), draw(st.sampled_from(_PATTERNS))
    return {name: rare if draw(st.integers(0, 3)) == 0 else usual for name in _WEEKDAYS}


@st.composite
def calendar_bodies(draw: st.DrawFn) -> dict[str, Any]:
    """The body of a calendar of a year: two seasons of some weeks, nothing around them, days off and swapped days."""
    year = draw(st.sampled_from(_YEARS))
    shift = draw(st.sampled_from([0, 200, 230]))
    first, split, last = (
        date(year, 1, 1) + timedelta(days=shift + draw(st.integers(30 * at, 30 * at + 29))) for at in (0, 1, 2)
    )
    weeks = [draw(_weeks()), draw(_weeks())]
    one = timedelta(days=1)
    seasons: list[dict[str, Any]] = [
        {"hours": weeks[0], "first_day": str(first), "last_day": str(split - one)},
        {"hours": weeks[1], "first_day": str(split), "last_day": str(last)},
        {"hours": {}, "first_day": str(last + one)},
    ]
    if first > date(year, 1, 1):
        seasons.append({"hours": {}, "last_day": str(first - one)})
    inside = st.integers(0, (last - first).days).map(lambda number: first + timedelta(days=number))
    special = draw(st.lists(inside, max_size=12, unique=True))
    worked = [{"date": str(day), "name": "worked", "hours": ["09:00-10:30"]} for day in special[:2]]
    everywhere = [name for name in _WEEKDAYS if all(week[name] for week in weeks)]
    if everywhere:
        worked += [{"date": str(day), "name": "swapped", "hours_of": everywhere[0]} for day in special[2:4]]
    return {
        "time_zone": draw(st.sampled_from(_ZONES)),
        "source": "random",
        "first_year": year,
        "last_year": year,
        "seasons": seasons,
        "working_days": worked,
        "days_off": [{"date": str(day), "name": "off"} for day in special[4:9]],
        "local_days_off": [{"date": str(day), "name": "local"} for day in special[8:]],
    }
