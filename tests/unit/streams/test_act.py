"""Whose an event is: acts share a side as long as all is the same that selects a policy or answers for a case."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_streams.domain.act import act_of
from tests.support.cases import event


def test_events_of_one_sender_share_a_side() -> None:
    """So that a progress keeps it once."""
    first = act_of(event(1, "2", 0))
    second = act_of(event(2, "4", 60), first)
    assert second.side is first.side
    assert (second.cause, second.office) == ("1.2", first.office)


@pytest.mark.parametrize(
    ("name", "value"), [("epoch", 2), ("office", "H27.01"), ("commune", "18112"), ("selector", "1.009")]
)
def test_another_sender_or_selector_is_another_side(name: str, value: Any) -> None:
    """Each of the four alone, or an event would be booked to the office, commune or procedure of the one before."""
    first = act_of(event(1, "2", 0))
    second = act_of(event(2, "4", 60)._replace(**{name: value}), first)
    assert getattr(second, name) == value
    assert getattr(first, name) != value
