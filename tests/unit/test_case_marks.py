"""What figures count of a case besides its clock: the flags, and what of it each kind of case states."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_consumers.domain.entry import row_of
from lienthong_consumers.domain.figures import figures_of
from lienthong_schemas import case_marks
from lienthong_schemas.case_marks import marks_of
from tests.support.ledger_entries import entry

FLAGS = (
    *("RATED", "SATISFIED", "FEE_KNOWN", "FEE_ONLINE", "DIGITISE_KNOWN", "DIGITISED", "SIGNATURE_KNOWN", "SIGNED"),
    "DUPLICATE",
)


def names(record: dict[str, Any]) -> set[str]:
    """The names of the flags of a record."""
    marks = marks_of(record)
    return {name for name in FLAGS if marks & getattr(case_marks, name)}


def test_the_flags_keep_their_numbers() -> None:
    """They lie in the states of cases."""
    assert [getattr(case_marks, name) for name in FLAGS] == [1, 2, 4, 8, 16, 32, 64, 128, 256]


def test_live_and_official_figures_call_the_same_ratings_satisfied() -> None:
    """4 or 5 of 1 to 5, wherever it is counted."""
    ratings = range(case_marks.LOWEST_RATING, case_marks.HIGHEST_RATING + 1)
    live = [rating for rating in ratings if "SATISFIED" in names({"rating": rating})]
    rows = {rating: row_of(entry(1, rating=rating), sealed=False, carried=False) for rating in ratings}
    official = [rating for rating, row in rows.items() if figures_of(row).satisfied]
    assert (live, official) == ([4, 5], [4, 5])


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, set()),
        ({"rating": None, "fee_paid": None, "digitised": None, "signature": None, "duplicate_of": None}, set()),
        ({"rating": 3}, {"RATED"}),
        ({"rating": 4}, {"RATED", "SATISFIED"}),
        ({"fee_paid": "online"}, {"FEE_KNOWN", "FEE_ONLINE"}),
        ({"fee_paid": "cash"}, {"FEE_KNOWN"}),
        ({"fee_paid": "none"}, {"FEE_KNOWN"}),
        ({"digitised": False}, {"DIGITISE_KNOWN"}),
        ({"digitised": True, "rating": 1}, {"DIGITISE_KNOWN", "DIGITISED", "RATED"}),
        ({"signature": "valid"}, {"SIGNATURE_KNOWN", "SIGNED"}),
        ({"signature": "absent"}, {"SIGNATURE_KNOWN"}),
        ({"duplicate_of": "field-report:H27:1"}, {"DUPLICATE"}),
    ],
)
def test_what_is_not_known_is_no_flag(record: dict[str, Any], expected: set[str]) -> None:
    """So each share has its own base: those of whom it is known."""
    assert names(record) == expected
