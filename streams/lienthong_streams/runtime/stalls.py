"""Seeing from inside that nothing moves although records wait: first a nudge, then the end of the process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from lienthong_infra.errors import Stalled, UnavailableError
from lienthong_infra.ports import Membership, TopicPartition

log = logging.getLogger(__name__)

LOOK_S: Final = 10.0
"""Seconds between two looks at the ends of the logs."""
NUDGE_S: Final = 30.0
"""After so many seconds without movement the partition is fetched again from its position. Heals what was fetched and
lost with nothing behind it that would show the jump."""
GIVE_UP_S: Final = 180.0
"""After so many seconds the process ends, for the supervisor to start it anew. Three times what an unknown schema is
waited for."""


class _Positioned(Protocol):
    @property
    def position(self) -> int: ...


class _Rest(NamedTuple):
    position: int
    since: float
    nudged: bool


class StallWatch:
    """Watches the owned partitions of a host."""

    def __init__(
        self, membership: Membership, owned: Mapping[TopicPartition, _Positioned], *, look_s: float = LOOK_S
    ) -> None:
        self._membership = membership
        self._owned = owned
        self._look_s = look_s
        self._resting: dict[TopicPartition, _Rest] = {}

    async def watch(self) -> None:
        """Look for ever. Raises Stalled."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(self._look_s)
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
                rest = _Rest(owned.position, now, nudged=False)
            elif now - rest.since >= GIVE_UP_S and fetched.get(partition, end) < end:
                raise Stalled(
                    f"{partition.topic}/{partition.partition}: at {owned.position} of {end} for {GIVE_UP_S:.0f} s"
                )
            elif now - rest.since >= NUDGE_S and not rest.nudged:
                log.warning("partition-nudged", extra={"source": f"{partition.topic}/{partition.partition}"})
                self._membership.seek(partition, owned.position)
                rest = rest._replace(nudged=True)
            resting[partition] = rest
        self._resting = resting
