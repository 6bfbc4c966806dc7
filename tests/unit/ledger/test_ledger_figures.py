"""What one case counts as: its statuses, its marks, its days."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_consumers.domain.entry import CurrentRow, row_of
from lienthong_consumers.domain.figures import PAUSED, STOPPED, figures_of
from lienthong_schemas.reference import States, parse_body
from lienthong_schemas.reference_files import load_reference
from tests.support.ledger_entries import entry, hour


def national_states() -> dict[str, States]:
    """The table of states of each kind of case."""
    bodies = [parse_body(one.record(None)) for one in load_reference("vn") if one.kind == "states"]
    return {body.case_kind: body for body in bodies if isinstance(body, States)}


@pytest.mark.parametrize("kind", sorted(national_states()))
def test_statuses_that_wait_or_are_over_are_those_of_the_national_table(kind: str) -> None:
    """Written down in the code, so that figures never depend on which version of the table has arrived."""
    effects = national_states()[kind].effects
    for effect, ours in (("paused", PAUSED), ("stopped", STOPPED)):
        assert ours.get(kind, frozenset()) == {state for state, its in effects.items() if its == effect}


def row(**fields: Any) -> CurrentRow:
    """A row of a dossier, received at START and due at hour 100 unless told otherwise."""
    return row_of(entry(1, **fields), sealed=False, carried=False)


def counted(one: CurrentRow) -> set[str]:
    """The names of the figures to which a case adds one."""
    return {name for name, count in figures_of(one)._asdict().items() if count}


def test_late_by_the_clock_and_in_time_by_the_day() -> None:
    """One minute after the due time, on the same Vietnamese day; the day of UTC is another one by then."""
    due = hour(0) // 86_400_000_000 * 86_400_000_000 + 16 * 3_600_000_000  # 23:00 in Hà Nội
    assert counted(row(due_at=due, ended_at=due + 60_000_000)) == {"received", "ended_late"}
    assert counted(row(due_at=due, ended_at=due + 3_600_000_000)) == {"received", "ended_late", "ended_late_by_day"}
    assert counted(row(due_at=due, ended_at=due - 86_400_000_000)) == {"received", "ended_early"}


@pytest.mark.parametrize(
    ("mark", "names"),
    [
        ({"rating": 3}, {"rated"}),
        ({"rating": 4}, {"rated", "satisfied"}),
        ({"fee_paid": "none"}, {"fee_known"}),
        ({"fee_paid": "online"}, {"fee_known", "fee_online"}),
        ({"digitised": False}, {"digitise_known"}),
        ({"digitised": True}, {"digitise_known", "digitised"}),
        ({"signature": "invalid"}, {"signature_known"}),
        ({"signature": "valid"}, {"signature_known", "signed"}),
        ({"duplicate_of": "another"}, {"repeated"}),
    ],
)
def test_what_is_not_known_is_not_counted(mark: dict[str, Any], names: set[str]) -> None:
    """A share is of those of whom it is known."""
    assert counted(row(**mark)) == {"received", "in_process"} | names


def test_what_was_carried_counts_as_carried_once_it_is_received() -> None:
    """An opening balance that still waits is not among the received."""
    carried = row()._replace(carried=True)
    assert "carried" in counted(carried)
    assert counted(carried._replace(received_at=None)) == {"waiting"}
