"""The work that all contestants do: decode a dossier's event, keep its state, write changelog and outputs.

The state of a case is (seq, status, due time); every changed case gives a changelog record, every case that starts or
ends an output.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from io import BytesIO
from struct import Struct
from typing import Any, Final

from fastavro import parse_schema, schemaless_reader

from lienthong_schemas.codec import (
    EARLIER_SCHEMAS,
    HEADER_LENGTH,
    MARKER,
    SCHEMA_OF_TOPIC,
    fingerprint_of,
    packaged_schema,
    without_logical_types,
)

STATE: Final = Struct(">Iq2s")
OUTPUT_TOPIC: Final = "sla.v1"
INPUT_TOPIC: Final = "dossier.v1"
PARTITIONS: Final = 4
"""Of the input topic, as the catalogue has it."""
STARTS: Final = "2"
ENDS: Final = "9"


def state_of(seq: int, due_at: int | None, status: str) -> bytes:
    """The bytes of a case's state after an event."""
    return STATE.pack(seq, due_at or 0, status.encode())


def output_of(case_id: str, seq: int, status: str) -> bytes | None:
    """What is said about an event, if anything."""
    return f"{case_id}|{status}|{seq}".encode() if status in (STARTS, ENDS) else None


def fastavro_reader() -> Callable[[bytes], dict[str, Any]]:
    """What a team without our codec would read values with: fastavro, on the schema that the writer had."""
    names = (*EARLIER_SCHEMAS[INPUT_TOPIC], SCHEMA_OF_TOPIC[INPUT_TOPIC])
    raw = [packaged_schema(name) for name in names]
    schemas = {MARKER + fingerprint_of(schema): parse_schema(without_logical_types(schema)) for schema in raw}

    def read(value: bytes) -> dict[str, Any]:
        source = BytesIO(value)
        source.seek(HEADER_LENGTH)
        record: Any = schemaless_reader(source, schemas[value[:HEADER_LENGTH]], None)
        return dict(record)

    return read


class Meter:
    """CPU seconds of this process (user and system, all threads) from behind the first run of events to the last."""

    def __init__(self, events: int = 0) -> None:
        self._events = events
        self._done = self._first = self._outputs = 0
        self._begin = self._end = (0.0, 0.0)
        self._begun = False

    def begin(self) -> None:
        """Measure from now on, the first run included."""
        self._begin, self._begun = (time.process_time(), time.perf_counter()), True

    @property
    def last(self) -> float:
        """When events were counted last, by the clock of ``time.perf_counter``; 0 before the first."""
        return self._end[1] if self._done else 0.0

    def count(self, number: int, outputs: int = 0) -> bool:
        """Count events that are done with, and what was said; True once all are. The first call starts the meter."""
        self._end = time.process_time(), time.perf_counter()
        if not self._done and not self._begun:
            self._first, self._begin = number, self._end
        self._done += number
        self._outputs += outputs
        return self._done == self._events

    def report(self, **more: object) -> None:
        """Print one line of JSON: microseconds of CPU per event, events a second. The first run is left out."""
        measured = max(1, self._done - self._first)
        cpu, wall = (end - begin for end, begin in zip(self._end, self._begin, strict=True))
        told = {
            "events": self._done,
            "cpu_us_per_event": round(cpu / measured * 1e6, 2),
            "events_per_second": round(measured / wall) if wall else 0,
            "outputs_per_event": round(self._outputs / max(1, self._done), 3),
            **more,
        }
        os.write(1, f"{json.dumps(told)}\n".encode())  # Faust puts its log in the place of sys.stdout
