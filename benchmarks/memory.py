"""What a million open cases with eight events each cost: memory, a restore from changelog values, an idle tick.

The values are those that the engine itself made of real records, for a few thousand different cases, copied under a
million case ids. One process, no Kafka (``benchmarks.restore`` reads a real changelog).
Run: ``make bench ARGS="--only memory"``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.feed import MINUTE, START, dossier_record
from lienthong_infra.ports import Record, TopicPartition
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import milliseconds_of
from lienthong_schemas.records import ReferenceRecord, Tick, partition_key
from lienthong_schemas.reference_files import load_reference
from lienthong_streams.barriers import Barriers
from lienthong_streams.partial_figures import PartialFigures
from lienthong_streams.partition import DeadlinePartition
from lienthong_streams.position import POSITION_KEY

CASES = 1_000_000
SAMPLES = 2_000
"""Different cases of which the values are copies."""
EVENTS = 8
OFFICES = 200
"""Offices that each tick tells about: those of a large province."""
IDLE_TICKS = 300
PORTION = 10_000
SOURCE = TopicPartition("dossier.v1", 0)
STATUSES = ("2", "4", "4", "5", "4", "4", "4", "4")
"""Received, worked on, a supplement, worked on; still open."""


class Bus:
    """A partition with its barriers, and the ticks and records that it is given."""

    def __init__(self) -> None:
        self.book = SchemaBook()
        self.barriers = Barriers(self.book)
        self._ticks = 0
        entries = [
            ReferenceRecord(one.record_id, one.kind, one.key, one.version, one.valid_from, one.valid_from, one.body)
            for one in load_reference("vn")
        ]
        for offset, entry in enumerate(entries):
            value = self.book.encode("reference.v1", entry._asdict())
            self.barriers.add_reference(Record("reference.v1", 0, offset, b"", value, 0))
        self._reference_end = len(entries)

    def tick(self, bus_time: int, reach: int) -> None:
        """A tick in which all offices were heard."""
        heard = {f"H27.{number:03d}": bus_time for number in range(OFFICES)}
        tick = Tick(bus_time, {partition_key(*SOURCE): reach}, self._reference_end, heard)
        value = self.book.encode("tick.v1", tick._asdict())
        self.barriers.add_tick(Record("tick.v1", 0, self._ticks, None, value, 0))
        self._ticks += 1

    def partition(self) -> DeadlinePartition:
        """A new owner of the partition, with live figures as a worker has them."""
        return DeadlinePartition(SOURCE, self.book, self.barriers, figures=PartialFigures(SOURCE, self.book))


def open_case(case: int, seq: int) -> dict[str, Any]:
    """Event ``seq`` of a case that is still open after the last."""
    record = dossier_record(case, seq, case + seq * 30)
    return {**record, "status": STATUSES[seq - 1], "ended_at": None}


def sample_values(bus: Bus, samples: int = SAMPLES) -> dict[bytes, bytes | None]:
    """The changelog of some cases and the position, made by the engine."""
    records: list[Record] = []
    for case in range(samples):
        for seq in range(1, EVENTS + 1):
            one = open_case(case, seq)
            value = bus.book.encode(SOURCE.topic, one)
            known = milliseconds_of(one["occurred_at"] + 2_000_000)
            records.append(Record(*SOURCE, len(records), one["case_id"].encode(), value, known))
    bus.tick(START, 0)
    partition = bus.partition()
    partition.restored()
    changelog: dict[bytes, bytes | None] = {}
    for begin in range(0, len(records), 4_000):
        changelog.update(partition.run(records[begin : begin + 4_000], now=0).changes)
    return changelog


def many(samples: dict[bytes, bytes | None], cases: int) -> Iterator[tuple[bytes, bytes | None]]:
    """The changelog of so many cases, each value an object of its own; the position last."""
    values = [value or b"" for key, value in samples.items() if key != POSITION_KEY]
    for case in range(cases):
        value = values[case % len(values)]
        yield f"dossier:H27.{case % 69 + 1:02d}:000.00.16.H27-250701-{case:06d}".encode(), bytes(bytearray(value))
    yield POSITION_KEY, samples[POSITION_KEY]


def resident_bytes() -> int:
    """The resident memory of this process."""
    counts = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(counts[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(cases: int = CASES) -> Iterator[dict[str, float]]:
    """The three figures, one after another."""
    bus = Bus()
    samples = sample_values(bus)
    sizes = [len(value or b"") for key, value in samples.items() if key != POSITION_KEY]
    partition = bus.partition()
    before, wall, cpu = resident_bytes(), 0.0, 0.0
    changelog = many(samples, cases)
    while portion := list(islice(changelog, PORTION)):
        begin, begin_cpu = time.perf_counter(), time.process_time()
        for key, value in portion:
            partition.restore(key, value)
        wall, cpu = wall + time.perf_counter() - begin, cpu + time.process_time() - begin_cpu
    begin, begin_cpu = time.perf_counter(), time.process_time()
    partition.restored()
    wall, cpu = wall + time.perf_counter() - begin, cpu + time.process_time() - begin_cpu
    after = resident_bytes()
    yield {
        "cases": cases,
        "rss_mb": round(after / 1e6),
        "bytes_per_case": round((after - before) / cases),
        "value_bytes": round(sum(sizes) / len(sizes)),
    }
    yield {"restored_cases": cases, "seconds": round(wall, 2), "cpu_us_per_case": round(cpu / cases * 1e6, 2)}
    yield {"idle_tick_us": round(idle_tick(bus, partition), 1), "open_cases": cases, "offices": OFFICES}


def idle_tick(bus: Bus, partition: DeadlinePartition) -> float:
    """Microseconds that a tick costs a partition on which nothing falls due: the median of many."""
    taken = []
    for number in range(IDLE_TICKS):
        bus.tick(START + number * MINUTE // 60, partition.position)
        begin = time.perf_counter()
        effects = partition.run((), now=0)
        taken.append(time.perf_counter() - begin)
        if len(effects.changes) > 1:
            raise SystemExit("the tick was not idle")
    return median(taken) * 1e6


if __name__ == "__main__":
    for line in measure(int(sys.argv[1]) if len(sys.argv) > 1 else CASES):
        print(json.dumps(line), flush=True)  # noqa: T201
