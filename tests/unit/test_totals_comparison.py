"""Live against official figures: what must be equal is told from what may differ, and with what may be compared."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_schemas.totals import MEASURES, PENDING, PROVINCE, WHOLE, Totals
from lienthong_schemas.totals_comparison import DUE, MAY_DIFFER, STATES, TOLD, Difference, comparable, differences

CELL = (PROVINCE, "dossier", WHOLE, "", "")
ONE = Totals(*CELL, as_of=5, generation=1, positions={"dossier.v1/0": 7, "dossier.v1/1": 0})


def with_(**changes: Any) -> Totals:
    """The figures with some changes."""
    return ONE._replace(**changes)


def test_equal_figures_have_no_difference() -> None:
    """Whatever they stand on."""
    assert differences(ONE, with_(as_of=9, generation=3)) == []


@pytest.mark.parametrize("name", [name for name in MEASURES if name not in MAY_DIFFER])
def test_what_rests_on_the_event_alone_must_be_equal(name: str) -> None:
    """Received, ended and how, and what the case states: no reason is good enough."""
    assert differences(with_(**{name: 3}), with_(**{name: 4})) == [Difference((name,), 3, 4, "")]


@pytest.mark.parametrize("name", PENDING)
def test_what_is_pending_may_be_judged_otherwise(name: str) -> None:
    """By another due time; it is told with its reason."""
    assert differences(with_(**{name: 3}), ONE) == [Difference((name,), 3, 0, DUE)]


def test_a_stop_may_be_open_to_the_other_but_not_lost() -> None:
    """Each measure may differ, their sum must not."""
    live, official = with_(stopped=2, in_process=5), with_(in_process=7)
    assert [one.why for one in differences(live, official)] == [STATES, STATES]
    lost = differences(live, with_(in_process=6))
    assert lost[0] == Difference(("in_process", "paused", "stopped"), 7, 6, "")


def test_what_one_does_not_count_is_not_compared() -> None:
    """A zero that says nothing is no figure."""
    assert differences(with_(stopped=2, rated=1), with_(not_counted=("rated", "stopped"))) == []


def test_shares_of_time_are_compared_bucket_by_bucket() -> None:
    """Each bucket by itself; whoever has none at all has empty ones; a share that one counts in part is left out."""
    shares = (0, 2, *(0 for _ in range(13)))
    assert differences(ONE, with_(shares_of_time=(0,) * 15)) == []
    assert differences(with_(shares_of_time=shares), ONE) == [Difference(("shares_of_time[1]",), 2, 0, TOLD)]
    assert differences(with_(shares_of_time=shares), with_(not_counted=("shares_of_time",))) == []


def test_figures_are_compared_at_equal_positions_of_cases_only() -> None:
    """A partition that nobody wrote to is no difference; ticks and clock events are the business of each."""
    assert comparable(ONE, with_(positions={"dossier.v1/0": 7, "tick.v1/0": 99, "sla.v1/2": 5}))
    assert not comparable(ONE, with_(positions={"dossier.v1/0": 8}))
