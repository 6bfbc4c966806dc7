"""Cases from the law, by hand, with the packaged reference data of Việt Nam: supplements, pauses, ends, offices.

Sources stand with each case; "karaoke decree" is the decree of 2025 on interlinked procedures for karaoke. How a clock
begins and when it is due: ``test_law_cases``.
"""

from __future__ import annotations

import pytest

from tests.support.calendars import at
from tests.support.cases import event, handover
from tests.support.law import (
    BIRTH,
    HOUR,
    IN_HOURS,
    RESIDENCE,
    RESTART,
    clock,
    codes,
    due,
    happened,
    of,
    outcome,
    told,
)

RECEIVED = ("2", "2026-03-02 09:00")
"""On a Monday; seven working days end on Wednesday, 11 March."""


def test_a_supplement_moves_the_due_day_by_its_length() -> None:
    """Asked for on Wednesday, answered a day of work later: due a day later (regime *pause* of the provinces)."""
    found = outcome("2026-03-06 09:00", *of(RESIDENCE, RECEIVED, ("5", "2026-03-04 10:00"), ("4", "2026-03-05 10:00")))
    assert due(found) == "2026-03-12 17:00:00"
    assert told(found) == ["started", "paused", "resumed"]
    assert clock(found).paused == 8 * HOUR


def test_a_supplement_over_a_weekend_takes_no_working_time() -> None:
    """Asked for on Friday at closing time, answered on Monday at the opening: nothing was lost."""
    found = outcome("2026-03-10 09:00", *of(RESIDENCE, RECEIVED, ("5", "2026-03-06 17:00"), ("4", "2026-03-09 07:00")))
    assert due(found) == "2026-03-11 17:00:00"
    assert clock(found).paused == 0


def test_three_supplements_move_it_three_times() -> None:
    """Three hours each, on three days: nine working hours from 11 March, 9:00 (VietOpenCPS/opencps#1254)."""
    steps = [RECEIVED]
    for day in (3, 4, 5):
        steps += [("5", f"2026-03-0{day} 08:00"), ("4", f"2026-03-0{day} 11:00")]
    found = outcome("2026-03-06 09:00", *of(RESIDENCE, *steps))
    assert clock(found).paused == 9 * HOUR
    assert due(found) == "2026-03-12 17:00:00"


def test_a_supplement_begins_the_time_again() -> None:
    """Counted again from zero after complete papers (karaoke decree Art. 6.4): seven days from 9 March."""
    found = outcome("2026-03-10 09:00", *of(RESTART, RECEIVED, ("5", "2026-03-05 10:00"), ("4", "2026-03-09 10:00")))
    assert told(found) == ["started", "paused", "restarted"]
    assert due(found) == "2026-03-18 17:00:00"


def test_every_supplement_begins_the_time_again() -> None:
    """The last one counts (karaoke decree Art. 6.4)."""
    steps = [("5", "2026-03-05 10:00"), ("4", "2026-03-09 10:00"), ("5", "2026-03-12 10:00"), ("4", "2026-03-13 10:00")]
    found = outcome("2026-03-13 11:00", *of(RESTART, RECEIVED, *steps))
    assert due(found) == "2026-03-24 17:00:00"


def test_papers_that_do_not_come_end_in_not_accepted() -> None:
    """After 15 working days without an answer it is closed: state 3 follows (karaoke decree; time-out in provinces)."""
    waiting = of(RESIDENCE, RECEIVED, ("5", "2026-03-04 10:00"))
    assert due(outcome("2026-03-25 10:00", *waiting), "supplement") == "2026-03-25 17:00:00"
    assert codes(outcome("2026-03-25 23:59", *waiting)) == set()
    late = outcome("2026-03-26 00:00:00.000001", *waiting)
    assert codes(late) == {"supplement-overdue"}
    assert told(late, "supplement") == ["started", "breached"]
    closed = outcome("2026-03-27 09:00", *waiting, happened(3, "3", "2026-03-26 08:00"))
    assert told(closed) == ["started", "paused", "stopped"]


def test_a_financial_duty_stops_the_clock_until_it_is_paid() -> None:
    """Paused until the payment is confirmed (code 6; typical for land): two working days."""
    found = outcome("2026-03-06 09:00", *of(RESIDENCE, RECEIVED, ("6", "2026-03-03 09:00"), ("4", "2026-03-05 09:00")))
    assert due(found) == "2026-03-13 17:00:00"


def test_a_case_that_waits_for_payment_is_never_late() -> None:
    """However long: nobody at the office can act (code 6)."""
    found = outcome("2026-06-01 09:00", *of(RESIDENCE, RECEIVED, ("6", "2026-03-03 09:00")))
    assert told(found) == ["started", "paused"]


def test_a_withdrawn_dossier_is_handled_in_time() -> None:
    """State 7 counts as handled, on time (forms of Circular 01/2020 as provinces compute them)."""
    found = outcome("2026-04-01 09:00", *of(RESIDENCE, RECEIVED, ("7", "2026-03-05 09:00")))
    assert told(found) == ["started", "met"]


def test_a_dossier_withdrawn_after_its_due_day_was_late_all_the_same() -> None:
    """A later state never masks a breach (design §5)."""
    found = outcome("2026-04-01 09:00", *of(RESIDENCE, RECEIVED, ("7", "2026-03-12 09:00")))
    assert told(found) == ["started", "breached", "met-late"]


def test_a_stopped_dossier_that_is_opened_again_goes_on_where_it_stood() -> None:
    """8 stops the clock and 8 → 4 opens it again: three working days later (states of the portal)."""
    found = outcome("2026-03-09 09:00", *of(RESIDENCE, RECEIVED, ("8", "2026-03-03 09:00"), ("4", "2026-03-06 09:00")))
    assert told(found) == ["started", "paused", "resumed"]
    assert due(found) == "2026-03-16 17:00:00"
    assert codes(found) == set()


def test_a_recalled_result_is_a_new_episode_and_flagged() -> None:
    """9 → 4 is rare: the first verdict stands, and a second clock of seven days begins with the recall."""
    found = outcome("2026-03-13 09:00", *of(RESIDENCE, RECEIVED, ("9", "2026-03-06 09:00"), ("4", "2026-03-12 09:00")))
    assert told(found, episode=1) == ["started", "met"]
    assert told(found, episode=2) == ["started"]
    assert due(found, episode=2) == "2026-03-23 17:00:00"
    assert codes(found) == {"reopened", "invalid-transition"}


def test_not_accepted_after_receipt_is_no_verdict() -> None:
    """5 → 3: outside the statistics of what was received, so neither in time nor late."""
    found = outcome("2026-04-01 09:00", *of(RESIDENCE, RECEIVED, ("5", "2026-03-04 10:00"), ("3", "2026-03-06 10:00")))
    assert told(found) == ["started", "paused", "stopped"]
    assert codes(found) == set()


def test_one_new_appointment_is_allowed_and_the_second_is_flagged() -> None:
    """At most once (karaoke decree Art. 6.5); the case is judged by the appointment in force."""
    first = happened(1, "2", "2026-03-02 09:00", due="2026-03-11 17:00")
    again = happened(2, "4", "2026-03-09 09:00", due="2026-03-16 17:00")
    third = happened(3, "4", "2026-03-16 09:00", due="2026-03-18 17:00")
    once = outcome("2026-03-16 17:00", first, again)
    twice = outcome("2026-03-18 17:00", first, again, third)
    assert (told(once), codes(once)) == (["started", "extended"], set())
    assert (told(twice), codes(twice)) == (["started", "extended", "extended"], {"too-many-extensions"})
    assert due(twice) == "2026-03-18 17:00:00"


@pytest.mark.parametrize(
    ("given", "verdict"), [("2026-03-10 17:00", "met"), ("2026-03-10 17:00:01", "met-late")], ids=["in time", "late"]
)
def test_an_apology_is_out_a_working_day_before_the_due_time(given: str, verdict: str) -> None:
    """At the latest one day before it expires (Decision 2916/QĐ-UBND of Hà Tĩnh, 2025; form 04)."""
    first = happened(1, "2", "2026-03-02 09:00", due="2026-03-11 17:00")
    again = happened(2, "4", given, due="2026-03-16 17:00")
    assert told(outcome("2026-03-12 09:00", first, again), "apology")[-1] == verdict


@pytest.mark.parametrize(
    ("ended", "verdict"),
    [
        ("2026-03-11 17:00", ["started", "met"]),
        ("2026-03-11 23:59:59.999999", ["started", "met"]),
        ("2026-03-12 00:00", ["started", "breached", "met-late"]),
    ],
    ids=["at closing time", "in the evening", "at midnight"],
)
def test_what_ends_on_the_due_day_is_not_late(ended: str, verdict: list[str]) -> None:
    """Forms count by date: late is an end date behind the due date (form II.06)."""
    assert told(outcome("2026-03-13 09:00", *of(RESIDENCE, RECEIVED, ("9", ended)))) == verdict


@pytest.mark.parametrize(
    ("ended", "verdict"),
    [("2026-03-03 09:00", ["started", "met"]), ("2026-03-03 09:00:00.000001", ["started", "breached", "met-late"])],
    ids=["at the due instant", "behind it"],
)
def test_what_ends_at_the_due_instant_is_not_late(ended: str, verdict: list[str]) -> None:
    """Eight working hours to the second, equal is in time (Hà Nội, 1811/QĐ; design §5)."""
    assert told(outcome("2026-03-13 09:00", *of(IN_HOURS, RECEIVED, ("9", ended)))) == verdict


def test_an_open_case_at_its_due_instant_is_not_late() -> None:
    """Equality is in time while open as it is when closed."""
    assert told(outcome("2026-03-03 09:00", *of(IN_HOURS, RECEIVED))) == ["started"]
    assert told(outcome("2026-03-03 09:00:00.000001", *of(IN_HOURS, RECEIVED))) == ["started", "breached"]


def test_a_step_can_be_late_while_the_case_is_in_time() -> None:
    """Appraisal has three working hours and took four; the case has eight and took seven (NgayHenTraCaNhan)."""
    found = outcome(
        "2026-03-04 09:00",
        happened(1, "2", "2026-03-02 07:00", selector=IN_HOURS, step="Tiếp nhận"),
        happened(2, "4", "2026-03-02 08:00", selector=IN_HOURS, step="Thẩm định"),
        happened(3, "4", "2026-03-02 14:00", selector=IN_HOURS, step="Phê duyệt"),
        happened(4, "9", "2026-03-02 16:00", selector=IN_HOURS, step="Phê duyệt"),
    )
    assert told(found) == ["started", "met"]
    assert told(found, "step/Tiếp nhận") == ["started", "met"]
    assert told(found, "step/Thẩm định") == ["started", "breached", "met-late"]
    assert told(found, "step/Phê duyệt") == ["started", "met"]
    assert due(found, "step/Thẩm định") == "2026-03-02 11:00:00"


def test_a_case_that_crosses_the_tiers_is_one_case_with_each_ones_share() -> None:
    """Commune, department, ministry system, each with its own numbering: one clock, three shares (Decree 118/2025)."""
    commune, department, ministry = "H27.40.1", "H27.31", "G01.22"
    over = handover(2, 0, successor=department, next_epoch=2)._replace(
        occurred_at=at("2026-03-03 09:00"), accepted_at=at("2026-03-03 09:00"), selector=RESIDENCE, office=commune
    )
    further = event(2, "4", 0, epoch=2, change="handover", office=department, selector=RESIDENCE)._replace(
        occurred_at=at("2026-03-05 09:00"),
        accepted_at=at("2026-03-05 09:00"),
        handover=over.handover and over.handover._replace(successor=ministry, next_epoch=3, last_seq=2),
    )
    found = outcome(
        "2026-03-09 09:00",
        happened(1, "2", "2026-03-02 09:00", office=commune),
        over,
        happened(1, "4", "2026-03-03 10:00", office=department, epoch=2),
        further,
        happened(1, "4", "2026-03-05 15:00", office=ministry, epoch=3),
        happened(2, "9", "2026-03-06 09:00", office=ministry, epoch=3),
    )
    assert told(found) == ["started", "met"]
    assert clock(found).shares == ((commune, 9 * HOUR), (department, 19 * HOUR), (ministry, 4 * HOUR))
    assert clock(found).used == 32 * HOUR
    assert codes(found) == set()


def test_a_case_handed_over_and_not_taken_up_is_held_by_nobody() -> None:
    """Until the successor is heard, somebody must be told (design §5); the clock runs on."""
    over = handover(2, 0, successor="H27.31", next_epoch=2)._replace(
        occurred_at=at("2026-03-03 09:00"), accepted_at=at("2026-03-03 09:00"), selector=RESIDENCE
    )
    found = outcome("2026-03-12 09:00", happened(1, "2", "2026-03-02 09:00"), over)
    assert codes(found) == {"nobody-holds"}
    assert told(found) == ["started", "breached"]


def test_a_birth_registered_the_same_day_is_in_time_and_the_next_day_is_late() -> None:
    """Within the day (Law on civil status 60/2014/QH13)."""
    same = outcome("2026-03-04 09:00", *of(BIRTH, RECEIVED, ("9", "2026-03-02 20:00")))
    next_day = outcome("2026-03-04 09:00", *of(BIRTH, RECEIVED, ("9", "2026-03-03 07:30")))
    assert told(same) == ["started", "met"]
    assert told(next_day) == ["started", "breached", "met-late"]
