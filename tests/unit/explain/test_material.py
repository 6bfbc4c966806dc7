"""What an explanation takes of its material: what was known at an instant, each thing once, in order."""

from __future__ import annotations

import pytest

from lienthong.explain.compose import document_of
from lienthong.explain.material import Explained, Material, UnknownCase, explained
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import FIRM, ClockEvent
from lienthong_streams.domain.timeline import Known
from tests.support.cases import CASE, POLICY, STATES, event, minute


def said(name: str, kind: str, at: float, refers_to: str | None = None) -> ClockEvent:
    """An announcement with this id."""
    return ClockEvent(
        name, f"{CASE}|{name}", CASE, "processing", 1, kind, "", "1.1", refers_to, FIRM, minute(at), minute(at), None,
        None, "H27.16", "18073", "1.005129", 0, 0, "policy/dossier/*/1", 0, "dossier.v1", 0, 1,
    )  # fmt: skip


HISTORY = [
    Known(event(2, "4", 5, due=60), minute(30)),
    Known(event(1, "2", 0, due=60), minute(2)),
    Known(event(1, "2", 0, due=60), minute(1)),
]
ANNOUNCED = [
    said("b", "cleared", 70, "a"),
    said("a", "breached", 61),
    said("a", "breached", 61),
    said("s", "started", 1),
]


def of(
    as_of: Instant | None = None, *, history: list[Known] | None = None, ticked_at: Instant | None = None
) -> Explained:
    """The explanation of the case."""
    told = HISTORY if history is None else history
    return explained(
        Material("log", told, [STATES, POLICY], ANNOUNCED, ticked_at, "the log of dossier.v1"), CASE, as_of
    )


def test_without_an_instant_the_last_tick_is_the_horizon() -> None:
    """And before the first tick the newest event."""
    assert [of(ticked_at=minute(90)).explanation.horizon, of().explanation.horizon] == [minute(90), minute(30)]


def test_as_of_an_instant_later_events_are_not_known() -> None:
    """Nor what was said later. Copies count once, by the earlier one."""
    found = of(minute(10))
    entries = [(entry.known.event.seq, entry.known.known_at) for entry in found.explanation.entries]
    assert (entries, [one.kind for one in found.announced]) == ([(1, minute(1))], ["started"])


def test_reference_data_that_was_not_published_yet_does_not_count() -> None:
    """As of then nobody could know it."""
    later = [POLICY._replace(known_from=minute(20)), STATES]
    clocks = [
        len(explained(Material("log", HISTORY, later, [], None, ""), CASE, minute(at)).explanation.clocks)
        for at in (19, 20)
    ]
    assert clocks == [0, 1]


def test_announcements_come_once_and_name_what_withdrew_them() -> None:
    """In the order of time, whatever the order in which they were read."""
    told = document_of(of()).announcements
    assert [(one.event_id, one.withdrawn_by) for one in told] == [("s", None), ("a", "b"), ("b", None)]


def test_a_case_that_nobody_has_heard_of() -> None:
    """It says where was looked, and the exit code is that of a problem found."""
    with pytest.raises(UnknownCase, match=r"there is no event of it in the log of dossier\.v1") as caught:
        of(history=[])
    assert caught.value.exit_code == 1


def test_a_case_that_nobody_had_heard_of_yet() -> None:
    """It says since when it is known."""
    with pytest.raises(UnknownCase, match="nothing was known of it yet; its first event came at 2025-06-15T15:07:40Z"):
        of(minute(0))
