"""Our worker on its reference host. Arguments: bootstrap, prefix, events, engine (``noop`` or ``real``).

Both take part in everything that makes it exact: fence, exact start, one transaction for each run and partition. The
no-op engine only does what all contestants do; the real one reads every rule of the contract, folds the clocks and
announces.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence

from benchmarks.job import INPUT_TOPIC, OUTPUT_TOPIC, Meter, output_of, state_of
from lienthong_infra.kafka.membership import KafkaMembership
from lienthong_infra.kafka.partition_log import KafkaPartitionLog
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from lienthong_streams.barriers import Barriers
from lienthong_streams.partition import DeadlinePartition
from lienthong_streams.position import POSITION_KEY
from lienthong_streams.runtime.barrier_feed import BarrierFeed
from lienthong_streams.runtime.host import Host, HostPorts
from lienthong_streams.runtime.ports import Advance, Effects, PartitionProcessor


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
            decoded = self._book.decode(INPUT_TOPIC, record.value or b"")
            changed[key] = self._states[key] = state_of(decoded)
            output = output_of(decoded)
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

    def __init__(self, meter: Meter, engine: str) -> None:
        self._meter = meter
        self._engine = engine

    def taken_over(self, source: TopicPartition, position: int) -> None:
        """Nothing to count."""

    def released(self, source: TopicPartition) -> None:
        """Nothing to count."""

    def advanced(self, source: TopicPartition, step: Advance, position: int, position_value: bytes) -> None:
        """Count what one step took."""
        if step.taken and self._meter.count(step.taken):
            self._meter.report(host=f"ours-{self._engine}")
            os._exit(0)


async def main(bootstrap: str, prefix: str, events: int, engine: str) -> None:
    """Run until all events are done with."""
    book = SchemaBook()
    barriers = Barriers(book)

    def processor(source: TopicPartition) -> PartitionProcessor:
        return NoEngine(book) if engine == "noop" else DeadlinePartition(source, book, barriers)

    ports = HostPorts(
        membership=KafkaMembership(bootstrap, prefix),
        log_of=lambda source: KafkaPartitionLog(bootstrap, prefix, source),
        processor_of=processor,
        feed=BarrierFeed(KafkaReader(bootstrap, prefix), barriers),
        observer=Counter(Meter(events), engine),
        now=lambda: time.time_ns() // 1_000,
        remark=lambda value: "",
    )
    await Host(ports).run([INPUT_TOPIC], asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
