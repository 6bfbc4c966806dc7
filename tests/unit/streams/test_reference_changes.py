"""Which version of a policy and a calendar counts for a clock, and what is said when one changes while it runs."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.facts import Fact, Fold
from lienthong_streams.domain.fold import fold_of
from lienthong_streams.domain.progress import progress_of
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.timeline import Known
from tests.support.calendars import VIETNAM_2026, at, shown
from tests.support.cases import record
from tests.support.law import book_with, clock, codes, due, happened, of, outcome, told

KEY = "dossier/x/*/processing"
RECEIVED = ("2", "2026-03-02 09:00")
"""On a Monday."""
FIVE = {"case_kind": "dossier", "selector": "x", "unit": "working_day", "amount": 5, "calendar": "c", "source": "test"}
FLOOD = {**VIETNAM_2026, "days_off": [*VIETNAM_2026["days_off"], {"date": "2026-03-06", "name": "flood"}]}
CALENDAR = record("calendar", "c", VIETNAM_2026)


def policy(version: int, since: str, *, told_at: str | None = None, **fields: Any) -> ReferenceRecord:
    """A version of the policy, valid from a local time on, of which the bus was told then or at another."""
    made = record("clock-policy", KEY, {**FIVE, **fields}, version=version, valid_from=at(since))
    return made if told_at is None else made._replace(known_from=at(told_at))


def flooded(told_at: str) -> ReferenceRecord:
    """The calendar with 6 March off, valid from the beginning, of which the bus was told later."""
    return record("calendar", "c", FLOOD, version=2)._replace(known_from=at(told_at))


FIRST = policy(1, "2026-01-01 00:00")


def found(horizon: str, *records: ReferenceRecord, steps: tuple[tuple[str, str], ...] = (RECEIVED,)) -> Fold:
    """What holds of a dossier under these versions."""
    return outcome(horizon, *of("x", *steps), book=book_of(*records))


def book_of(*records: ReferenceRecord) -> ReferenceBook:
    """The packaged rules with these records."""
    return book_with(CALENDAR, *records)


def changes(fold: Fold) -> list[Fact]:
    """What was said about changed due times."""
    return [one for one in fold.facts if one.kind == "due-changed"]


def test_a_later_version_moves_no_clock_that_runs() -> None:
    """Unless it says so, the version of the start counts to the end."""
    fold = found("2026-03-06 09:00", FIRST, policy(2, "2026-03-04 00:00", amount=8))
    assert (due(fold), changes(fold)) == ("2026-03-09 09:00:00", [])


def test_a_later_version_that_says_so_moves_clocks_that_run() -> None:
    """From its day on, with its record as the cause, and the clock counts by it from then on."""
    fold = found("2026-03-06 09:00", FIRST, policy(2, "2026-03-04 00:00", amount=8, applies_to_running=True))
    assert due(fold) == "2026-03-12 09:00:00"
    (change,) = changes(fold)
    assert (change.cause, shown(change.happened_at)) == (f"clock-policy/{KEY}/2", "2026-03-04 00:00:00")
    assert (change.due_at, change.policy) == (at("2026-03-12 09:00"), f"clock-policy/{KEY}/2")
    assert codes(fold) == set()


def test_a_case_that_is_carried_on_over_that_day_is_moved_too() -> None:
    """What was worked out before the day is not kept over it."""
    (start,) = of("x", RECEIVED)
    reference = book_of(FIRST, policy(2, "2026-03-04 00:00", amount=8, applies_to_running=True))
    progress = progress_of([Known(start, start.occurred_at)], Rules(reference))
    dues = [due(fold_of(progress, at(when), {})) for when in ("2026-03-03 09:00", "2026-03-04 09:00")]
    assert dues == ["2026-03-09 09:00:00", "2026-03-12 09:00:00"]


def test_an_apology_is_due_before_the_moved_due_time() -> None:
    """A working day before the due time that counts, not before the one that no longer does."""
    lead: dict[str, Any] = {"apology_lead": {"amount": 1, "unit": "working_day"}}
    longer = policy(2, "2026-03-04 00:00", amount=8, applies_to_running=True, **lead)
    fold = found("2026-03-13 09:00", policy(1, "2026-01-01 00:00", **lead), longer)
    assert due(fold, "apology") == "2026-03-11 09:00:00"


def test_before_its_day_it_moves_nothing_and_the_case_is_watched_for_it() -> None:
    """At a later horizon it will: the case is looked at again on that day."""
    fold = found("2026-03-03 09:00", FIRST, policy(2, "2026-03-04 00:00", amount=8, applies_to_running=True))
    assert (due(fold), changes(fold)) == ("2026-03-09 09:00:00", [])
    assert fold.watch_from == at("2026-03-04 00:00") - 1


def test_what_was_late_before_stays_late() -> None:
    """A new law un-breaches nothing."""
    fold = found("2026-03-11 09:00", FIRST, policy(2, "2026-03-10 00:00", amount=20, applies_to_running=True))
    assert (told(fold), due(fold)) == (["started", "breached"], "2026-03-09 09:00:00")


def test_what_ended_before_is_not_moved() -> None:
    """Its clock does not run any more."""
    steps = (RECEIVED, ("9", "2026-03-03 09:00"))
    longer = policy(2, "2026-03-04 00:00", amount=8, applies_to_running=True)
    fold = found("2026-03-20 09:00", FIRST, longer, steps=steps)
    assert (due(fold), changes(fold)) == ("2026-03-09 09:00:00", [])


def test_a_shorter_time_is_never_due_before_its_day() -> None:
    """Two days instead of five, from the fourth day on: due with the beginning of that day, not two days before."""
    fold = found("2026-03-05 23:00", FIRST, policy(2, "2026-03-06 00:00", amount=2, applies_to_running=True))
    assert due(fold) == "2026-03-09 09:00:00"
    fold = found("2026-03-06 08:00", FIRST, policy(2, "2026-03-06 00:00", amount=2, applies_to_running=True))
    assert due(fold) == "2026-03-06 00:00:00"
    assert [one.due_at for one in changes(fold)] == [at("2026-03-06 00:00")]


def test_several_versions_move_a_clock_one_after_another() -> None:
    """Each with its own record as the cause."""
    versions = [
        policy(number, f"2026-03-0{number + 1} 00:00", amount=5 + number, applies_to_running=True) for number in (2, 3)
    ]
    fold = found("2026-03-06 09:00", FIRST, *versions)
    assert [one.cause for one in changes(fold)] == [f"clock-policy/{KEY}/2", f"clock-policy/{KEY}/3"]
    assert due(fold) == "2026-03-12 09:00:00"


def test_a_clock_that_starts_under_the_new_version_is_not_moved() -> None:
    """It counts by it from its start; nothing changed for it."""
    longer = policy(2, "2026-03-02 00:00", amount=8, applies_to_running=True)
    fold = found("2026-03-06 09:00", FIRST, longer)
    assert (due(fold), changes(fold)) == ("2026-03-12 09:00:00", [])


def test_a_stated_due_time_is_a_promise_that_no_version_moves() -> None:
    """What stands on the slip counts; and it is compared with the version of the start."""
    longer = policy(2, "2026-03-04 00:00", amount=8, applies_to_running=True)
    start = happened(1, *RECEIVED, selector="x", due="2026-03-09 09:00")
    fold = outcome("2026-03-06 09:00", start, book=book_of(FIRST, longer))
    assert (due(fold), changes(fold), codes(fold)) == ("2026-03-09 09:00:00", [], set())


def test_a_day_off_decreed_while_it_runs_is_said() -> None:
    """A new version of the calendar from the same day on: every running clock is due later, visibly (design §4)."""
    fold = found("2026-03-05 09:00", FIRST, flooded("2026-03-04 10:00"))
    assert due(fold) == "2026-03-10 09:00:00"
    (change,) = changes(fold)
    assert (change.cause, shown(change.happened_at)) == ("calendar/c/2", "2026-03-04 10:00:00")
    assert change.due_at == at("2026-03-10 09:00")


@pytest.mark.parametrize(
    ("told_at", "steps"),
    [
        ("2026-03-01 10:00", (RECEIVED,)),
        ("2026-03-04 10:00", (("2", "2026-03-09 09:00"),)),
        ("2026-03-04 10:00", (RECEIVED, ("9", "2026-03-03 09:00"))),
    ],
    ids=["known before the start", "behind the day off", "ended before"],
)
def test_where_no_promise_changed_nothing_is_said(told_at: str, steps: tuple[tuple[str, str], ...]) -> None:
    """Known before, of no consequence, or over."""
    assert changes(found("2026-03-11 09:00", FIRST, flooded(told_at), steps=steps)) == []


def test_a_day_off_moves_paused_clocks_too() -> None:
    """It is said at once, not when somebody touches the case (helpdesk, F15)."""
    fold = found("2026-03-05 09:00", FIRST, flooded("2026-03-04 10:00"), steps=(RECEIVED, ("5", "2026-03-03 09:00")))
    assert [one.cause for one in changes(fold)] == ["calendar/c/2"]
    assert clock(fold).state == "paused"


def test_a_day_off_that_is_decreed_clears_a_breach() -> None:
    """It was late by the old calendar; by the new one it is in time: what was said is withdrawn by name."""
    steps = (RECEIVED, ("9", "2026-03-09 10:00"))
    assert told(found("2026-03-09 12:00", FIRST, steps=steps)) == ["started", "breached", "met-late"]
    fold = found("2026-03-09 12:00", FIRST, flooded("2026-03-09 11:00"), steps=steps)
    assert told(fold) == ["started", "met"]


def test_a_corrected_policy_counts_from_the_start_and_is_said() -> None:
    """The same day of effect, told later: an error in the catalogue was put right."""
    right = policy(2, "2026-01-01 00:00", told_at="2026-03-04 10:00", amount=7)
    fold = found("2026-03-05 09:00", FIRST, right)
    assert due(fold) == "2026-03-11 09:00:00"
    assert [one.cause for one in changes(fold)] == [f"clock-policy/{KEY}/2"]


def test_a_calendar_with_a_later_day_counts_for_later_clocks_only() -> None:
    """A season's new hours: those that run go on by the calendar of their start."""
    later = record("calendar", "c", FLOOD, version=2, valid_from=at("2026-03-04 00:00"))
    fold = found("2026-03-05 09:00", FIRST, later)
    assert (due(fold), changes(fold)) == ("2026-03-09 09:00:00", [])
    fold = found("2026-03-05 09:00", FIRST, later, steps=(("2", "2026-03-04 09:00"),))
    assert due(fold) == "2026-03-12 09:00:00"


def test_a_reopened_case_counts_by_the_versions_of_its_first_clock() -> None:
    """A version that came in between has no say in it unless it moves clocks that run."""
    steps = (RECEIVED, ("9", "2026-03-03 09:00"), ("4", "2026-03-05 09:00"))
    fold = found("2026-03-05 10:00", FIRST, policy(2, "2026-03-04 00:00", amount=8), steps=steps)
    assert due(fold, episode=2) == "2026-03-12 09:00:00"


def test_steps_and_supplements_keep_the_version_of_the_start() -> None:
    """Only the processing clock is moved: a step that began under four hours has four."""
    step: dict[str, Any] = {"steps": {"s": {"amount": 4, "unit": "working_hour"}}}
    longer: dict[str, Any] = {
        "steps": {"s": {"amount": 16, "unit": "working_hour"}},
        "applies_to_running": True,
        "amount": 8,
    }
    start = happened(1, *RECEIVED, selector="x", step="s")
    reference = book_of(policy(1, "2026-01-01 00:00", **step), policy(2, "2026-03-02 12:00", **longer))
    fold = outcome("2026-03-02 14:00", start, book=reference)
    assert (due(fold), due(fold, "step/s")) == ("2026-03-12 09:00:00", "2026-03-02 15:00:00")
