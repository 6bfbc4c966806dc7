"""Who writes the live totals, where several processes could: the one to which the group gives ``totals-partial.v1``.

The others stand by: the group gives the partition to one of them when its member leaves, dies or is silent for a
session. The group only says whose turn it is. That nobody else writes is the work of the fence: each turn begins with
one, and ends with its host; the next turn reads everything again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Any, Final, Protocol

from lienthong_infra.ports import Membership, TopicPartition
from lienthong_streams.totals_host import EVERY_S, PARTIALS, TotalsHost, TotalsPorts

log = logging.getLogger(__name__)

SHOW_S: Final = 5.0
"""Seconds between two positions shown as the group's offset: from outside nothing else tells how far the totals are."""
END_LIMIT_S: Final = 5.0
"""Seconds that the work of a turn gets to end by itself. Then it is cut short: the next fence makes that void."""
_POLL_S: Final = 1.0
"""Seconds of one fetch, which brings nothing: a member that never fetches is taken for hung."""


class TurnObserver(Protocol):
    """Hears whose turn it is, for metrics. Must return at once and never raise."""

    def active(self, is_active: bool) -> None:
        """This process writes, or it stands by."""
        ...


class Shift:
    """Writes the totals whenever it is this process's turn. Use an object once."""

    def __init__(
        self,
        membership: Membership,
        ports_of: Callable[[], TotalsPorts],
        observer: TurnObserver,
        *,
        every_s: float = EVERY_S,
        show_s: float = SHOW_S,
    ) -> None:
        self._membership = membership
        self._ports_of = ports_of
        self._observer = observer
        self._every_s = every_s
        self._show_s = show_s
        self._leaving = False
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._host: TotalsHost | None = None
        self._over = asyncio.Event()
        self._turn: asyncio.Task[None] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Take turns until ``stop`` is set, then leave in good order. Raises whatever went wrong: end the process."""
        self._observer.active(False)
        stopped = asyncio.create_task(stop.wait())
        tasks: list[asyncio.Task[Any]] = [stopped, asyncio.create_task(self._membership.join([PARTIALS.topic], self))]
        try:
            await self._first(tasks)
            if not stop.is_set():
                tasks = [stopped, asyncio.create_task(self._poll()), asyncio.create_task(self._show())]
                await self._first(tasks)
        finally:
            for each in tasks:
                each.cancel()
        self._leaving = True
        await self._end_turn()
        await self._membership.leave()

    async def _first(self, tasks: Collection[asyncio.Task[Any]]) -> None:
        """Until one is done, or a turn has failed; raises what it raised."""
        await asyncio.wait({*tasks, self._failed}, return_when=asyncio.FIRST_COMPLETED)
        for each in (self._failed, *tasks):
            if each.done():
                await each

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """The group gives the partition, or gives it to somebody else."""
        self._membership.pause(partitions)  # the host reads by itself, from the beginning
        if self._leaving or PARTIALS not in partitions:
            log.info("totals-stand-by", extra={"source": PARTIALS.topic})
            return
        self._over = asyncio.Event()
        self._turn = asyncio.create_task(self._write(self._over))

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """The group takes it back."""
        await self._end_turn()

    async def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is None:
            return
        self._over.set()
        await asyncio.wait({turn}, timeout=END_LIMIT_S)
        turn.cancel()
        await asyncio.wait({turn})

    async def _write(self, over: asyncio.Event) -> None:
        """One turn. A failure ends ``run``."""
        try:
            ports = self._ports_of()
            try:
                await self._work(ports, over)
            finally:
                await ports.reader.close()
                await ports.log.close()
        except Exception as error:
            if not self._failed.done():
                self._failed.set_exception(error)

    async def _work(self, ports: TotalsPorts, over: asyncio.Event) -> None:
        self._host = TotalsHost(ports, every_s=self._every_s)
        self._observer.active(True)
        log.info("totals-turn-begun", extra={"source": PARTIALS.topic})
        try:
            await self._host.run(over)
        finally:
            self._host = None
            self._observer.active(False)
            log.info("totals-turn-ended", extra={"source": PARTIALS.topic})

    async def _poll(self) -> None:
        while True:
            await self._membership.fetch(timeout=_POLL_S, limit=1)

    async def _show(self) -> None:
        while True:
            await asyncio.sleep(self._show_s)
            if self._host is not None and self._host.stands is not None:
                await self._membership.show({PARTIALS: (self._host.stands, "")})
