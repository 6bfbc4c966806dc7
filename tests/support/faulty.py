"""Ports that misbehave on purpose: a log that ends its process between two effects, a client that loses records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from lienthong_infra.ports import Change, Membership, OutboundRecord, PartitionLog, Record, TopicPartition


class Crash(Exception):
    """The process dies here."""


class CrashPlan:
    """Dies before the step with this number (from 1), counted over all logs of a process. 0: never."""

    def __init__(self, at: int) -> None:
        self._left = at
        self.died_before = ""

    def step(self, name: str) -> None:
        """A step is about to happen."""
        self._left -= 1
        if self._left == 0:
            self.died_before = name
            raise Crash(name)


class CrashingLog:
    """A partition log around another one; each effect is a step, and so is the moment after a commit."""

    def __init__(self, log: PartitionLog, plan: CrashPlan) -> None:
        self._log = log
        self._plan = plan

    async def fence(self) -> None:
        """Step, then fence."""
        self._plan.step("fence")
        await self._log.fence()

    async def changelog(self) -> AsyncGenerator[Sequence[Change], None]:
        """Step, then read."""
        self._plan.step("changelog")
        async for each in self._log.changelog():
            yield each

    async def commit(self, outputs: Sequence[OutboundRecord], changes: Sequence[Change]) -> None:
        """Step, commit, step: the second death is that of a process that never hears of its commit."""
        self._plan.step("commit")
        await self._log.commit(outputs, changes)
        self._plan.step("after-commit")

    async def close(self) -> None:
        """Close."""
        await self._log.close()


class HeldLog:
    """A partition log whose commits wait while ``held`` is set: a process that is frozen in the middle of a run."""

    def __init__(self, log: PartitionLog) -> None:
        self._log = log
        self.held = False
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def fence(self) -> None:
        """Fence."""
        await self._log.fence()

    def changelog(self) -> AsyncGenerator[Sequence[Change], None]:
        """Read."""
        return self._log.changelog()

    async def commit(self, outputs: Sequence[OutboundRecord], changes: Sequence[Change]) -> None:
        """Commit, once nothing holds it."""
        if self.held:
            self.reached.set()
            await self.go_on.wait()
        await self._log.commit(outputs, changes)

    async def close(self) -> None:
        """Close."""
        await self._log.close()


Loses = Callable[[TopicPartition, Sequence[Record]], Sequence[Record]]


class LosingMembership:
    """A membership whose fetches lose records that were fetched already, as clients have been seen to do."""

    def __init__(self, membership: Membership, loses: Loses) -> None:
        self._membership = membership
        self._loses = loses

    def __getattr__(self, name: str) -> Any:
        return getattr(self._membership, name)

    async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        """Fetch, and lose."""
        found = await self._membership.fetch(timeout=timeout, limit=limit)
        kept = {partition: self._loses(partition, records) for partition, records in found.items()}
        return {partition: records for partition, records in kept.items() if records}


def now_and_then() -> Loses:
    """Loses the whole of every third fetch of a partition, and the first half of every fifth; no record twice."""
    seen: dict[TopicPartition, int] = {}
    lost: set[tuple[TopicPartition, int]] = set()

    def loses(partition: TopicPartition, records: Sequence[Record]) -> Sequence[Record]:
        seen[partition] = number = seen.get(partition, 0) + 1
        if (partition, records[0].offset) in lost:
            return records
        keep_from = len(records) if number % 3 == 0 else len(records) // 2 if number % 5 == 0 else 0
        lost.update((partition, record.offset) for record in records[:keep_from])
        return records[keep_from:]

    return loses
