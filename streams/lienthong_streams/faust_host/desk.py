"""Where the host's wish for records meets Faust: one demand at a time, filled with runs that came through the agent.

Nothing is fetched before it is asked for: what the host seeks must hold for what is fetched next. Lives in the loop of
the process, knows neither Faust nor Kafka.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from lienthong_infra.ports import GroupListener, TopicPartition

Run = Sequence[Any]
"""Records of one partition, one after the other, as the client has them."""


class Demand:
    """One wish of the host: records, or nothing after ``timeout`` seconds."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.filled: asyncio.Future[dict[TopicPartition, Run]] = asyncio.get_running_loop().create_future()
        self._runs: dict[TopicPartition, Run] = {}
        self._missing = 0

    def expect(self, runs: int) -> None:
        """So many runs were fetched and are on their way through the agent; 0: there is nothing."""
        self._missing = runs
        if not runs:
            self.close()

    def take(self, partition: TopicPartition, run: Run) -> None:
        """The agent was given a run."""
        if self.filled.done():
            return
        self._runs[partition] = run
        self._missing -= 1
        if not self._missing:
            self.close()

    def close(self) -> None:
        """Answer with what is there. What comes later is dropped: the host sees the jump and seeks back."""
        if not self.filled.done():
            self.filled.set_result(self._runs)


class Desk:
    """Hands demands to Faust's fetcher, runs to the host, and what the group gives and takes to the host's listener."""

    def __init__(self) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Fails once Faust is beyond help."""
        self.held: set[TopicPartition] = set()
        """What the group has given."""
        self._listener: asyncio.Future[GroupListener] = asyncio.get_running_loop().create_future()
        self._paused: set[TopicPartition] = set()
        self._demand: Demand | None = None
        self._demanded = asyncio.Event()

    def fail(self, error: BaseException) -> None:
        """Faust is beyond help; the first error counts."""
        if not self.failed.done():
            self.failed.set_exception(error)
            self.failed.exception()  # it may be that nobody is there any more to hear of it

    def open(self, listener: GroupListener) -> None:
        """The host is ready to be given partitions."""
        self._listener.set_result(listener)

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """The group gives: returns once the host has taken over, or has failed. Waits for the host to be ready."""
        self._drop_demand()
        self.held, self._paused = set(partitions), set()
        await (await asyncio.shield(self._listener)).assigned(frozenset(partitions))

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """The group takes everything back."""
        self._drop_demand()
        if self._listener.done():
            await self._listener.result().revoked(frozenset(partitions))
        self.held = set()

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        """Ask for nothing from these."""
        self._paused.update(partitions)

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        """Ask for records of these again."""
        self._paused.difference_update(partitions)

    @property
    def wanted(self) -> set[TopicPartition]:
        """What to fetch from."""
        return self.held - self._paused

    async def fetch(self, timeout: float) -> dict[TopicPartition, Run]:
        """Runs of records; empty after ``timeout`` seconds. Raises what Faust failed with."""
        demand = self._demand = Demand(timeout)
        self._demanded.set()
        try:
            both: set[asyncio.Future[Any]] = {demand.filled, self.failed}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if self.failed.done():
                self.failed.result()
            return demand.filled.result()
        finally:
            demand.close()

    async def demand(self) -> Demand:
        """The next demand that is not yet answered."""
        while True:
            await self._demanded.wait()
            self._demanded.clear()
            if self._demand is not None and not self._demand.filled.done():
                return self._demand

    def _drop_demand(self) -> None:
        """A rebalance: Faust drops what it has fetched, without a word."""
        if self._demand is not None:
            self._demand.close()
