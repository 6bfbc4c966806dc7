"""Cases from the law, by hand, with the packaged reference data of Việt Nam: when a clock begins, when it is due.

Sources stand with each case; the texts were read through others that apply them, so a province checks them before it
relies on them. Office hours are 7:00 to 11:30 and 13:30 to 17:00. Pauses, ends and offices: ``test_law_of_ends``.
"""

from __future__ import annotations

import pytest

from tests.support.calendars import at
from tests.support.cases import record
from tests.support.law import BIRTH, IN_HOURS, RECORDS, RESIDENCE, book_with, codes, due, happened, of, outcome, told


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-03-05 15:00", "2026-03-05 17:00:00"),
        ("2026-03-05 15:00:01", "2026-03-06 17:00:00"),
        ("2026-03-06 15:01", "2026-03-09 17:00:00"),
        ("2026-02-13 15:30", "2026-02-23 17:00:00"),
    ],
    ids=["on the dot", "a second late", "on a Friday", "before Tết"],
)
def test_intake_after_the_cut_off_counts_from_the_next_working_day(received: str, expected: str) -> None:
    """Within the day; what comes after 15:00 is done on the next working day (Decree 63/2024/NĐ-CP, Art. 7(2))."""
    assert due(outcome(received, *of(BIRTH, ("2", received)))) == expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-03-07 09:00", "2026-03-18 17:00:00"),
        ("2026-03-08 23:59", "2026-03-18 17:00:00"),
        ("2026-03-09 07:00", "2026-03-18 17:00:00"),
    ],
    ids=["Saturday", "Sunday night", "Monday at the opening"],
)
def test_intake_on_a_day_off_counts_from_the_next_session(received: str, expected: str) -> None:
    """Seven working days from Monday, whenever on the weekend it came (Law on residence 68/2020/QH14, Art. 22)."""
    assert due(outcome(received, *of(RESIDENCE, ("2", received)))) == expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-03-05 11:30", "2026-03-06 11:30:00"),
        ("2026-03-05 12:10", "2026-03-06 11:30:00"),
        ("2026-03-05 13:30", "2026-03-06 11:30:00"),
        ("2026-03-05 05:00", "2026-03-05 17:00:00"),
        ("2026-03-05 19:00", "2026-03-06 17:00:00"),
    ],
    ids=["at closing time", "in the lunch break", "after lunch", "before the opening", "in the evening"],
)
def test_intake_outside_office_hours_moves_to_the_next_session(received: str, expected: str) -> None:
    """Eight working hours: before the opening and in the break they begin with the session (Hà Nội, 1811/QĐ)."""
    assert due(outcome(received, *of(IN_HOURS, ("2", received)))) == expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-03-04 09:00", "2026-03-16 17:00:00"),
        ("2026-03-05 09:00", "2026-03-16 17:00:00"),
        ("2026-03-06 09:00", "2026-03-16 17:00:00"),
        ("2026-02-06 09:00", "2026-02-23 17:00:00"),
        ("2026-04-17 09:00", "2026-04-28 17:00:00"),
    ],
    ids=["a Saturday", "a Sunday", "a Monday", "the first day of Tết", "the substitute for Giỗ Tổ"],
)
def test_calendar_days_are_not_due_on_a_day_off(received: str, expected: str) -> None:
    """Ten days, all counted, and a result is not due on a day off (Law on judicial records 28/2009/QH12, Art. 48)."""
    assert due(outcome(received, *of(RECORDS, ("2", received)))) == expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-02-13 10:00", "2026-03-03 17:00:00"),
        ("2026-02-18 10:00", "2026-03-04 17:00:00"),
        ("2025-01-24 10:00", "2025-02-11 17:00:00"),
    ],
    ids=["before Tết 2026", "in Tết 2026", "before Tết 2025"],
)
def test_tet_is_no_working_time(received: str, expected: str) -> None:
    """16 to 20 February 2026 and 27 to 31 January 2025 are off (notice 12729/VPCP-KGVX; Labour Code, Art. 112).

    In 2025 the policy of today is not yet in force, so the case takes it in a book of its own.
    """
    body = {"case_kind": "dossier", "selector": "tet", "unit": "working_day", "amount": 7, "due_precision": "day"}
    policy = record("clock-policy", "dossier/tet/*/processing", {**body, "source": "test"})
    assert due(outcome(received, *of("tet", ("2", received)), book=book_with(policy))) == expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [("2025-12-31 10:00", "2026-01-12 17:00:00"), ("2026-08-20 10:00", "2026-08-28 17:00:00")],
    ids=["10 January 2026 for 2 January", "22 August 2026 for 31 August"],
)
def test_a_swapped_saturday_is_worked(received: str, expected: str) -> None:
    """A Saturday that is worked for a Friday or Monday off counts as a working day (12729/VPCP-KGVX of 25/12/2025)."""
    assert due(outcome(received, *of(RESIDENCE, ("2", received)))) == expected


def test_a_dossier_received_on_a_swapped_saturday_counts_from_it() -> None:
    """Within the day is that Saturday, not Monday (12729/VPCP-KGVX)."""
    assert due(outcome("2026-01-10 10:00", *of(BIRTH, ("2", "2026-01-10 10:00")))) == "2026-01-10 17:00:00"


@pytest.mark.parametrize(
    ("received", "policy", "expected"),
    [
        ("2025-06-30 16:59", "policy/dossier/*/1", "2025-07-20 17:00:00"),
        ("2025-07-01 08:00", "clock-policy/dossier/1.004222/*/processing/1", "2025-07-10 17:00:00"),
    ],
    ids=["the day before", "the day of"],
)
def test_a_law_that_comes_into_force_in_the_middle_takes_the_cases_that_start_under_it(
    received: str, policy: str, expected: str
) -> None:
    """A case of 30 June 2025 goes on by its slip; one of 1 July counts by Decree 118/2025/NĐ-CP."""
    stated = {"due": "2025-07-20 17:00"} if policy.startswith("policy/") else {}
    found = outcome("2025-07-02 08:00", happened(1, "2", received, **stated))
    assert due(found) == expected
    assert {fact.policy for fact in found.facts} == {policy}


def test_a_new_time_moves_nothing_that_was_promised_before() -> None:
    """From 1 April 2026 five days instead of seven: the case of 31 March keeps its seven (Decree 118/2025)."""
    body = {
        "case_kind": "dossier",
        "selector": RESIDENCE,
        "unit": "working_day",
        "amount": 5,
        "due_precision": "day",
        "source": "a later law",
    }
    key = f"dossier/{RESIDENCE}/*/processing"
    book = book_with(record("clock-policy", key, body, version=2, valid_from=at("2026-04-01 00:00")))
    before = outcome("2026-04-02 08:00", *of(RESIDENCE, ("2", "2026-03-31 10:00")), book=book)
    after = outcome("2026-04-02 08:00", *of(RESIDENCE, ("2", "2026-04-01 10:00")), book=book)
    assert (due(before), due(after)) == ("2026-04-09 17:00:00", "2026-04-08 17:00:00")


def test_an_online_case_is_submitted_first_and_counts_from_its_receipt() -> None:
    """Submitted on Monday, received complete on Wednesday: two clocks (CV 7260/VPCP-KSTT counts both apart)."""
    found = outcome("2026-03-12 09:00", *of(RESIDENCE, ("1", "2026-03-09 08:00"), ("2", "2026-03-11 10:00")))
    assert due(found) == "2026-03-20 17:00:00"
    assert due(found, "acceptance") == "2026-03-10 08:00:00"
    assert told(found, "acceptance") == ["started", "breached", "met-late"]
    assert "invalid-start" not in codes(found)
