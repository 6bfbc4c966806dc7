"""A simulated province brought to a bus whose workers are under fire, and the judgement of what they said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lienthong.demo.settling import LOOK_AGAIN_S
from lienthong.status.positions import position_of
from lienthong_consumers.exporter.broker_watch import BrokerWatch
from lienthong_consumers.exporter.lags import deadline_lags
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_producers.domain.simulation.delivery import Arrival, TimeMark
from lienthong_producers.domain.simulation.options import Disorder
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_producers.import_time import ImportTime
from lienthong_producers.simulation_import import arrival_record
from lienthong_schemas.case_event import CASE_TOPICS, read_case_event
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant, instant_of_milliseconds
from lienthong_schemas.records import reference_record
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.announcements import settled_of
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from tests.support.agreement import Key
from tests.support.announced import standing_on_bus
from tests.support.whole_bus import WholeBus

AT_ONCE = 500
"""Events written in one go; between two of them the faults get their turn."""


@dataclass
class Imported:
    """What was brought, and what the last tick said of the offices."""

    events: int = 0
    again: int = 0
    heard: Mapping[str, Instant] = field(default_factory=dict)


async def bring(bus: WholeBus, simulation: Simulation, disorder: Disorder, *, events_per_second: float) -> Imported:
    """Publish a delivery with its ticks, paced. Heartbeats stay away: of the workers only ticks know them."""
    clock = asyncio.get_running_loop().time
    begun, done, waiting = clock(), Imported(), list[OutboundRecord]()
    time = ImportTime(bus.publisher, bus.reader, bus.book)
    await time.find_place()

    async def flush() -> None:
        await time.publish(waiting)
        waiting.clear()
        await asyncio.sleep(max(0.0, begun + done.events / events_per_second - clock()))

    for item in simulation.delivery(disorder, book=SchemaBook()):
        if isinstance(item, Arrival):
            waiting.append(arrival_record(item))
            done.events += 1
            done.again += item.again
            if len(waiting) >= AT_ONCE:
                await flush()
        elif isinstance(item, TimeMark):
            await flush()
            await time.reach(item.at, item.complete_through)
            done.heard = dict(item.complete_through)
    return done


class PauseWatch:
    """Sees from outside how long nothing was applied while something waited."""

    def __init__(self, bus: WholeBus) -> None:
        self.longest_s = 0.0
        self._watch = BrokerWatch(
            KafkaReader(bus.bootstrap, bus.prefix), catalogue=load_catalogue(), position_of=position_of
        )

    async def look(self) -> None:
        """Look again and again, until cancelled."""
        clock = asyncio.get_running_loop().time
        moved_at, applied = clock(), -1
        try:
            while True:
                sight = await self._watch.look(0)
                now_applied = sum(each.next_offset for each in sight.applied.values())
                if now_applied != applied or not any(deadline_lags(sight).values()):
                    applied, moved_at = now_applied, clock()
                self.longest_s = max(self.longest_s, clock() - moved_at)
                await asyncio.sleep(LOOK_AGAIN_S)
        finally:
            await self._watch.close()


class Judgement(NamedTuple):
    """What stands on the bus against the engine in one plain loop over the log."""

    standing: int
    missing: frozenset[str]
    extra: frozenset[str]
    wrong: frozenset[str]
    """Standing, but held to be certain where an event is missing, or the other way round."""

    @property
    def is_right(self) -> bool:
        """Whether there is nothing to be said against it."""
        return self.standing > 0 and not (self.missing or self.extra or self.wrong)


async def judge(bus: WholeBus, horizon: Instant, heard: Mapping[str, Instant]) -> Judgement:
    """Judge what was announced. Raises AssertionError where something was announced twice."""
    expected = dict(await settled_by_plain_loop(bus, horizon, heard))
    standing = dict(await standing_on_bus(bus))
    both = standing.keys() & expected.keys()
    return Judgement(
        len(standing),
        frozenset(expected.keys() - both),
        frozenset(standing.keys() - both),
        frozenset(key for key in both if standing[key] != expected[key]),
    )


async def settled_by_plain_loop(bus: WholeBus, horizon: Instant, heard: Mapping[str, Instant]) -> set[Key]:
    """What must stand: the fold of every case of the log, partition after partition."""
    book = ReferenceBook([reference_record(each) for each in await bus.decoded("reference.v1")])
    found: set[Key] = set()
    for topic in CASE_TOPICS:
        for number in range(await bus.reader.partitions(topic)):
            timelines = await timelines_of(bus, TopicPartition(topic, number))
            for case, timeline in timelines.items():
                found |= settled_of(case, fold(timeline, book, horizon, heard))
            await asyncio.sleep(0)
    return found


async def timelines_of(bus: WholeBus, source: TopicPartition) -> dict[str, list[Known]]:
    """The timelines of all cases of a partition."""
    timelines: dict[str, list[Known]] = {}
    async for record in read_to_end(bus.reader, source):
        event, _ = read_case_event(bus.book, source.topic, record.key, record.value or b"")
        insert(timelines.setdefault(event.case_id, []), Known(event, instant_of_milliseconds(record.timestamp)))
    return timelines
