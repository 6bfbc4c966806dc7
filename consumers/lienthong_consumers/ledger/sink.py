"""The sink: from the topics into the ledger, one PostgreSQL transaction for each batch.

Rules, each from a measured loss (design §7): the fetch is outside the lock, the rebalance listener and everything else
inside; a run begins exactly at the stored position; dead letters are acknowledged before the position moves; on
anything unexpected the process ends and a supervisor starts it again, for nothing in memory is worth keeping.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from lienthong_consumers.ledger.batch import Applied, Batch, Move
from lienthong_consumers.ledger.exact_start import ExactStart, SeekBack
from lienthong_consumers.ledger.reading import RecordReader
from lienthong_consumers.ledger.store import LedgerStore
from lienthong_infra.append_time import known_at
from lienthong_infra.errors import LienthongError, PositionLost, TemporaryError
from lienthong_infra.ports import Membership, Publisher, Record, TopicPartition
from lienthong_infra.schema_patience import SchemaPatience
from lienthong_infra.stalls import StallTimes, StallWatch
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.checksums import below_boundary, boundary_passed
from lienthong_schemas.errors import CatalogueError, ContractError, UnknownFingerprint
from lienthong_schemas.instants import Instant

log = logging.getLogger(__name__)

FETCH_TIMEOUT_S: Final = 0.5
FETCH_LIMIT: Final = 4_000
"""Records of a batch at most: a transaction of a fraction of a second, far below its limit of 20 s."""
SMALL_FETCH: Final = 500
"""Records below which the sink collects a little before the next batch: a transaction costs as much as some hundred."""
PACE_S: Final = 0.05
LISTENER_LIMIT_S: Final = 60.0
"""To take partitions over: wait for the batch in work, ask for positions and ends."""
LEAVE_LIMIT_S: Final = 8.0
"""To leave the group in good order; Ctrl-C ends everything within ten seconds."""
SHOW_EVERY_S: Final = 5.0
"""How often positions are shown as the group's offsets."""
PARKED_FOR_S: Final = 1.0
"""How long a partition rests before a record with an unknown schema is tried again."""


def _now() -> Instant:
    return time.time_ns() // 1_000


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Rest for so long, or until the stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


class Observer(Protocol):
    """Hears what the sink does, for metrics."""

    def applied(self, batch: Batch, applied: Applied, seconds: float) -> None:
        """A batch is committed."""
        ...

    def read_again(self, partition: TopicPartition) -> None:
        """A run did not begin at the position and is read again."""
        ...

    def parked(self, partitions: Collection[TopicPartition]) -> None:
        """These partitions wait for a schema."""
        ...

    def over_limit(self, offices: int) -> None:
        """So many offices have more open dead letters than a sender may."""
        ...


class Silent:
    """An observer that does nothing."""

    def applied(self, batch: Batch, applied: Applied, seconds: float) -> None:
        """Nothing."""

    def read_again(self, partition: TopicPartition) -> None:
        """Nothing."""

    def parked(self, partitions: Collection[TopicPartition]) -> None:
        """Nothing."""

    def over_limit(self, offices: int) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a sink is put together from."""

    membership: Membership
    publisher: Publisher
    store: LedgerStore
    reader: RecordReader
    start: ExactStart
    observer: Observer
    clock: Callable[[], Instant] = _now
    stalls: StallTimes = field(default_factory=StallTimes)
    make_patience: Callable[[], SchemaPatience] = SchemaPatience


class _Stand(NamedTuple):
    position: int


class _Stands(Mapping[TopicPartition, _Stand]):
    """The positions of a sink in the form that the watch against standing still wants."""

    def __init__(self, sink: LedgerSink) -> None:
        self._sink = sink

    def __getitem__(self, partition: TopicPartition) -> _Stand:
        return _Stand(self._sink.positions[partition])

    def __iter__(self) -> Iterator[TopicPartition]:
        return iter(self._sink.positions)

    def __len__(self) -> int:
        return len(self._sink.positions)


class LedgerSink:
    """Reads its share of the topics until it is told to stop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = asyncio.Lock()
        self._positions: dict[TopicPartition, int] = {}
        self._patience: dict[TopicPartition, SchemaPatience] = {}
        self._parked: dict[TopicPartition, float] = {}
        self._failure: BaseException | None = None
        self._shown_at = 0.0
        self._leaving = False

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """Where this sink stands in its share of the partitions; empty while it has none."""
        return self._positions

    async def run(self, topics: Sequence[str], stop: asyncio.Event) -> None:
        """Take records until ``stop`` is set, then leave the group. Raises whatever must end the process."""
        membership = self._parts.membership
        await self._learn_schemas()
        await membership.join(topics, self)
        transactional = frozenset(topics) - frozenset(CASE_TOPICS)
        watch = StallWatch(membership, _Stands(self), self._parts.stalls, transactional=transactional)
        watching = asyncio.create_task(watch.watch())
        try:
            while not stop.is_set():
                if watching.done():
                    await watching
                fetched = await membership.fetch(timeout=FETCH_TIMEOUT_S, limit=FETCH_LIMIT)
                async with self._lock:
                    self._raise_failure()
                    await self._take(fetched)
                    await self._wake_parked()
                await self._show()
                if 0 < sum(map(len, fetched.values())) < SMALL_FETCH:
                    await _pause(stop, PACE_S)
        finally:
            self._leaving = True
            watching.cancel()
            with suppress(TimeoutError):  # what is cut short here is safe by the fence
                await asyncio.wait_for(membership.leave(), LEAVE_LIMIT_S)

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """These are ours now: go to the stored positions. Called by the group, in a task of its own."""
        membership = self._parts.membership
        if self._leaving:
            return
        try:
            membership.pause(partitions)  # before anything is awaited: the client fetches already
            async with asyncio.timeout(LISTENER_LIMIT_S), self._lock:
                self._forget()
                positions = await self._parts.store.take_over(partitions)
                ends = await membership.ends(partitions)
                for partition, position in positions.items():
                    if position > ends[partition]:
                        raise PositionLost(*partition, position=position, end=ends[partition])
                    membership.seek(partition, position)
                self._positions = positions
            membership.resume(partitions)
        except Exception as error:
            self._failure = error  # a client swallows what its listener raises; the loop raises it

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """These are no longer ours once this returns. Called by the group, in a task of its own."""
        async with self._lock:
            self._forget()

    def _forget(self) -> None:
        for partition in self._positions:
            self._parts.start.forget(partition)
        self._positions = {}
        self._parked = {}

    def _raise_failure(self) -> None:
        if isinstance(self._failure, LienthongError):
            raise self._failure
        if self._failure is not None:
            raise TemporaryError(f"the sink cannot take its partitions: {type(self._failure).__name__}") from (
                self._failure
            )

    async def _take(self, fetched: Mapping[TopicPartition, Sequence[Record]]) -> None:
        """Take what begins where we stand; what lies behind a checksum that is due has a transaction of its own."""
        while fetched:
            fetched = await self._take_to_boundaries(fetched)

    async def _take_to_boundaries(
        self, fetched: Mapping[TopicPartition, Sequence[Record]]
    ) -> dict[TopicPartition, Sequence[Record]]:
        """Take of each partition what lies before its next checksum, in one transaction; returns what is left."""
        batch, left = Batch(), dict[TopicPartition, Sequence[Record]]()
        for partition, records in fetched.items():
            position = self._positions.get(partition)
            if position is None or not records or partition in self._parked:
                continue
            judged = self._parts.start.judge(partition, position, records, gapless=partition.topic in CASE_TOPICS)
            if isinstance(judged, SeekBack):
                self._parts.membership.seek(partition, judged.offset)
                self._parts.observer.read_again(partition)
            elif judged is not None:
                piece = judged.records
                if partition.topic in CASE_TOPICS:
                    piece = judged.records[: below_boundary(judged.records)]
                whole = len(piece) == len(judged.records)
                fetched_to = (records if whole else piece)[-1].offset + 1
                self._read(batch, partition, piece, fetched_to=fetched_to)
                if not whole and partition not in self._parked:
                    left[partition] = [one for one in records if one.offset >= fetched_to]
        if batch.moves:
            await self._commit(batch)
        return left

    def _read(self, batch: Batch, partition: TopicPartition, records: Sequence[Record], *, fetched_to: int) -> None:
        """Read records into the batch, up to one that waits for its schema."""
        position = self._positions[partition]
        next_offset, newest = position, 0
        for record in records:
            if not self._read_one(batch, partition, record):
                self._park(partition, record.offset)
                break
            next_offset, newest = record.offset + 1, max(newest, known_at(record))
        else:
            if next_offset < fetched_to:  # the run was cut before a jump: what the client handed out behind is dropped
                self._parts.membership.seek(partition, next_offset)
        if next_offset > position:
            batch.moves[partition] = Move(position, next_offset, newest)
            self._note_boundaries(batch, partition, records[0].offset)

    def _note_boundaries(self, batch: Batch, partition: TopicPartition, first: int) -> None:
        """Note where the ledger's own figures are to be kept: after all records below a boundary and no other."""
        if partition.topic not in CASE_TOPICS:
            return
        move = batch.moves[partition]
        passed = boundary_passed(move.read_from, first)
        if passed is not None:
            batch.passed[partition] = passed
        reached = boundary_passed(move.next_offset - 1, move.next_offset)
        if reached is not None:
            batch.reached[partition] = reached

    def _read_one(self, batch: Batch, partition: TopicPartition, record: Record) -> bool:
        """Read one record; False: it must wait."""
        reader = self._parts.reader
        try:
            reader.read(batch, record)
        except UnknownFingerprint as error:
            now = self._parts.clock()
            patience = self._patience.get(partition)
            if patience is None:
                patience = self._patience[partition] = self._parts.make_patience()
            if patience.waits(error.fingerprint, now):
                return False
            reader.refuse(batch, record, error, now)
        except ContractError as error:
            reader.refuse(batch, record, error, self._parts.clock())
        return True

    async def _commit(self, batch: Batch) -> None:
        began = time.monotonic()
        if batch.refused:
            await self._parts.publisher.publish(batch.refused)
        applied = await self._parts.store.apply(batch)
        for partition, move in batch.moves.items():
            self._positions[partition] = move.next_offset
        self._parts.observer.applied(batch, applied, time.monotonic() - began)

    def _park(self, partition: TopicPartition, offset: int) -> None:
        """Let a partition rest before a record whose schema is unknown; the others go on."""
        membership = self._parts.membership
        membership.pause([partition])
        membership.seek(partition, offset)
        if partition not in self._parked:
            log.warning("schema-awaited", extra={"topic": partition.topic, "partition": partition.partition})
        self._parked[partition] = time.monotonic() + PARKED_FOR_S

    async def _wake_parked(self) -> None:
        """Learn what schemas came in meanwhile, through whichever sink, and try again."""
        due = [partition for partition, until in self._parked.items() if until <= time.monotonic()]
        if due:
            await self._learn_schemas()
            for partition in due:
                del self._parked[partition]
            self._parts.membership.resume(due)
        self._parts.observer.parked(self._parked)

    async def _learn_schemas(self) -> None:
        for record in await self._parts.store.references():
            if record.kind == "schema":
                try:
                    self._parts.reader.learn(record.key, record.body)
                except CatalogueError as error:  # readable when it was taken: a newer program took it
                    log.warning("schema-unreadable", extra={"problems": error.problems})

    async def _show(self) -> None:
        """Now and then, tell those who watch where we stand."""
        now = time.monotonic()
        if now - self._shown_at >= SHOW_EVERY_S:
            self._shown_at = now
            async with self._lock:
                self._parts.observer.over_limit(await self._parts.store.offices_over_limit())
                shown = {one: (offset, "") for one, offset in self._positions.items()}
            if shown:
                await self._parts.membership.show(shown)
