"""Replaying the log up to the positions of a ledger, with the sink of the ledger and one reader without a group.

Nothing is written to the log: what the sink refuses has its letter there since the ledger refused it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from lienthong_consumers.ledger.batch import Batch
from lienthong_consumers.ledger.database import connect
from lienthong_consumers.ledger.exact_start import ExactStart, Run
from lienthong_consumers.ledger.reading import RecordReader
from lienthong_consumers.ledger.sink import LedgerSink, Parts, Silent
from lienthong_consumers.ledger.store import LedgerStore
from lienthong_infra.placement import Placement
from lienthong_infra.ports import GroupListener, OutboundRecord, Reader, Record, TopicPartition, Written
from lienthong_infra.schema_patience import SchemaPatience
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import ContractError
from lienthong_schemas.instants import Instant

SCHEMAS_FIRST: Final = "reference.v1"
"""The topic that is replayed before all others, so that every schema it teaches is known then."""

Progress = Callable[[int], None]
"""Hears now and then how many records were replayed."""


class RefusedThen(ContractError):
    """The ledger refused this record for want of a schema, and there is a letter that says so."""


class _NoPatience(SchemaPatience):
    """A schema that is unknown now will not come."""

    def waits(self, fingerprint: bytes, now: Instant) -> bool:
        return False


class _Straight(ExactStart):
    """A single reader jumps nowhere: what is not on the log is a control marker or a hole."""

    def judge(
        self, partition: TopicPartition, position: int, records: Sequence[Record], *, gapless: bool
    ) -> Run | None:
        return Run(records)


class _Unsent:
    """A publisher that writes nothing."""

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
        return []

    async def close(self) -> None:
        return None


class _ThenAndNow(RecordReader):
    """Reads records as the ledger did: what it refused for want of a schema stays refused."""

    def __init__(self, book: SchemaBook, placement: Placement, refused: Collection[tuple[str, int, int]]) -> None:
        super().__init__(book, placement)
        self._refused = frozenset(refused)

    def read(self, batch: Batch, record: Record) -> None:
        if self._refused and (record.topic, record.partition, record.offset) in self._refused:
            raise RefusedThen("refused when it came")
        super().read(batch, record)


class ReplayMembership:
    """A group of one that reads every partition from its beginning up to a target, then stops."""

    def __init__(
        self, reader: Reader, targets: Mapping[TopicPartition, int], stop: asyncio.Event, progress: Progress
    ) -> None:
        self._reader = reader
        self._targets = targets
        self._stop = stop
        self._progress = progress
        self._taken = 0
        first = {each for each in targets if each.topic == SCHEMAS_FIRST}
        self._stages = [first, targets.keys() - first]
        self._reading: set[TopicPartition] = set()

    async def join(self, topics: Sequence[str], listener: GroupListener) -> None:
        """Give the sink all partitions."""
        await listener.assigned(list(self._targets))

    async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        """Records below the targets; once there are none, the stop is set."""
        if not self._reading and not await self._next_stage():
            self._stop.set()
            return {}
        fetched = await self._reader.read(timeout=timeout, limit=limit)
        at = await self._reader.positions()
        open_ones = {each for each in self._reading if at[each] < self._targets[each]}
        if open_ones != self._reading:
            self._reading = open_ones
            await self._reader.assign({each: at[each] for each in open_ones})
        kept = {
            each: [record for record in records if record.offset < self._targets[each]]
            for each, records in fetched.items()
        }
        self._taken += sum(map(len, kept.values()))
        self._progress(self._taken)
        return {each: records for each, records in kept.items() if records}

    async def _next_stage(self) -> bool:
        while self._stages and not self._reading:
            self._reading = {each for each in self._stages.pop(0) if self._targets[each] > 0}
        if self._reading:
            await self._reader.assign(dict.fromkeys(self._reading, 0))
        return bool(self._reading)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Nothing: what was fetched is always taken."""

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        """Nothing."""

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        """Nothing."""

    async def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The targets: more of the log is not there."""
        return {each: self._targets[each] for each in partitions}

    async def positions(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The targets, so that nobody takes a long read for a stall."""
        return await self.ends(partitions)

    async def show(self, positions: Mapping[TopicPartition, tuple[int, str]]) -> None:
        """Nobody looks."""

    async def leave(self) -> None:
        """Nothing to release: the reader is the caller's."""


async def replay(
    reader: Reader,
    dsn: str,
    prefix: str,
    targets: Mapping[TopicPartition, int],
    *,
    refused: Collection[tuple[str, int, int]] = (),
    progress: Progress = lambda taken: None,
) -> None:
    """Replay into the empty tables of ``prefix``; ``reader`` reads the log of the bus itself.

    ``refused``: records that the ledger refused for want of a schema. Raises UnavailableError, UnknownTopic, or
    PositionLost where the log is shorter than a target.
    """
    stop = asyncio.Event()
    store = LedgerStore(await connect(dsn, prefix))
    try:
        await store.prepare(list(targets))
        parts = Parts(
            membership=ReplayMembership(reader, targets, stop, progress),
            publisher=_Unsent(),
            store=store,
            reader=_ThenAndNow(SchemaBook(), Placement.of(load_catalogue()), refused),
            start=_Straight(),
            observer=Silent(),
            make_patience=_NoPatience,
        )
        await LedgerSink(parts).run(sorted({each.topic for each in targets}), stop)
    finally:
        await store.close()
