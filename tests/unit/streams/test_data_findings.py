"""Findings on requests for papers, stated due times and senders. Sources stand with each."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_schemas.reference import ReferenceBook
from tests.support.cases import POLICY, STATES, book, event, record
from tests.support.law import RESIDENCE, RESTART, book_with, codes, happened, of, outcome

RECEIVED = ("2", "2026-03-02 09:00")
AGENCY = record("unit", "H27.16", {"name": "Sở Tư pháp", "unit_type": "agency"})
COMMUNE = record("unit", "18073", {"name": "Phường Thành Sen", "unit_type": "ward"})


@pytest.mark.parametrize(
    ("asked", "late"),
    [("2026-03-03 09:00", False), ("2026-03-03 09:01", True), ("2026-03-05 09:00", True)],
    ids=["after eight working hours", "a minute later", "days later"],
)
def test_papers_are_asked_for_within_the_notice(asked: str, *, late: bool) -> None:
    """Within 8 working hours of the receipt (karaoke decree Art. 6)."""
    found = outcome("2026-03-06 09:00", *of(RESTART, RECEIVED, ("5", asked)))
    assert ("supplement-asked-late" in codes(found)) is late


def test_what_is_asked_before_the_receipt_counts_from_the_submission() -> None:
    """Submitted on Monday, papers asked for on Wednesday, and nobody had received it (domain: 1 → 5)."""
    found = outcome("2026-03-06 09:00", *of(RESTART, ("1", "2026-03-02 09:00"), ("5", "2026-03-04 09:00")))
    assert "supplement-asked-late" in codes(found)
    soon = outcome("2026-03-06 09:00", *of(RESTART, ("1", "2026-03-02 09:00"), ("5", "2026-03-02 15:00")))
    assert "supplement-asked-late" not in codes(soon)


def test_a_second_request_is_flagged_where_one_notice_is_the_rule() -> None:
    """All that is missing in one notice (karaoke decree Art. 6): the second is too many, however quick."""
    once = (("5", "2026-03-02 10:00"), ("4", "2026-03-03 10:00"))
    twice = (*once, ("5", "2026-03-03 11:00"))
    assert "too-many-supplements" not in codes(outcome("2026-03-04 09:00", *of(RESTART, RECEIVED, *once)))
    found = outcome("2026-03-04 09:00", *of(RESTART, RECEIVED, *twice))
    assert [one.cause for one in found.remarks if one.code == "too-many-supplements"] == ["1.4"]
    assert "supplement-asked-late" not in codes(found)


def test_where_the_policy_says_nothing_every_request_is_allowed() -> None:
    """Notice and number are parameters of a procedure, not of the code."""
    steps = [("5", "2026-03-05 09:00"), ("4", "2026-03-05 10:00")] * 3
    found = codes(outcome("2026-03-06 09:00", *of(RESIDENCE, RECEIVED, *steps)))
    assert found & {"too-many-supplements", "supplement-asked-late"} == set()


@pytest.mark.parametrize(
    ("due", "code"),
    [("2036-03-02 09:00", None), ("2037-03-02 09:00", "due-far-away"), ("2026-03-01 09:00", "due-before-first-event")],
    ids=["ten years", "eleven years", "a day before"],
)
def test_a_due_time_that_cannot_be_meant_is_flagged(due: str, code: str | None) -> None:
    """Also where it is stated anew later, and without any policy that computes."""
    start = happened(1, "2", RECEIVED[1], due="2026-03-11 17:00", selector="x")
    again = happened(2, "4", "2026-03-04 09:00", due=due, selector="x")
    found = outcome("2026-03-05 09:00", start, again, book=book(STATES, POLICY))
    assert codes(found) == ({code} if code else set())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, set()),
        ({"office": "H27.99"}, {"unknown-office"}),
        ({"commune": "99999"}, {"unknown-commune"}),
        ({"commune": ""}, set()),
    ],
)
def test_who_is_not_in_the_register_is_flagged(fields: dict[str, Any], expected: set[str]) -> None:
    """Figures of an office that nobody knows would stand under a code that means nothing."""
    start = happened(1, "2", RECEIVED[1], due="2026-03-11 17:00", selector="x", **fields)
    assert codes(outcome("2026-03-03 09:00", start, book=book(STATES, POLICY, AGENCY, COMMUNE))) == expected


@pytest.mark.parametrize("register", [(), (COMMUNE,)], ids=["empty", "without agencies"])
def test_without_agencies_in_the_register_nobody_is_looked_up(register: tuple[Any, ...]) -> None:
    """A bus whose province has not written its agencies yet is not flooded with findings."""
    start = happened(1, "2", RECEIVED[1], due="2026-03-11 17:00", selector="x", office="H27.99")
    assert codes(outcome("2026-03-03 09:00", start, book=book(STATES, POLICY, *register))) == set()


def test_an_unknown_office_is_named_once_at_its_first_event() -> None:
    """However often it holds the case."""
    reference: ReferenceBook = book_with(AGENCY, COMMUNE)
    offices = ["H27.16", "H27.99", "H27.16", "H27.99"]
    events = [
        happened(seq, "2" if seq == 1 else "4", f"2026-03-0{seq + 1} 09:00", office=office)
        for seq, office in enumerate(offices, 1)
    ]
    found = outcome("2026-03-06 09:00", *events, book=reference)
    assert [one.cause for one in found.remarks if one.code == "unknown-office"] == ["1.2"]


def test_who_only_submitted_is_looked_up_too() -> None:
    """A case that waits to be accepted has an office already."""
    waiting = event(1, "1", 0, office="H27.99")
    found = outcome("2026-03-06 09:00", waiting, book=book(STATES, POLICY, AGENCY, COMMUNE))
    assert codes(found) == {"unknown-office"}
