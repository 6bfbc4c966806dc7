"""By which state a period judges a dossier: what came to pass after its end leaves it as it was; late news do not.

Sources: domain facts §5 (form II.06); decision 0029. March is 15 February to 14 March, April the month behind it.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_consumers.domain.entry import Entry
from lienthong_consumers.domain.period_course import Course, counted_of, counts_of, course_of
from lienthong_consumers.domain.period_lines import cut_of, lines_of
from lienthong_consumers.domain.period_report import NOTHING, Period
from lienthong_schemas.instants import Instant
from lienthong_schemas.reference import ReferenceBook
from tests.support.calendars import at
from tests.support.ledger_entries import entry
from tests.unit.reports.test_period_report import MARCH, day_of, period

APRIL, MAY = period("2026-03-15", "2026-04-14"), period("2026-04-15", "2026-05-14")
COMMUNE, DEPARTMENT, OTHER = "H27.40.5", "H27.16", "H27.31"
BOOK = ReferenceBook([])


def event(number: str, status: str, happened: str, **fields: Any) -> Entry:
    """Event ``epoch.seq`` of a dossier that the commune received on 2 March, due on 10 March, by local times."""
    epoch, seq = map(int, number.split("."))
    instants = {name: None if text is None else at(text) for name, text in fields.items() if name.endswith("_at")}
    other = {name: value for name, value in fields.items() if not name.endswith("_at")}
    plain = {"received_at": at("2026-03-02 08:00"), "due_at": at("2026-03-10 17:00"), "accepted_at": at(happened)}
    made = {**plain, **instants, "occurred_at": at(happened), "epoch": epoch, "office": COMMUNE, **other}
    return entry(seq, status, **made)


def handover(number: str, happened: str, **fields: Any) -> Entry:
    """The handover of the dossier to whoever numbers the next epoch."""
    epoch, seq = map(int, number.split("."))
    return event(number, "4", happened, change="handover", next_epoch=epoch + 1, last_seq=seq, **fields)


def told(events: list[Entry], of: Period) -> tuple[str, ...]:
    """Office and columns of a dossier in a period, and where it came from; empty: not in it."""
    course = course_of(events)
    assert course is not None
    counted = counted_of(course, of, day_of)
    if counted is None:
        return ()
    columns = [name for name, count in counted.line._asdict().items() if count]
    came_from = [] if counted.came_from is None else [f"from {counted.came_from.office}"]
    return counted.cell.office, *columns, *came_from


RECEIVED = event("1.1", "2", "2026-03-02 08:00")
WAITS = event("1.2", "5", "2026-03-09 10:00")
SUPPLIED = event("1.3", "4", "2026-03-20 10:00")
APPOINTED = event("1.2", "4", "2026-03-20 10:00", due_at="2026-04-20 17:00")
MOVED = [handover("1.2", "2026-03-16 09:00"), event("2.1", "4", "2026-03-16 10:00", office=DEPARTMENT)]
DONE = event("1.2", "9", "2026-03-20 10:00", ended_at="2026-03-20 10:00")
LATE_END = event("1.2", "9", "2026-03-20 10:00", ended_at="2026-03-12 10:00", due_at="2026-03-11 10:00")


@pytest.mark.parametrize(
    ("events", "march", "april"),
    [
        pytest.param(
            [RECEIVED], (COMMUNE, "direct", "pending_late"), (COMMUNE, "carried_over", "pending_late"), id="nothing"
        ),
        pytest.param(
            [RECEIVED, WAITS, SUPPLIED],
            (COMMUNE, "direct", "pending_in_time"),
            (COMMUNE, "carried_over", "pending_late"),
            id="papers-after-the-closing",
        ),
        pytest.param(
            [RECEIVED, APPOINTED],
            (COMMUNE, "direct", "pending_late"),
            (COMMUNE, "carried_over", "pending_in_time"),
            id="new-appointment",
        ),
        pytest.param(
            [RECEIVED, *MOVED],
            (COMMUNE, "direct", "pending_late"),
            (DEPARTMENT, "carried_over", "pending_late", f"from {COMMUNE}"),
            id="handover-to-a-department",
        ),
        pytest.param(
            [RECEIVED, *MOVED, handover("2.2", "2026-04-02 09:00", office=DEPARTMENT),
             event("3.1", "4", "2026-04-02 10:00", office=OTHER)],
            (COMMUNE, "direct", "pending_late"),
            (OTHER, "carried_over", "pending_late", f"from {COMMUNE}"),
            id="two-handovers-in-one-period",
        ),
        pytest.param(
            [RECEIVED, *MOVED, handover("2.2", "2026-04-02 09:00", office=DEPARTMENT),
             event("3.1", "4", "2026-04-02 10:00", office=COMMUNE)],
            (COMMUNE, "direct", "pending_late"),
            (COMMUNE, "carried_over", "pending_late"),
            id="there-and-back",
        ),
        pytest.param(
            [RECEIVED, event("1.2", "5", "2026-03-15 00:00")],
            (COMMUNE, "direct", "pending_late"),
            (COMMUNE, "carried_over", "pending_in_time"),
            id="exactly-at-the-end",
        ),
        pytest.param(
            [RECEIVED, event("1.2", "5", "2026-03-14 23:59")],
            (COMMUNE, "direct", "pending_in_time"),
            (COMMUNE, "carried_over", "pending_in_time"),
            id="just-before-the-end",
        ),
        pytest.param(
            [RECEIVED, WAITS, event("1.3", "4", "2026-03-09 10:00")],
            (COMMUNE, "direct", "pending_late"),
            (COMMUNE, "carried_over", "pending_late"),
            id="of-two-at-one-time-the-higher-number",
        ),
        pytest.param(
            [RECEIVED, DONE], (COMMUNE, "direct", "pending_late"), (COMMUNE, "carried_over", "late"), id="ended-after"
        ),
        pytest.param([RECEIVED, LATE_END], (COMMUNE, "direct", "late"), (), id="backdated-end"),
        pytest.param(
            [RECEIVED, event("1.2", "7", "2026-03-20 10:00", ended_at="2026-03-12 10:00")],
            (COMMUNE, "direct", "on_time"),
            (),
            id="backdated-withdrawal",
        ),
        pytest.param(
            [RECEIVED, event("1.2", "9", "2026-03-09 10:00", ended_at="2026-03-09 10:00"),
             event("1.3", "4", "2026-03-20 10:00")],
            (COMMUNE, "direct", "pending_late"),
            (COMMUNE, "carried_over", "pending_late"),
            id="9-to-4",
        ),
        pytest.param(
            [RECEIVED, WAITS, event("1.3", "3", "2026-03-12 10:00")],
            (COMMUNE, "direct", "late", "refused"),
            (),
            id="5-to-3",
        ),
        pytest.param(
            [RECEIVED, WAITS, event("1.3", "3", "2026-03-20 10:00")],
            (COMMUNE, "direct", "pending_in_time"),
            (COMMUNE, "carried_over", "late", "refused"),
            id="5-to-3-after-the-end",
        ),
        pytest.param(
            [RECEIVED, event("1.2", "3", "2026-03-09 10:00"), event("1.3", "3", "2026-03-20 10:00", change="handover",
             next_epoch=2, last_seq=3)],
            (COMMUNE, "direct", "early", "refused"),
            (),
            id="refused-and-then-handed-over",
        ),
        pytest.param(
            [RECEIVED, event("1.2", "7", "2026-03-13 10:00", ended_at="2026-03-13 10:00")],
            (COMMUNE, "direct", "on_time"),
            (),
            id="withdrawn",
        ),
        pytest.param(
            [RECEIVED, event("1.2", "9", "2026-03-12 10:00", ended_at="2026-03-12 10:00"),
             event("1.3", "10", "2026-03-20 10:00", ended_at="2026-03-12 10:00", due_at=None, office=OTHER)],
            (COMMUNE, "direct", "late"),
            (),
            id="given-out-by-another-office",
        ),
        pytest.param(
            [event("1.1", "1", "2026-03-02 08:00", received_at=None, due_at=None),
             event("1.2", "2", "2026-03-16 10:00")],
            (COMMUNE, "direct", "pending_late"),
            (COMMUNE, "carried_over", "pending_late"),
            id="backdated-receipt",
        ),
        pytest.param(
            [event("1.7", "4", "2026-04-20 08:00", change="opening")],
            (COMMUNE, "direct", "pending_late"),
            (COMMUNE, "carried_over", "pending_late"),
            id="opening-after-it",
        ),
    ],
)  # fmt: skip
def test_a_period_judges_by_the_state_at_its_end(
    events: list[Entry], march: tuple[str, ...], april: tuple[str, ...]
) -> None:
    """Papers, appointments and handovers since change the next period alone; dates change the one they fall into."""
    assert (told(events, MARCH), told(events, APRIL)) == (march, april)


def test_a_late_event_from_before_the_end_is_news() -> None:
    """It fills a hole below what is known: the dossier waited for papers at the end after all."""
    assert told([RECEIVED, SUPPLIED], MARCH) == (COMMUNE, "direct", "pending_late")
    assert told([RECEIVED, SUPPLIED, WAITS], MARCH) == (COMMUNE, "direct", "pending_in_time")


_OFFICES = st.sampled_from((COMMUNE, DEPARTMENT, OTHER))
_TIMES = st.integers(0, 120).map(lambda days: at("2026-01-20 10:00") + days * 86_400_000_000)
_STATES = st.builds(
    lambda happened, status, office, commune, selector, channel, received, due, ended: {
        "status": status,
        "occurred_at": happened,
        "accepted_at": happened,
        "office": office,
        "commune": commune,
        "selector": selector,
        "channel": channel,
        "received_at": received,
        "due_at": due,
        "ended_at": ended if status in "79" else None,
    },
    _TIMES,
    st.sampled_from("2345679"),
    _OFFICES,
    st.sampled_from(("18073", "18100")),
    st.sampled_from("pq"),
    st.sampled_from(("online", "direct")),
    st.none() | _TIMES,
    st.none() | _TIMES,
    _TIMES,
)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """A dossier with states of every kind; a handover may be anywhere."""
    found = []
    epoch = seq = 1
    for state in draw(st.lists(_STATES, min_size=1, max_size=6)):
        ends = draw(st.integers(0, 3)) == 0
        change = {"change": "handover", "next_epoch": epoch + 1, "last_seq": seq} if ends else {}
        found.append(entry(seq, **{**state, **change, "epoch": epoch}))
        epoch, seq = (epoch + 1, 1) if ends else (epoch, seq + 1)
    return found


def _course(events: list[Entry]) -> Course:
    course = course_of(events)
    assert course is not None
    return course


@settings(deadline=None)  # a shared machine stalls; the suite has a time limit of its own
@given(histories(), st.lists(_STATES, min_size=1, max_size=4), st.integers(0, 60), st.booleans())
def test_later_work_never_changes_an_earlier_period(
    events: list[Entry], since: list[dict[str, Any]], days: int, hands_over: bool
) -> None:
    """Whatever happens from the end of a period on, as long as its dates stay: receipt, end within it, refusal."""
    end = max(MARCH.end, max(one.occurred_at for one in events) + 1)
    course, later = _course(events), list(events)
    for number, state in enumerate(since):
        last = later[-1]
        epoch, seq = (last.epoch + 1, 1) if last.next_epoch else (last.epoch, last.seq + 1)
        kept = _dates_kept(course, last, state, end)
        happened = {"occurred_at": end + days * number, "accepted_at": end + days * number}
        change = {"change": "handover", "next_epoch": epoch + 1, "last_seq": seq} if hands_over else {}
        later.append(entry(seq, **{**state, **kept, **happened, **change, "epoch": epoch}))
    for of in (period("2026-02-01", "2026-02-28"), MARCH):
        assert counted_of(_course(later), of, day_of) == counted_of(course, of, day_of)


def _dates_kept(course: Course, last: Entry, state: dict[str, Any], end: Instant) -> dict[str, Any]:
    """An ordinary event: the receipt is the one that was stated; what was over stays over; else it may end now."""
    if course.over_at is not None and course.over_at < end:
        status = last.status if last.ended_at is None else state["status"]
        return {"received_at": last.received_at, "ended_at": last.ended_at, "status": status}
    if last.received_at is None:
        received: Instant | None = None if state["received_at"] is None else max(end, state["received_at"])
        return {"received_at": received, "ended_at": None if state["ended_at"] is None else end}
    return {"received_at": last.received_at, "ended_at": None if state["ended_at"] is None else end + 1}


@settings(deadline=None)  # a shared machine stalls; the suite has a time limit of its own
@given(st.lists(histories(), max_size=8), st.sampled_from(("day", "instant")))
def test_carried_over_is_what_was_pending_taken_over_and_handed_over(cases: list[list[Entry]], counting: Any) -> None:
    """Line by line, by office, commune, procedure and field, through three periods; nothing is lost on the way."""
    courses = [_course(events) for events in cases]
    for before, after in ((MARCH, APRIL), (APRIL, MAY)):
        first, second = (counts_of(courses, each, day_of, counting) for each in (before, after))
        for by in ("office", "commune", "procedure", "field"):
            was, now = (lines_of(one, *cut_of(by, BOOK, of)) for one, of in ((first, before), (second, after)))
            for name in was.keys() | now.keys():
                line = now.get(name, NOTHING)
                moved = line.taken_over - line.handed_over
                assert line.carried_over == was.get(name, NOTHING).pending + moved
                assert line.taken_over <= line.carried_over
            assert sum(line.taken_over for line in now.values()) == sum(line.handed_over for line in now.values())
