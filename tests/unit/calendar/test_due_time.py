"""Due times by hand, from the law and from what provinces practise. Office hours 07:00 to 11:30 and 13:30 to 17:00.

Sources of the field are named as they were read: many legal texts only through others that apply them.
"""

from __future__ import annotations

from datetime import date

import pytest

from lienthong_schemas.calendar_table import HOUR
from lienthong_schemas.errors import BeyondCalendar, NothingToCount
from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.policy_due import RULES, DueTime, due_time
from tests.support.calendars import VIETNAM_2026, at, shown, working
from tests.support.policies import policy

CALENDAR = working(VIETNAM_2026)
SAME_DAY = policy(amount=0, due_precision="day", cut_off={"at": "15:00"})
FIVE_DAYS = policy(due_precision="day")
FIVE_DAYS_TO_THE_HOUR = policy()


def found(start: str, rules: ClockPolicy, pauses: tuple[tuple[str, str], ...] = (), clock: str = "") -> DueTime:
    """The due time of a case that came at a local time."""
    ends: list[tuple[Instant, Instant]] = [(at(opened), at(closed)) for opened, closed in pauses]
    return due_time(rules, CALENDAR, at(start), pauses=ends, clock=clock)


def due(start: str, rules: ClockPolicy, pauses: tuple[tuple[str, str], ...] = (), clock: str = "") -> str:
    """The same as the wall clock shows it."""
    return shown(found(start, rules, pauses, clock).instant)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-01-05 09:00:00", "2026-01-05 17:00:00"),
        ("2026-01-05 15:00:00", "2026-01-05 17:00:00"),
        ("2026-01-05 15:00:00.000001", "2026-01-06 17:00:00"),
        ("2026-01-05 19:00:00", "2026-01-06 17:00:00"),
        ("2026-01-09 15:30:00", "2026-01-10 17:00:00"),
        ("2026-01-10 15:30:00", "2026-01-12 17:00:00"),
        ("2026-01-11 10:00:00", "2026-01-12 17:00:00"),
        ("2026-02-13 16:00:00", "2026-02-23 17:00:00"),
    ],
)
def test_within_the_day_and_after_15_hours_the_next_working_day(start: str, expected: str) -> None:
    """Civil status and certification: settled on the day; received after 15:00, on the next working day.

    Source: Decree 63/2024/NĐ-CP, Art. 7(2), and the procedures' own texts ("nhận hồ sơ sau 15 giờ").
    """
    assert due(start, SAME_DAY) == expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [("2026-01-05 15:59:59", "2026-01-12 17:00:00"), ("2026-01-05 16:00:00", "2026-01-13 17:00:00")],
)
def test_the_last_hour_before_closing_counts_from_the_next_working_day(start: str, expected: str) -> None:
    """Monday at 16:00 is in the last hour. The Saturday in between, 10 January, is worked.

    Source: the decree of 2025 on interlinked procedures for karaoke, Art. 3.5.
    """
    assert due(start, policy(amount=6, due_precision="day", cut_off={"before_closing_minutes": 60})) == expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-01-05 17:00:00", "2026-01-06 11:00:00"),
        ("2026-01-05 17:00:01", "2026-01-06 14:00:00"),
        ("2026-01-04 09:00:00", "2026-01-05 14:00:00"),
        ("2026-01-05 06:00:00", "2026-01-05 11:00:00"),
    ],
)
def test_after_17_hours_or_on_a_day_off_it_counts_from_8_the_next_working_day(start: str, expected: str) -> None:
    """Also where the office opens at 07:00: four working hours from 08:00 end at 14:00, from 07:00 at 11:00.

    Source: the decree of 2025 on interlinked procedures for karaoke, Art. 6.3.
    """
    assert (
        due(start, policy(unit="working_hour", amount=4, cut_off={"at": "17:00", "counts_from": "08:00"})) == expected
    )


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-01-05 08:00:00", "2026-01-05 10:00:00"),
        ("2026-01-05 12:15:00", "2026-01-05 15:30:00"),
        ("2026-01-05 05:30:00", "2026-01-05 09:00:00"),
        ("2026-01-05 16:30:00", "2026-01-06 08:30:00"),
        ("2026-01-10 20:00:00", "2026-01-12 09:00:00"),
        ("2026-02-18 10:00:00", "2026-02-23 09:00:00"),
    ],
)
def test_working_hours_of_a_step(start: str, expected: str) -> None:
    """Two hours for a step: in the lunch break from 13:30, before opening from 07:00, in Tết from the day after it.

    Source: Decisions 1811/QĐ and 663/QĐ-TTPVHCC of Hà Nội, steps of 2, 3, 2 and 1 working hours.
    """
    assert (
        due(
            start,
            policy(unit="working_hour", amount=8, steps={"intake": {"amount": 2, "unit": "working_hour"}}),
            clock="step/intake",
        )
        == expected
    )


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-01-12 10:00:00", "2026-01-19 17:00:00"),
        ("2026-01-05 10:00:00", "2026-01-10 17:00:00"),
        ("2026-02-11 10:00:00", "2026-02-25 17:00:00"),
        ("2026-01-12 12:00:00", "2026-01-19 17:00:00"),
        ("2026-01-12 17:00:00", "2026-01-19 17:00:00"),
        ("2026-01-12 17:00:01", "2026-01-20 17:00:00"),
        ("2026-01-17 09:00:00", "2026-01-26 17:00:00"),
        ("2026-04-24 09:00:00", "2026-05-06 17:00:00"),
        ("2026-08-20 09:00:00", "2026-08-26 17:00:00"),
    ],
)
def test_five_working_days_from_the_day_after_receipt(start: str, expected: str) -> None:
    """Over a weekend, the swapped Saturdays of 10 January and 22 August, Tết, Hùng Kings and the days around 1 May.

    Receipt on a Saturday counts as on Monday, at closing time as on that day. Source: days off of 2026 by notice
    12729/VPCP-KGVX; counting as in the systems of provinces; forms count by day (Circular 01/2020/TT-VPCP).
    """
    assert due(start, FIVE_DAYS) == expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-01-12 10:20:00", "2026-01-19 10:20:00"),
        ("2026-01-12 12:00:00", "2026-01-19 13:30:00"),
        ("2026-01-17 09:00:00", "2026-01-26 07:00:00"),
    ],
)
def test_working_days_to_the_hour_of_receipt(start: str, expected: str) -> None:
    """As appointment slips of several provinces have it; what came in a break or on a day off: the next session."""
    assert due(start, FIVE_DAYS_TO_THE_HOUR) == expected


@pytest.mark.parametrize(
    ("start", "amount", "expected"),
    [
        ("2026-02-05 09:00:00", 10, "2026-02-23 09:00:00"),
        ("2026-01-14 09:00:00", 3, "2026-01-19 09:00:00"),
        ("2026-08-12 09:00:00", 10, "2026-08-22 09:00:00"),
        ("2026-01-03 09:00:00", 7, "2026-01-12 07:00:00"),
    ],
)
def test_calendar_days_are_not_due_on_a_day_off(start: str, amount: int, expected: str) -> None:
    """15 February 2026 is a Sunday before Tết: Monday the 23rd. The worked Saturday of 22 August is no day off.

    What comes on a Saturday counts from Monday. Source: practice of the systems of provinces.
    """
    assert due(start, policy(unit="calendar_day", amount=amount)) == expected


def test_a_field_report_of_small_damage_runs_day_and_night() -> None:
    """48 hours from Friday evening end on Sunday evening: a fallen tree is no paper.

    Source: Hà Tĩnh, small cases within 24 to 48 hours (press, 2025).
    """
    assert due("2026-01-16 20:00", policy(case_kind="field-report", unit="calendar_hour", amount=48)) == (
        "2026-01-18 20:00:00"
    )


def test_an_ordinary_field_report_takes_seven_days_from_whenever_it_came() -> None:
    """Received on a Saturday night: due on a Saturday, so on Monday, at closing time.

    Source: Decision 78/2025/QĐ-UBND of Bắc Ninh: received round the clock, answered within seven days.
    """
    rules = policy(case_kind="field-report", unit="calendar_day", amount=7, intake="always", due_precision="day")
    assert due("2026-01-17 22:00", rules) == "2026-01-26 17:00:00"


def test_an_urgent_field_report_takes_four_working_hours() -> None:
    """On Saturday noon it is reported, on Monday at 11:00 it is due.

    Source: Decision 1207/QĐ-UBND of Hà Nội (iHanoi), urgent within 4 working hours.
    """
    assert due("2026-01-17 12:00", policy(case_kind="field-report", unit="working_hour", amount=4)) == (
        "2026-01-19 11:00:00"
    )


@pytest.mark.parametrize(
    ("amount", "days", "expected"),
    [
        (0.5, "dates", "2026-01-12 15:00:00"),
        (1.5, "dates", "2026-01-13 15:00:00"),
        (1, "dates", "2026-01-13 09:00:00"),
        (1, "hours", "2026-01-13 09:00:00"),
        (2.5, "hours", "2026-01-14 15:00:00"),
    ],
)
def test_parts_of_a_day_are_working_hours(amount: float, days: str, expected: str) -> None:
    """Half a day is four working hours: 09:00 to 15:00 with the break. Source: practice of the systems of provinces."""
    assert due("2026-01-12 09:00", policy(amount=amount, days=days)) == expected


def test_a_day_of_eight_hours_from_the_opening_ends_with_the_day() -> None:
    """Counted in hours it is due on the same day, counted by dates at the opening of the next."""
    both = [due("2026-01-12 07:00", policy(amount=1, days=days)) for days in ("hours", "dates")]
    assert both == ["2026-01-12 17:00:00", "2026-01-13 07:00:00"]


def test_the_hour_is_kept_within_the_hours_of_the_due_day() -> None:
    """Summer closes at 17:00, winter at 16:30 with another break: the end of the work before the hour counts."""
    winter = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("07:30-12:00", "13:00-16:30"))
    summer = VIETNAM_2026["seasons"][0]
    seasons = [{**summer, "last_day": "2026-10-15"}, {"first_day": "2026-10-16", "hours": winter}]
    calendar = working({**VIETNAM_2026, "seasons": seasons})
    dues = [
        shown(due_time(policy(amount=1), calendar, at(f"2026-10-15 {clock}")).instant)
        for clock in ("16:45", "07:10", "11:45", "13:40")
    ]
    assert dues == ["2026-10-16 16:30:00", "2026-10-16 07:30:00", "2026-10-16 13:30:00", "2026-10-16 13:40:00"]


def test_what_ends_on_the_due_day_is_in_time_where_days_are_counted() -> None:
    """Ended at closing time is in time, and by the forms so is the evening; the first instant of the next day is late.

    The same answer while the case is open and once it has ended (OpenCPS gave two: F10).
    """
    answer = found("2026-01-12 10:00", FIVE_DAYS)
    assert (shown(answer.instant), answer.last_in_time + 1, answer.day) == (
        "2026-01-19 17:00:00",
        at("2026-01-20 00:00"),
        date(2026, 1, 19),
    )


def test_what_ends_at_the_due_instant_is_in_time() -> None:
    """Where instants count, the due time is the last one."""
    answer = found("2026-01-12 10:00", FIVE_DAYS_TO_THE_HOUR)
    assert answer.last_in_time == answer.instant


def test_a_pause_moves_the_due_time_by_its_working_time() -> None:
    """Papers are asked for on Tuesday at 15:00 and come on Thursday at 09:00: 2 + 8 + 2 hours.

    Nights and breaks do not count (a fault of helpdesk PR 2449).
    """
    assert due("2026-01-12 10:00", FIVE_DAYS_TO_THE_HOUR, (("2026-01-13 15:00", "2026-01-15 09:00"),)) == (
        "2026-01-20 16:00:00"
    )


def test_three_pauses_move_it_three_times() -> None:
    """After three or four supplements a dossier was overdue elsewhere (OpenCPS 1254)."""
    pauses = tuple((f"2026-01-{day} 09:00", f"2026-01-{day + 1} 09:00") for day in (13, 15, 19))
    assert due("2026-01-12 10:00", FIVE_DAYS, pauses) == "2026-01-22 17:00:00"


def test_a_pause_that_opens_after_the_due_time_moves_nothing() -> None:
    """No pause makes up for a breach. On the due day itself, before midnight, it still does where days are counted."""
    late = (("2026-01-20 00:00:00", "2026-01-23 09:00"),)
    in_time = (("2026-01-19 16:00:00", "2026-01-20 16:00"),)
    assert [due("2026-01-12 10:00", FIVE_DAYS, pauses) for pauses in (late, in_time)] == [
        "2026-01-19 17:00:00",
        "2026-01-20 17:00:00",
    ]


def test_a_days_pause_moves_a_case_from_the_opening_by_a_day() -> None:
    """Received on a Sunday, so at the opening of Monday; it does not shrink to the closing time of the day before."""
    pauses = (("2026-01-13 07:00", "2026-01-14 07:00"),)
    assert due("2026-01-11 10:00", FIVE_DAYS_TO_THE_HOUR, pauses) == "2026-01-20 07:00:00"
    assert due("2026-01-11 10:00", FIVE_DAYS, pauses) == "2026-01-20 17:00:00"


def test_pausing_and_resuming_at_one_instant_changes_nothing() -> None:
    """Nor does it at the due time."""
    pauses = (("2026-01-13 07:00", "2026-01-13 07:00"), ("2026-01-19 10:00", "2026-01-19 10:00"))
    assert due("2026-01-12 10:00", FIVE_DAYS_TO_THE_HOUR, pauses) == due("2026-01-12 10:00", FIVE_DAYS_TO_THE_HOUR)


def test_counting_anew_begins_when_the_papers_are_complete() -> None:
    """Mode restart: five days from then, whatever had been used. Source: the karaoke decree, Art. 6.4."""
    assert (due("2026-01-12 10:00", FIVE_DAYS), due("2026-01-16 15:00", FIVE_DAYS)) == (
        "2026-01-19 17:00:00",
        "2026-01-23 17:00:00",
    )


def test_acceptance_and_supplement_have_times_of_their_own() -> None:
    """A notice within 8 working hours, papers within 15 working days. Source: the karaoke decree, Art. 6."""
    rules = policy(
        due_precision="day",
        acceptance={"amount": 8, "unit": "working_hour"},
        supplement={"mode": "restart", "limit": {"amount": 15, "unit": "working_day"}, "then_status": "3"},
    )
    assert list(rules.spans()) == ["processing", "acceptance", "supplement"]
    assert due("2026-01-12 10:00", rules, clock="acceptance") == "2026-01-13 10:00:00"
    assert due("2026-01-12 10:00", rules, clock="supplement") == "2026-02-02 17:00:00"


def test_every_step_of_the_way_is_told() -> None:
    """Which rule applied and where the count stood; each rule has words in two languages and a source."""
    answer = found("2026-01-10 15:30", policy(cut_off={"at": "15:00"}, due_precision="day"), ())
    assert [(step.rule, shown(step.at), step.detail) for step in answer.steps] == [
        ("started", "2026-01-10 15:30:00", ""),
        ("cut-off", "2026-01-12 07:00:00", "15:00"),
        ("working-days", "2026-01-19 07:00:00", "5 working_day"),
        ("closing-time", "2026-01-19 17:00:00", ""),
    ]
    assert all(rule.text and rule.vietnamese and rule.source for rule in RULES.values())


def test_a_pause_is_told_too() -> None:
    """With its working time."""
    answer = found("2026-01-12 10:00", FIVE_DAYS, (("2026-01-13 15:00", "2026-01-15 09:00"),))
    assert [(step.rule, step.detail) for step in answer.steps[2:]] == [("pauses", "12 h"), ("closing-time", "")]


def test_what_is_to_be_used_is_known() -> None:
    """Five working days are 40 working hours; ten days of the calendar 240 hours of the clock."""
    days = found("2026-01-12 10:00", FIVE_DAYS)
    calendar_days = found("2026-01-12 10:00", policy(unit="calendar_day", amount=10))
    assert (days.total, days.working) == (40 * HOUR, True)
    assert (calendar_days.total, calendar_days.working) == (240 * HOUR, False)


def test_work_up_to_midnight_belongs_to_its_own_day() -> None:
    """A centre that works from 18:00 to 24:00: what comes on the stroke of midnight came on the day that begins."""
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("18:00-24:00",))
    calendar = working({**VIETNAM_2026, "seasons": [{"hours": hours}], "working_days": []})
    dues = [
        due_time(rules, calendar, at(start))
        for start, rules in (
            ("2026-01-13 00:00", policy(amount=1)),
            ("2026-01-17 00:00", policy(amount=1)),
            ("2026-01-12 20:00", policy(amount=1.5)),
            ("2026-01-12 20:00", policy(amount=0.5, due_precision="day")),
        )
    ]
    assert [(shown(found.instant), found.day.day) for found in dues] == [
        ("2026-01-14 18:00:00", 14),
        ("2026-01-20 18:00:00", 20),
        ("2026-01-14 00:00:00", 13),
        ("2026-01-13 00:00:00", 12),
    ]


def test_without_an_amount_nothing_is_computed() -> None:
    """A stated due time is stated; an unknown clock has no time; neither is silently "in time" (F13)."""
    stated = policy(mode="stated", unit=None, amount=None)
    with pytest.raises(NothingToCount, match="gives no time to the clock processing"):
        found("2026-01-12 10:00", stated)
    with pytest.raises(NothingToCount, match="gives no time to the clock step/print"):
        found("2026-01-12 10:00", FIVE_DAYS, clock="step/print")


def test_beyond_the_calendar_there_is_no_due_time() -> None:
    """It is an error that names the years, never a guess."""
    with pytest.raises(BeyondCalendar, match="5 working days after 2026-12-30"):
        found("2026-12-30 10:00", FIVE_DAYS)
