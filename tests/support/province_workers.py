"""The deadline workers over the log of a simulated province, without a broker: what they say, and their live totals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, groupby
from typing import NamedTuple

from lienthong.simulation import national_entries
from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_schemas.calendar_table import HOUR
from lienthong_schemas.instants import Instant, instant_of_milliseconds
from lienthong_schemas.partial_totals import TOPIC as PARTIALS
from lienthong_schemas.partial_totals import partial_totals
from lienthong_schemas.records import ReferenceRecord, Tick, partition_key
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.totals import Cell, Totals
from lienthong_streams.barriers import Barriers
from lienthong_streams.domain.merging import Merger
from lienthong_streams.partial_figures import PartialFigures
from lienthong_streams.partition import DeadlinePartition
from tests.support.province_log import Truth
from tests.support.simulations import BOOK

SLA_PARTITIONS = 4
TICK_EVERY = 24 * HOUR
"""Microseconds of the province's time."""


class Watched(NamedTuple):
    """What came of a log."""

    for_the_ledger: list[Record]
    """Reference data, what was announced, and the last tick, as they would lie on their topics."""
    live: dict[Cell, Totals]
    """What the workers' figures add up to."""


def watched(truth: Truth, log: Sequence[Record]) -> Watched:
    """Take a log day after day, a tick at the end of each and one at the horizon; every office counts as heard."""
    entries = [*national_entries(), *reference_entries(truth.simulation.province)]
    workers = _Workers([entry.record(None) for entry in entries], {event.step.office.code for event in truth.events})
    for day, records in groupby(log, key=lambda record: instant_of_milliseconds(record.timestamp) // TICK_EVERY):
        workers.take(list(records), (day + 1) * TICK_EVERY)
    workers.take([], max(truth.simulation.horizon, workers.horizon) + 1)
    merger = Merger(lambda selector: workers.book.field_of(selector, workers.horizon))
    for output in workers.partials:
        merger.take(partial_totals(BOOK.decode(PARTIALS, output.value or b"")))
    return Watched(
        [*workers.references, *workers.announced, workers.tick._replace(offset=0)],
        {cell: merger.total(cell) for cell in merger.cells()},
    )


class _Workers:
    """An owner for each partition that has records; all of them read the same ticks and reference data."""

    def __init__(self, references: Sequence[ReferenceRecord], offices: set[str]) -> None:
        self.book = ReferenceBook(references)
        self.announced: list[Record] = []
        self.partials: list[OutboundRecord] = []
        self.references: list[Record] = []
        self.tick = Record("tick.v1", 0, 0, None, b"", 0)
        self.horizon: Instant = 0
        self._offices = offices
        self._barriers = Barriers(BOOK)
        self._owners: dict[TopicPartition, DeadlinePartition] = {}
        self._ticks, self._ends = count(), [count() for _ in range(SLA_PARTITIONS)]
        for offset, reference in enumerate(references, start=1):  # the ledger has a calendar before them
            value = BOOK.encode("reference.v1", reference._asdict())
            self.references.append(Record("reference.v1", 0, offset, reference.record_id.encode(), value, 0))
            self._barriers.add_reference(self.references[-1])

    def take(self, records: Sequence[Record], at: Instant) -> None:
        """Records, and then a tick over all of them."""
        waiting: dict[TopicPartition, list[Record]] = {}
        for record in records:
            waiting.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        ends = {partition_key(*place): owner.position for place, owner in self._owners.items()}
        ends |= {partition_key(*place): each[-1].offset + 1 for place, each in waiting.items()}
        tick = Tick(at, ends, len(self.references) + 1, dict.fromkeys(self._offices, at))
        value = BOOK.encode("tick.v1", tick._asdict())
        self.tick, self.horizon = Record("tick.v1", 0, next(self._ticks), None, value, at // 1_000), at
        self._barriers.add_tick(self.tick)
        for place in sorted({*self._owners, *waiting}):
            self._run(self._owner(place), waiting.get(place, []), at)

    def _owner(self, place: TopicPartition) -> DeadlinePartition:
        if place not in self._owners:
            figures = PartialFigures(place, BOOK, every=0)
            self._owners[place] = DeadlinePartition(place, BOOK, self._barriers, figures=figures)
            self._owners[place].restored()
        return self._owners[place]

    def _run(self, owner: DeadlinePartition, records: Sequence[Record], at: Instant) -> None:
        unfinished = True
        while unfinished:
            effects = owner.run([one for one in records if one.offset >= owner.position], now=at)
            unfinished = effects.unfinished
            for output in effects.outputs:
                if output.topic == PARTIALS:
                    self.partials.append(output)
                elif output.topic == "sla.v1":
                    self._announce(output, at)

    def _announce(self, output: OutboundRecord, at: Instant) -> None:
        number = partition_of(output.key or b"", SLA_PARTITIONS)
        place = "sla.v1", number, next(self._ends[number])
        self.announced.append(Record(*place, output.key, output.value, at // 1_000))
