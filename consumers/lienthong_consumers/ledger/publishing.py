"""The work of ``lienthong ledger publish``: publications at their intervals, each in one transaction, then the relay.

One process at a time, by a lock that its database session holds; a second one stands by and takes over. On anything
unexpected the process ends and a supervisor starts it again: what is published lies in the ledger, not in memory.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from psycopg import AsyncConnection

from lienthong_consumers.ledger.relay import Relay
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_consumers.ledger.tables.outbound import count_unsent, enqueue
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.instants import Instant

log = logging.getLogger(__name__)

RELAY_PACE_S: Final = 1.0
"""How often it is looked whether others have enqueued something."""
STAND_BY_S: Final = 1.0
"""How often a process that stands by tries to take over."""
HOLDER_SILENCE_S: Final = 120.0
"""A holder of the lock asks the database something every second, and within one Kafka transaction of 20 s at most;
one whose session was idle for so long is frozen or gone, and its session is ended."""

_TRY_LOCK: Final = "SELECT pg_try_advisory_lock('outbound'::regclass::oid::int, 0)"
_END_SILENT: Final = """
    SELECT pid, pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = 'outbound'::regclass::oid AND objid = 0 AND objsubid = 2 AND granted
      AND (state <> 'active' OR wait_event_type = 'Client')
      AND state_change < clock_timestamp() - make_interval(secs => %s)
"""


class Publication(Protocol):
    """Something that the ledger publishes."""

    async def publish(self, cursor: Cursor, now: Instant) -> Sequence[OutboundRecord]:
        """The records that are due now, from one snapshot of the ledger (a repeatable-read transaction).

        What the cursor writes is committed together with the records. With nothing new to say, return nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A publication, what metrics and logs call it, and the seconds between two of its turns."""

    name: str
    publication: Publication
    interval_s: float


class Observer(Protocol):
    """Hears what is published, for metrics."""

    def active(self, is_active: bool) -> None:
        """This process is the one that publishes, or it stands by."""
        ...

    def published(self, name: str, records: int, now: Instant) -> None:
        """A publication had its turn and enqueued so many records."""
        ...

    def sent(self, records: Counter[str], unsent: int) -> None:
        """So many records went out, by topic, and so many wait still."""
        ...


def _now() -> Instant:
    return time.time_ns() // 1_000


class Publishing:
    """Publishes until it is told to stop."""

    def __init__(
        self,
        connection: AsyncConnection,
        relay: Relay,
        publications: Sequence[Scheduled],
        observer: Observer,
        *,
        clock: Callable[[], Instant] = _now,
    ) -> None:
        self._connection = connection
        self._relay = relay
        self._publications = publications
        self._observer = observer
        self._clock = clock
        self._due = dict.fromkeys((one.name for one in publications), 0.0)

    async def run(self, stop: asyncio.Event) -> None:
        """Publish what is due and send what waits, until ``stop`` is set. The caller holds the lock."""
        while not stop.is_set():
            for one in self._publications:
                if time.monotonic() >= self._due[one.name]:
                    self._due[one.name] = time.monotonic() + one.interval_s
                    await self._publish(one)
            await self._send()
            await _pause(stop, RELAY_PACE_S)

    async def _publish(self, one: Scheduled) -> None:
        """One turn of one publication: its records, and what it writes, in one transaction on one snapshot."""
        now = self._clock()
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            await cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            records = await one.publication.publish(cursor, now)
            await enqueue(cursor, records)
        self._observer.published(one.name, len(records), now)

    async def _send(self) -> None:
        sent = await self._relay.send()
        async with self._connection.cursor() as cursor:
            self._observer.sent(sent, await count_unsent(cursor))


async def stand_by(connection: AsyncConnection, stop: asyncio.Event, *, silence_s: float = HOLDER_SILENCE_S) -> bool:
    """Wait until this process is the one that publishes; False: it was told to stop first.

    The lock lasts as long as the session of the connection.
    """
    told = False
    while not stop.is_set():
        async with connection.cursor() as cursor:
            await cursor.execute(_TRY_LOCK)
            if await cursor.fetchone() == (True,):
                return True
            if not told:
                log.info("publisher-stands-by")
                told = True
            await cursor.execute(_END_SILENT, (silence_s,))
            for pid, ended in await cursor.fetchall():
                log.warning("silent-publisher-ended", extra={"session": pid, "ended": ended})
        await _pause(stop, STAND_BY_S)
    return False


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Rest for so long, or until the stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
