"""The forwarder as a process: an outbox, a publisher on Kafka, and signals that end it cleanly."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from lienthong_infra.kafka.connection import Patience
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.ports import Publisher
from lienthong_infra.stop_signals import stop_on_signals
from lienthong_producers.forwarder import Forwarder, Pace
from lienthong_producers.outbox_queue import OutboxQueue

_log = logging.getLogger(__name__)


async def forward(
    bootstrap: str,
    prefix: str,
    outbox: Path,
    *,
    offices: Sequence[str] = (),
    pace: Pace | None = None,
    patience: Patience | None = None,
) -> None:
    """Forward an outbox until SIGTERM or SIGINT; ``patience`` is how long the bus may be away at the start.

    Raises UnavailableError if the bus cannot be reached at the start, and what else does not pass by itself.
    """
    stop = stop_on_signals()
    with OutboxQueue(outbox, offices=offices) as queue:
        standing = queue.standing()
        _log.info("forwarding", extra={"outbox": str(outbox), "bus": prefix, "pending": standing.pending})
        if not standing.offices:
            _log.warning("no-office", extra={"effect": "nobody is vouched for", "remedy": "name it with --office"})
        await Forwarder(queue, _connector(bootstrap, prefix, patience), pace=pace).run(stop)
        _log.info("forwarding-ended", extra={"pending": queue.standing().pending})


async def send_waiting(bootstrap: str, prefix: str, outbox: Path) -> int:
    """Send what waits in an outbox, vouch for its offices once, and return how many events that was.

    Raises OutboxInUse where a forwarder is at work, UnavailableError or PublishError where the bus does not answer;
    what was not sent goes on waiting.
    """
    with OutboxQueue(outbox) as queue:
        return await Forwarder(queue, _connector(bootstrap, prefix)).drain(vouch=True)


def _connector(bootstrap: str, prefix: str, patience: Patience | None = None) -> Callable[[], Awaitable[Publisher]]:
    async def connect() -> Publisher:
        publisher = KafkaPublisher(bootstrap, prefix, patience=patience)
        await publisher.start()
        return publisher

    return connect
