"""The relay: sends what the ledger publishes, in order, each record at least once.

Acknowledged first, marked afterwards: who dies in between sends again, and a reader that keeps the newest record of a
key sees no difference. Records go out in Kafka transactions whose id names the bus: a new relay shuts the former one
out (``fence``), so that a frozen one which wakes up cannot put an old figure behind a newer one.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from psycopg import AsyncConnection

from lienthong_consumers.ledger.tables.outbound import mark_sent, unsent
from lienthong_infra.ports import PartitionLog

SEND_LIMIT: Final = 2_000
"""Records of one Kafka transaction at most; a snapshot of a province is some thousand records of 200 bytes."""


class Relay:
    """Sends the records of one ledger to one log. One call at a time; the caller is the only relay of its bus."""

    def __init__(self, connection: AsyncConnection, log: PartitionLog) -> None:
        self._connection = connection
        self._log = log

    async def send(self) -> Counter[str]:
        """Send everything that waits; returns how many records by topic.

        Raises Fenced where another relay has begun, UnavailableError where the broker is away; nothing is lost then.
        """
        sent: Counter[str] = Counter()
        while True:
            async with self._connection.cursor() as cursor:
                waiting = await unsent(cursor, SEND_LIMIT)
            if not waiting:
                return sent
            await self._log.commit([one.record for one in waiting], ())
            await self._mark([one.number for one in waiting])
            sent.update(one.record.topic for one in waiting)

    async def _mark(self, numbers: list[int]) -> None:
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            await mark_sent(cursor, numbers)
