"""Short ways to write histories of cases in tests: events, reference data, minutes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from lienthong_schemas.case_event import CaseEvent, Handover, Opening
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.timeline import Known, insert

MINUTE = 60 * 1_000_000
"""Microseconds."""
START: Instant = 1_750_000_000 * 1_000_000
"""An instant in June 2025 from which tests count minutes."""
CASE = "dossier:H27.16:000.00.16.H27-250701-0001"

EFFECTS = {
    "1": "waiting",
    "2": "running",
    "3": "stopped",
    "4": "running",
    "5": "paused",
    "6": "paused",
    "7": "ended",
    "8": "paused",
    "9": "ended",
    "10": "ended",
}
TRANSITIONS = {
    "1": ["2", "3", "5", "6", "7"],
    "2": ["4", "5", "6", "7", "8"],
    "4": ["5", "6", "7", "8", "9"],
    "5": ["2", "4", "7", "8", "3"],
    "6": ["2", "4", "7", "8"],
    "8": ["4"],
    "9": ["10"],
}


def minute(number: float) -> Instant:
    """The instant so many minutes after START."""
    return START + round(number * MINUTE)


def event(seq: int, status: str, at: float, *, due: float | None = None, **changes: object) -> CaseEvent:
    """Event ``seq`` of CASE in a state, ``at`` minutes after START, due ``due`` minutes after START."""
    plain = CaseEvent(
        case_id=CASE,
        epoch=1,
        seq=seq,
        digest=b"",
        accepted_at=minute(at),
        occurred_at=minute(at),
        office="H27.16",
        commune="18073",
        change="changed",
        status=status,
        received_at=None,
        due_at=None if due is None else minute(due),
        ended_at=minute(at) if status in ("7", "9", "10", "3") else None,
        selector="1.005129",
    )
    made = plain._replace(**changes)  # type: ignore[arg-type]
    content = made._replace(accepted_at=0)
    return made if made.digest else made._replace(digest=sha256(repr(content).encode()).digest()[:16])


def handover(seq: int, at: float, *, successor: str, next_epoch: int, due: float | None = None) -> CaseEvent:
    """A handover as the last event of epoch 1."""
    return event(seq, "4", at, due=due, change="handover", handover=Handover(successor, next_epoch, seq))


def opening(seq: int, at: float, *, started: float, due: float | None = None) -> CaseEvent:
    """An opening balance of a case that started before the bus came."""
    return event(seq, "4", at, due=due, change="opening", opening=Opening(minute(started), 0, 0))


def known(events: Sequence[CaseEvent], *, delay: float = 0) -> list[Known]:
    """The timeline of events, each known ``delay`` minutes after it occurred."""
    timeline: list[Known] = []
    for one in events:
        insert(timeline, Known(one, one.occurred_at + round(delay * MINUTE)))
    return timeline


def record(kind: str, key: str, body: object, *, version: int = 1, valid_from: Instant = 0) -> ReferenceRecord:
    """A reference record."""
    text = json.dumps(body, sort_keys=True)
    return ReferenceRecord(f"{kind}/{key}/{version}", kind, key, version, valid_from, valid_from, text)


STATES = record(
    "states",
    "dossier",
    {"case_kind": "dossier", "effects": EFFECTS, "transitions": TRANSITIONS, "initial": ["1", "2"], "source": "test"},
)
POLICY = record("policy", "dossier/*", {"case_kind": "dossier", "source": "test"})


def book(*records: ReferenceRecord) -> ReferenceBook:
    """A book of these records, by default the dossier's states and its policy."""
    return ReferenceBook(records or (STATES, POLICY), 2)
