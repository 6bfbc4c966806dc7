"""Clocks by policy and calendar: due times, pauses in working time, restarts, levels, extensions, other clocks.

Sources: design §5; domain facts §1.2; Decree 63/2024 Art. 7(2) (cut-off), karaoke decree Art. 6.4 (restart), Decision
2916/QĐ-UBND of Hà Tĩnh (apology), peers (faults of five implementations).
"""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import iso_of
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from tests.support.calendars import VIETNAM_2026, at, shown
from tests.support.cases import EFFECTS, TRANSITIONS, event, record

PAUSE_REASONS = {"5": "supplement", "6": "financial-duty", "8": "suspended"}
STATES = record(
    "states",
    "dossier",
    {
        "case_kind": "dossier",
        "effects": EFFECTS,
        "transitions": TRANSITIONS,
        "initial": ["1", "2"],
        "pause_reasons": PAUSE_REASONS,
        "source": "test",
    },
)
CALENDAR = record("calendar", "default", VIETNAM_2026)
TWO_DAYS = {"unit": "working_day", "amount": 2, "days": "hours"}


def book(**policy: Any) -> ReferenceBook:
    """The dossier's states, the calendar of 2026, and one clock policy for all dossiers."""
    body = {"case_kind": "dossier", "source": "test", **TWO_DAYS, **policy}
    return ReferenceBook((STATES, CALENDAR, record("clock-policy", "dossier/*/*/processing", body)), 3)


def happened(seq: int, status: str, when: str, **changes: Any) -> CaseEvent:
    """An event at a local time in Việt Nam; ``due`` is a local time too."""
    due = changes.pop("due", None)
    instant = at(when)
    changes = {"accepted_at": instant, "occurred_at": instant, "due_at": None if due is None else at(due), **changes}
    changes.setdefault("ended_at", instant if status in ("7", "9", "10", "3") else None)
    return event(seq, status, 0, **changes)


def outcome(reference: ReferenceBook, horizon: str, *events: CaseEvent) -> Fold:
    """The fold of events that were known at once, at a local time, every office heard."""
    timeline: list[Known] = []
    for one in events:
        insert(timeline, Known(one, one.occurred_at))
    return fold(timeline, reference, at(horizon), {"H27.16": at(horizon), "H27.01": at(horizon)})


def told(found: Fold, clock: str = "processing") -> list[tuple[str, str]]:
    """(kind, local time) of a clock's facts."""
    return [
        (f"{one.kind}{one.level and '/' + one.level}", shown(one.happened_at))
        for one in found.facts
        if one.clock == clock
    ]


def codes(found: Fold) -> set[str]:
    """The findings."""
    return {one.code for one in found.remarks}


def due(found: Fold) -> str:
    """The due time of the first clock, as the wall shows it."""
    due_at = found.clocks[0].due_at
    assert due_at is not None
    return shown(due_at)[:-3]


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-03-02 08:00", "2026-03-04 08:00"),
        ("2026-03-02 12:10", "2026-03-04 11:30"),
        ("2026-03-06 16:00", "2026-03-10 16:00"),
        ("2026-03-07 09:00", "2026-03-10 17:00"),
        ("2026-02-13 16:00", "2026-02-24 16:00"),
        ("2026-01-09 16:00", "2026-01-12 16:00"),
    ],
)
def test_without_a_stated_due_time_the_computed_one_counts(received: str, expected: str) -> None:
    """Sixteen working hours: over a lunch break, a weekend, a day off, Tết, a swapped Saturday (10 January 2026)."""
    assert due(outcome(book(), received, happened(1, "2", received))) == expected


def test_a_computed_breach_is_announced_after_the_computed_due_time() -> None:
    """What is due on Wednesday 08:00 breaches with the first instant after it."""
    start = happened(1, "2", "2026-03-02 08:00")
    assert told(outcome(book(), "2026-03-04 08:00", start)) == [("started", "2026-03-02 08:00:00")]
    late = outcome(book(), "2026-03-04 08:01", start)
    assert told(late)[-1] == ("breached", "2026-03-04 08:00:00")


def test_a_pause_counts_only_inside_working_time() -> None:
    """17:00 to 09:00 is a pause of one and a half working hours, not of sixteen (peers thread 2)."""
    events = (
        happened(1, "2", "2026-03-02 08:00"),
        happened(2, "5", "2026-03-02 17:00"),
        happened(3, "4", "2026-03-03 08:30"),
    )
    assert due(outcome(book(), "2026-03-03 09:00", *events)) == "2026-03-04 09:30"


def test_a_supplement_can_begin_the_time_again() -> None:
    """Counted again from zero once the papers are complete (karaoke decree Art. 6.4)."""
    reference = book(supplement={"mode": "restart"})
    events = (
        happened(1, "2", "2026-03-02 08:00"),
        happened(2, "5", "2026-03-03 16:00"),
        happened(3, "4", "2026-03-09 08:00"),
    )
    found = outcome(reference, "2026-03-09 09:00", *events)
    assert due(found) == "2026-03-11 08:00"
    assert told(found)[-1] == ("restarted", "2026-03-09 08:00:00")


def test_a_financial_duty_pauses_only_where_the_policy_says_so() -> None:
    """Payment pauses land procedures and not others (domain §1.2)."""
    events = (
        happened(1, "2", "2026-03-02 08:00"),
        happened(2, "6", "2026-03-02 09:00"),
        happened(3, "4", "2026-03-02 11:00"),
    )
    assert due(outcome(book(), "2026-03-02 11:00", *events)) == "2026-03-04 10:00"
    kept = book(financial_duty_pause=False)
    assert due(outcome(kept, "2026-03-02 11:00", *events)) == "2026-03-04 08:00"


def test_the_stated_due_time_counts_and_a_difference_is_a_finding() -> None:
    """Official is what stands on the slip; the bus computes its own beside it (design §5)."""
    found = outcome(book(), "2026-03-02 09:00", happened(1, "2", "2026-03-02 08:00", due="2026-03-05 08:00"))
    assert due(found) == "2026-03-05 08:00"
    assert codes(found) == {"due-differs"}
    right = outcome(book(), "2026-03-02 09:00", happened(1, "2", "2026-03-02 08:00", due="2026-03-04 08:00"))
    assert codes(right) == set()


def test_forms_that_count_by_day_take_the_whole_due_day() -> None:
    """Due at closing time of the day, and ended at 17:30 of it is not late (form II.06)."""
    reference = book(unit="working_day", amount=2, days="dates", due_precision="day")
    events = happened(1, "2", "2026-03-02 08:00"), happened(2, "9", "2026-03-04 17:30")
    found = outcome(reference, "2026-03-05 08:00", *events)
    assert due(found) == "2026-03-04 17:00"
    assert told(found)[-1][0] == "met"


def test_warnings_come_at_a_share_and_before_the_due_time() -> None:
    """Half of sixteen hours, and four hours before the end."""
    levels = [
        {"level": "half", "share": "0.5"},
        {"level": "soon", "before": {"amount": 4, "unit": "working_hour"}},
    ]
    start = happened(1, "2", "2026-03-02 08:00")
    early = outcome(book(warnings=levels), "2026-03-03 07:59", start)
    assert told(early) == [("started", "2026-03-02 08:00:00")]
    assert early.watch_from == at("2026-03-03 08:00") - 1
    assert told(outcome(book(warnings=levels), "2026-03-03 14:00", start)) == [
        ("started", "2026-03-02 08:00:00"),
        ("warned/half", "2026-03-03 08:00:00"),
        ("warned/soon", "2026-03-03 14:00:00"),
    ]


def test_escalation_follows_a_breach_and_names_its_level() -> None:
    """A working day after the due time the head of office is told."""
    levels = [{"level": "head", "after": {"amount": 1, "unit": "working_day"}, "tell": ["head-of-office"]}]
    start = happened(1, "2", "2026-03-02 08:00")
    found = outcome(book(escalations=levels), "2026-03-05 08:00", start)
    assert told(found)[-2:] == [("escalated/head", "2026-03-05 08:00:00"), ("breached", "2026-03-04 08:00:00")]


def test_a_second_new_appointment_is_flagged() -> None:
    """At most one re-appointment (karaoke decree Art. 6.5)."""
    found = outcome(
        book(),
        "2026-03-05 08:00",
        happened(1, "2", "2026-03-02 08:00", due="2026-03-04 08:00"),
        happened(2, "4", "2026-03-03 08:00", due="2026-03-06 08:00"),
        happened(3, "4", "2026-03-05 08:00", due="2026-03-10 08:00"),
    )
    assert [kind for kind, _ in told(found)] == ["started", "extended", "extended"]
    assert codes(found) == {"too-many-extensions"}


def test_an_apology_is_due_a_day_before_the_due_time() -> None:
    """At the latest one day before it expires (Decision 2916 of Hà Tĩnh): given in time, too late, or not at all."""
    reference = book(apology_lead={"amount": 1, "unit": "working_day"})
    start = happened(1, "2", "2026-03-02 08:00", due="2026-03-04 08:00")
    early = happened(2, "4", "2026-03-03 08:00", due="2026-03-06 08:00")
    late = happened(2, "4", "2026-03-03 16:00", due="2026-03-06 08:00")
    assert told(outcome(reference, "2026-03-04 09:00", start, early), "apology")[-1][0] == "met"
    assert told(outcome(reference, "2026-03-04 09:00", start, late), "apology")[-1][0] == "met-late"
    assert told(outcome(reference, "2026-03-04 09:00", start), "apology")[-1][0] == "breached"
    done = happened(2, "9", "2026-03-03 16:00", due="2026-03-04 08:00")
    assert told(outcome(reference, "2026-03-05 09:00", start, done), "apology") == []


def test_acceptance_has_a_clock_of_its_own() -> None:
    """Late acceptance is counted apart from late processing (domain §8: 37,731 against 87,939)."""
    reference = book(acceptance={"amount": 8, "unit": "working_hour"})
    submitted = happened(1, "1", "2026-03-02 08:00")
    assert told(outcome(reference, "2026-03-03 09:00", submitted), "acceptance")[-1] == (
        "breached",
        "2026-03-03 08:00:00",
    )
    accepted = happened(2, "2", "2026-03-02 16:00")
    found = outcome(reference, "2026-03-03 09:00", submitted, accepted)
    assert told(found, "acceptance")[-1] == ("met", "2026-03-02 16:00:00")
    assert due(found) == "2026-03-04 16:00"


def test_a_supplement_that_does_not_come_is_overdue() -> None:
    """What follows the limit is said as a finding: state 3 (domain §1.2)."""
    limit = {"mode": "pause", "limit": {"amount": 15, "unit": "working_day"}, "then_status": "3"}
    events = happened(1, "2", "2026-03-02 08:00"), happened(2, "5", "2026-03-02 09:00")
    found = outcome(book(supplement=limit), "2026-03-24 08:00", *events)
    assert told(found, "supplement")[-1][0] == "breached"
    assert "supplement-overdue" in codes(found)
    assert "breached" not in [kind for kind, _ in told(found)]


def test_an_internal_step_can_be_late_while_the_case_is_in_time() -> None:
    """Every step has a due time of its own (NgayHenTraCaNhan)."""
    reference = book(steps={"appraisal": {"amount": 2, "unit": "working_hour"}})
    events = (
        happened(1, "2", "2026-03-02 08:00", step="appraisal"),
        happened(2, "4", "2026-03-02 15:00", step="signing"),
        happened(3, "9", "2026-03-03 08:00", step="signing"),
    )
    found = outcome(reference, "2026-03-05 08:00", *events)
    assert [kind for kind, _ in told(found, "step/appraisal")] == ["started", "breached", "met-late"]
    assert told(found)[-1][0] == "met"


def test_working_time_is_booked_to_the_office_that_held_the_case() -> None:
    """Each one's share, and the case is counted once (design §5)."""
    found = outcome(
        book(),
        "2026-03-04 08:00",
        happened(1, "2", "2026-03-02 08:00"),
        happened(2, "4", "2026-03-02 10:00", office="H27.01"),
        happened(3, "5", "2026-03-02 14:00", office="H27.01"),
        happened(4, "4", "2026-03-02 15:00", office="H27.16"),
        happened(5, "9", "2026-03-02 16:00", office="H27.16"),
    )
    hour = 3_600_000_000
    (clock,) = found.clocks
    assert clock.shares == (("H27.16", 3 * hour), ("H27.01", 2 * hour))
    assert clock.used == 5 * hour
    assert clock.paused == hour


def test_used_and_left_make_the_whole() -> None:
    """At the due time exactly the amount is used, pauses left out."""
    events = (
        happened(1, "2", "2026-03-02 08:00"),
        happened(2, "5", "2026-03-02 10:00"),
        happened(3, "4", "2026-03-05 10:00"),
    )
    first = outcome(book(), "2026-03-05 11:00", *events)
    due_at = first.clocks[0].due_at
    assert due_at is not None
    final = outcome(book(), shown(due_at), *events)
    assert final.clocks[0].used == 16 * 3_600_000_000


def test_a_calendar_that_does_not_reach_leaves_the_stated_due_time() -> None:
    """Beyond the covered years it is a finding, never a crash; what was stated still counts."""
    found = outcome(book(), "2027-03-02 08:00", happened(1, "2", "2027-03-01 08:00", due="2027-03-01 17:00"))
    assert codes(found) == {"beyond-calendar"}
    assert told(found)[-1] == ("breached", "2027-03-01 17:00:00")


def test_a_handover_without_a_successor_is_nobodys_case() -> None:
    """A case that nobody holds is an alert (design §5)."""
    from tests.support.cases import handover

    last = handover(2, 0, successor="H27.01", next_epoch=2)._replace(
        occurred_at=at("2026-03-02 09:00"), accepted_at=at("2026-03-02 09:00"), due_at=None
    )
    assert "nobody-holds" in codes(outcome(book(), "2026-03-02 10:00", happened(1, "2", "2026-03-02 08:00"), last))


def test_a_policy_in_force_when_the_case_began_goes_on_counting() -> None:
    """A policy edit moves no promised date (peers F16)."""
    body = {"case_kind": "dossier", "source": "test", **TWO_DAYS}
    key = "dossier/*/*/processing"
    newer = record("clock-policy", key, {**body, "amount": 1}, version=2, valid_from=at("2026-03-02 12:00"))
    both = ReferenceBook((STATES, CALENDAR, record("clock-policy", key, body), newer), 4)
    assert due(outcome(both, "2026-03-03 08:00", happened(1, "2", "2026-03-02 08:00"))) == "2026-03-04 08:00"
    assert due(outcome(both, "2026-03-03 08:00", happened(1, "2", "2026-03-02 14:00"))) == "2026-03-03 14:00"


def test_the_cause_of_a_computed_breach_is_its_due_time() -> None:
    """Time itself is the cause (design §5)."""
    found = outcome(book(), "2026-03-04 09:00", happened(1, "2", "2026-03-02 08:00"))
    assert [one.cause for one in found.facts if one.kind == "breached"] == [iso_of(at("2026-03-04 08:00"))]


def test_an_acceptance_entered_long_after_it_happened_is_flagged() -> None:
    """Back-dated by more than an hour: a finding, and the clock runs all the same (design §5, against gaming)."""
    late = happened(1, "2", "2026-03-02 08:00", accepted_at=at("2026-03-02 09:01"))
    assert codes(outcome(book(), "2026-03-02 10:00", late)) == {"back-dated"}
    prompt = happened(1, "2", "2026-03-02 08:00", accepted_at=at("2026-03-02 09:00"))
    assert codes(outcome(book(), "2026-03-02 10:00", prompt)) == set()
