"""The publishing process with a publication of its own: ``python -m tests.support.publisher_process``.

Arguments: bootstrap, DSN, prefix, seconds of silence after which a holder's session is ended, and optionally at which
of its transactions with the broker to die, once it is acknowledged and not yet marked.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

from lienthong_consumers.ledger.publish_app import PublishOptions, run_publisher
from lienthong_consumers.ledger.publishing import Scheduled
from lienthong_consumers.ledger.relay import Relay
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_consumers.ledger.tables.outbound import newest
from lienthong_infra.errors import LienthongError
from lienthong_infra.log_lines import log_to_stderr
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.instants import Instant

TOPIC: Final = "totals.v1"
KEYS: Final = (b"18073", b"18074", b"18075")
INTERVAL_S: Final = 0.05


class Counting:
    """Publishes under each key the number of its turn: what comes after the newest number that was published."""

    async def publish(self, cursor: Cursor, now: Instant) -> Sequence[OutboundRecord]:
        """One record for each key."""
        known = await newest(cursor, TOPIC)
        return [OutboundRecord(TOPIC, key, b"%d" % (int(known.get(key) or b"0") + 1)) for key in KEYS]


class MortalRelay(Relay):
    """Kills its process between acknowledgement and mark."""

    left = 0

    async def _mark(self, numbers: list[int]) -> None:
        MortalRelay.left -= 1
        if MortalRelay.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        await super()._mark(numbers)


async def _run(options: PublishOptions) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_publisher(options, stop)


def main(bootstrap: str, dsn: str, prefix: str, silence_s: str, dies_at: str = "0") -> int:
    """Publish; returns the exit code that the command would end with."""
    log_to_stderr()
    MortalRelay.left = int(dies_at)
    options = PublishOptions(
        bootstrap=bootstrap,
        dsn=dsn,
        prefix=prefix,
        interval_s=INTERVAL_S,
        silence_s=float(silence_s),
        make_publications=lambda options: [Scheduled("counting", Counting(), options.interval_s)],
        make_relay=MortalRelay,
    )
    try:
        asyncio.run(_run(options))
    except LienthongError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the process's last word
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
