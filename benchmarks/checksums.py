"""What checksums cost the deadline worker: microseconds of CPU an event, in turn with and without them.

The dossiers of a simulated province go through one partition in memory, in runs of 4,000, with a tick at the beginning;
no Kafka. Run: ``make bench ARGS="--only checksums"``.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Final

from benchmarks.feed import arrivals, province
from lienthong.simulation import national_entries
from lienthong_infra.ports import Record, TopicPartition
from lienthong_producers.domain.simulation.delivery import Arrival
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_schemas import checksums
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import milliseconds_of
from lienthong_schemas.records import Tick
from lienthong_streams.barriers import Barriers
from lienthong_streams.partial_figures import PartialFigures
from lienthong_streams.partition import DeadlinePartition

EVENTS: Final = 12_000
ROUNDS: Final = 5
RUN: Final = 4_000
"""Records of one run, as a host fetches them in a backlog."""
NEVER: Final = 10**12
SOURCE: Final = TopicPartition("dossier.v1", 0)


def log() -> list[Record]:
    """The dossiers as records of one partition."""
    found = (item for item in arrivals(EVENTS) if isinstance(item, Arrival))
    return [
        Record(*SOURCE, offset, item.event.case.case_id.encode(), item.event.value, milliseconds_of(item.at))
        for offset, item in enumerate(found)
    ]


def worker(book: SchemaBook, records: list[Record]) -> DeadlinePartition:
    """A worker that has seen the reference data and a tick from before the first event."""
    barriers = Barriers(book)
    entries = [*national_entries(), *reference_entries(province(EVENTS).province)]
    for offset, entry in enumerate(entries):
        value = book.encode("reference.v1", entry.record(None)._asdict())
        barriers.add_reference(Record("reference.v1", 0, offset, b"", value, 0))
    barriers.set_reference_position(len(entries))
    tick = Tick(records[0].timestamp * 1_000, {"dossier.v1/0": 0}, len(entries), {})
    barriers.add_tick(Record("tick.v1", 0, 0, b"", book.encode("tick.v1", tick._asdict()), 0))
    made = DeadlinePartition(SOURCE, book, barriers, figures=PartialFigures(SOURCE, book))
    made.restored()
    return made


def one_round(book: SchemaBook, records: list[Record], every: int) -> tuple[float, int]:
    """Seconds of CPU for all records, and the checksums written."""
    checksums.EVERY = every  # type: ignore[misc]
    made, written = worker(book, records), 0
    began = time.process_time()
    for begin in range(0, len(records), RUN):
        effects = made.run(records[begin : begin + RUN], now=begin)
        written += sum(each.topic == checksums.TOPIC for each in effects.outputs)
    return time.process_time() - began, written


def main() -> None:
    """Print the best round of each as JSON."""
    book, records = SchemaBook(), log()
    every = checksums.EVERY
    rounds = [(one_round(book, records, NEVER)[0], one_round(book, records, every)) for _ in range(ROUNDS)]
    without = min(one for one, _ in rounds)
    with_them, written = min(two for _, two in rounds)
    per_event = 1_000_000 / len(records)
    found = {
        "events": len(records),
        "checksums": written,
        "without_us": round(without * per_event, 2),
        "with_us": round(with_them * per_event, 2),
        "difference_us": round((with_them - without) * per_event, 2),
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
