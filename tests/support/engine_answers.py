"""``python -m tests.support.engine_answers EVENTS``: one line of JSON with the form of the engine and what it answered.

The dossiers of a simulated province, with a tick a simulated day, through one partition; a digest over all outputs and
all changes of its changelog, byte by byte.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any, Final

from benchmarks.feed import arrivals
from lienthong_infra.ports import Record, TopicPartition
from lienthong_producers.domain.simulation.delivery import Arrival, Beat
from lienthong_producers.simulation_import import arrival_record
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import milliseconds_of
from lienthong_schemas.records import Tick, partition_key
from lienthong_schemas.reference_files import load_reference
from lienthong_streams.barriers import Barriers
from lienthong_streams.engine_form import engine_form
from lienthong_streams.partial_figures import PartialFigures
from lienthong_streams.partition import DeadlinePartition

SOURCE: Final = TopicPartition("dossier.v1", 0)
RUN: Final = 500
"""Records of one run."""


def log_of(events: int, book: SchemaBook) -> tuple[Barriers, list[Record]]:
    """The records of the partition, and the ticks and reference data beside them."""
    barriers = Barriers(book)
    entries = [entry.record(None) for entry in load_reference("vn")]
    for offset, entry in enumerate(entries):
        value = book.encode("reference.v1", entry._asdict())
        barriers.add_reference(Record("reference.v1", 0, offset, b"", value, 0))
    records: list[Record] = []
    ticks = 0
    for item in arrivals(events):
        if isinstance(item, Arrival):
            one = arrival_record(item)
            records.append(Record(*SOURCE, len(records), one.key, one.value, milliseconds_of(item.at)))
            continue
        if isinstance(item, Beat):
            continue
        tick = Tick(item.at, {partition_key(*SOURCE): len(records)}, len(entries), item.complete_through)
        barriers.add_tick(Record("tick.v1", 0, ticks, None, book.encode("tick.v1", tick._asdict()), 0))
        ticks += 1
    return barriers, records


def answers(events: int) -> dict[str, Any]:
    """The form of the engine, how much it said and kept, and the digest of it all."""
    book = SchemaBook()
    barriers, records = log_of(events, book)
    partition = DeadlinePartition(SOURCE, book, barriers, figures=PartialFigures(SOURCE, book))
    partition.restored()
    digest, outputs, changes = hashlib.sha256(), 0, 0
    for begin in range(0, len(records), RUN):
        effects = partition.run(records[begin : begin + RUN], now=begin * 1_000_000)
        outputs, changes = outputs + len(effects.outputs), changes + len(effects.changes)
        digest.update(repr((effects.outputs, sorted(effects.changes))).encode())
    return {"engine": engine_form(), "outputs": outputs, "changes": changes, "digest": digest.hexdigest()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answers(int(sys.argv[1]))) + "\n")
