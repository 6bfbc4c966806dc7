"""The ticker over the memory broker: barriers, the bus's time, what offices vouch for."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from lienthong_infra.dead_letter import read_letter
from lienthong_infra.errors import UnavailableError, UnknownTopic
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition, Written
from lienthong_producers.ticker import Ticker
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import milliseconds_of
from lienthong_schemas.records import Heartbeat, Tick, tick
from tests.support.senders import OFFICE, SECOND, START, Clock, until

BOOK = SchemaBook()
OTHER = "H27.17"


@pytest.fixture
def clock() -> Clock:
    """The bus's clock; the broker stamps records with it too."""
    return Clock()


@pytest.fixture
def broker(clock: Clock) -> MemoryBroker:
    """A broker with all topics that a ticker reads or writes."""
    made = MemoryBroker(clock=lambda: milliseconds_of(clock()))
    for topic in CASE_TOPICS:
        made.create_topic(topic, 2)
    for topic in ("heartbeat.v1", "tick.v1", "reference.v1", "heartbeat-dead-letter.v1"):
        made.create_topic(topic)
    return made


def ticker(broker: MemoryBroker, clock: Clock, *without: str) -> Ticker:
    """A ticker on this broker."""
    return Ticker(broker.reader(), broker.publisher(), without=without, clock=clock)


async def started(broker: MemoryBroker, clock: Clock, *without: str) -> Ticker:
    """A ticker that has found its place."""
    made = ticker(broker, clock, *without)
    await made.start()
    return made


def beat(broker: MemoryBroker, through: int, *, office: str = OFFICE, sender: str = "outbox-1") -> None:
    """Let an office vouch for all up to an instant."""
    content = Heartbeat(office, sender, through, through, 1, 0)
    value = BOOK.encode("heartbeat.v1", content._asdict())
    broker.write([OutboundRecord("heartbeat.v1", f"{office}/{sender}".encode(), value)])


def ticks(broker: MemoryBroker) -> list[Tick]:
    """Return all ticks on the bus."""
    return [tick(BOOK.decode("tick.v1", each.value or b"")) for each in broker.records("tick.v1")]


async def test_a_tick_names_the_end_of_every_case_partition(broker: MemoryBroker, clock: Clock) -> None:
    """The ends are those of all partitions of all case topics, and of the reference topic."""
    broker.write([OutboundRecord("dossier.v1", None, b"x", partition=1)] * 3)
    broker.write([OutboundRecord("reference.v1", b"k", b"x")] * 2)
    written = await (await started(broker, clock)).tick()
    expected = {f"{topic}/{number}": 0 for topic in CASE_TOPICS for number in (0, 1)} | {"dossier.v1/1": 3}
    assert written == Tick(START, expected, 2, {})
    assert ticks(broker) == [written]


async def test_the_bus_time_never_goes_back(broker: MemoryBroker, clock: Clock) -> None:
    """If the clock steps back, the bus's time stands still, also for a ticker that was started anew."""
    await (await started(broker, clock)).tick()
    clock.at -= 3600 * SECOND
    again = await started(broker, clock)
    assert (await again.tick()).bus_time == START
    clock.at += 3601 * SECOND
    assert (await again.tick()).bus_time == START + SECOND


async def test_a_second_ticker_does_not_set_the_time_back(broker: MemoryBroker, clock: Clock) -> None:
    """Where two tickers run, each sees the other's ticks."""
    one, two = await started(broker, clock), await started(broker, clock)
    clock.at += 5 * SECOND
    await one.tick()
    clock.at -= 3 * SECOND
    assert (await two.tick()).bus_time == START + 5 * SECOND


async def test_a_ticker_that_ran_ahead_does_not_keep_the_bus_ahead(broker: MemoryBroker, clock: Clock) -> None:
    """Its machine's clock was an hour fast: the time was cut where it was read, so nothing waits once it is right."""
    fast = Clock()
    fast.at += 3600 * SECOND
    running = await started(broker, fast)
    await running.tick()
    fast.at = clock.at = START + SECOND
    assert (await running.tick()).bus_time == START + SECOND


async def test_the_newest_heartbeat_of_each_office_is_told(broker: MemoryBroker, clock: Clock) -> None:
    """A later heartbeat replaces the one before, also where the outbox has fallen behind meanwhile."""
    running = await started(broker, clock)
    beat(broker, START - 9 * SECOND)
    beat(broker, START - 5 * SECOND, office=OTHER)
    assert (await running.tick()).complete_through == {OFFICE: START - 9 * SECOND, OTHER: START - 5 * SECOND}
    beat(broker, START - 10 * SECOND)
    assert (await running.tick()).complete_through[OFFICE] == START - 10 * SECOND


async def test_an_office_is_as_complete_as_its_slowest_outbox(broker: MemoryBroker, clock: Clock) -> None:
    """Two outboxes of an office vouch together; one that is gone for good can be left out by name."""
    beat(broker, START - 60 * SECOND, sender="old")
    beat(broker, START, sender="new")
    assert (await (await started(broker, clock)).tick()).complete_through == {OFFICE: START - 60 * SECOND}
    assert (await (await started(broker, clock, "old")).tick()).complete_through == {OFFICE: START}


async def test_nobody_vouches_for_the_future(broker: MemoryBroker, clock: Clock) -> None:
    """An office whose clock runs ahead is complete up to the time at which its heartbeat arrived."""
    beat(broker, START + 3600 * SECOND)
    assert (await (await started(broker, clock)).tick()).complete_through == {OFFICE: START}


async def test_a_silent_office_is_remembered_from_the_last_tick(
    broker: MemoryBroker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office whose heartbeats lie further back than a new ticker reads keeps what the last tick said."""
    beat(broker, START - 60 * SECOND)
    await (await started(broker, clock)).tick()
    monkeypatch.setattr("lienthong_producers.ticker.LOOK_BACK", 1)
    beat(broker, START, office=OTHER)
    again = await started(broker, clock)
    assert (await again.tick()).complete_through == {OFFICE: START - 60 * SECOND, OTHER: START}


async def test_heartbeats_are_read_before_the_ends_are_taken(broker: MemoryBroker, clock: Clock) -> None:
    """What an office sent before its heartbeat lies before the ends of the tick that believes the heartbeat."""

    class Busy:
        """A reader under which an office sends an event and a heartbeat between any two questions."""

        def __init__(self) -> None:
            self._reader = broker.reader()
            self.sent = 0

        def _send(self) -> None:
            self.sent += 1
            clock.at += SECOND
            broker.write([OutboundRecord("dossier.v1", None, b"x", partition=0)])
            beat(broker, clock.at)

        async def assign(self, positions: Mapping[TopicPartition, int]) -> None:
            await self._reader.assign(positions)

        async def read(self, *, timeout: float, limit: int = 1000) -> Mapping[TopicPartition, Sequence[Record]]:
            self._send()
            return await self._reader.read(timeout=timeout, limit=limit)

        async def ends(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
            self._send()
            return await self._reader.ends(partitions)

        async def positions(self) -> Mapping[TopicPartition, int]:
            return await self._reader.positions()

        async def partitions(self, topic: str) -> int:
            return await self._reader.partitions(topic)

        async def close(self) -> None:
            await self._reader.close()

    running = Ticker(Busy(), broker.publisher(), clock=clock)
    await running.start()
    for _ in range(5):
        written = await running.tick()
        sent_by_then = (written.complete_through[OFFICE] - START) // SECOND
        assert written.case_ends["dossier.v1/0"] >= sent_by_then


async def test_an_unreadable_heartbeat_becomes_a_dead_letter(broker: MemoryBroker, clock: Clock) -> None:
    """Garbage and a malformed office are set aside with their bytes; the others are heard."""
    value = BOOK.encode("heartbeat.v1", Heartbeat("h 27", "s", START, START, 0, 0)._asdict())
    broker.write([OutboundRecord("heartbeat.v1", b"k", b"garbage"), OutboundRecord("heartbeat.v1", b"k", value)])
    broker.write([OutboundRecord("heartbeat.v1", b"k", None)])
    beat(broker, START)
    assert (await (await started(broker, clock)).tick()).complete_through == {OFFICE: START}
    letters = [read_letter(each) for each in broker.records("heartbeat-dead-letter.v1")]
    assert [(each.offset, each.code, each.value) for each in letters] == [
        (0, "not-single-object", b"garbage"),
        (1, "broken-rule", value),
        (2, "not-single-object", None),
    ]


async def test_a_heartbeat_from_before_1900_is_no_part_of_a_tick(broker: MemoryBroker, clock: Clock) -> None:
    """The ledger refuses a tick that says such a thing, and would refuse every one from then on."""
    beat(broker, -(2**62))
    beat(broker, START, office="H27.17")
    written = await (await started(broker, clock)).tick()
    assert written.complete_through == {"H27.17": START}
    (letter,) = map(read_letter, broker.records("heartbeat-dead-letter.v1"))
    assert letter.problems == ("complete_through: it lies outside the years 1900 to 2999",)


async def test_an_unreadable_tick_is_passed_over(broker: MemoryBroker, clock: Clock) -> None:
    """Garbage on the tick topic does not stop the ticker."""
    broker.write([OutboundRecord("tick.v1", None, b"garbage")])
    assert (await (await started(broker, clock)).tick()).bus_time == START


async def test_a_missing_topic_is_an_error(clock: Clock) -> None:
    """Without the case topics there is nothing to tick for."""
    with pytest.raises(UnknownTopic):
        await started(MemoryBroker(), clock)


async def test_it_ticks_until_it_is_told_to_stop(broker: MemoryBroker, clock: Clock) -> None:
    """A broker that is away for a while costs ticks, not the ticker."""

    class Away:
        def __init__(self) -> None:
            self.failures = 2

        async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
            if self.failures:
                self.failures -= 1
                raise UnavailableError("no answer")
            return broker.write(records)

        async def close(self) -> None:
            return None

    away = Away()
    running = Ticker(broker.reader(), away, clock=clock)
    stop = asyncio.Event()
    task = asyncio.create_task(running.run(stop, interval=0.001))
    await until(lambda: len(ticks(broker)) >= 3)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert away.failures == 0
    assert len(ticks(broker)) >= 3
