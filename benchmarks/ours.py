"""Our worker on its reference host. Arguments: bootstrap, prefix, events, engine (``noop`` or ``real``).

With 0 events it reports once nothing has come for some seconds; a fifth argument says how
many workers share the partitions.

Both take part in everything that makes it exact: fence, exact start, one transaction for each run and partition. The
no-op engine only does what all contestants do; the real one reads every rule of the contract, folds the clocks and
announces.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.job import INPUT_TOPIC, OUTPUT_TOPIC, PARTITIONS, Meter, output_of, state_of
from lienthong_infra.kafka.membership import KafkaMembership
from lienthong_infra.kafka.partition_log import KafkaPartitionLog
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_schemas.avro_compiled import Wanted
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from lienthong_streams.barriers import Barriers
from lienthong_streams.partition import DeadlinePartition
from lienthong_streams.position import POSITION_KEY
from lienthong_streams.runtime.barrier_feed import BarrierFeed
from lienthong_streams.runtime.garbage import seldom_collected
from lienthong_streams.runtime.host import Host, HostPorts
from lienthong_streams.runtime.ports import Advance, Effects, PartitionProcessor

WANTED: Final = Wanted(INPUT_TOPIC, ("case_id", "seq", "due_at", "status"))
IDLE_S: Final = 4.0
"""So long nothing comes before a worker that shares the partitions reports."""


class NoEngine:
    """A processor that decodes, keeps the state and says starts and ends."""

    def __init__(self, book: SchemaBook) -> None:
        self._book = book
        self._states: dict[bytes, bytes] = {}
        self.position = 0

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the changelog."""
        if key == POSITION_KEY:
            self.position = int(value or b"0")
        else:
            self._states[key] = value or b""

    def restored(self) -> None:
        """Nothing is derived."""

    def run(self, records: Sequence[Record], *, now: Instant) -> Effects:
        """Decode, keep, say."""
        outputs: list[OutboundRecord] = []
        changed: dict[bytes, bytes | None] = {}
        for record in records:
            key = record.key or b""
            case_id, seq, due_at, status = self._book.decode_fields(WANTED, record.value or b"")
            changed[key] = self._states[key] = state_of(seq, due_at, status)
            output = output_of(case_id, seq, status)
            if output is not None:
                outputs.append(OutboundRecord(OUTPUT_TOPIC, key, output))
        if records:
            self.position = records[-1].offset + 1
        changes = (*changed.items(), (POSITION_KEY, str(self.position).encode()))
        return Effects(tuple(outputs), changes, urgent=bool(records))

    def skip_hole(self, offset: int) -> None:
        """Go on behind a hole of the log."""
        self.position = offset

    def set_aside(self, record: Record, *, deaths: int, now: Instant) -> Effects:
        """Pass over a record."""
        return self.run([record], now=now)


class Counter:
    """Hears what the host does; ends the process once all events are done with."""

    def __init__(self, meter: Meter, *, whole: bool) -> None:
        """``whole``: the first run of records counts as well."""
        self.owned: set[TopicPartition] = set()
        self._meter = meter
        self._whole = whole

    def shared_out(self) -> None:
        """The partitions are shared out: the work begins."""
        if self._whole:
            self._meter.begin()

    def taken_over(self, source: TopicPartition, position: int) -> None:
        """One partition more."""
        self.owned.add(source)

    def released(self, source: TopicPartition) -> None:
        """One partition less."""
        self.owned.discard(source)

    def advanced(self, source: TopicPartition, step: Advance, position: int, position_value: bytes) -> None:
        """Count what one step took."""
        if step.taken and self._meter.count(step.taken, len(step.outputs)):
            self._meter.report()
            os._exit(0)


class PatientMembership(KafkaMembership):
    """Fetches nothing before the partitions are shared out: else the first worker is done before the second comes."""

    def __init__(self, bootstrap: str, prefix: str, counter: Counter, share: int) -> None:
        super().__init__(bootstrap, prefix)
        self._counter = counter
        self._share = share
        self._shared_out = False

    async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        """As the port says, once this worker has its share of the partitions and no more."""
        if self._shared_out:
            return await super().fetch(timeout=timeout, limit=limit)
        if len(self._counter.owned) == self._share:
            self._shared_out = True
            self._counter.shared_out()
            return await super().fetch(timeout=timeout, limit=limit)
        await asyncio.sleep(timeout)
        return {}


async def main(bootstrap: str, prefix: str, events: int, engine: str, workers: int = 1) -> None:
    """Run until all events are done with; as one of so many workers."""
    book = SchemaBook()
    barriers = Barriers(book)
    meter = Meter(events)
    counter = Counter(meter, whole=not events)

    def processor(source: TopicPartition) -> PartitionProcessor:
        return NoEngine(book) if engine == "noop" else DeadlinePartition(source, book, barriers)

    ports = HostPorts(
        membership=PatientMembership(bootstrap, prefix, counter, PARTITIONS // workers),
        log_of=lambda source: KafkaPartitionLog(bootstrap, prefix, source),
        processor_of=processor,
        feed=BarrierFeed(KafkaReader(bootstrap, prefix), barriers),
        observer=counter,
        now=lambda: time.time_ns() // 1_000,
        remark=lambda value: "",
    )
    with seldom_collected():  # as the worker's process has it
        async with asyncio.TaskGroup() as tasks:
            if not events:
                tasks.create_task(report_when_idle(meter))
            tasks.create_task(Host(ports).run([INPUT_TOPIC], asyncio.Event()))


async def report_when_idle(meter: Meter) -> None:
    """Report and end the process once nothing has come for some seconds, though something came before."""
    while True:
        await asyncio.sleep(IDLE_S / 10)
        if meter.last and time.perf_counter() - meter.last > IDLE_S:
            meter.report()
            os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], *map(int, sys.argv[5:])))
