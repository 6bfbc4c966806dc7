"""The input: dossiers with eight events each, interleaved, as a province sends them in a busy hour."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from benchmarks.job import INPUT_TOPIC
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.identity import event_id
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND

STATUSES = ("2", "4", "4", "5", "4", "4", "4", "9")
"""A dossier's life: received, worked on, a supplement, worked on, done."""
MINUTE = 60 * MICROSECONDS_PER_SECOND
START = 1_750_000_000 * MICROSECONDS_PER_SECOND
OPEN_AT_ONCE = 500
CHUNK = 2_000


def dossier_record(case: int, seq: int, at: int) -> dict[str, Any]:
    """Event ``seq`` of a case, ``at`` minutes after START."""
    identity = f"dossier:H27.{case % 69 + 1:02d}:000.00.16.H27-250701-{case:06d}"
    office = f"H27.{case % 69 + 1:02d}"
    status = STATUSES[seq - 1]
    occurred = START + at * MINUTE
    return {
        "accepted_at": occurred, "previous": None, "case_id": identity, "epoch": 1, "seq": seq, "seq_by": "holder",
        "event_id": event_id(office, identity, 1, seq), "change": "changed", "office": office, "commune": "18073",
        "occurred_at": occurred, "source_ref": None, "handover": None, "opening": None, "status": status,
        "received_at": START + case * MINUTE, "due_at": START + (case + 3_000 + case % 5_000) * MINUTE,
        "ended_at": occurred if status == "9" else None, "procedure": "1.005129", "channel": "online", "step": "",
        "applicant_kind": "citizen", "applicant": None, "fee_paid": None, "digitised": None,
    }  # fmt: skip


def records(events: int, seed: int = 1) -> Iterator[OutboundRecord]:
    """So many events, of hundreds of dossiers at once; the same for the same seed."""
    chance, book = random.Random(seed), SchemaBook()
    opened = 0
    open_cases: list[list[int]] = []
    for at in range(events):
        if len(open_cases) < OPEN_AT_ONCE:
            opened += 1
            open_cases.append([opened, 0])
        index = chance.randrange(len(open_cases))
        open_cases[index][1] += 1
        case, seq = open_cases[index]
        if seq == len(STATUSES):
            open_cases[index] = open_cases[-1]
            open_cases.pop()
        record = dossier_record(case, seq, at)
        yield OutboundRecord(INPUT_TOPIC, record["case_id"].encode(), book.encode(INPUT_TOPIC, record))


async def publish(bootstrap: str, prefix: str, events: int) -> None:
    """Write the input to a bus."""
    publisher = KafkaPublisher(bootstrap, prefix)
    chunk: list[OutboundRecord] = []
    try:
        for record in records(events):
            chunk.append(record)
            if len(chunk) == CHUNK:
                await publisher.publish(chunk)
                chunk = []
        await publisher.publish(chunk)
    finally:
        await publisher.close()
