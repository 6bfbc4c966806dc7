"""One owned partition: fence, restore, exact start, one transaction for each run.

Memory is ahead of the log from the start of a run to the end of its commit. Whatever is raised in between leaves this
object unusable; it says so itself when it is used again. The owner's process ends; the next one reads the changelog.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from operator import attrgetter
from typing import Final

from lienthong_infra.errors import RecordTooLarge
from lienthong_infra.ports import Change, PartitionLog, Record, TopicPartition
from lienthong_schemas.instants import Instant
from lienthong_streams.runtime.doubt import DOUBT_KEY, Doubt, Marker, encode_marker
from lienthong_streams.runtime.ports import Advance, Effects, PartitionProcessor

_SUSPICION_S: Final = 1.0
"""Seconds of one step for suspects: a step has a time limit, and the other partitions of the process wait for it."""


class NotAsLogged(RuntimeError):
    """The partition was used before it was restored, or after a run that was not committed: memory is not the log."""


async def _nothing() -> None:
    return None


class OwnedPartition:
    """A partition that this process owns, from ``take_over`` to ``release``."""

    def __init__(self, source: TopicPartition, log: PartitionLog, processor: PartitionProcessor) -> None:
        self.source = source
        self.processor = processor
        self._last: Change | None = None
        self._log = log
        self._doubt = Doubt()
        self._jump: tuple[int, int] | None = None
        self._as_logged = False

    @property
    def position(self) -> int:
        """Next input offset."""
        return self.processor.position

    @property
    def position_value(self) -> bytes:
        """The value of the last position record in the changelog; empty before the first."""
        return b"" if self._last is None else self._last[1] or b""

    async def take_over(self, *, before_restored: Callable[[], Awaitable[None]] = _nothing) -> int:
        """Become the owner and restore; returns how many changelog records were read.

        ``before_restored`` is awaited after the changelog was read: what the state stands on must be read by then.
        """
        await self._log.fence()  # first: what the changelog holds after this is final
        number, restore = 0, self.processor.restore
        async with aclosing(self._log.changelog()) as portions:
            async for portion in portions:
                number += len(portion)
                for change in portion:
                    if change[0] == DOUBT_KEY:
                        self._doubt.restore(change[1])
                    else:
                        restore(*change)
                        self._last = change
                await asyncio.sleep(0)
        await before_restored()
        self.processor.restored()
        self._doubt.judge(self.position)
        self._as_logged = True
        return number

    async def advance(self, records: Sequence[Record], *, now: Instant, idle_commit: bool) -> Advance:
        """Take fetched records, and whatever time has brought; commit in one transaction.

        Without ``idle_commit`` effects that are not urgent are dropped: a later step has them again. Raises whatever
        the processor or the log raise, and NotAsLogged ever after.
        """
        if not self._as_logged:
            raise NotAsLogged(f"{self.source.topic}/{self.source.partition} is not what its changelog says")
        run, hole = self.fit(records)
        if records and not run:
            behind = records[-1].offset < self.position
            return Advance() if behind else Advance(seek_to=self.position, jumped=True)
        if run and self._doubt.suspects(self.position):
            done = await self._in_pieces(run, now=now)
        else:
            done = await self._take(run, now=now, commit=idle_commit or hole > 0)
        return replace(done, hole=hole)

    def fit(self, records: Sequence[Record]) -> tuple[Sequence[Record], int]:
        """The records from exactly the position on, and the size of a hole of the log before them.

        Empty where the first record lies above the position: they were fetched past it, and must be fetched again.
        Only a jump that is seen twice, from the same position to the same offset, is the log's own.
        """
        run = records[bisect_left(records, self.position, key=attrgetter("offset")) :]
        if not run:
            return run, 0
        jump = (self.position, run[0].offset)
        if jump[0] == jump[1]:
            self._jump = None
            return run, 0
        if jump != self._jump:
            self._jump = jump
            return (), 0
        self._jump = None
        self.processor.skip_hole(run[0].offset)
        return run, jump[1] - jump[0]

    async def _in_pieces(self, run: Sequence[Record], *, now: Instant) -> Advance:
        """Take suspects in pieces, each in a transaction of its own; the guilty one, once it is known, is set aside."""
        clock = asyncio.get_running_loop().time
        taken = set_aside = 0
        waiting = False
        outputs: list[str] = []
        enough_at = clock() + _SUSPICION_S
        while taken < len(run) and run[taken].offset == self.position and clock() < enough_at:
            size = min(self._doubt.size, self._doubt.suspects(self.position))
            if not size:
                break
            if guilty := self._doubt.condemns(self.position):
                step = await self._put_aside(run[taken], now=now)
            else:
                end = bisect_left(run, self.position + size, key=attrgetter("offset"))
                step = await self._take(run[taken:end], now=now, commit=True)
            taken += step.taken
            outputs += step.outputs
            set_aside += guilty
            waiting = step.waiting
            if waiting:
                break
        unfinished = taken < len(run)
        return Advance(
            taken=taken,
            outputs=tuple(outputs),
            committed=True,
            seek_to=self.position if unfinished else None,
            waiting=waiting,
            set_aside=set_aside,
        )

    async def _take(self, run: Sequence[Record], *, now: Instant, commit: bool) -> Advance:
        start = self.position
        if run:
            await self._mark(self._doubt.before_run(start, run[-1].offset))
        self._as_logged = False
        effects = self.processor.run(run, now=now)
        taken = bisect_left(run, self.position, key=attrgetter("offset"))
        if run:
            await self._mark(self._doubt.survived(start))
        commit = commit or effects.urgent or bool(effects.outputs)
        if commit:
            await self._commit(effects, run, start)
        self._as_logged = True
        if taken:
            self._doubt.committed(self.position)
        waiting = taken < len(run)
        return Advance(
            taken=taken,
            outputs=tuple(each.topic for each in effects.outputs),
            committed=commit,
            seek_to=self.position if waiting else None,
            waiting=waiting,
            kept_back=not commit and bool(effects.changes) and effects.changes[-1] != self._last,
            unfinished=effects.unfinished,
        )

    async def _put_aside(self, record: Record, *, now: Instant) -> Advance:
        self._as_logged = False
        effects = self.processor.set_aside(record, deaths=self._doubt.deaths, now=now)
        await self._commit(effects, (), record.offset)
        self._as_logged = True
        self._doubt.committed(self.position)
        return Advance(taken=1, outputs=tuple(each.topic for each in effects.outputs), committed=True)

    async def _commit(self, effects: Effects, run: Sequence[Record], start: int) -> None:
        try:
            await self._log.commit(effects.outputs, effects.changes)
        except RecordTooLarge:
            if run:  # a record's fault, and nothing has been written: say so, or it would happen for ever
                await self._mark(self._doubt.too_large(start, run[-1].offset, alone=len(run) == 1))
            raise
        if effects.changes:
            self._last = effects.changes[-1]

    async def _mark(self, marker: Marker | None) -> None:
        """Write a marker in a transaction of its own; the position stays the changelog's last record."""
        if marker is not None:
            position = () if self._last is None else (self._last,)
            await self._log.commit((), ((DOUBT_KEY, encode_marker(marker)), *position))

    async def release(self) -> None:
        """Let go of the partition; a next owner may already have fenced it."""
        await self._log.close()
