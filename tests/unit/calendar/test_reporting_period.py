"""Which days a periodic report covers. Source: Decree 09/2019/NĐ-CP, as circulars quote it."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from lienthong_schemas.reporting_period import named_days, period_days


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2026-M01", date(2025, 12, 15), date(2026, 1, 14)),
        ("2026-M10", date(2026, 9, 15), date(2026, 10, 14)),
        ("2026-Q1", date(2025, 12, 15), date(2026, 3, 14)),
        ("2026-Q2", date(2026, 3, 15), date(2026, 6, 14)),
        ("2026-Q4", date(2026, 9, 15), date(2026, 12, 14)),
        ("2026-6M", date(2025, 12, 15), date(2026, 6, 14)),
        ("2026-9M", date(2025, 12, 15), date(2026, 9, 14)),
        ("2026", date(2025, 12, 15), date(2026, 12, 14)),
        ("2026-W41", date(2026, 10, 5), date(2026, 10, 11)),
    ],
)
def test_a_period_runs_from_the_15th_to_the_14th(period: str, first: date, last: date) -> None:
    """Not over calendar months: the days of November belong to two months."""
    assert period_days(period, 14) == (first, last)


def test_months_lie_side_by_side() -> None:
    """Each begins on the day after the one before, whatever day closes it."""
    months = [f"{year}-M{month:02}" for year in (2026, 2027) for month in range(1, 13)]
    for closing in (1, 14, 28):
        days = [period_days(month, closing) for month in months]
        gaps = {(later[0] - earlier[1]).days for earlier, later in pairwise(days)}
        assert gaps == {1}


@pytest.mark.parametrize("period", ["2026-M13", "2026-Q5", "2026-W54", "2026-3M", "26-M01", "2026-M1", ""])
def test_what_is_no_period_is_refused(period: str) -> None:
    """A wrong period would be a report about nothing."""
    with pytest.raises(ValueError, match=r"period|month|week"):
        period_days(period, 14)


def test_a_day_is_a_period_too() -> None:
    """By its date."""
    assert named_days("2026-10-31", 14) == (date(2026, 10, 31), date(2026, 10, 31))
    assert named_days("2026-M10", 14) == period_days("2026-M10", 14)


@pytest.mark.parametrize(
    "name",
    [
        "9999-12-31",
        "9999",
        "0001",
        "1899-12-31",
        "2026-M13",
        "2026-02-30",
        "2026-W41-5",
        "２０２６",
        "2026-10",
        "20261031",
    ],
)
def test_a_name_that_is_none_is_told_with_the_reason(name: str) -> None:
    """Days at the end of time have no day behind them, and a calendar of another spelling would name another report."""
    with pytest.raises(ValueError, match=f"^'{name}' (is no period|lies outside the years 1900 to 2999)"):
        named_days(name, 14)
