"""Publishing a simulation over the memory broker: own time, ticks behind what they cover, publishing again."""

from collections import Counter
from collections.abc import Sequence

import pytest

from lienthong_infra.errors import PublishError
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord, Written
from lienthong_producers.domain.simulation.delivery import Delivered
from lienthong_producers.simulation_import import AT_ONCE, Published, SimulationImport
from lienthong_schemas.case_event import CASE_TOPICS, read_case_event
from lienthong_schemas.instants import Instant, milliseconds_of
from lienthong_schemas.records import Heartbeat, Tick, heartbeat, tick
from tests.support.simulations import BOOK, arrivals, beats, marks, scrambled

Line = Counter[tuple[str, bytes | None, bytes | None, int]]


@pytest.fixture
def broker() -> MemoryBroker:
    """A broker with the topics of an import."""
    made = MemoryBroker()
    for topic in CASE_TOPICS:
        made.create_topic(topic, 2)
    for topic in ("heartbeat.v1", "tick.v1", "reference.v1"):
        made.create_topic(topic)
    made.write([OutboundRecord("reference.v1", b"k", b"x")] * 3)
    return made


async def published(broker: MemoryBroker, items: Sequence[Delivered]) -> Published:
    """Publish what arrives."""
    return await SimulationImport(broker.publisher(), broker.reader()).run(items)


def ticks(broker: MemoryBroker) -> list[Tick]:
    """All ticks on the bus."""
    return [tick(BOOK.decode("tick.v1", each.value or b"")) for each in broker.records("tick.v1")]


def events(broker: MemoryBroker) -> Line:
    """What lies on the case topics."""
    return Counter(
        (topic, each.key, each.value, each.timestamp) for topic in CASE_TOPICS for each in broker.records(topic)
    )


async def test_everything_is_published_with_the_time_of_its_arrival(broker: MemoryBroker) -> None:
    """Events on their topics, each keyed by its case and readable; copies as well."""
    done = await published(broker, scrambled())
    came = arrivals(scrambled())
    expected: Line = Counter(
        (item.event.topic, item.event.case.case_id.encode(), item.event.value, milliseconds_of(item.at))
        for item in came
    )
    assert events(broker) == expected
    assert done == Published(len(came), len(beats(scrambled())), len(marks(scrambled())), scrambled()[-1].at)
    for topic in CASE_TOPICS:
        for each in broker.records(topic)[::50]:
            assert (
                read_case_event(BOOK, topic, each.key, each.value or b"")[1]["event_id"].encode()
                == dict(each.headers)["ce_id"]
            )


async def test_a_tick_covers_exactly_what_arrived_before_it(broker: MemoryBroker) -> None:
    """Its ends are those of the log, and it vouches for what the delivery says."""
    await published(broker, scrambled())
    assert [(each.bus_time, dict(each.complete_through)) for each in ticks(broker)] == [
        (mark.at, mark.complete_through) for mark in marks(scrambled())
    ]
    for each in ticks(broker):
        assert each.reference_end == 3
        assert set(each.case_ends) == {f"{topic}/{number}" for topic in CASE_TOPICS for number in range(2)}
        for topic in CASE_TOPICS:
            wrong = [
                record
                for record in broker.records(topic)
                if (record.offset < each.case_ends[f"{topic}/{record.partition}"])
                is not (record.timestamp <= milliseconds_of(each.bus_time))
            ]
            assert wrong == []


async def test_heartbeats_are_published_as_forwarders_do(broker: MemoryBroker) -> None:
    """Keyed by office and sender."""
    await published(broker, scrambled())
    found: list[Heartbeat] = []
    for each in broker.records("heartbeat.v1"):
        found.append(heartbeat(BOOK.decode("heartbeat.v1", each.value or b"")))
        assert each.key == f"{found[-1].office}/{found[-1].sender}".encode()
    assert found == [item.heartbeat for item in beats(scrambled())]


async def test_publishing_again_adds_only_duplicates(broker: MemoryBroker) -> None:
    """The same bytes, and one tick that covers them at the time that was reached."""
    await published(broker, scrambled())
    once = events(broker)
    done = await published(broker, scrambled())
    assert events(broker) == once + once
    assert (done.ticks, done.horizon) == (1, scrambled()[-1].at)
    assert sum(ticks(broker)[-1].case_ends.values()) == sum(events(broker).values())
    assert ticks(broker)[-1].complete_through == scrambled()[-1].complete_through  # type: ignore[union-attr]


async def test_publishing_that_broke_off_is_completed(broker: MemoryBroker) -> None:
    """Run again, it adds what is missing; the time of the ticks never goes back."""

    class Breaking:
        def __init__(self) -> None:
            self.left = 30

        async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
            self.left -= 1
            if not self.left:
                broker.write(records[:1])
                raise PublishError("in the middle")
            return broker.write(records)

        async def close(self) -> None:
            return None

    with pytest.raises(PublishError):
        await SimulationImport(Breaking(), broker.reader()).run(scrambled())
    await published(broker, scrambled())
    assert [each.bus_time for each in ticks(broker)] == [mark.at for mark in marks(scrambled())]
    assert {each[:3] for each in events(broker)} == {
        (item.event.topic, item.event.case.case_id.encode(), item.event.value) for item in arrivals(scrambled())
    }


async def test_progress_is_told_at_each_tick(broker: MemoryBroker) -> None:
    """With the time and the number of events on the bus."""
    told: list[tuple[Instant, int]] = []
    await SimulationImport(broker.publisher(), broker.reader()).run(
        scrambled(), lambda at, count: told.append((at, count))
    )
    assert [at for at, _ in told] == [mark.at for mark in marks(scrambled())]
    assert told[-1][1] == len(arrivals(scrambled()))


async def test_no_more_is_written_in_one_go_than_a_publisher_can_hold(broker: MemoryBroker) -> None:
    """However long the time between two ticks."""
    sizes: list[int] = []

    class Measuring:
        async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
            sizes.append(len(records))
            return broker.write(records)

        async def close(self) -> None:
            return None

    without_ticks = [*arrivals(scrambled()), *beats(scrambled()), scrambled()[-1]]
    assert len(without_ticks) > AT_ONCE
    await SimulationImport(Measuring(), broker.reader()).run(without_ticks)
    assert max(sizes) == AT_ONCE


async def test_nothing_to_publish_writes_nothing(broker: MemoryBroker) -> None:
    """Not even a tick."""
    assert await published(broker, []) == Published(0, 0, 0, 0)
    assert ticks(broker) == []
