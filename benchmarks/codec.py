"""The codec beside fastavro, operation by operation: microseconds of CPU, the best of many rounds in turn.

The events are dossiers of a simulated province (24 fields); the announcements are clock events. One process, no Kafka.
Run: ``make bench ARGS="--only codec"``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, Final

from fastavro import schemaless_writer

from benchmarks.feed import records
from benchmarks.job import INPUT_TOPIC, OUTPUT_TOPIC, fastavro_reader
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.avro_compiled import Wanted
from lienthong_schemas.case_event import read_case_event
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.records import ClockEvent
from lienthong_schemas.worker_event import read_worker_event

EVENTS: Final = 3_000
ROUNDS: Final = 15
FOUR: Final = Wanted(INPUT_TOPIC, ("case_id", "seq", "due_at", "status"))


def fastavro_writer(book: SchemaBook, topic: str) -> Callable[[Any], bytes]:
    """What fastavro writes of a mapping, without a header."""
    schema = book.newest(topic)

    def write(record: Any) -> bytes:
        out = BytesIO()
        schemaless_writer(out, schema, record, strict=True)
        return out.getvalue()

    return write


def clock_event_of(record: dict[str, Any]) -> ClockEvent:
    """An announcement as a dossier's event causes it."""
    case, at = record["case_id"], record["occurred_at"]
    return ClockEvent(
        *(record["event_id"], f"{case}|processing|1|started||1.1", case, "processing", 1, "started", "", "1.1"),
        *(None, "firm", at, at, record["due_at"], record["due_at"], record["office"], record["commune"]),
        *(record["procedure"], 28_800, 0, "clock-policy/dossier/1.904008", 31, INPUT_TOPIC, 2, record["seq"]),
    )


def operations(sample: Sequence[OutboundRecord]) -> dict[str, tuple[Callable[[Any], object], Sequence[Any]]]:
    """What is measured, and on what."""
    book = SchemaBook()
    values = [one.value or b"" for one in sample]
    decoded = [book.decode(INPUT_TOPIC, value) for value in values]
    said = [clock_event_of(record) for record in decoded]
    written, announced = fastavro_writer(book, INPUT_TOPIC), fastavro_writer(book, OUTPUT_TOPIC)
    return {
        "empty call": (lambda value: value, values),
        "fastavro: whole event": (fastavro_reader(), values),
        "compiled: whole event": (lambda value: book.decode(INPUT_TOPIC, value), values),
        "compiled: four fields": (lambda value: book.decode_fields(FOUR, value), values),
        "event with all rules, whole": (lambda one: read_case_event(book, one.topic, one.key, one.value), sample),
        "event with all rules, worker": (lambda one: read_worker_event(book, one.topic, one.key, one.value), sample),
        "fastavro: write event": (written, decoded),
        "compiled: write event": (lambda record: book.encode(INPUT_TOPIC, record), decoded),
        "fastavro: write clock event": (lambda event: announced(event._asdict()), said),
        "compiled: write clock event": (lambda event: book.encode(OUTPUT_TOPIC, event), said),
        "clock event, made and written": (lambda record: book.encode(OUTPUT_TOPIC, clock_event_of(record)), decoded),
    }


def measure(events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, float]:
    """Microseconds of CPU by operation."""
    chosen = operations(records(events))
    best = dict.fromkeys(chosen, float("inf"))
    for _ in range(rounds):
        for name, (work, items) in chosen.items():
            begin = time.process_time()
            for item in items:
                work(item)
            best[name] = min(best[name], (time.process_time() - begin) / len(items) * 1e6)
    return {name: round(cost, 2) for name, cost in best.items()}


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:])), indent=2))  # noqa: T201
