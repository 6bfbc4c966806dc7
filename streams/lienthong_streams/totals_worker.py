"""The process of the live totals: its turns on Kafka, with metrics, ended at once by whatever goes wrong."""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import dataclass, field
from typing import NoReturn

from prometheus_client import CollectorRegistry

from lienthong_infra import exit_codes
from lienthong_infra.kafka.connection import Patience
from lienthong_infra.kafka.membership import GroupTimes, KafkaMembership
from lienthong_infra.kafka.partition_log import KafkaPartitionLog
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.stop_signals import stop_on_signals
from lienthong_streams.runtime.watchdog import Watchdog
from lienthong_streams.totals_host import CONSUMER, EVERY_S, PARTIALS, TotalsPorts
from lienthong_streams.totals_metrics import TotalsMetrics
from lienthong_streams.totals_shift import Shift
from lienthong_streams.worker import die, hung, now, serve_metrics

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsOptions:
    """Where the process reads and writes, and its times."""

    bootstrap: str
    prefix: str
    metrics_port: int = 0
    every_s: float = EVERY_S
    """Changed totals are written at most so often."""
    group_times: GroupTimes = field(default_factory=GroupTimes)
    """After how long a silence a process that stands by takes over."""
    patience: Patience = field(default_factory=Patience)


async def run_totals(options: TotalsOptions, stop: asyncio.Event) -> None:
    """Add up until ``stop`` is set. Raises whatever went wrong; the caller must end the process then."""
    registry = CollectorRegistry()
    serve_metrics(options.metrics_port, registry)
    bootstrap, prefix, patience = options.bootstrap, options.prefix, options.patience
    metrics = TotalsMetrics(prefix, registry)
    membership = KafkaMembership(bootstrap, prefix, application=CONSUMER, times=options.group_times, patience=patience)

    def ports_of_a_turn() -> TotalsPorts:
        return TotalsPorts(
            log=KafkaPartitionLog(bootstrap, prefix, PARTIALS, application=CONSUMER, patience=patience),
            reader=KafkaReader(bootstrap, prefix, patience=patience),
            now=now,
            observer=metrics,
        )

    watchdog = asyncio.create_task(Watchdog(hung).turn())
    log.info("stream-worker-started", extra={"bus": prefix, "topics": PARTIALS.topic})
    await Shift(membership, ports_of_a_turn, metrics, every_s=options.every_s).run(stop)
    watchdog.cancel()
    log.info("stream-worker-stopped", extra={"bus": prefix})


def run_process(options: TotalsOptions) -> NoReturn:
    """Be the process: SIGTERM and SIGINT leave in good order with exit code 0, anything unexpected ends it."""
    asyncio.run(_until_signal(options))
    sys.exit(exit_codes.GOOD)


async def _until_signal(options: TotalsOptions) -> None:
    stop = stop_on_signals()
    try:
        await run_totals(options, stop)
    except BaseException as error:
        die(error)
