"""A stage for a host: topics, a counting processor, and the plain loop that says what must come out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import Membership, OutboundRecord, PartitionLog, Reader, Record, TopicPartition
from lienthong_infra.stalls import StallTimes
from lienthong_streams.runtime.barrier_feed import BarrierFeed
from lienthong_streams.runtime.host import Host, HostPorts
from lienthong_streams.runtime.ports import Advance, PartitionProcessor
from lienthong_streams.runtime.times import HostTimes
from tests.support.brokers import CHANGELOG_CONFIG, BrokerKit, MemoryKit, records_of
from tests.support.counting import LETTERS, OUTPUT, CountingProcessor, expected_outputs

INPUT = "in.v1"
PARTITIONS = 2
LIMIT_S = 40.0
"""Seconds until a test stops waiting; the longest wait is a session on Kafka."""
_LOOK_AGAIN_S = 0.05

QUICK = HostTimes(
    fetch_s=0.1,
    fetch_records=20,
    small_fetch_records=1,
    tick_commit_s=0.2,
    wait_s=0.1,
    show_s=0.2,
    stalls=StallTimes(look_s=0.1, nudge_s=0.5),
)
"""Small fetches, so that there are many runs; short times."""


@dataclass
class Ticks:
    """Takes ticks and reference records, and remembers them."""

    ticks: list[int] = field(default_factory=list)
    reference_position: int = 0

    def add_tick(self, record: Record) -> None:
        """Remember a tick."""
        self.ticks.append(record.offset)

    def add_reference(self, record: Record) -> None:
        """Nothing is needed of it."""

    def set_reference_position(self, next_offset: int) -> None:
        """Remember the position."""
        self.reference_position = next_offset


@dataclass
class Seen:
    """What a host told its observer."""

    owned: set[TopicPartition] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def taken_over(self, source: TopicPartition, position: int) -> None:
        """A partition came."""
        self.owned.add(source)
        self.counts["taken-over"] += 1

    def advanced(self, source: TopicPartition, step: Advance, position: int, position_value: bytes) -> None:
        """A step was done."""
        self.counts["taken"] += step.taken
        self.counts["jumps"] += step.jumped
        self.counts["holes"] += step.hole
        self.counts["waits"] += step.waiting
        self.counts["set-aside"] += step.set_aside
        self.counts["idle-commits"] += step.committed and not step.taken

    def released(self, source: TopicPartition) -> None:
        """A partition went."""
        self.owned.discard(source)


@dataclass
class Running:
    """A host at work."""

    host: Host
    seen: Seen
    barriers: Ticks
    membership: Membership
    stop: asyncio.Event
    task: asyncio.Task[None]

    async def leave(self) -> None:
        """Let it leave in good order; raises what it raises."""
        self.stop.set()
        async with asyncio.timeout(LIMIT_S):
            await self.task

    async def death(self) -> BaseException:
        """Wait until it dies; returns what of, its connections closed as a dead process's are."""
        async with asyncio.timeout(LIMIT_S):
            await asyncio.wait({self.task})
        await self.host.abandon()
        error = self.task.exception()
        assert error is not None, "the host left in good order; it should have died"
        return error


LogOf = Callable[[TopicPartition], PartitionLog]


class Stage:
    """Topics on a broker, and hosts that count what is written to ``in.v1``."""

    def __init__(self, kit: BrokerKit, partitions: int = PARTITIONS) -> None:
        self.kit = kit
        self.partitions = partitions
        self._publisher = kit.publisher()
        self._written = 0
        self._outputs_seen = 0
        self._counter: Reader | None = None

    async def prepare(self) -> Stage:
        """Create the topics."""
        for topic in (INPUT, OUTPUT):
            await self.kit.create_topic(topic, self.partitions)
        await self.kit.create_topic(f"deadlines-changelog-{INPUT}", self.partitions, CHANGELOG_CONFIG)
        for topic in (LETTERS, "tick.v1", "reference.v1"):
            await self.kit.create_topic(topic)
        return self

    async def write(self, count: int) -> None:
        """Write so many more records, over a few keys."""
        numbers = range(self._written, self._written + count)
        self._written += count
        await self._publisher.publish([OutboundRecord(INPUT, b"key-%d" % (n % 7), b"%d" % n) for n in numbers])

    async def write_in_transactions(self, transactions: int, count: int) -> None:
        """Write so many records in each of so many transactions, which leave holes in the log."""
        log = self.kit.partition_log(TopicPartition(INPUT, 0), application="feed")
        await self.kit.create_topic(f"feed-changelog-{INPUT}", self.partitions, CHANGELOG_CONFIG)
        await log.fence()
        for _ in range(transactions):
            numbers = range(self._written, self._written + count)
            self._written += count
            await log.commit([OutboundRecord(INPUT, b"key-%d" % (n % 7), b"%d" % n) for n in numbers], [])

    async def tick(self) -> None:
        """Write a tick."""
        await self._publisher.publish([OutboundRecord("tick.v1", b"", b"tick")])

    async def start(
        self,
        *,
        log_of: LogOf | None = None,
        processor_of: Callable[[TopicPartition], PartitionProcessor] = CountingProcessor,
        membership: Membership | None = None,
        times: HostTimes = QUICK,
    ) -> Running:
        """Start a host."""
        barriers, seen = Ticks(), Seen()
        ports = HostPorts(
            membership=membership or self.kit.membership(),
            log_of=log_of or self.kit.partition_log,
            processor_of=processor_of,
            feed=BarrierFeed(self.kit.reader(), barriers),
            observer=seen,
            now=lambda: 0,
            remark=lambda value: f"position={value.decode()}",
        )
        host, stop = Host(ports, times), asyncio.Event()
        task = asyncio.create_task(host.run([INPUT], stop))
        return Running(host, seen, barriers, ports.membership, stop, task)

    @asynccontextmanager
    async def running(self, **how: object) -> AsyncIterator[Running]:
        """A host that is at work inside, and leaves in good order."""
        one = await self.start(**how)  # type: ignore[arg-type]
        try:
            yield one
            await one.leave()
        finally:
            one.task.cancel()
            await one.host.abandon()

    async def take_for_dead(self, one: Running) -> None:
        """Let the group take a frozen host for dead. A real one does that by itself after a time."""
        if isinstance(self.kit, MemoryKit):
            await self.kit.expel(one.membership)

    async def until(self, condition: Callable[[], bool], *hosts: Running) -> None:
        """Wait until something holds; fails where a host dies or the time is up."""
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                for each in hosts:
                    if each.task.done():
                        each.task.result()
                await asyncio.sleep(_LOOK_AGAIN_S)

    async def until_said(self, *hosts: Running, letters: int = 0, limit_s: float = LIMIT_S) -> None:
        """Wait until as many outputs and letters are committed as records were written."""
        async with asyncio.timeout(limit_s):
            while await self._said() + letters < self._written:
                for each in hosts:
                    if each.task.done():
                        each.task.result()

    async def _said(self) -> int:
        """How many outputs are committed; one reader counts on."""
        if self._counter is None:
            self._counter = self.kit.reader()
            await self._counter.assign({TopicPartition(OUTPUT, number): 0 for number in range(self.partitions)})
        self._outputs_seen += sum(map(len, (await self._counter.read(timeout=_LOOK_AGAIN_S)).values()))
        return self._outputs_seen

    async def outputs(self) -> dict[int, list[tuple[bytes, bytes]]]:
        """The committed outputs, by partition."""
        return {
            number: [(each.key or b"", each.value or b"") for each in await records_of(self.kit, OUTPUT, number)]
            for number in range(self.partitions)
        }

    async def expected(self, *, without: Sequence[bytes] = ()) -> dict[int, list[tuple[bytes, bytes]]]:
        """What must have been said: a plain loop over the input, without the records with some values."""
        found = {}
        for number in range(self.partitions):
            log = [each for each in await records_of(self.kit, INPUT, number) if each.value not in without]
            found[number] = expected_outputs(TopicPartition(INPUT, number), log)
        return found

    async def states(self) -> dict[int, dict[bytes, bytes | None]]:
        """The state in the changelogs, by partition: the last value of each key; what begins with 0 is no state."""
        states: dict[int, dict[bytes, bytes | None]] = {}
        for number in range(self.partitions):
            log = await records_of(self.kit, f"deadlines-changelog-{INPUT}", number)
            states[number] = {each.key or b"": each.value for each in log if (each.key or b"")[:1] != b"\x00"}
        return states

    async def expected_states(self) -> dict[int, dict[bytes, bytes]]:
        """What the changelogs must hold: how often each key was written."""
        keys = [b"key-%d" % (number % 7) for number in range(self._written)]
        counts = Counter(keys)
        return {
            number: {
                key: b"%d" % count for key, count in counts.items() if partition_of(key, self.partitions) == number
            }
            for number in range(self.partitions)
        }

    async def assert_exact(self) -> None:
        """Outputs and states are exactly those of the plain loop: nothing missing, nothing twice, in order."""
        assert await self.outputs() == await self.expected()
        assert await self.states() == await self.expected_states()
