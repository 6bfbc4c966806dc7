"""The Membership on Kafka: a consumer group that shares out partitions, and nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, OffsetAndMetadata

from lienthong_infra.errors import LienthongError
from lienthong_infra.kafka.batch_fetch import BatchFetch, Taken
from lienthong_infra.kafka.connection import Patience, discard, started
from lienthong_infra.kafka.errors import translating
from lienthong_infra.kafka.metadata import topic_partitions
from lienthong_infra.kafka.naming import full_name, group_name
from lienthong_infra.kafka.reader import FETCH_BYTES, REQUEST_LIMIT_S
from lienthong_infra.kafka.records import from_client, to_client
from lienthong_infra.ports import GroupListener, Record, TopicPartition

_HEARTBEATS_PER_SESSION: Final = 6
"""So five heartbeats in a row may get lost before the group takes a member for dead."""
GROUP_FETCH_WAIT_MS: Final = 50
"""Milliseconds a broker keeps a fetch of a member waiting for records. Meanwhile the client asks it for nothing else,
and not for partitions of which it has records in hand: so a busy one waits as long for the quiet ones beside it."""


@dataclass(frozen=True, slots=True)
class GroupTimes:
    """Times of a group, in seconds."""

    session_s: float = 10.0
    """A member that is silent for so long is taken for dead; what it had goes to others. The pause after kill -9."""
    rebalance_s: float = 30.0
    """How long the others wait for a member that is in the middle of a run; above the limit of a transaction."""


class KafkaMembership:
    """A member of the group ``<prefix>.<application>``."""

    def __init__(
        self,
        bootstrap: str,
        prefix: str,
        *,
        application: str = "deadlines",
        times: GroupTimes | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._group = group_name(prefix, application)
        self._times = times or GroupTimes()
        self._patience = patience
        self._consumer: Any = None
        self._batches: Any = None
        self._served: set[Any] = set()
        """Partitions that had their turn in this round, by their names on the cluster."""

    async def join(self, topics: Sequence[str], listener: GroupListener) -> None:
        """Enter the group. Raises UnavailableError or UnknownTopic."""
        names = [full_name(self._prefix, topic) for topic in topics]
        await topic_partitions(self._bootstrap, names, self._patience)
        session_ms = int(self._times.session_s * 1000)
        self._consumer = await started(
            lambda: AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap,
                group_id=self._group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                session_timeout_ms=session_ms,
                heartbeat_interval_ms=session_ms // _HEARTBEATS_PER_SESSION,
                rebalance_timeout_ms=int(self._times.rebalance_s * 1000),
                max_partition_fetch_bytes=FETCH_BYTES,
                fetch_max_wait_ms=GROUP_FETCH_WAIT_MS,
            ),
            bootstrap=self._bootstrap,
            doing=f"entering the group {self._group}",
            patience=self._patience,
        )
        self._batches = BatchFetch(self._consumer, self._prefix)
        # Only now: a client that is started with a subscription waits for the others of the group before it returns.
        self._consumer.subscribe(names, listener=_Listener(self._prefix, listener))

    async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        """At most ``limit`` committed records; empty after ``timeout`` seconds, longer in a rebalance.

        Partitions take turns: the client itself hands out all that it holds of one before it comes to the next.
        """
        with translating("fetching"):
            found = await self._held(self._waiting(), limit)
            if found:
                left = limit - sum(map(len, found.values()))
                found |= await self._held(self._consumer.assignment() - found.keys(), left)
            else:
                self._served.clear()
                found = await self._batches.take(timeout=timeout, limit=limit)
            self._served |= found.keys()
            return {from_client(self._prefix, each): records for each, records in found.items()}

    def _waiting(self) -> Collection[Any]:
        """Partitions whose turn it is; none where a new round begins."""
        return self._consumer.assignment() - self._served if self._served else ()

    async def _held(self, partitions: Collection[Any], limit: int) -> Taken:
        """What the client has in hand of these, without waiting."""
        return await self._batches.take(partitions, limit=limit) if partitions and limit > 0 else {}

    def _still_ours(self, partitions: Collection[TopicPartition]) -> list[Any]:
        assigned = self._consumer.assignment()
        return [each for each in (to_client(self._prefix, here) for here in partitions) if each in assigned]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Fetch a partition from this offset on."""
        for each in self._still_ours([partition]):
            self._consumer.seek(each, offset)

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        """Fetch nothing from these until they are resumed."""
        self._consumer.pause(*self._still_ours(partitions))

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        """Fetch from these again."""
        self._consumer.resume(*self._still_ours(partitions))

    async def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The end of each partition. Raises UnavailableError."""
        with translating("asking for the ends of logs"):
            async with asyncio.timeout(REQUEST_LIMIT_S):
                ends = await self._consumer.end_offsets([to_client(self._prefix, each) for each in partitions])
        return {from_client(self._prefix, each): end for each, end in ends.items()}

    async def positions(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The next offset to fetch of those that are still assigned; passes control markers."""
        with translating("asking for positions"):
            async with asyncio.timeout(REQUEST_LIMIT_S):
                return {
                    from_client(self._prefix, each): await self._consumer.position(each)
                    for each in self._still_ours(partitions)
                }

    async def show(self, positions: Mapping[TopicPartition, tuple[int, str]]) -> None:
        """Write positions and remarks as the group's offsets, for displays only; a failure is of no consequence."""
        offsets = {
            to_client(self._prefix, each): OffsetAndMetadata(offset, remark)
            for each, (offset, remark) in positions.items()
        }
        with suppress(LienthongError), translating("showing positions"):
            async with asyncio.timeout(REQUEST_LIMIT_S):
                await self._consumer.commit(offsets)

    async def leave(self) -> None:
        """Leave the group at once; release the connection."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await discard(consumer)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # the client has no types
    """Hands the client's calls on under our names."""

    def __init__(self, prefix: str, listener: GroupListener) -> None:
        self._prefix = prefix
        self._listener = listener

    async def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
        await self._listener.assigned(frozenset(from_client(self._prefix, each) for each in assigned))

    async def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
        await self._listener.revoked(frozenset(from_client(self._prefix, each) for each in revoked))
