"""A unit's own figures: what cannot be, and what differs from the ledger."""

from __future__ import annotations

import pytest

from lienthong_consumers.domain.period_report import Line
from lienthong_consumers.domain.stated_figures import STATED_COLUMNS, Difference, differences, impossible

LINE = Line(online=6, direct=2, carried_over=2, early=3, on_time=2, late=1, pending_in_time=3, pending_late=1)
RIGHT = dict(zip(STATED_COLUMNS, LINE.columns, strict=True))


def test_the_ledgers_own_figures_are_possible_and_differ_in_nothing() -> None:
    """All eleven columns."""
    assert (impossible(RIGHT), differences(RIGHT, LINE)) == ([], [])


def test_each_column_that_differs_is_told_once() -> None:
    """In the order of the form; what is not stated is not compared."""
    stated = {"resolved_late": 0, "received_total": 11, "pending_late": 1}
    assert differences(stated, LINE) == [Difference("received_total", 11, 10), Difference("resolved_late", 0, 1)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"resolved_total": 12}, "resolved_total: 12 are more than the 10 received; it is at most 10"),
        (
            {"resolved_total": 12},
            "resolved_total: 12 is stated, resolved_early + resolved_on_time + resolved_late",
        ),
        (
            {"received_online": 7},
            "received_total: 10 is stated, received_online + received_direct + carried_over",
        ),
        ({"pending_total": 5}, "received_total: 10 is stated, resolved_total + pending_total give 11"),
        ({"pending_late": -1}, "pending_late: -1 is below 0"),
        ({"tiếp nhận": 1}, "tiếp nhận: there is no such column; write one of received_total, received_online"),
    ],
)
def test_what_cannot_be_is_said_with_what_would_be_right(changed: dict[str, int], said: str) -> None:
    """Whatever the ledger counts."""
    assert any(problem.startswith(said) for problem in impossible({**RIGHT, **changed}))
