"""A simulated province brought to a bus whose workers are under fire, and the judgement of what they said."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tenacity import retry, retry_if_exception_type, stop_after_delay

from lienthong.demo.settling import LOOK_AGAIN_S
from lienthong.status.positions import position_of
from lienthong_consumers.exporter.broker_watch import BrokerWatch
from lienthong_consumers.exporter.lags import deadline_lags
from lienthong_infra.errors import UnavailableError
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
from lienthong_schemas.records import PROVISIONAL_HOLE, reference_record
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from tests.support.announced import standing_on_bus
from tests.support.figures_recount import Case, Place, counted_again, plain
from tests.support.merged import plain_totals
from tests.support.totals_recount import totals_again
from tests.support.totals_topics import live_totals
from tests.support.whole_bus import WholeBus

AT_ONCE = 500
"""Events written in one go; between two of them the faults get their turn."""

PATIENCE_S = 300.0
"""A broker that shares two cores with everybody under fire may be silent for a while."""


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

    patiently = retry(retry=retry_if_exception_type(UnavailableError), stop=stop_after_delay(PATIENCE_S), reraise=True)

    async def flush() -> None:
        await patiently(time.publish)(waiting)  # what is there twice has one identity
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
            await patiently(time.reach)(item.at, item.complete_through)
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


Figures = dict[TopicPartition, dict[Place, Counter[str]]]
"""By partition of a case topic, the live figures of each place; without zeros."""


class Truth(NamedTuple):
    """What must stand: keys, each with whether a hole makes it provisional (how late events reached the bus among them:
    that is a function of this log), and the live figures."""

    held: dict[str, bool]
    figures: Figures


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


async def truth_of(bus: WholeBus, horizon: Instant, heard: Mapping[str, Instant]) -> Truth:
    """Fold every case of the log, partition after partition, and count again."""
    book = ReferenceBook([reference_record(each) for each in await bus.decoded("reference.v1")])
    truth = Truth({}, {})
    for topic in CASE_TOPICS:
        for number in range(await bus.reader.partitions(topic)):
            source = TopicPartition(topic, number)
            timelines = await timelines_of(bus, source)
            cases = {case: Case(each, fold(each, book, horizon, heard), book) for case, each in timelines.items()}
            for case, each in cases.items():
                facts, remarks = each.fold.fact_claims, each.fold.remark_claims
                truth.held.update((f"{case}|{claim.key}", claim.firmness == PROVISIONAL_HOLE) for claim in facts)
                truth.held.update((f"{case}|{claim.key}", False) for claim in remarks)
            truth.figures[source] = counted_again(cases.values())
    return truth


async def judge(bus: WholeBus, truth: Truth) -> Judgement:
    """Judge what was announced. Raises AssertionError where something was announced twice."""
    standing = dict(await standing_on_bus(bus))
    both = standing.keys() & truth.held.keys()
    return Judgement(
        len(standing),
        frozenset(truth.held.keys() - both),
        frozenset(standing.keys() - both),
        frozenset(key for key in both if standing[key] != truth.held[key]),
    )


async def figures_on_bus(bus: WholeBus) -> tuple[Figures, int]:
    """The newest snapshots, and how many were published. Raises AssertionError where one says it is older than the
    one before it under its key."""
    newest: dict[bytes, dict[str, Any]] = {}
    records = await bus.records("totals-partial.v1")
    for record in records:
        snapshot, key = bus.book.decode("totals-partial.v1", record.value or b""), record.key or b""
        before = newest.get(key, snapshot)
        assert _age(before) <= _age(snapshot)
        newest[key] = snapshot
    found: Figures = {}
    for snapshot in newest.values():
        source = TopicPartition(snapshot["source_topic"], snapshot["source_partition"])
        place = snapshot["commune"], snapshot["office"], snapshot["channel"], snapshot["selector"]
        if counts := plain(snapshot):
            found.setdefault(source, {})[place] = counts
    return found, len(records)


async def wrong_totals(bus: WholeBus, truth: Truth) -> list[object]:
    """Cells whose newest record on ``totals.v1`` is not what the truth adds up to, once all partials are merged."""
    references = [reference_record(each) for each in await bus.decoded("reference.v1")]
    fields = {each.key: json.loads(each.body)["field"] for each in references if each.kind == "procedure"}
    found, expected = plain_totals((await live_totals(bus)).values()), totals_again(truth.figures, fields)
    return [
        (cell, found.get(cell), expected.get(cell))
        for cell in found.keys() | expected.keys()
        if found.get(cell) != expected.get(cell)
    ]


def _age(snapshot: Mapping[str, Any]) -> tuple[int, int]:
    return snapshot["generation"], snapshot["position"]


async def right_figures(bus: WholeBus, truth: Truth, *, limit_s: float) -> int:
    """Return how many snapshots were published once the newest are right; nothing but the workers' own time helps."""
    wrong: list[object] = []
    try:
        async with asyncio.timeout(limit_s):
            while True:
                found, snapshots = await figures_on_bus(bus)
                wrong = [
                    (source, place, figures.get(place), found.get(source, {}).get(place))
                    for source, figures in truth.figures.items()
                    for place in figures.keys() | found.get(source, {}).keys()
                    if figures.get(place) != found.get(source, {}).get(place)
                ]
                if not wrong:
                    return snapshots
                await asyncio.sleep(LOOK_AGAIN_S)
    except TimeoutError:
        raise AssertionError(f"{len(wrong)} live figures are wrong, such as {wrong[:3]}") from None


async def timelines_of(bus: WholeBus, source: TopicPartition) -> dict[str, list[Known]]:
    """The timelines of all cases of a partition."""
    timelines: dict[str, list[Known]] = {}
    async for record in read_to_end(bus.reader, source):
        event, _ = read_case_event(bus.book, source.topic, record.key, record.value or b"")
        insert(timelines.setdefault(event.case_id, []), Known(event, instant_of_milliseconds(record.timestamp)))
    return timelines
