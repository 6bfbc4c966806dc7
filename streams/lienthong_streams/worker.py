"""The stream worker: puts the host together for the deadlines of all case topics of one bus, and runs it as a process.

Whatever goes wrong while it works ends the process at once, without any cleaning up: memory may be ahead of the log,
and the next owner's fence makes whatever is left open void. A supervisor starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from prometheus_client import CollectorRegistry, start_http_server

from lienthong_infra import exit_codes
from lienthong_infra.errors import ConfigurationError, LienthongError
from lienthong_infra.kafka.connection import Patience
from lienthong_infra.kafka.membership import GroupTimes, KafkaMembership
from lienthong_infra.kafka.partition_log import KafkaPartitionLog
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.placement import Placement
from lienthong_infra.ports import PartitionLog, TopicPartition
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, iso_of
from lienthong_streams.barrier_metrics import BarrierMetrics
from lienthong_streams.barriers import Barriers
from lienthong_streams.case_metrics import CaseMetrics
from lienthong_streams.case_state import UnknownStateVersion
from lienthong_streams.case_store import DAY, CaseStore
from lienthong_streams.engine_form import engine_form
from lienthong_streams.host_metrics import HostMetrics
from lienthong_streams.partial_figures import EVERY, PartialFigures
from lienthong_streams.partition import DeadlinePartition
from lienthong_streams.position import UnknownPositionVersion, decode_position
from lienthong_streams.rebuild import RebuildingLog
from lienthong_streams.runtime.barrier_feed import BarrierFeed
from lienthong_streams.runtime.garbage import seldom_collected
from lienthong_streams.runtime.host import Host, HostPorts
from lienthong_streams.runtime.times import HostTimes
from lienthong_streams.runtime.watchdog import Watchdog

log = logging.getLogger(__name__)

APPLICATION = "deadlines"
"""Names the group, the changelogs and the transactional ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """Where the worker reads and writes, and its times."""

    bootstrap: str
    prefix: str
    metrics_port: int = 0
    closed_days: int = 7
    """Days that a closed case stays in memory."""
    figures_every_s: float = EVERY / MICROSECONDS_PER_SECOND
    """Changed live figures are published at most so often."""
    times: HostTimes = field(default_factory=HostTimes)
    group_times: GroupTimes = field(default_factory=GroupTimes)
    patience: Patience = field(default_factory=Patience)


def now() -> Instant:
    """The machine's time."""
    return time.time_ns() // 1_000


def remark_of(position_value: bytes) -> str:
    """What is shown beside a position: ``tick=41;horizon=2026-11-22T05:33:07Z``; empty before the first position."""
    if not position_value:
        return ""
    position = decode_position(position_value)
    return f"tick={position.tick_offset};horizon={iso_of(position.horizon)}"


def build_ports(options: WorkerOptions, registry: CollectorRegistry) -> HostPorts:
    """Everything the host works with; nothing is connected yet."""
    bootstrap, prefix, patience = options.bootstrap, options.prefix, options.patience
    book = SchemaBook()
    barriers = Barriers(book)
    metrics = CaseMetrics(prefix, registry)
    BarrierMetrics(prefix, barriers, registry)
    placement = Placement.of(load_catalogue())

    def log_of(source: TopicPartition) -> PartitionLog:
        log = KafkaPartitionLog(bootstrap, prefix, source, application=APPLICATION, patience=patience)
        return RebuildingLog(log, source, book, lambda: KafkaReader(bootstrap, prefix, patience=patience))

    def processor_of(source: TopicPartition) -> DeadlinePartition:
        figures = PartialFigures(source, book, every=round(options.figures_every_s * MICROSECONDS_PER_SECOND))
        cases = CaseStore(options.closed_days * DAY)
        partition = DeadlinePartition(source, book, barriers, cases=cases, figures=figures)
        partition.placement = placement
        return metrics.watch(partition)

    return HostPorts(
        membership=KafkaMembership(
            bootstrap, prefix, application=APPLICATION, times=options.group_times, patience=patience
        ),
        log_of=log_of,
        processor_of=processor_of,
        feed=BarrierFeed(KafkaReader(bootstrap, prefix, patience=patience), barriers),
        observer=HostMetrics(prefix, registry),
        now=now,
        remark=remark_of,
    )


def serve_metrics(port: int, registry: CollectorRegistry) -> None:
    """Serve the metrics of this process on loopback; 0 = not at all. Raises ConfigurationError for a port in use."""
    if not port:
        return
    try:
        start_http_server(port, addr="127.0.0.1", registry=registry)
    except OSError as error:
        problem = f"LIENTHONG_METRICS_PORT: cannot listen on {port} ({error.strerror}); 0 turns it off"
        raise ConfigurationError([problem]) from error


PortsOf = Callable[[WorkerOptions, CollectorRegistry], HostPorts]


async def run_worker(
    options: WorkerOptions,
    stop: asyncio.Event,
    *,
    topics: Sequence[str] = CASE_TOPICS,
    ports_of: PortsOf = build_ports,
) -> None:
    """Work until ``stop`` is set. Raises whatever went wrong; the caller must end the process then.

    ``topics`` and ``ports_of`` are seams for those who test the process with an engine of their own.
    """
    registry = CollectorRegistry()
    serve_metrics(options.metrics_port, registry)
    host = Host(ports_of(options, registry), options.times)
    watchdog = asyncio.create_task(Watchdog(hung).turn())
    told = {"bus": options.prefix, "topics": ",".join(topics), "engine": engine_form()}
    log.info("stream-worker-started", extra=told)
    with seldom_collected():
        await host.run(topics, stop)
    watchdog.cancel()
    log.info("stream-worker-stopped", extra={"bus": options.prefix})


def run_process(
    options: WorkerOptions,
    *,
    topics: Sequence[str] = CASE_TOPICS,
    ports_of: PortsOf = build_ports,
    leaving: Callable[[], None] = lambda: None,
) -> NoReturn:
    """Be the worker process: SIGTERM and SIGINT leave in good order with exit code 0, anything unexpected ends it.

    ``leaving`` is called as soon as the process is asked to end.
    """
    asyncio.run(_until_signal(options, topics, ports_of, leaving))
    sys.exit(exit_codes.GOOD)


async def _until_signal(
    options: WorkerOptions, topics: Sequence[str], ports_of: PortsOf, leaving: Callable[[], None]
) -> None:
    stop = asyncio.Event()

    def asked_to_end() -> None:
        stop.set()
        leaving()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_end)
    try:
        await run_worker(options, stop, topics=topics, ports_of=ports_of)
    except BaseException as error:
        die(error)


NEWER_CHANGELOG = (UnknownPositionVersion, UnknownStateVersion)
"""A newer program wrote the changelog: this one must not touch it, however often it is started."""


def exit_code_of(error: BaseException) -> int:
    """The code to end with: that of an error we foresaw, else that of a failure which a new start may heal."""
    if isinstance(error, NEWER_CHANGELOG):
        return exit_codes.CONFIGURATION_WRONG
    return error.exit_code if isinstance(error, LienthongError) else exit_codes.TEMPORARY_FAILURE


def die(error: BaseException) -> NoReturn:
    """End at once. What is logged of a foreign error is its kind and place, never its text: that may quote data."""
    if isinstance(error, (LienthongError, *NEWER_CHANGELOG)):
        log.error("stream-worker-failed", extra={"error": type(error).__name__, "reason": str(error)})
    else:
        place = " < ".join(
            f"{frame.name}:{frame.lineno}" for frame in reversed(traceback.extract_tb(error.__traceback__))
        )
        log.error("stream-worker-failed", extra={"error": type(error).__name__, "at": place})
    end(exit_code_of(error))


def hung() -> None:
    """End at once: the event loop does not turn."""
    log.error("stream-worker-failed", extra={"error": "the event loop does not turn"})
    end(exit_codes.TEMPORARY_FAILURE)


def end(code: int) -> NoReturn:
    """End at once with an exit code, whatever else still runs."""
    logging.shutdown()
    os._exit(code)
