"""The forwarder over the memory broker: order, marks after acknowledgement, errors that pass and errors that do not."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lienthong_infra.errors import PublishError, UnavailableError, UnknownTopic
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord, Publisher, Written
from lienthong_producers.forwarder import Forwarder, Pace
from lienthong_producers.outbox import Outbox
from lienthong_producers.outbox_queue import OutboxQueue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.records import Heartbeat, heartbeat
from tests.support.senders import OFFICE, START, Clock, dossier, until

PACE = Pace(chunk=10, poll=0.001, heartbeat=0.0, first_pause=0.001, longest_pause=0.002, grace=0.2)
DEADLINE_S = 10.0


class Line:
    """A way to the broker that can fail, and counts how often it was built."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.broker = broker
        self.built = 0
        self.failures: list[Exception] = []
        """Raised by the next calls to publish case events, one each, after half of the records are written."""
        self.unreachable: set[int] = set()
        """The numbers of the connections that fail; the first has number 1."""

    async def connect(self) -> Publisher:
        """Build a publisher."""
        self.built += 1
        if self.built in self.unreachable:
            raise UnavailableError("no answer")
        return _Publisher(self)


class _Publisher:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._closed = False

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
        assert not self._closed, "a publisher that was thrown away is used again"
        if records[0].topic != "heartbeat.v1" and self._line.failures:
            self._line.broker.write(records[: len(records) // 2])
            raise self._line.failures.pop(0)
        return self._line.broker.write(records)

    async def close(self) -> None:
        self._closed = True


@pytest.fixture
def broker() -> MemoryBroker:
    """A broker with the topics of a sender."""
    made = MemoryBroker()
    made.create_topic("dossier.v1", 4)
    made.create_topic("heartbeat.v1")
    return made


@pytest.fixture
def line(broker: MemoryBroker) -> Line:
    """The way to it."""
    return Line(broker)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An outbox of one office."""
    with Outbox(tmp_path / "outbox.db", offices=[OFFICE], clock=Clock()) as made:
        yield made


@pytest.fixture
def queue(tmp_path: Path, outbox: Outbox) -> Iterator[OutboxQueue]:
    """The forwarder's side of the same file."""
    with OutboxQueue(tmp_path / "outbox.db", clock=Clock()) as made:
        yield made


@asynccontextmanager
async def forwarding(queue: OutboxQueue, line: Line) -> AsyncIterator["asyncio.Task[None]"]:
    """Run a forwarder, and stop it at the end."""
    stop = asyncio.Event()
    running = asyncio.create_task(Forwarder(queue, line.connect, pace=PACE).run(stop))
    try:
        yield running
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.wait({running}), DEADLINE_S)


def sequences(broker: MemoryBroker) -> dict[str, list[int]]:
    """Return the numbers of each case in the order of its partition."""
    book = SchemaBook()
    found: dict[str, list[int]] = {}
    for each in broker.records("dossier.v1"):
        record = book.decode("dossier.v1", each.value or b"")
        found.setdefault(record["case_id"], []).append(record["seq"])
    return found


def heartbeats(broker: MemoryBroker) -> list[Heartbeat]:
    """Return all heartbeats on the bus."""
    book = SchemaBook()
    return [heartbeat(book.decode("heartbeat.v1", each.value or b"")) for each in broker.records("heartbeat.v1")]


async def test_everything_accepted_arrives_once_and_in_order(
    outbox: Outbox, queue: OutboxQueue, line: Line, broker: MemoryBroker
) -> None:
    """Without faults each event is on the bus once, each case in its order."""
    for number in range(95):
        outbox.accept(dossier(f"A-{number % 7}"))
    async with forwarding(queue, line):
        await until(lambda: not queue.pending(1))
    found = sequences(broker)
    assert sorted(len(numbers) for numbers in found.values()) == [13, 13, 13, 14, 14, 14, 14]
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in found.values())
    assert line.built == 1


async def test_events_carry_key_and_headers(
    outbox: Outbox, queue: OutboxQueue, line: Line, broker: MemoryBroker
) -> None:
    """The key is the case id; the headers are those of CloudEvents."""
    receipt = outbox.accept(dossier())
    async with forwarding(queue, line):
        await until(lambda: not queue.pending(1))
    (record,) = broker.records("dossier.v1")
    assert record.key == receipt.case_id.encode()
    assert dict(record.headers)["ce_id"] == receipt.event_id.encode()
    assert dict(record.headers)["ce_type"] == b"vn.lienthong.dossier.changed.v1"


async def test_what_is_accepted_later_follows(
    outbox: Outbox, queue: OutboxQueue, line: Line, broker: MemoryBroker
) -> None:
    """A running forwarder finds new events by itself."""
    async with forwarding(queue, line):
        await until(lambda: bool(heartbeats(broker)))
        outbox.accept(dossier())
        await until(lambda: len(broker.records("dossier.v1")) == 1)
    assert len(sequences(broker)) == 1


async def test_after_an_error_the_whole_chunk_is_sent_again_by_a_new_publisher(
    outbox: Outbox, queue: OutboxQueue, line: Line, broker: MemoryBroker
) -> None:
    """Half of a chunk was written when the error came: all of it comes again, nothing is missing or overtakes."""
    for _ in range(10):
        outbox.accept(dossier())
    line.failures = [PublishError("half"), UnavailableError("half again")]
    async with forwarding(queue, line):
        await until(lambda: not queue.pending(1))
    (numbers,) = sequences(broker).values()
    assert numbers == [*range(1, 6), *range(1, 6), *range(1, 11)]
    assert line.built == 3


async def test_a_line_that_is_down_is_waited_for(
    outbox: Outbox, queue: OutboxQueue, line: Line, broker: MemoryBroker
) -> None:
    """Once the bus was reached, failing connections do not end the forwarder."""
    outbox.accept(dossier())
    line.failures = [UnavailableError("down")]
    line.unreachable = set(range(2, 7))
    async with forwarding(queue, line):
        await until(lambda: not queue.pending(1))
    assert line.built == 7


async def test_at_the_start_an_unreachable_bus_is_an_error(outbox: Outbox, queue: OutboxQueue, line: Line) -> None:
    """The forwarder ends when the first connection fails for good; what waits goes on waiting."""
    outbox.accept(dossier())
    line.unreachable = {1}
    with pytest.raises(UnavailableError):
        await Forwarder(queue, line.connect, pace=PACE).run(asyncio.Event())
    assert len(queue.pending(10)) == 1


async def test_an_error_that_does_not_pass_ends_the_forwarder(outbox: Outbox, queue: OutboxQueue, line: Line) -> None:
    """A topic that does not exist is told, not retried for ever; nothing is marked."""
    outbox.accept(dossier())
    line.failures = [UnknownTopic("dossier.v1")]
    with pytest.raises(UnknownTopic):
        await Forwarder(queue, line.connect, pace=PACE).run(asyncio.Event())
    assert len(queue.pending(10)) == 1


async def test_stop_ends_it_while_a_send_hangs(outbox: Outbox, queue: OutboxQueue, broker: MemoryBroker) -> None:
    """An order to stop is followed within the grace period even if the broker never answers; nothing is marked."""

    class Silent:
        async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
            started.set()
            await asyncio.Event().wait()
            return []

        async def close(self) -> None:
            await asyncio.Event().wait()

    async def connect() -> Publisher:
        return Silent()

    started, stop = asyncio.Event(), asyncio.Event()
    outbox.accept(dossier())
    running = asyncio.create_task(Forwarder(queue, connect, pace=PACE).run(stop))
    await asyncio.wait_for(started.wait(), DEADLINE_S)
    stop.set()
    await asyncio.wait_for(running, DEADLINE_S)
    assert len(queue.pending(10)) == 1


async def test_heartbeats_tell_how_far_the_office_is_complete(
    outbox: Outbox, queue: OutboxQueue, line: Line, broker: MemoryBroker
) -> None:
    """While an event waits, all before it is complete; once it is acknowledged, all up to now."""
    outbox.accept(dossier())
    line.failures = [PublishError("not yet")]
    forwarder = Forwarder(queue, line.connect, pace=PACE)
    with pytest.raises(PublishError):
        await forwarder.drain()
    before = queue.standing()
    async with forwarding(queue, line):
        await until(lambda: bool(heartbeats(broker)))
    after = heartbeats(broker)[-1]
    assert before.complete_through == START - 1
    assert (after.office, after.complete_through, after.pending, after.accepted) == (OFFICE, START, 0, 1)
    assert broker.records("heartbeat.v1")[-1].key == f"{OFFICE}/{before.sender}".encode()


async def test_without_an_office_nobody_is_vouched_for(tmp_path: Path, line: Line, broker: MemoryBroker) -> None:
    """An outbox that was told no office sends events, but no heartbeat."""
    with Outbox(tmp_path / "other.db") as outbox, OutboxQueue(tmp_path / "other.db") as queue:
        outbox.accept(dossier())
        async with forwarding(queue, line):
            await until(lambda: not queue.pending(1))
            outbox.accept(dossier())
            await until(lambda: not queue.pending(1))
    assert heartbeats(broker) == []


async def test_drain_sends_what_waits_and_ends(
    outbox: Outbox, queue: OutboxQueue, line: Line, broker: MemoryBroker
) -> None:
    """`publish --send` sends all that waits, in several chunks, and tells how many it was."""
    for _ in range(25):
        outbox.accept(dossier())
    assert await Forwarder(queue, line.connect, pace=PACE).drain() == 25
    assert len(broker.records("dossier.v1")) == 25


@pytest.mark.parametrize(("failures", "chance", "pause"), [(1, 0.0, 1.0), (2, 0.0, 2.0), (3, 1.0, 2.0), (60, 0.0, 300)])
def test_pauses_grow_up_to_a_bound(queue: OutboxQueue, line: Line, failures: int, chance: float, pause: float) -> None:
    """One second, doubled with each failure, at most five minutes, by chance up to a half shorter."""
    forwarder = Forwarder(queue, line.connect, chance=lambda: chance)
    assert forwarder.pause_after(failures) == pytest.approx(pause)
