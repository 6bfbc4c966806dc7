"""Compiles a calendar record: the holidays that a library knows, and the overlay of what it does not.

This is the only module that asks the library, and only when somebody compiles: the result is data, in a file that is
reviewed and published, so that no deadline ever depends on the version of a library.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from lienthong_schemas.calendar_body import Calendar, DayOff, Name, Season, WorkingDay, Year
from lienthong_schemas.calendar_hours import WEEKDAYS, Day
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.reference_body import body_problems
from lienthong_schemas.yaml_files import model_problems, read_yaml

HEADER = """\
# Compiled from {overlay} and the holidays package {version} by `lienthong reference compile-calendar`.
# Do not edit: change the overlay, raise its version once this one is published, and compile again.
"""


class Swap(BaseModel):
    """A day off between two others that is made up for on a Saturday or Sunday."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day_off: Day
    worked: Day
    name: Name


class Overlay(BaseModel):
    """What the library does not know, and where the record belongs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: str
    language: str
    key: str
    version: int
    valid_from: str
    time_zone: str
    source: str
    first_year: Year
    last_year: Year
    seasons: tuple[Season, ...]
    swaps: tuple[Swap, ...] = ()
    days_off: tuple[DayOff, ...] = ()
    not_off: tuple[Day, ...] = ()
    """Dates that the library takes for days off and that are none: a computed Tết that was decided otherwise."""
    working_days: tuple[WorkingDay, ...] = ()
    local_days_off: tuple[DayOff, ...] = ()


def read_overlay(path: Path) -> Overlay:
    """The overlay in a file. Raises CatalogueError with every problem."""
    file = read_yaml(path, path.name)
    if file.problems:
        raise CatalogueError(file.problems)
    try:
        return Overlay.model_validate(file.data)
    except ValidationError as error:
        raise CatalogueError(model_problems(file, error)) from None


def compile_calendar(overlay: Overlay) -> dict[str, Any]:
    """The body of the calendar record as plain data. Raises CatalogueError where the parts contradict one another."""
    off, worked = _library_days(overlay)
    for swap in overlay.swaps:
        off.setdefault(swap.day_off, f"{swap.name} (làm bù {swap.worked:%d/%m/%Y})")
        worked.setdefault(swap.worked, _made_up(swap.worked, swap.day_off))
    off.update({each.date: each.name for each in overlay.days_off})
    worked.update({each.date: each for each in overlay.working_days})
    body = {
        "time_zone": overlay.time_zone,
        "source": overlay.source,
        "first_year": overlay.first_year,
        "last_year": overlay.last_year,
        "seasons": [_plain(season) for season in overlay.seasons],
        "days_off": [{"date": str(day), "name": name} for day, name in sorted(off.items())],
        "working_days": [_plain(each) for _, each in sorted(worked.items())],
        "local_days_off": [_plain(each) for each in overlay.local_days_off],
    }
    try:
        Calendar.model_validate(body)
    except ValidationError as error:
        raise CatalogueError(body_problems(error)) from None
    return body


def calendar_file(path: Path) -> str:
    """The text of the file of reference data that an overlay compiles to."""
    overlay = read_overlay(path)
    record = {
        "key": overlay.key,
        "version": overlay.version,
        "valid_from": overlay.valid_from,
        "body": compile_calendar(overlay),
    }
    text = yaml.safe_dump({"kind": "calendar", "records": [record]}, allow_unicode=True, sort_keys=False, width=120)
    return HEADER.format(overlay=path.name, version=metadata.version("holidays")) + text


def _library_days(overlay: Overlay) -> tuple[dict[date, str], dict[date, WorkingDay]]:
    """Days off, and weekend days that are worked, as the library has them for the years of the overlay."""
    import holidays

    years = range(overlay.first_year, overlay.last_year + 1)
    # A swap may reach into the next year: the library knows it only once it has computed that one too.
    asked = range(years[0] - 1, years[-1] + 2)
    try:
        known = holidays.country_holidays(overlay.country, years=asked, language=overlay.language)
    except NotImplementedError as error:  # this is how the package says that it does not know a country
        raise CatalogueError([f"country: the holidays package knows no {overlay.country!r}: {error}"]) from None
    off = {day: name for day, name in known.items() if day.year in years and day not in overlay.not_off}
    worked = {day: _made_up(day, _swapped_for(day, known)) for day in known.weekend_workdays if day.year in years}
    return off, worked


def _swapped_for(worked: date, known: Mapping[date, str]) -> date:
    """The day off that a weekend day makes up for: the one whose name says so, else the Friday before it."""
    named = [day for day, name in known.items() if f"{worked:%d/%m/%Y}" in name]
    return named[0] if named else worked - timedelta(days=(worked.weekday() - WEEKDAYS.index("fri")) % 7)


def _made_up(worked: date, day_off: date) -> WorkingDay:
    return WorkingDay(date=worked, name=f"Làm bù cho ngày {day_off:%d/%m/%Y}", hours_of=WEEKDAYS[day_off.weekday()])


def _plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_defaults=True)
