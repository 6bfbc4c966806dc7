"""The ledger's sink on a bus with a backlog, in a process of its own. Arguments: bootstrap, DSN, prefix, events."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from benchmarks.job import Meter
from benchmarks.postgres_cpu import PostgresCpu
from lienthong_consumers.ledger.app import LedgerOptions, run_ledger
from lienthong_consumers.ledger.batch import Applied, Batch
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.recount import differences
from lienthong_consumers.ledger.store import LedgerStore


class MeteredStore(LedgerStore):
    """A store that counts what it has taken."""

    def __init__(self, connection: Any, meter: Meter, database: PostgresCpu, stop: asyncio.Event) -> None:
        super().__init__(connection)
        self._meter, self._database, self._stop = meter, database, stop
        database.of(connection.info.backend_pid)

    async def apply(self, batch: Batch) -> Applied:
        """One batch."""
        applied = await super().apply(batch)
        if batch.entries:
            self._database.count(len(batch.entries))
            if self._meter.count(len(batch.entries)):
                self._stop.set()
        return applied


async def run(bootstrap: str, dsn: str, prefix: str, events: int) -> None:
    """Take all events, check the totals, and report."""
    meter, database, stop = Meter(events), PostgresCpu(), asyncio.Event()
    options = LedgerOptions(
        bootstrap=bootstrap,
        dsn=dsn,
        prefix=prefix,
        make_store=lambda connection: MeteredStore(connection, meter, database, stop),
    )
    await run_ledger(options, stop)
    with connect_now(dsn, prefix) as connection:
        if differences(connection):
            raise SystemExit("the totals are not what the rows add up to")
    meter.report(**database.report())


if __name__ == "__main__":
    address, database_dsn, bus, number = sys.argv[1:]
    asyncio.run(run(address, database_dsn, bus, int(number)))
