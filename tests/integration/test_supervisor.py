"""The supervisor with real processes: starting again, ending everything, and never outliving itself."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lienthong_infra.errors import ConfigurationError
from lienthong_infra.supervisor import Service, ServiceEvent, Supervisor, SupervisorTimes
from tests.support.waiting import wait_until

QUICK = SupervisorTimes(first_wait_s=0.02, longest_wait_s=0.1, settled_s=30.0, grace_s=1.0)
SLEEPER = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)


def python(name: str, code: str, log: Path | None = None) -> Service:
    """A service that runs a line of Python."""
    return Service(name, (sys.executable, "-c", code), log=log)


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


class Told:
    """Remembers events, and stops the supervisor after so many starts."""

    def __init__(self, stop: asyncio.Event, starts: int) -> None:
        self.events: list[ServiceEvent] = []
        self._stop = stop
        self._starts = starts

    def __call__(self, event: ServiceEvent) -> None:
        """One event."""
        self.events.append(event)
        if sum(each.what == "started" for each in self.events) == self._starts:
            self._stop.set()


async def test_a_service_that_dies_is_started_again() -> None:
    """Whatever it died of, a code or a signal; each life has a process id of its own."""
    stop = asyncio.Event()
    told = Told(stop, starts=4)
    dying = python("dying", "import os; os.kill(os.getpid(), 9)")
    await Supervisor([dying], times=QUICK, on_event=told).run(stop)
    starts = [each.pid for each in told.events if each.what == "started"]
    assert len(set(starts)) == 4
    assert {each.code for each in told.events if each.what == "ended"} >= {-signal.SIGKILL}


async def test_a_service_that_ends_well_is_not_started_again() -> None:
    """Exit code 0 means that the work is done; when all have done theirs, the supervisor is done."""
    stop = asyncio.Event()
    told = Told(stop, starts=99)
    async with asyncio.timeout(20):
        await Supervisor([python("a", "pass"), python("b", "pass")], times=QUICK, on_event=told).run(stop)
    assert [each.code for each in told.events if each.what == "ended"] == [0, 0]


async def test_a_wrong_configuration_ends_everything() -> None:
    """Exit code 78: to start again does not help. The others are ended, and it is said who it was."""
    supervisor = Supervisor([python("wrong", "raise SystemExit(78)"), python("other", SLEEPER)], times=QUICK)
    with pytest.raises(ConfigurationError, match="wrong ended with 78"):
        await supervisor.run(asyncio.Event())
    assert supervisor.pids == {}


async def test_stopping_ends_all_processes_and_what_they_started(tmp_path: Path) -> None:
    """One that does not listen to SIGTERM is killed after the grace, with its own children."""
    log = tmp_path / "log"
    parent = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    stop = asyncio.Event()
    supervisor = Supervisor([python("parent", parent, log), python("plain", SLEEPER)], times=QUICK)
    running = asyncio.create_task(supervisor.run(stop))
    await asyncio.to_thread(wait_until, lambda: log.exists() and "ready" in log.read_text(), what="the child")
    pids = [*supervisor.pids.values(), *(int(line) for line in log.read_text().split() if line.isdigit())]
    began = time.monotonic()
    stop.set()
    await running
    assert time.monotonic() - began < 10
    assert len(pids) == 3
    wait_until(lambda: not any(map(alive, pids)), what="the end of all processes")


def test_services_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    """kill -9 of the supervisor: the kernel asks the services to end."""
    log = tmp_path / "log"
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from lienthong_infra.supervisor import Service, Supervisor\n"
        f"code = 'import os, time; print(os.getpid(), flush=True); time.sleep(600)'\n"
        f"one = Service('one', (sys.executable, '-c', code), log=Path({str(log)!r}))\n"
        "asyncio.run(Supervisor([one]).run(asyncio.Event()))\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script])
    try:
        wait_until(lambda: log.exists() and log.read_text().endswith("\n"), what="the service's pid")
        pid = int(log.read_text())
        assert alive(pid)
    finally:
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
    wait_until(lambda: not alive(pid), what="the end of the service")
