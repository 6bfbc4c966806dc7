"""The Membership on Faust: the group, the life cycle and the agent loop are Faust's, all the rest is the host's."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from operator import methodcaller
from typing import Final

from lienthong_infra.errors import LienthongError
from lienthong_infra.kafka.connection import Patience
from lienthong_infra.kafka.errors import translating
from lienthong_infra.kafka.metadata import topic_partitions
from lienthong_infra.kafka.naming import full_name
from lienthong_infra.kafka.reader import REQUEST_LIMIT_S
from lienthong_infra.kafka.records import fetched, from_client
from lienthong_infra.ports import GroupListener, Record, TopicPartition
from lienthong_streams.faust_host.app import AppPlan, build_app
from lienthong_streams.faust_host.inside import HostApp, to_client

_LEAVE_LIMIT_S: Final = 3.0
"""Seconds to leave the group; a healthy broker answers at once."""
_STOP_LIMIT_S: Final = 4.0
"""Seconds that Faust gets to stop its services. It waits up to a minute for its threads; nothing depends on that."""


class FaustStopped(RuntimeError):
    """Faust ended by itself, and did not say why."""


class FaustMembership:
    """A member of the group of a bus's stream workers, by way of a Faust app.

    With an ``app`` that something else starts and stops (``faust worker``), only the group is entered and left here.
    """

    def __init__(self, plan: AppPlan, *, app: HostApp | None = None, patience: Patience | None = None) -> None:
        self._plan = plan
        self._prefix = plan.prefix
        self._patience = patience
        self._ours = app is None
        self.app = app if app is not None else build_app(plan)
        self._desk = self.app.desk
        self._joined = False
        self._watch: asyncio.Task[None] | None = None

    async def join(self, topics: Sequence[str], listener: GroupListener) -> None:
        """Enter the group. Raises UnavailableError or UnknownTopic."""
        names = [full_name(self._prefix, topic) for topic in topics]
        await topic_partitions(self._plan.bootstrap, names, self._patience)
        self._desk.open(listener)
        self._joined = True
        self._watch = asyncio.create_task(self._watch_faust())
        if self._ours:
            with translating("starting Faust"):
                await self.app.start()

    async def _watch_faust(self) -> None:
        await self.app.wait_until_stopped()
        self._desk.fail(self.app.crash_reason or FaustStopped("Faust has ended by itself"))

    async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        """Committed records, as many as the plan's times allow; empty after ``timeout`` seconds, longer in a rebalance.

        Raises what Faust failed with.
        """
        with translating("fetching"):
            runs = await self._desk.fetch(timeout)
        return fetched(self._prefix, {to_client(self._prefix, each): run for each, run in runs.items()})

    def _still_ours(self, partitions: Collection[TopicPartition]) -> list[TopicPartition]:
        return [each for each in partitions if each in self._desk.held]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Fetch a partition from this offset on."""
        where = to_client(self._prefix, partition)
        if self._still_ours([partition]):
            self.app.client.soon_in_thread(
                lambda client: client.seek(where, offset) if where in client.assignment() else None
            )

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        """Fetch nothing from these until they are resumed."""
        self._desk.pause(partitions)

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        """Fetch from these again."""
        self._desk.resume(partitions)

    async def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The end of each partition. Raises UnavailableError."""
        asked = [to_client(self._prefix, each) for each in partitions]
        with translating("asking for the ends of logs"):
            async with asyncio.timeout(REQUEST_LIMIT_S):
                ends = await self.app.client.in_thread(methodcaller("end_offsets", asked))
        return {from_client(self._prefix, each): end for each, end in ends.items()}

    async def positions(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The next offset to fetch of those that are still assigned; passes control markers."""
        found = {}
        with translating("asking for positions"):
            async with asyncio.timeout(REQUEST_LIMIT_S):
                for each in self._still_ours(partitions):
                    where = to_client(self._prefix, each)
                    found[each] = await self.app.client.in_thread(methodcaller("position", where))
        return found

    async def show(self, positions: Mapping[TopicPartition, tuple[int, str]]) -> None:
        """Write positions and remarks as the group's offsets, for displays only; a failure is of no consequence."""
        offsets = {to_client(self._prefix, each): shown for each, shown in positions.items()}
        with suppress(LienthongError), translating("showing positions"):
            async with asyncio.timeout(REQUEST_LIMIT_S):
                await self.app.client.in_thread(methodcaller("commit", offsets))

    async def leave(self) -> None:
        """Leave the group at once; stop Faust if it was started here, for some seconds at most."""
        joined, self._joined = self._joined, False
        if self._watch is not None:
            self._watch.cancel()
        if not joined:
            return
        with suppress(Exception):
            async with asyncio.timeout(_LEAVE_LIMIT_S):
                await self.app.client.in_thread(methodcaller("stop"))
        if self._ours:
            with suppress(Exception):
                async with asyncio.timeout(_STOP_LIMIT_S):
                    await self.app.stop()
