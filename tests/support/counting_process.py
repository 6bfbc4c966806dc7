"""A stream worker as a process, with the counting processor instead of the engine.

Everything else is the worker's own: the process, the host, Kafka. Run as a module; arguments: bootstrap, prefix, host
(``plain`` or ``faust``), and optionally an effect (``fence``, ``changelog``, ``commit``, ``after-commit``) and before
which of its occurrences to kill itself.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

from prometheus_client import CollectorRegistry

from lienthong_infra.kafka.membership import GroupTimes
from lienthong_infra.log_lines import log_to_stderr
from lienthong_infra.ports import PartitionLog, TopicPartition
from lienthong_streams.runtime.host import HostPorts
from lienthong_streams.runtime.times import HostTimes
from lienthong_streams.worker import PortsOf, WorkerOptions, build_ports, run_process
from tests.support.counting import CountingProcessor
from tests.support.faulty import CrashingLog, CrashPlan
from tests.support.stage import INPUT

GROUP = GroupTimes(session_s=6.0, rebalance_s=10.0)
"""Shorter than in production, so that a storm takes minutes; a broker allows no shorter session."""
HOST = HostTimes(fetch_records=500, pace_s=0.05)


class DeathPlan(CrashPlan):
    """Kills the process before the effect with a name, at its n-th occurrence."""

    def __init__(self, name: str, occurrence: int) -> None:
        super().__init__(0)
        self._name = name
        self._occurrence = occurrence

    def step(self, name: str) -> None:
        """An effect is about to happen."""
        if name == self._name:
            self._occurrence -= 1
            if self._occurrence == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def hosted_by(host: str) -> tuple[PortsOf, Callable[[], None]]:
    """What makes the ports of a worker on a host, and what to do when it is asked to end."""
    if host == "plain":
        return build_ports, lambda: None
    from lienthong_streams.faust_host.process import end_soon, faust_ports

    return faust_ports([INPUT]), end_soon


def main(bootstrap: str, prefix: str, host: str, name: str = "", occurrence: str = "0") -> None:
    """Run until SIGTERM."""
    log_to_stderr()
    plan = DeathPlan(name, int(occurrence))
    made_by, leaving = hosted_by(host)

    def ports_of(options: WorkerOptions, registry: CollectorRegistry) -> HostPorts:
        ports = made_by(options, registry)

        def log_of(source: TopicPartition) -> PartitionLog:
            return CrashingLog(ports.log_of(source), plan)

        return replace(ports, log_of=log_of, processor_of=CountingProcessor)

    options = WorkerOptions(bootstrap=bootstrap, prefix=prefix, times=HOST, group_times=GROUP)
    run_process(options, topics=[INPUT], ports_of=ports_of, leaving=leaving)


if __name__ == "__main__":
    main(*sys.argv[1:])
