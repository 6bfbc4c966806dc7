"""The worker process on the Faust host: the composition of the plain worker with another membership.

Faust's threads are not daemons, and it waits for them up to a minute, or for ever. So a timer that depends on nothing
of Faust ends the process soon after it was asked to; all that counts was committed or will be done again by others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NoReturn

from prometheus_client import CollectorRegistry

from lienthong_infra import exit_codes
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_streams.faust_host.app import AppPlan
from lienthong_streams.faust_host.inside import HostApp
from lienthong_streams.faust_host.membership import FaustMembership
from lienthong_streams.runtime.host import HostPorts
from lienthong_streams.worker import APPLICATION, PortsOf, WorkerOptions, build_ports, end, run_process

END_LIMIT_S: Final = 9.0
"""Seconds from the wish to end to the end; supervisors kill after ten."""


def plan_of(options: WorkerOptions, topics: Sequence[str] = CASE_TOPICS) -> AppPlan:
    """The plan of the app for a worker."""
    return AppPlan(options.bootstrap, options.prefix, topics, APPLICATION, options.times, options.group_times)


def faust_ports(topics: Sequence[str] = CASE_TOPICS, *, app: HostApp | None = None) -> PortsOf:
    """What makes the ports of a worker whose membership is Faust's; everything else is the plain worker's."""

    def ports_of(options: WorkerOptions, registry: CollectorRegistry) -> HostPorts:
        membership = FaustMembership(plan_of(options, topics), app=app, patience=options.patience)
        return replace(build_ports(options, registry), membership=membership)

    return ports_of


def end_soon(
    code: int = exit_codes.GOOD, *, limit_s: float = END_LIMIT_S, now_end: Callable[[int], object] = end
) -> None:
    """End the process after so many seconds in any case, with this exit code."""
    timer = threading.Timer(limit_s, now_end, [code])
    timer.daemon = True
    timer.start()


def run_faust_process(options: WorkerOptions) -> NoReturn:
    """Be the worker process, as ``run_process`` is for the plain host."""
    for library in ("faust", "mode"):  # each of their twenty services says that it starts and that it stops
        logging.getLogger(library).setLevel(logging.WARNING)
    run_process(options, ports_of=faust_ports(), leaving=end_soon)
