"""Terms remember their last answers; what is asked in between must not change them."""

from __future__ import annotations

from lienthong_schemas.calendar_table import HOUR, WorkingCalendar
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_streams.domain.terms import Terms
from tests.support.calendars import VIETNAM_2026, at, shown, working

CALENDAR: WorkingCalendar = working(VIETNAM_2026)
LATE, EARLY = at("2026-01-05 15:30"), at("2026-01-05 06:00")
POLICY = ClockPolicy.model_validate(
    {
        "case_kind": "dossier",
        "unit": "working_day",
        "amount": 1,
        "cut_off": {"at": "15:00"},
        "acceptance": {"unit": "working_hour", "amount": 8},
        "source": "test",
    }
)


def terms() -> Terms:
    """The terms of a clock with a cut-off, and of an acceptance without one."""
    return Terms("policy/1", "processing", POLICY, ("calendar/1", CALENDAR))


def test_every_clock_and_every_start_has_its_own_beginning() -> None:
    """Asked in turn, of two clocks and two starts; the cut-off is that of processing alone."""
    asked = terms()
    found = [
        shown(asked.runs_from(clock, since))
        for clock, since in (
            ("processing", LATE),
            ("acceptance", LATE),
            ("processing", LATE),
            ("processing", EARLY),
            ("acceptance", EARLY),
            ("acceptance", LATE),
        )
    ]
    assert found == [
        "2026-01-06 07:00:00",
        "2026-01-05 15:30:00",
        "2026-01-06 07:00:00",
        "2026-01-05 07:00:00",
        "2026-01-05 07:00:00",
        "2026-01-05 15:30:00",
    ]


def test_every_start_has_its_own_due_time() -> None:
    """Asked in turn; with a pause it is another one, and without it again the one before."""
    asked = terms()
    pause = (at("2026-01-06 08:00"), at("2026-01-06 09:00"))
    found = [
        None if due is None else (shown(due.instant), due.total // HOUR, [step.rule for step in due.steps][-1])
        for due in (asked.computed(EARLY), asked.computed(LATE), asked.computed(LATE, [pause]), asked.computed(LATE))
    ]
    assert found == [
        ("2026-01-06 07:00:00", 8, "working-days"),
        ("2026-01-07 07:00:00", 8, "working-days"),
        ("2026-01-07 08:00:00", 8, "pauses"),
        ("2026-01-07 07:00:00", 8, "working-days"),
    ]
