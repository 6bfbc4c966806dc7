"""What one step takes: many records at once in a backlog, what came within a moment when live.

A transaction costs as much as some hundred records, so few records wait until the moment is over. It is counted from
the last step: a lone record is taken at once.

A step has a time limit, and while it computes the group hears nothing: where it took long, the next ones are given
less. The first step of a life is small, for nobody knows yet how fast the machine is: a worker that began with
thousands of records on a busy machine was taken for dead in that step, came back, and began it again.

A client fetches ahead, but only once: while a step is at work it holds the first few records that came after the last
fetch, and nothing behind them. So its first answer says little about what is there, and it is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from lienthong_infra.ports import Membership, Record, TopicPartition
from lienthong_streams.runtime.times import HostTimes

Fetched = Mapping[TopicPartition, Sequence[Record]]

LOOKS: Final = 2
"""The first brings what the client has fetched ahead, the second what has come to the broker meanwhile."""
LOOK_S: Final = 0.02
"""Seconds for one of them; a broker that has records answers within a few milliseconds."""
LONG_STEP_S: Final = 2.0
"""After a longer step half as much is taken, after one of a quarter of it twice as much again. A machine that is short
of CPU took ten seconds for what takes one by itself."""
FIRST_RECORDS: Final = 500
"""So many at most in the first step."""
LEAST_RECORDS: Final = 100
"""So many are always taken."""


class Collector:
    """Fetches for one host. What it is in the middle of when a step seeks is sorted out by the exact start."""

    def __init__(self, membership: Membership, times: HostTimes) -> None:
        self._membership = membership
        self._times = times
        self._next_step_at = self._begun = 0.0
        self._left: dict[TopicPartition, Sequence[Record]] = {}
        self.limit = min(FIRST_RECORDS, times.fetch_records)
        """Records of one step, as things stand."""

    def step_begins(self) -> None:
        """A step with records begins now."""
        self._begun = asyncio.get_running_loop().time()
        self._next_step_at = self._begun + self._times.pace_s

    def step_ends(self) -> None:
        """The step with records is over."""
        self.took(asyncio.get_running_loop().time() - self._begun)

    def took(self, seconds: float) -> None:
        """A step with records took so long."""
        if seconds > LONG_STEP_S:
            self.limit = max(min(LEAST_RECORDS, self._times.fetch_records), self.limit // 2)
        elif seconds < LONG_STEP_S / 4:
            self.limit = min(self._times.fetch_records, self.limit * 2)

    async def collect(self) -> Fetched:
        """Records for one step; empty after ``fetch_s`` without any."""
        return self._within_limit(self._take_left() or await self._collect())

    def forget(self, partition: TopicPartition) -> None:
        """What was fetched of a partition and not given out yet will be fetched again."""
        self._left.pop(partition, None)

    def _take_left(self) -> Fetched:
        left, self._left = self._left, {}
        return left

    def _within_limit(self, found: Fetched) -> Fetched:
        """The first records; the rest is kept for the next steps. Some clients give more than they are asked for."""
        if sum(map(len, found.values())) <= self.limit:
            return found
        given: dict[TopicPartition, Sequence[Record]] = {}
        room = self.limit
        for partition, records in found.items():
            if room > 0:
                given[partition] = records[:room]
            if len(records) > room:
                self._left[partition] = records[room:]
            room = max(0, room - len(records))
        return given

    async def _collect(self) -> Fetched:
        found = dict(await self._fetch(self._times.fetch_s))
        if not self._few(found):
            return found
        await asyncio.sleep(max(0.0, self._next_step_at - asyncio.get_running_loop().time()))
        for _ in range(LOOKS):
            more = await self._fetch(LOOK_S)
            for partition, records in more.items():
                found[partition] = joined(found.get(partition, ()), records)
            if not more or not self._few(found):
                break
        return found

    def _few(self, found: Fetched) -> bool:
        return 0 < sum(map(len, found.values())) < min(self._times.small_fetch_records, self.limit)

    async def _fetch(self, timeout: float) -> Fetched:
        return await self._membership.fetch(timeout=timeout, limit=self.limit)


def joined(first: Sequence[Record], more: Sequence[Record]) -> Sequence[Record]:
    """Both, where one goes on exactly where the other ends; else the first alone.

    Between two fetches anything may have happened (a rebalance, a seek). What is dropped is fetched again: the next
    fetch begins behind the position, and whoever checks the start of a run seeks back.
    """
    if not first:
        return more
    return [*first, *more] if more[0].offset == first[-1].offset + 1 else first
