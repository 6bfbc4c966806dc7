"""Records of case topics and of the streams as they lie on the log, for tests of the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from lienthong_infra.ports import OutboundRecord, Record
from lienthong_schemas.case_event import content_digest
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.identity import event_id
from lienthong_schemas.records import FIRM, ClockEvent, Finding, ReferenceRecord
from tests.support.ledger_cells import Cells, cells
from tests.support.ledger_recount import Counted, Recount, recount

BOOK = SchemaBook()
OFFICE = "H27.16"
HOUR = 3_600 * 1_000_000
"""Microseconds."""
START = 1_750_000_000 * 1_000_000
"""An instant in June 2025 from which tests count hours."""


def hour(number: float) -> int:
    """The instant so many hours after START."""
    return START + round(number * HOUR)


def case(number: int | str) -> str:
    """The id of a dossier."""
    return f"dossier:{OFFICE}:{number}"


def dossier(number: int | str, seq: int, status: str = "4", **fields: Any) -> dict[str, Any]:
    """The Avro record of an event of a dossier, received at START and due at hour 100 unless told otherwise."""
    plain: dict[str, Any] = {
        "accepted_at": hour(seq),
        "previous": None,
        "case_id": case(number),
        "epoch": 1,
        "seq": seq,
        "seq_by": "holder",
        "change": "changed",
        "office": OFFICE,
        "commune": "18073",
        "occurred_at": hour(seq),
        "source_ref": None,
        "handover": None,
        "opening": None,
        "status": status,
        "received_at": START,
        "due_at": hour(100),
        "ended_at": None,
        "procedure": "1.005129",
        "channel": "online",
        "step": "",
        "applicant_kind": "unknown",
        "applicant": None,
        "fee_paid": None,
        "digitised": None,
    }
    made = {**plain, **fields}
    return {"event_id": event_id(made["office"], made["case_id"], made["epoch"], made["seq"]), **made}


_OF_DOSSIERS: Final = ("procedure", "channel", "step", "applicant_kind", "applicant", "fee_paid", "digitised")


def other(kind: str, number: int | str, status: str, **fields: Any) -> dict[str, Any]:
    """The Avro record of the first event of a case of another kind; the fields of its kind by name."""
    identity = f"{kind}:{OFFICE}:{number}"
    plain = dossier(number, 1, status)
    common = {name: value for name, value in plain.items() if name not in _OF_DOSSIERS}
    return {**common, "case_id": identity, "event_id": event_id(OFFICE, identity, 1, 1), **fields}


def outbound(record: dict[str, Any], *, topic: str = "dossier.v1", timestamp: int | None = None) -> OutboundRecord:
    """The record for the log; its key is the case id."""
    return OutboundRecord(topic, record["case_id"].encode(), BOOK.encode(topic, record), timestamp=timestamp)


def clock_event(
    name: str, kind: str = "breached", *, refers_to: str | None = None, number: int = 1, **more: Any
) -> OutboundRecord:
    """An announcement with this id about a dossier; ``more``: other values of its fields."""
    event = ClockEvent(
        event_id=name,
        settled_key=f"{case(number)}|processing|1|{kind}||{name}",
        case_id=case(number),
        clock="processing",
        episode=1,
        kind=kind,
        level="",
        cause=name,
        refers_to=refers_to,
        firmness=FIRM,
        happened_at=hour(1),
        announced_at=hour(2),
        stated_due_at=hour(1),
        due_at=hour(1),
        office=OFFICE,
        commune="18073",
        selector="1.005129",
        used_seconds=3600,
        paused_seconds=0,
        policy="policy/dossier/*/1",
        reference_end=0,
        source_topic="dossier.v1",
        source_partition=0,
        source_offset=1,
    )
    return OutboundRecord("sla.v1", case(number).encode(), BOOK.encode("sla.v1", event._asdict() | more))


def finding(name: str, kind: str = "raised", *, refers_to: str | None = None) -> OutboundRecord:
    """A finding with this id about dossier 1."""
    event = Finding(
        event_id=name,
        settled_key=f"{case(1)}|finding|hole|{name}",
        case_id=case(1),
        code="hole",
        kind=kind,
        refers_to=refers_to,
        cause=name,
        detail="missing in the sequence",
        announced_at=hour(2),
        office=OFFICE,
        commune="18073",
        source_topic="dossier.v1",
        source_partition=0,
        source_offset=1,
    )
    return OutboundRecord("quality.v1", case(1).encode(), BOOK.encode("quality.v1", event._asdict()))


def reference(kind: str, key: str, body: object, *, version: int = 1, valid_from: int = 0) -> OutboundRecord:
    """A record of reference data."""
    text = body if isinstance(body, str) else json.dumps(body)
    one = ReferenceRecord(f"{kind}/{key}/{version}", kind, key, version, valid_from, valid_from, text)
    return OutboundRecord("reference.v1", f"{kind}/{key}".encode(), BOOK.encode("reference.v1", one._asdict()))


def recount_log(records: Iterable[Record]) -> Recount:
    """What the ledger must hold after these records of case topics, counted by other code than its own."""
    return recount(_counted(record) for record in records)


def recount_cells(records: Iterable[Record]) -> Cells:
    """The cells of the totals after these records of case topics."""
    return cells(map(_delivery, records))


_MARKS: Final = ("channel", "rating", "fee_paid", "digitised", "signature", "duplicate_of")
_SELECTORS: Final = ("procedure", "category", "form", "document_type", "task_type")


def _delivery(record: Record) -> dict[str, Any]:
    whole = BOOK.decode(record.topic, record.value or b"")
    return {
        **whole,
        **_counted(record)._asdict(),
        **{name: whole.get(name) for name in _MARKS},
        "channel": whole.get("channel", ""),
        "kind": record.topic.removesuffix(".v1"),
        "partition": record.partition,
        "selector": next(whole[name] for name in _SELECTORS if name in whole),
    }


def _counted(record: Record) -> Counted:
    value = record.value or b""
    whole = BOOK.decode(record.topic, value)
    handover = whole["handover"] or {"next_epoch": None, "last_seq": None}
    return Counted(
        whole["case_id"],
        whole["epoch"],
        whole["seq"],
        content_digest(value),
        whole["accepted_at"],
        whole["office"],
        whole["received_at"],
        whole["due_at"],
        whole["ended_at"],
        handover["next_epoch"],
        handover["last_seq"],
    )
