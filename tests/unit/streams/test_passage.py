"""The clocks of a case's passage between systems: receipt and sync, under the packaged policies. Sources with each."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_schemas.case_event import CaseEvent, Handover, Opening
from lienthong_streams.domain.announcements import settled_of
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.packing import pack, unpack
from lienthong_streams.domain.progress import progress_of
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.timeline import Known, insert
from tests.support.calendars import at
from tests.support.cases import CASE
from tests.support.law import HOUR, clock, codes, due, happened, of, outcome, packaged_book, told
from tests.support.progress_contents import contents

RECEIVED = ("2", "2026-03-02 09:00")
DOCUMENT = "document:H27.31:15-UBND-2026"
SUCCESSOR = "H27.31"


def document(seq: int, status: str, when: str, **changes: Any) -> CaseEvent:
    """An event of a document at its recipient."""
    usual = {"case_id": DOCUMENT, "selector": "công văn", "due": "2026-03-20 17:00", "office": SUCCESSOR}
    return happened(seq, status, when, **{**usual, **changes})


def given(when: str = "2026-03-03 09:00") -> CaseEvent:
    """A handover to the successor, as the second event."""
    return happened(2, "4", when, change="handover", handover=Handover(SUCCESSOR, 2, 2))


def taken(when: str, seq: int = 1) -> CaseEvent:
    """The successor's first event."""
    return happened(seq, "4", when, office=SUCCESSOR, epoch=2)


def delivered(*events: tuple[CaseEvent, str]) -> Fold:
    """What holds of events, each with the local time at which the bus got it."""
    timeline: list[Known] = []
    for one, known_at in events:
        insert(timeline, Known(one, at(known_at)))
    return fold(timeline, packaged_book(), at("2026-03-06 09:00"), {})


@pytest.mark.parametrize(
    ("told_at", "verdict"),
    [
        ("2026-03-03 16:00", ["started", "met"]),
        ("2026-03-03 23:59", ["started", "met"]),
        ("2026-03-04 07:00", ["started", "breached", "met-late"]),
    ],
    ids=["the same day", "in the evening", "the next day"],
)
def test_receipt_of_a_document_is_told_within_the_day(told_at: str, verdict: list[str]) -> None:
    """It arrived (01) on Tuesday morning; 03 says that it was received (Decree 30/2020/NĐ-CP)."""
    events = document(1, "01", "2026-03-03 08:00"), document(2, "03", told_at)
    found = outcome("2026-03-05 09:00", *events)
    assert told(found, "receipt") == verdict
    assert due(found, "receipt") == "2026-03-03 17:00:00"


def test_a_document_that_arrives_on_a_day_off_is_told_on_the_next_working_day() -> None:
    """Arrived on Saturday: until Monday's end."""
    arrived = document(1, "01", "2026-03-07 10:00")
    assert due(outcome("2026-03-08 09:00", arrived), "receipt") == "2026-03-09 17:00:00"


@pytest.mark.parametrize("status", ["02", "13"])
def test_a_refusal_or_a_recall_ends_the_wait_too(status: str) -> None:
    """Whatever the recipient says about it, it was heard."""
    events = document(1, "01", "2026-03-03 08:00"), document(2, status, "2026-03-03 10:00")
    assert told(outcome("2026-03-05 09:00", *events), "receipt") == ["started", "met"]


def test_a_document_nobody_acknowledges_breaches_by_itself() -> None:
    """Time alone is enough, and until then the case is watched."""
    arrived = document(1, "01", "2026-03-03 08:00")
    waiting = outcome("2026-03-03 23:00", arrived)
    assert told(waiting, "receipt") == ["started"]
    assert waiting.watch_from == at("2026-03-04 00:00") - 1
    assert told(outcome("2026-03-04 00:00", arrived), "receipt") == ["started", "breached"]


def test_a_handover_is_acknowledged_within_two_working_hours() -> None:
    """Handed over at 16:00, acknowledged the next morning at 7:59 and at 8:01 (Decree 63/2024/NĐ-CP, Art. 7(4))."""
    start = of("1.004222", RECEIVED)
    soon = outcome("2026-03-05 09:00", *start, given("2026-03-03 16:00"), taken("2026-03-04 08:00"))
    late = outcome("2026-03-05 09:00", *start, given("2026-03-03 16:00"), taken("2026-03-04 08:01"))
    assert told(soon, "receipt") == ["started", "met"]
    assert told(late, "receipt") == ["started", "breached", "met-late"]


def test_what_is_not_acknowledged_is_told_to_all_and_counts_for_the_successor() -> None:
    """Else all parties are told, at once (Decree 63/2024/NĐ-CP, Art. 7(4)); the successor is the one to act."""
    found = outcome("2026-03-03 11:01", *of("1.004222", RECEIVED), given())
    facts = [one for one in found.facts if one.clock == "receipt"]
    assert [(one.kind, one.level, one.office) for one in facts] == [
        ("started", "", SUCCESSOR),
        ("breached", "", SUCCESSOR),
        ("escalated", "1", SUCCESSOR),
    ]
    assert codes(found) == {"nobody-holds"}


def test_what_the_former_holder_still_numbers_is_no_acknowledgement() -> None:
    """A handover may name a last number behind its own; only the successor's epoch answers it."""
    over = given()._replace(handover=Handover(SUCCESSOR, 2, 3))
    rest = happened(3, "4", "2026-03-03 09:30")
    found = outcome("2026-03-03 10:00", *of("1.004222", RECEIVED), over, rest)
    assert told(found, "receipt") == ["started"]


def test_every_handover_has_a_receipt_of_its_own() -> None:
    """Over to the department and on to the ministry."""
    on = happened(2, "4", "2026-03-03 10:30", office=SUCCESSOR, epoch=2, change="handover")
    on = on._replace(handover=Handover("G01", 3, 2))
    last = happened(1, "4", "2026-03-03 13:00", office="G01", epoch=3)
    found = outcome("2026-03-05 09:00", *of("1.004222", RECEIVED), given(), taken("2026-03-03 10:00"), on, last)
    assert [clock(found, "receipt", number).used for number in (1, 2)] == [HOUR, HOUR]


def test_a_case_that_nobody_handed_over_has_no_receipt() -> None:
    """The policy of the clock does not start one by itself."""
    assert told(outcome("2026-03-06 09:00", *of("1.004222", RECEIVED, ("4", "2026-03-05 09:00"))), "receipt") == []


@pytest.mark.parametrize(
    ("known_at", "verdict"),
    [("2026-03-03 09:10", []), ("2026-03-03 09:10:00.001", ["breached", "met-late"])],
    ids=["ten minutes", "a moment longer"],
)
def test_systems_are_in_step_after_ten_minutes(known_at: str, verdict: list[str]) -> None:
    """From what was done to the bus (Decree 63/2024/NĐ-CP, Art. 7(4)); what comes in time is not talked about."""
    start, step = of("1.004222", RECEIVED, ("4", "2026-03-03 09:00"))
    found = delivered((start, RECEIVED[1]), (step, known_at))
    assert told(found, "sync") == verdict


def test_every_late_event_is_told_by_its_number() -> None:
    """Also two that happened at the same instant; a case's clock is not moved by how late they came."""
    events = of("1.004222", RECEIVED, ("4", "2026-03-03 09:00"), ("4", "2026-03-03 09:00"))
    found = delivered(*((one, "2026-03-05 12:00") for one in events))
    causes = [(one.kind, one.cause) for one in found.facts if one.clock == "sync"]
    assert causes == [(kind, f"1.{seq}") for seq in (1, 2, 3) for kind in ("breached", "met-late")]
    assert due(found) == "2026-03-11 17:00:00"


def test_how_late_it_came_is_in_the_fact() -> None:
    """Due ten minutes after it was done; used is the time until it came."""
    found = delivered((of("1.004222", RECEIVED)[0], "2026-03-02 11:00"))
    (breach, met) = [one for one in found.facts if one.clock == "sync"]
    assert (breach.due_at, breach.happened_at) == (at("2026-03-02 09:10"),) * 2
    assert (met.happened_at, met.used) == (at("2026-03-02 11:00"), 2 * HOUR)


def test_a_late_delivery_is_not_part_of_what_is_settled() -> None:
    """Three days late and at once settle alike (promise P10); only the delivery differs."""
    (start,) = of("1.004222", RECEIVED)
    prompt, late = (delivered((start, when)) for when in (RECEIVED[1], "2026-03-05 09:00"))
    assert told(late, "sync") == ["breached", "met-late"]
    assert settled_of(CASE, prompt) == settled_of(CASE, late)


def test_an_opening_is_never_late() -> None:
    """It tells of an old case, and must not be held against the office."""
    opening = happened(4, "4", "2026-03-02 09:00", change="opening")
    opening = opening._replace(opening=Opening(at("2026-03-02 09:00"), 0, 0))
    assert told(delivered((opening, "2026-03-05 09:00")), "sync") == []


def test_a_passage_survives_its_bytes() -> None:
    """What was gathered of arrival, transfers and late deliveries is packed and unpacked."""
    cases = [
        [*of("1.004222", RECEIVED), given(), taken("2026-03-03 10:00")],
        [document(1, "01", "2026-03-03 08:00"), document(2, "03", "2026-03-03 09:00")],
        [document(1, "01", "2026-03-03 08:00")],
    ]
    rules = Rules(packaged_book())
    for events in cases:
        timeline: list[Known] = []
        for one in events:
            insert(timeline, Known(one, one.occurred_at + HOUR))
        progress = progress_of(timeline, rules)
        again = unpack(events[0].case_id, pack(progress), rules)
        assert contents(again) == contents(progress)
        assert progress.passage is not None
