"""Rules of the clocks that a second, independent engine brought to light, one case each. Each once was counted wrongly.

Sources: docs/clock-policies.md, "What a clock says"; design §5; domain facts §1.2.
"""

from __future__ import annotations

from typing import Any

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.processing import Clock
from tests.support.calendars import VIETNAM_2026, at, shown
from tests.support.cases import EFFECTS, TRANSITIONS, record
from tests.support.law import HOUR, happened, outcome, told

KEY = "dossier/*/*/processing"
TWO_DAYS = {"case_kind": "dossier", "source": "test", "unit": "working_day", "amount": 2, "days": "hours"}
REASONS = {"5": "supplement", "6": "financial-duty", "8": "suspended"}
TABLE = {"effects": EFFECTS, "transitions": TRANSITIONS, "pause_reasons": REASONS, "initial": ["1", "2"]}
STATES = record("states", "dossier", {"case_kind": "dossier", "source": "test", **TABLE})
CALENDAR = record("calendar", "default", VIETNAM_2026)
MONDAY = "2026-03-02 08:00"


def book(**policy: Any) -> ReferenceBook:
    """One policy for all dossiers: sixteen working hours unless told otherwise."""
    return ReferenceBook((STATES, CALENDAR, record("clock-policy", KEY, {**TWO_DAYS, **policy})), 3)


def processing(found: Fold, episode: int = 1) -> Clock:
    """The clock processing of an episode."""
    return next(one for one in found.clocks if (one.name, one.episode) == ("processing", episode))


def named(found: Fold, name: str) -> Clock:
    """The first clock of a name."""
    return next(one for one in found.clocks if one.name == name)


def due(clock: Clock) -> str:
    """Its due time as the wall shows it."""
    assert clock.due_at is not None
    return shown(clock.due_at)


def course(*steps: tuple[str, str], **changes: Any) -> list[CaseEvent]:
    """A history of (status, local time), numbered from 1."""
    return [happened(seq, status, when, **changes) for seq, (status, when) in enumerate(steps, start=1)]


def test_a_supplement_asked_for_after_the_due_time_begins_nothing_anew() -> None:
    """No pause un-breaches, also not by a restart: the papers were asked for when it was late already."""
    events = course(("2", MONDAY), ("5", "2026-03-05 09:00"), ("4", "2026-03-06 09:00"))
    found = outcome("2026-03-06 10:00", *events, book=book(supplement={"mode": "restart"}))
    assert (due(processing(found)), processing(found).breached) == ("2026-03-04 08:00:00", True)
    assert told(found) == ["started", "paused", "resumed", "breached"]


def test_only_papers_that_came_begin_the_time_anew_where_a_due_time_is_stated() -> None:
    """Where nothing is computed there is nothing to begin again: the wait moves the stated due time."""
    reference = book(mode="stated", unit=None, amount=None, days=None, supplement={"mode": "restart"})
    events = course(("2", MONDAY), ("5", "2026-03-03 08:00"), ("4", "2026-03-04 08:00"), due="2026-03-04 17:00")
    assert due(processing(outcome("2026-03-04 09:00", *events, book=reference))) == "2026-03-05 17:00:00"


def test_a_change_of_reason_does_not_end_a_pause() -> None:
    """Papers, then a stop of work, without a moment between: one wait, though the first ended in the evening.

    Pausing and resuming at one instant changes nothing.
    """
    steps = ("2", MONDAY), ("5", "2026-03-04 08:00"), ("8", "2026-03-04 20:00"), ("4", "2026-03-06 08:00")
    clock = processing(outcome("2026-03-06 08:00", *course(*steps), book=book()))
    assert (due(clock), clock.paused) == ("2026-03-06 08:00:00", 16 * HOUR)


def test_a_stated_due_time_counts_by_day_where_the_policy_says_so() -> None:
    """The packaged policy for dossiers: stated on the slip, and the forms count by day."""
    reference = book(mode="stated", unit=None, amount=None, days=None, due_precision="day")
    events = course(("2", MONDAY), ("9", "2026-03-04 17:30"), due="2026-03-04 17:00")
    assert told(outcome("2026-03-06 08:00", *events, book=reference)) == ["started", "met"]


def test_what_comes_after_the_cut_off_uses_no_time_before_the_next_working_day() -> None:
    """Used and left are the amount: at the due time all of it is used, and not an hour more."""
    events = course(("2", "2026-03-02 15:30"))
    found = outcome("2026-03-05 07:00", *events, book=book(cut_off={"at": "15:00"}))
    clock = processing(found)
    assert (due(clock), clock.used) == ("2026-03-04 17:00:00", 16 * HOUR)
    assert clock.shares == (("H27.16", 16 * HOUR),)


def test_a_pause_before_the_receipt_counts_from_the_receipt() -> None:
    """The event of the pause is earlier than the time from which the case counts."""
    events = (
        happened(1, "5", MONDAY, received="2026-03-02 14:00"),
        happened(2, "4", "2026-03-03 14:00"),
    )
    clock = processing(outcome("2026-03-03 14:00", *events, book=book()))
    assert (due(clock), clock.used, clock.paused) == ("2026-03-05 14:00:00", 0, 8 * HOUR)


def test_times_that_go_back_count_as_the_time_before() -> None:
    """The number says the order: an event did not happen before the one before it, so no pause overlaps another."""
    steps = ("2", MONDAY), ("5", "2026-03-02 10:00"), ("4", "2026-03-02 15:00"), ("8", "2026-03-02 11:00")
    clock = processing(outcome("2026-03-02 16:00", *course(*steps, ("4", "2026-03-02 16:00")), book=book()))
    assert (clock.used, clock.paused) == (2 * HOUR, 4 * HOUR)


def test_a_row_after_the_end_moves_it_only_by_stating_when_it_was() -> None:
    """The result is handed over (10) long after the case was handled (9)."""
    steps = course(("2", MONDAY), ("9", "2026-03-03 08:00"), ("10", "2026-03-09 08:00"))
    plain = steps[2]._replace(ended_at=None)
    corrected = steps[2]._replace(ended_at=at("2026-03-03 09:00"))
    ends = [
        processing(outcome("2026-03-10 08:00", *steps[:2], one, book=book())).ended_at for one in (plain, corrected)
    ]
    assert ends == [at("2026-03-03 08:00"), at("2026-03-03 09:00")]


def test_a_duty_that_does_not_pause_leaves_the_clock_running() -> None:
    """In its state too: a case that is counted is not called paused."""
    events = course(("2", MONDAY), ("6", "2026-03-02 09:00"))
    found = outcome("2026-03-02 11:00", *events, book=book(financial_duty_pause=False))
    assert (processing(found).state, told(found)) == ("running", ["started"])


def test_a_pause_behind_the_share_does_not_move_the_warning() -> None:
    """Half of sixteen hours is used on Tuesday at 08:00; the pause of Tuesday afternoon comes later."""
    reference = book(warnings=[{"level": "half", "share": "0.5"}])
    steps = ("2", MONDAY), ("5", "2026-03-03 14:00"), ("4", "2026-03-04 14:00")
    found = outcome("2026-03-04 15:00", *course(*steps), book=reference)
    assert [shown(one.happened_at) for one in found.facts if one.kind == "warned"] == ["2026-03-03 08:00:00"]


def test_an_apology_is_due_before_the_due_time_that_pauses_moved() -> None:
    """Two days of waiting move the due time and with it the last day for an apology; it begins with the case."""
    reference = book(apology_lead={"amount": 1, "unit": "working_day"})
    steps = ("2", MONDAY), ("5", "2026-03-03 08:00"), ("4", "2026-03-05 08:00"), ("4", "2026-03-09 08:00")
    found = outcome("2026-03-10 08:00", *course(*steps), book=reference)
    assert due(named(found, "apology")) == "2026-03-05 08:00:00"
    assert [one.cause for one in found.facts if (one.clock, one.kind) == ("apology", "started")] == ["1.1"]


def test_each_clock_counts_in_its_own_unit() -> None:
    """Eight working hours to accept, in a procedure of calendar days: the night is not used."""
    reference = book(unit="calendar_day", days=None, acceptance={"amount": 8, "unit": "working_hour"})
    found = outcome("2026-03-03 08:00", happened(1, "1", MONDAY), book=reference)
    assert named(found, "acceptance").used == 8 * HOUR


def test_a_step_stands_still_while_the_case_does() -> None:
    """Two hours to appraise, one of them before papers were asked for and one after they came."""
    reference = book(steps={"appraisal": {"amount": 2, "unit": "working_hour"}})
    steps = ("2", MONDAY), ("5", "2026-03-02 09:00"), ("4", "2026-03-04 09:00"), ("9", "2026-03-04 10:00")
    found = outcome("2026-03-05 08:00", *course(*steps, step="appraisal"), book=reference)
    step = named(found, "step/appraisal")
    assert (due(step), step.breached, step.used, step.paused) == ("2026-03-04 10:00:00", False, 2 * HOUR, 16 * HOUR)


def test_an_event_that_ends_the_case_begins_no_step() -> None:
    """The last row names the step after the last; nobody is to do it."""
    reference = book(steps={"archive": {"amount": 1, "unit": "working_hour"}})
    events = happened(1, "2", MONDAY), happened(2, "9", "2026-03-02 10:00", step="archive")
    assert "step/archive" not in {one.name for one in outcome("2026-03-03 08:00", *events, book=reference).clocks}
