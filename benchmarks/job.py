"""The work that all contestants do: decode a dossier's event, keep its state, write changelog and outputs.

The state of a case is (seq, status, due time); every changed case gives a changelog record, every case that starts or
ends an output.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from struct import Struct
from typing import Any, Final

STATE: Final = Struct(">Iq2s")
OUTPUT_TOPIC: Final = "sla.v1"
INPUT_TOPIC: Final = "dossier.v1"
STARTS: Final = "2"
ENDS: Final = "9"


def state_of(record: Mapping[str, Any]) -> bytes:
    """The bytes of a case's state after an event."""
    return STATE.pack(record["seq"], record["due_at"] or 0, record["status"].encode())


def output_of(record: Mapping[str, Any]) -> bytes | None:
    """What is said about an event, if anything."""
    status = record["status"]
    if status not in (STARTS, ENDS):
        return None
    return f"{record['case_id']}|{status}|{record['seq']}".encode()


class Meter:
    """CPU seconds of this process (user and system, all threads) from the first event to the last."""

    def __init__(self, events: int) -> None:
        self._events = events
        self._done = 0
        self._cpu = self._wall = 0.0

    def count(self, number: int) -> bool:
        """Count events that are done with; True once all are. The first call starts the meter."""
        if not self._done:
            self._cpu, self._wall = time.process_time(), time.perf_counter()
            self._first = number
        self._done += number
        return self._done >= self._events

    def report(self, **more: object) -> None:
        """Print one line of JSON: microseconds of CPU per event, events a second. The first run is left out."""
        measured = self._done - self._first
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        told = {
            "events": self._done,
            "cpu_us_per_event": round(cpu / measured * 1e6, 1),
            "events_per_second": round(measured / wall),
            **more,
        }
        os.write(1, f"{json.dumps(told)}\n".encode())  # Faust puts its log in the place of sys.stdout
