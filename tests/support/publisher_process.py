"""The publishing process with a publication of its own: ``python -m tests.support.publisher_process``.

Arguments: bootstrap, DSN, prefix, seconds of silence after which a holder's session is ended, and optionally at which
of its transactions with the broker to die, once it is acknowledged and not yet marked.
"""

from __future__ import annotations

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
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.instants import Instant
from tests.support.process_end import run_to_the_end

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


def main(bootstrap: str, dsn: str, prefix: str, silence_s: str, dies_at: str = "0") -> int:
    """Publish; returns the exit code that the command would end with."""
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
    return run_to_the_end(run_publisher, options)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
