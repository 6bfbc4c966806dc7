"""The forwarder: brings what an outbox accepted to the bus, in order, and vouches for its offices in heartbeats.

A chunk is published in the order of acceptance and marked only when all of it is acknowledged. On an error nothing is
marked, the publisher is thrown away, and after a pause the whole chunk is sent again by a new one: events may then be
on the bus twice (readers know them by their number), but none is missing and none overtakes another of its case.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from lienthong_infra import exit_codes
from lienthong_infra.errors import LienthongError
from lienthong_infra.ports import OutboundRecord, Publisher, Written
from lienthong_producers.outbox_queue import Pending, Standing
from lienthong_producers.schema_book import schema_book
from lienthong_producers.stopping import until_stopped
from lienthong_schemas.records import Heartbeat

HEARTBEAT_TOPIC: Final = "heartbeat.v1"
PASSING: Final = frozenset((exit_codes.UNAVAILABLE, exit_codes.TEMPORARY_FAILURE))
"""Errors with these codes pass by themselves; the forwarder waits and tries again, however long the line is down."""

_log = logging.getLogger(__name__)


class Queue(Protocol):
    """What the forwarder needs of an outbox; see ``OutboxQueue``."""

    def pending(self, limit: int) -> list[Pending]:
        """The oldest events not yet acknowledged."""
        ...

    def mark_sent(self, entries: Sequence[Pending], written: Sequence[Written]) -> None:
        """Note that these are acknowledged."""
        ...

    def standing(self) -> Standing:
        """What can be vouched for."""
        ...

    def prune(self) -> int:
        """Remove what was sent long ago."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How much at once, how often, how long. All times in seconds."""

    chunk: int = 500
    """Events in one round: large enough to fill a batch for each partition, small enough to be sent again."""
    poll: float = 0.1
    """Pause while nothing waits."""
    heartbeat: float = 10.0
    prune: float = 3600.0
    first_pause: float = 1.0
    """Pause after a first error; it doubles with each further one."""
    longest_pause: float = 300.0
    grace: float = 5.0
    """How long a round may go on after the order to stop."""


class Forwarder:
    """Sends one outbox. ``connect`` makes a new publisher and raises UnavailableError where that fails for good."""

    def __init__(
        self,
        queue: Queue,
        connect: Callable[[], Awaitable[Publisher]],
        *,
        pace: Pace | None = None,
        elapsed: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._queue, self._connect = queue, connect
        self._pace = Pace() if pace is None else pace
        self._elapsed, self._chance = elapsed, chance
        self._book = schema_book()
        self._publisher: Publisher | None = None
        self._heartbeat_due = self._prune_due = self._elapsed()

    async def run(self, stop: asyncio.Event) -> None:
        """Forward until ``stop`` is set. Raises UnavailableError if the bus cannot be reached at the start.

        Once it was reached, errors that pass are waited for; what does not pass (a damaged file, a topic that does not
        exist) is raised.
        """
        try:
            await until_stopped(self._serve(stop), stop, grace=self._pace.grace)
        finally:
            await self._discard()

    async def drain(self, *, vouch: bool = False) -> int:
        """Send what waits now and return how many that was; then, if ``vouch``, one heartbeat for each office.

        An error is raised, and what was not sent still waits.
        """
        sent = 0
        try:
            while found := await self._chunk():
                sent += found
            if vouch:
                await self._vouch()
        finally:
            await self._discard()
        return sent

    async def _serve(self, stop: asyncio.Event) -> None:
        self._publisher = await self._connect()
        failures = 0
        while not stop.is_set():
            try:
                found = await self._chunk()
                await self._heartbeats()
                self._prune()
                failures = 0
                if not found:
                    await _rest(stop, self._pace.poll)
            except LienthongError as error:
                if error.exit_code not in PASSING:
                    raise
                failures += 1
                pause = self.pause_after(failures)
                _log.warning("forwarding-failed", extra={"cause": str(error), "next_try_in_s": round(pause, 1)})
                await self._discard()
                await _rest(stop, pause)

    async def _chunk(self) -> int:
        entries = self._queue.pending(self._pace.chunk)
        if entries:
            publisher = await self._connected()
            written = await publisher.publish([entry.record for entry in entries])
            self._queue.mark_sent(entries, written)
        return len(entries)

    async def _heartbeats(self) -> None:
        if self._elapsed() < self._heartbeat_due:
            return
        self._heartbeat_due = self._elapsed() + self._pace.heartbeat
        await self._vouch()

    async def _vouch(self) -> None:
        standing = self._queue.standing()
        if standing.offices:
            publisher = await self._connected()
            await publisher.publish([self._heartbeat(office, standing) for office in standing.offices])

    def _heartbeat(self, office: str, standing: Standing) -> OutboundRecord:
        beat = Heartbeat(
            office=office,
            sender=standing.sender,
            sent_at=standing.at,
            complete_through=standing.complete_through,
            accepted=standing.accepted,
            pending=standing.pending,
        )
        key = f"{office}/{standing.sender}".encode()
        return OutboundRecord(HEARTBEAT_TOPIC, key, self._book.encode(HEARTBEAT_TOPIC, beat._asdict()))

    def _prune(self) -> None:
        if self._elapsed() >= self._prune_due:
            self._prune_due = self._elapsed() + self._pace.prune
            self._queue.prune()

    def pause_after(self, failures: int) -> float:
        """Doubled with each failure up to the longest, and by chance up to a half shorter, so that not all come back
        at once."""
        whole = min(self._pace.longest_pause, self._pace.first_pause * 2.0 ** min(failures - 1, 30))
        return whole * (1 - self._chance() / 2)

    async def _connected(self) -> Publisher:
        if self._publisher is None:
            self._publisher = await self._connect()
        return self._publisher

    async def _discard(self) -> None:
        """Throw the publisher away; after some errors of the broker a producer never works again."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            with suppress(TimeoutError, LienthongError):
                await asyncio.wait_for(publisher.close(), self._pace.grace)


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until the order to stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
