"""A ledger sink as a process that may kill itself between two effects: ``python -m tests.support.ledger_process``.

Arguments: bootstrap, DSN, prefix, and optionally a point and at which of its occurrences to die there.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final

from lienthong_consumers.ledger.app import LedgerOptions, run_ledger
from lienthong_consumers.ledger.batch import Applied, Batch, Move
from lienthong_consumers.ledger.store import LedgerStore
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_infra.errors import LienthongError
from lienthong_infra.kafka.membership import GroupTimes
from lienthong_infra.log_lines import log_to_stderr
from lienthong_infra.ports import TopicPartition

POINTS: Final = ("letters-sent", "fenced", "written", "committed")
"""After the dead letters are acknowledged; after the positions moved; before the commit; before memory knows of it."""
TIMES: Final = GroupTimes(session_s=6.0, rebalance_s=10.0)
"""Shorter than in production, so that a storm takes minutes; a broker allows no shorter session."""


class MortalStore(LedgerStore):
    """Kills its process at a point."""

    point = ""
    left = 0

    @classmethod
    def reach(cls, point: str) -> None:
        """Die here, if it is time."""
        if point == cls.point:
            cls.left -= 1
            if cls.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    async def apply(self, batch: Batch) -> Applied:
        """One batch."""
        self.reach("letters-sent")
        applied = await super().apply(batch)
        self.reach("committed")
        return applied

    async def _fence(self, cursor: Cursor, moves: Mapping[TopicPartition, Move]) -> None:
        await super()._fence(cursor, moves)
        self.reach("fenced")

    async def _write(self, cursor: Cursor, batch: Batch, applied: Applied) -> None:
        await super()._write(cursor, batch, applied)
        self.reach("written")


async def _run(options: LedgerOptions) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_ledger(options, stop)


def main(bootstrap: str, dsn: str, prefix: str, *point: Any) -> int:
    """Run the sink; returns the exit code that the command would end with."""
    log_to_stderr()
    if point:
        MortalStore.point, MortalStore.left = point[0], int(point[1])
    options = LedgerOptions(bootstrap=bootstrap, dsn=dsn, prefix=prefix, times=TIMES, make_store=MortalStore)
    try:
        asyncio.run(_run(options))
    except LienthongError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the process's last word
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
