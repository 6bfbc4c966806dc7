"""The instants around a due time: apology, warnings, escalation."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lienthong_schemas.policy_due import due_time
from lienthong_schemas.policy_levels import after, before, share_reached
from lienthong_schemas.policy_parts import Span, Unit
from tests.support.calendars import VIETNAM_2026, at, shown, working
from tests.support.policies import policy

CALENDAR = working(VIETNAM_2026)
MONDAY = at("2026-01-19 17:00")


@pytest.mark.parametrize(
    ("amount", "unit", "expected"),
    [
        ("1", "working_day", "2026-01-16 17:00:00"),
        ("1", "calendar_day", "2026-01-16 17:00:00"),
        ("3", "calendar_day", "2026-01-16 17:00:00"),
        ("4", "calendar_day", "2026-01-15 17:00:00"),
        ("4", "working_hour", "2026-01-19 11:00:00"),
        ("1.5", "working_day", "2026-01-16 11:00:00"),
        ("0.5", "working_day", "2026-01-19 11:00:00"),
        ("24", "calendar_hour", "2026-01-18 17:00:00"),
    ],
)
def test_so_long_before_the_due_time(amount: str, unit: Unit, expected: str) -> None:
    """An apology one day before a Monday is out on Friday, when people work; "within 24 hours" is by the clock.

    Source: Decision 2916/QĐ-UBND of Hà Tĩnh, 24 November 2025 (an apology at the latest one day before).
    """
    assert shown(before(Span(amount=Decimal(amount), unit=unit), CALENDAR, MONDAY)) == expected


@pytest.mark.parametrize(
    ("amount", "unit", "expected"),
    [
        ("0", "working_hour", "2026-01-19 17:00:00"),
        ("1", "working_day", "2026-01-20 17:00:00"),
        ("0.5", "working_day", "2026-01-20 11:00:00"),
        ("8", "working_hour", "2026-01-20 17:00:00"),
        ("2", "calendar_day", "2026-01-21 17:00:00"),
        ("10", "calendar_minute", "2026-01-19 17:10:00"),
    ],
)
def test_so_long_after_the_due_time(amount: str, unit: Unit, expected: str) -> None:
    """Levels of escalation; the first is often the due time itself."""
    assert shown(after(Span(amount=Decimal(amount), unit=unit), CALENDAR, MONDAY)) == expected


def test_a_share_of_the_time_is_counted_as_the_time_is() -> None:
    """80 % of five working days are four; a pause before that point moves it, one after it does not."""
    due = due_time(policy(), CALENDAR, at("2026-01-12 10:00"))
    pauses: tuple[list[tuple[int, int]], ...] = (
        [],
        [(at("2026-01-13 10:00"), at("2026-01-14 10:00"))],
        [(at("2026-01-16 15:00"), at("2026-01-19 10:00"))],
    )
    assert [shown(share_reached(Decimal("0.8"), CALENDAR, due, each)) for each in pauses] == [
        "2026-01-16 10:00:00",
        "2026-01-19 10:00:00",
        "2026-01-16 10:00:00",
    ]


def test_a_share_of_hours_of_the_clock() -> None:
    """Half of 48 hours is the next day at the same time, Sunday or not."""
    due = due_time(policy(unit="calendar_hour", amount=48), CALENDAR, at("2026-01-17 20:00"))
    pause = (at("2026-01-17 21:00"), at("2026-01-17 23:00"))
    found = [shown(share_reached(Decimal("0.5"), CALENDAR, due, pauses)) for pauses in ([], [pause])]
    assert found == ["2026-01-18 20:00:00", "2026-01-18 22:00:00"]
