"""A forwarder that kills itself at a named point. Run as a module with: BOOTSTRAP PREFIX OUTBOX POINT NUMBER.

Points: ``before-publish``, ``half-published`` (the first half of a chunk is acknowledged), ``before-mark`` (all of it
is), ``after-mark``; the process dies with SIGKILL when it reaches the point for the NUMBER-th time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.ports import OutboundRecord, Publisher, Written
from lienthong_infra.stop_signals import stop_on_signals
from lienthong_producers.forwarder import Forwarder, Pace
from lienthong_producers.outbox_queue import OutboxQueue, Pending

POINTS = ("before-publish", "half-published", "before-mark", "after-mark")
CHUNK = 50
"""Small, so that there are many rounds to die in."""


class Fate:
    """Dies at one point."""

    def __init__(self, point: str, number: int) -> None:
        self._point, self._left = point, number

    def comes(self, point: str) -> bool:
        """Whether the process dies at this point now."""
        if point == self._point:
            self._left -= 1
        return point == self._point and self._left == 0

    def at(self, point: str) -> None:
        """Die, if it is time."""
        if self.comes(point):
            os.kill(os.getpid(), signal.SIGKILL)


class MortalPublisher:
    """A publisher on Kafka that may die before or while it writes."""

    def __init__(self, publisher: KafkaPublisher, fate: Fate) -> None:
        self._publisher, self._fate = publisher, fate

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
        """Write, or die."""
        self._fate.at("before-publish")
        if self._fate.comes("half-published"):
            await self._publisher.publish(records[: len(records) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return await self._publisher.publish(records)

    async def close(self) -> None:
        """Close."""
        await self._publisher.close()


class MortalQueue:
    """An outbox whose forwarder may die before or after the mark."""

    def __init__(self, queue: OutboxQueue, fate: Fate) -> None:
        self._queue, self._fate = queue, fate
        self.pending, self.standing, self.prune = queue.pending, queue.standing, queue.prune

    def mark_sent(self, entries: Sequence[Pending], written: Sequence[Written]) -> None:
        """Mark, or die."""
        self._fate.at("before-mark")
        self._queue.mark_sent(entries, written)
        self._fate.at("after-mark")


async def main() -> None:
    """Forward until death or SIGTERM."""
    bootstrap, prefix, outbox, point, number = sys.argv[1:6]
    fate = Fate(point, int(number))

    async def connect() -> Publisher:
        publisher = KafkaPublisher(bootstrap, prefix)
        await publisher.start()
        return MortalPublisher(publisher, fate)

    stop = stop_on_signals()
    with OutboxQueue(Path(outbox)) as queue:
        await Forwarder(MortalQueue(queue, fate), connect, pace=Pace(chunk=CHUNK, poll=0.01)).run(stop)


if __name__ == "__main__":
    asyncio.run(main())
