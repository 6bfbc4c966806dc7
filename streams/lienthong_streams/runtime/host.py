"""The reference host: membership from a group, truth from the changelogs (design §6).

One lock serialises what the group gives and takes with the steps of the loop; fetching stays outside it. Within a step
the partitions run concurrently, each in a transaction of its own. Nothing unexpected is caught and gone on with:
``run`` raises it, and whoever runs the host must end the process at once, for memory may be ahead of the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lienthong_infra.errors import PositionLost
from lienthong_infra.ports import Membership, PartitionLog, Record, TopicPartition
from lienthong_infra.stalls import StallWatch
from lienthong_schemas.instants import Instant
from lienthong_streams.runtime.barrier_feed import BarrierFeed
from lienthong_streams.runtime.collecting import Collector, Fetched
from lienthong_streams.runtime.owned import OwnedPartition
from lienthong_streams.runtime.ports import Advance, HostObserver, ProcessorFactory
from lienthong_streams.runtime.times import HostTimes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HostPorts:
    """What a host works with. ``remark`` makes the text shown beside an offset of the value of the last position record
    (empty before the first)."""

    membership: Membership
    log_of: Callable[[TopicPartition], PartitionLog]
    processor_of: ProcessorFactory
    feed: BarrierFeed
    observer: HostObserver
    now: Callable[[], Instant]
    remark: Callable[[bytes], str]


class Host:
    """Runs the partitions that a group gives to this process. Use an object once."""

    def __init__(self, ports: HostPorts, times: HostTimes | None = None) -> None:
        self.owned: dict[TopicPartition, OwnedPartition] = {}
        self._ports = ports
        self._times = times or HostTimes()
        self._lock = asyncio.Lock()
        self._collector = Collector(ports.membership, self._times)
        self._leaving = False
        self._stop = asyncio.Event()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last_commit: dict[TopicPartition, float] = {}
        self._head_start_s: dict[TopicPartition, float] = {}
        self._resume_at: dict[TopicPartition, float] = {}
        self._kept_back: set[TopicPartition] = set()
        self._unfinished: set[TopicPartition] = set()
        self._stalls = StallWatch(ports.membership, self.owned, self._times.stalls)

    async def run(self, topics: Sequence[str], stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then leave in good order. Raises whatever went wrong; then end the process."""
        self._stop = stop
        async with _Background(self._failed, stop) as beside:
            beside.start(self._ports.feed.follow())
            caught_up = await beside.first(self._ports.feed.catch_up())
            if caught_up and await beside.first(self._ports.membership.join(topics, self)):
                beside.start(self._show())
                beside.start(self._stalls.watch())
                await beside.first(self._work(stop), to_its_end=True)
            await self._leave()

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """The group gives partitions: fence, restore, go to the position. A failure ends ``run``."""
        if self._leaving:  # to take them over now would shut out whoever gets them next
            return
        self._ports.membership.pause(partitions)  # before anything is awaited: the client fetches already
        try:
            async with asyncio.timeout(self._times.listener_limit_s), self._lock:
                if not await self._unless_stopped(self._take_all_over(partitions)):
                    return
            self._ports.membership.resume(partitions)
            self._ports.feed.moved.set()  # ticks known before are news to these partitions
        except Exception as error:
            self._fail(error)

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """The group takes everything back: wait for the step in work, forget it. A failure ends ``run``."""
        try:
            async with asyncio.timeout(self._times.listener_limit_s), self._lock:
                await self._let_go()
        except Exception as error:
            self._fail(error)

    async def abandon(self) -> None:
        """Close the connections of a host that failed, for a caller that does not end the process. Commits nothing."""
        await asyncio.gather(*(each.release() for each in self.owned.values()), return_exceptions=True)
        self.owned.clear()

    def _fail(self, error: BaseException) -> None:
        if not self._failed.done():
            self._failed.set_exception(_first_cause(error))

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do something that takes long; False where the stop cut it short: whoever comes next does it anew."""
        doing, stopped = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                await doing
                return True
            self._leaving = True
            return False
        finally:
            stopped.cancel()
            doing.cancel()
            await asyncio.wait({doing})

    async def _take_all_over(self, partitions: Collection[TopicPartition]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for partition in partitions:
                tasks.create_task(self._take_over(partition))
        await self._go_to_positions(partitions)

    async def _take_over(self, partition: TopicPartition) -> None:
        owned = OwnedPartition(partition, self._ports.log_of(partition), self._ports.processor_of(partition))
        self.owned[partition] = owned  # at once, so that whatever happens its connection is closed
        records = await owned.take_over(before_restored=self._ports.feed.catch_up)
        log.info(
            "partition-taken-over",
            extra={"source": _name(partition), "position": owned.position, "changelog_records": records},
        )

    async def _go_to_positions(self, partitions: Collection[TopicPartition]) -> None:
        ends = await self._ports.membership.ends(partitions) if partitions else {}
        for number, partition in enumerate(partitions):
            # So that those without records do not all commit their ticks in one step, which records then wait for.
            self._head_start_s[partition] = self._times.tick_commit_s * number / len(partitions)
            position = self.owned[partition].position
            if position > ends[partition]:
                raise PositionLost(*partition, position=position, end=ends[partition])
            self._ports.membership.seek(partition, position)
            self._ports.observer.taken_over(partition, position)

    async def _let_go(self) -> None:
        gone = list(self.owned.values())
        self.owned.clear()
        self._resume_at.clear()
        self._kept_back.clear()
        self._unfinished.clear()
        self._last_commit.clear()
        self._head_start_s.clear()
        await asyncio.gather(*(each.release() for each in gone))
        for each in gone:
            self._collector.forget(each.source)
            self._ports.observer.released(each.source)

    async def _leave(self) -> None:
        """Let go of everything and leave the group, in a few seconds: what is cut short here is safe by the fence."""
        self._leaving = True
        with suppress(TimeoutError):
            async with asyncio.timeout(self._times.leave_limit_s):
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._times.leave_limit_s / 2), self._lock:
                        await self._let_go()
                await self._ports.membership.leave()
                await self._ports.feed.close()

    async def _work(self, stop: asyncio.Event) -> None:
        feed = self._ports.feed
        stopped = asyncio.create_task(stop.wait())
        news = asyncio.create_task(feed.moved.wait())
        fetching: asyncio.Task[Fetched] | None = None
        try:
            while not stop.is_set():
                # Never begun before a step is over: what it seeks must hold for what is fetched next.
                fetching = fetching or asyncio.create_task(self._collector.collect())
                await asyncio.wait({fetching, news, stopped}, return_when=asyncio.FIRST_COMPLETED)
                fetched: Fetched = {}
                if fetching.done():
                    fetched, fetching = fetching.result(), None
                if moved := feed.moved.is_set():
                    feed.moved.clear()
                    news = asyncio.create_task(feed.moved.wait())
                if fetched:
                    self._collector.step_begins()
                await self._step(fetched, moved=moved)
                if fetched:
                    self._collector.step_ends()
        finally:
            for task in (fetching, news, stopped):
                if task is not None:
                    task.cancel()

    async def _step(self, fetched: Fetched, *, moved: bool) -> None:
        async with self._lock:
            if self._failed.done() or self._leaving:
                return  # a partition may be half restored; ``run`` is about to end
            self._resume_waiting()
            at_work = (
                self.owned.keys()
                if moved
                else self.owned.keys() & (fetched.keys() | self._overdue() | self._unfinished)
            )
            try:
                async with asyncio.timeout(self._times.step_limit_s), asyncio.TaskGroup() as tasks:
                    for each in at_work:
                        tasks.create_task(self._advance(self.owned[each], fetched.get(each, ())))
            except BaseExceptionGroup as group:
                raise _first_cause(group) from group

    async def _advance(self, owned: OwnedPartition, records: Sequence[Record]) -> None:
        clock = asyncio.get_running_loop().time
        idle_commit = clock() - self._last_commit.get(owned.source, 0.0) >= self._times.tick_commit_s
        step = await owned.advance(records, now=self._ports.now(), idle_commit=idle_commit)
        if step.committed:
            self._last_commit[owned.source] = clock() - self._head_start_s.pop(owned.source, 0.0)
        self._kept_back.discard(owned.source)
        if step.kept_back:
            self._kept_back.add(owned.source)
        self._unfinished.discard(owned.source)
        if step.unfinished:
            self._unfinished.add(owned.source)
        self._after(owned, step)

    def _after(self, owned: OwnedPartition, step: Advance) -> None:
        membership = self._ports.membership
        if step.seek_to is not None:
            self._collector.forget(owned.source)
            membership.seek(owned.source, step.seek_to)
        if step.waiting:
            membership.pause([owned.source])
            self._resume_at[owned.source] = asyncio.get_running_loop().time() + self._times.wait_s
        if step.hole:
            log.warning("hole-in-log", extra={"source": _name(owned.source), "offsets": step.hole})
        if step.set_aside:
            log.error("record-set-aside", extra={"source": _name(owned.source), "position": owned.position})
        self._ports.observer.advanced(owned.source, step, owned.position, owned.position_value)

    def _overdue(self) -> set[TopicPartition]:
        """Partitions that wait to commit what a tick changed: the last tick before a silence must be seen, too."""
        latest = asyncio.get_running_loop().time() - self._times.tick_commit_s
        return {each for each in self._kept_back if self._last_commit.get(each, 0.0) <= latest}

    def _resume_waiting(self) -> None:
        clock = asyncio.get_running_loop().time()
        due = [partition for partition, at in self._resume_at.items() if at <= clock]
        for partition in due:
            del self._resume_at[partition]
        self._ports.membership.resume(due)

    async def _show(self) -> None:
        while True:
            await asyncio.sleep(self._times.show_s)
            async with self._lock:
                shown = {
                    partition: (owned.position, self._ports.remark(owned.position_value))
                    for partition, owned in self.owned.items()
                }
            if shown:
                await self._ports.membership.show(shown)


def _name(partition: TopicPartition) -> str:
    return f"{partition.topic}/{partition.partition}"


def _first_cause(error: BaseException) -> BaseException:
    """The first error inside groups of errors: the others are only what its failure brought with it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class _Background:
    """Tasks that run beside the main one; the first that fails, or the ``failed`` future, ends the main one."""

    def __init__(self, failed: asyncio.Future[None], stop: asyncio.Event) -> None:
        self._failed = failed
        self._stopped = asyncio.create_task(stop.wait())
        self._tasks: list[asyncio.Task[Any]] = []

    async def __aenter__(self) -> _Background:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (self._stopped, *self._tasks):
            task.cancel()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def first(self, work: Coroutine[Any, Any, None], *, to_its_end: bool = False) -> bool:
        """Do something; False where the stop cut it short. Raises its error, or that of anything that runs beside."""
        main = self.start(work)
        while not main.done() and (to_its_end or not self._stopped.done()):
            awaited = {*self._tasks, self._failed} if to_its_end else {*self._tasks, self._failed, self._stopped}
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            for each in (self._failed, *self._tasks):
                if each.done():
                    await each
        done = main.done()
        self._tasks.remove(main)
        main.cancel()
        return done
