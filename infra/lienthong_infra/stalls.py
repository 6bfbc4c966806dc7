"""Seeing from inside that nothing moves although records wait: first a nudge, then the end of the process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from lienthong_infra.errors import Stalled, UnavailableError
from lienthong_infra.ports import Membership, TopicPartition

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StallTimes:
    """Times of the watch, in seconds."""

    look_s: float = 10.0
    """Between two looks at the ends of the logs."""
    nudge_s: float = 30.0
    """After so much rest the partition is fetched from its position again, and again after as much. Heals what was
    fetched and lost with nothing behind it that would show the jump."""
    give_up_s: float = 180.0
    """After so much rest the process ends, for a supervisor to start anew. Three times what a schema is waited for."""


class _Positioned(Protocol):
    @property
    def position(self) -> int: ...


class _Rest(NamedTuple):
    position: int
    since: float
    nudged_at: float


class StallWatch:
    """Watches the owned partitions of a host."""

    def __init__(
        self,
        membership: Membership,
        owned: Mapping[TopicPartition, _Positioned],
        times: StallTimes | None = None,
        *,
        transactional: Collection[str] = (),
    ) -> None:
        """``transactional``: topics on which offsets without records are usual, so that a nudge says nothing."""
        self._membership = membership
        self._owned = owned
        self._transactional = transactional
        self._times = times or StallTimes()
        self._resting: dict[TopicPartition, _Rest] = {}

    async def watch(self) -> None:
        """Look for ever. Raises Stalled."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(self._times.look_s)
            try:
                partitions = list(self._owned)
                ends = await self._membership.ends(partitions) if partitions else {}
                fetched = await self._membership.positions(partitions)
            except UnavailableError:
                continue  # to start anew would not bring the broker back
            self.look(ends, fetched, clock())

    def look(self, ends: Mapping[TopicPartition, int], fetched: Mapping[TopicPartition, int], now: float) -> None:
        """Compare positions with the ends of the logs at a time in seconds. Raises Stalled.

        Where everything has been fetched up to the end, what is left there are offsets without records: no stall.
        """
        resting: dict[TopicPartition, _Rest] = {}
        for partition, end in ends.items():
            owned = self._owned.get(partition)
            if owned is None or owned.position >= end:
                continue
            rest = self._resting.get(partition)
            if rest is None or rest.position != owned.position:
                rest = _Rest(owned.position, now, now)
            elif now - rest.since >= self._times.give_up_s and fetched.get(partition, end) < end:
                raise Stalled(
                    f"{partition.topic}/{partition.partition}: at {owned.position} of {end} "
                    f"for {self._times.give_up_s:.0f} s"
                )
            elif now - rest.nudged_at >= self._times.nudge_s:
                level = logging.DEBUG if partition.topic in self._transactional else logging.WARNING
                log.log(level, "partition-nudged", extra={"source": f"{partition.topic}/{partition.partition}"})
                self._membership.seek(partition, owned.position)
                rest = rest._replace(nudged_at=now)
            resting[partition] = rest
        self._resting = resting
