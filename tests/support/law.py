"""Histories for cases from the law: local times in Việt Nam, the packaged reference data, what holds in short."""

from __future__ import annotations

from functools import cache
from typing import Any

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import load_reference
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.processing import Clock
from lienthong_streams.domain.timeline import Known, insert
from tests.support.calendars import at, shown
from tests.support.cases import event

RESIDENCE = "1.004222"
"""Registration of residence: 7 working days by date, supplement in mode pause, apology a working day before."""
BIRTH = "1.001193"
"""Registration of a birth: within the day, after 15:00 the next working day."""
RECORDS = "3.000333"
"""Judicial record: 10 days of the calendar."""
IN_HOURS = "example-in-hours"
"""8 working hours, with internal steps of 2, 3, 2 and 1."""
RESTART = "example-restart"
"""7 working days that begin again after a supplement."""
HOUR = 3_600_000_000
"""Microseconds."""


@cache
def packaged_records() -> tuple[ReferenceRecord, ...]:
    """The records of the packaged set ``vn``, without the thousands of units."""
    return tuple(entry.record(None) for entry in load_reference("vn") if entry.kind != "unit")


@cache
def packaged_book() -> ReferenceBook:
    """The packaged set ``vn``, as a worker holds it."""
    return book_with()


def book_with(*more: ReferenceRecord) -> ReferenceBook:
    """The packaged set ``vn`` and these records."""
    records = (*packaged_records(), *more)
    return ReferenceBook(records, len(records))


def happened(seq: int, status: str, when: str, **changes: Any) -> CaseEvent:
    """An event at a local time; ``due`` and ``received`` are local times too. By default a residence dossier."""
    instant = at(when)
    due, received = changes.pop("due", None), changes.pop("received", None)
    usual: dict[str, Any] = {
        "accepted_at": instant,
        "occurred_at": instant,
        "due_at": None if due is None else at(due),
        "received_at": None if received is None else at(received),
        "ended_at": instant if status in ("3", "7", "9", "10") else None,
        "selector": RESIDENCE,
    }
    return event(seq, status, 0, **{**usual, **changes})


def of(selector: str, *steps: tuple[str, str]) -> list[CaseEvent]:
    """A history of (status, local time) of a procedure, numbered from 1."""
    return [happened(seq, status, when, selector=selector) for seq, (status, when) in enumerate(steps, start=1)]


def outcome(horizon: str, *events: CaseEvent, book: ReferenceBook | None = None) -> Fold:
    """What holds at a local time: every event was known when it happened, every office was heard."""
    timeline: list[Known] = []
    for one in events:
        insert(timeline, Known(one, one.accepted_at))
    heard = {one.office: at(horizon) for one in events}
    return fold(timeline, packaged_book() if book is None else book, at(horizon), heard)


def told(found: Fold, clock: str = "processing", episode: int | None = None) -> list[str]:
    """The kinds of a clock's facts with their level, in the order in which they hold, warnings left out."""
    return [
        f"{one.kind}{one.level and '/' + one.level}"
        for one in found.facts
        if one.clock == clock and episode in (None, one.episode) and one.kind not in ("warned", "escalated")
    ]


def codes(found: Fold) -> set[str]:
    """The findings."""
    return {one.code for one in found.remarks}


def clock(found: Fold, name: str = "processing", episode: int = 1) -> Clock:
    """One clock of a case."""
    (one,) = [each for each in found.clocks if (each.name, each.episode) == (name, episode)]
    return one


def due(found: Fold, name: str = "processing", episode: int = 1) -> str:
    """The due time of a clock as the wall shows it."""
    due_at = clock(found, name, episode).due_at
    assert due_at is not None
    return shown(due_at)
