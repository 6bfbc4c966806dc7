"""Keeps worker processes running: starts them again when they end, and ends them all when told to.

A worker ends itself at anything unexpected, so somebody must start it again: this supervisor, systemd or Kubernetes.
Every service runs in a session of its own (Ctrl-C in the terminal reaches the supervisor alone, which then asks each to
end) and is tied to the supervisor: it is asked to end even when the supervisor is killed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from lienthong_infra import exit_codes, tether
from lienthong_infra.errors import ConfigurationError

log = logging.getLogger(__name__)

FINAL_CODES: Final = frozenset((exit_codes.WRONG_CALL, exit_codes.CONFIGURATION_WRONG))
"""After these a new start would end the same way."""


@dataclass(frozen=True, slots=True)
class Service:
    """A process to keep running. Its environment is added to ours; its output goes to ``log``, else where ours goes."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class SupervisorTimes:
    """Times in seconds."""

    first_wait_s: float = 0.5
    longest_wait_s: float = 15.0
    """Each wait before a new start is twice the one before, up to this."""
    settled_s: float = 30.0
    """A service that lived so long is sound; its waits begin anew."""
    grace_s: float = 8.0
    """To end in good order before it is killed; below the ten seconds in which Ctrl-C ends everything."""


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """A service was started (``pid``), or ended (``code``, negative: by that signal)."""

    name: str
    what: Literal["started", "ended"]
    pid: int
    code: int | None = None


def _nobody(_: ServiceEvent) -> None:
    return None


class Supervisor:
    """Runs services until told to stop, or until all have ended with 0."""

    def __init__(
        self,
        services: Sequence[Service],
        *,
        times: SupervisorTimes | None = None,
        on_event: Callable[[ServiceEvent], None] = _nobody,
    ) -> None:
        self.pids: dict[str, int] = {}
        """The process ids of the services that run now."""
        self._services = services
        self._times = times or SupervisorTimes()
        self._on_event = on_event

    async def run(self, stop: asyncio.Event) -> None:
        """Keep all running; return when ``stop`` is set or all have ended well, and no process is left.

        Raises ConfigurationError once a service ends in a way that a new start cannot heal; all others are ended first.
        """
        stopped = asyncio.create_task(stop.wait())
        keepers = [asyncio.create_task(self._keep(service)) for service in self._services]
        try:
            waiting = set(keepers)
            while waiting and not stopped.done():
                done, _ = await asyncio.wait({stopped, *waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting -= done
                for each in done - {stopped}:
                    each.result()
        finally:
            stopped.cancel()
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, service: Service) -> None:
        wait_s = self._times.first_wait_s
        while True:
            began = time.monotonic()
            code = await self._live(service)
            if code == exit_codes.GOOD:
                return
            if code in FINAL_CODES:
                raise ConfigurationError([f"{service.name} ended with {code}; see {service.log or 'its output'}"])
            if time.monotonic() - began >= self._times.settled_s:
                wait_s = self._times.first_wait_s
            log.warning("service-ended", extra={"service": service.name, "code": code, "again_in_s": wait_s})
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, self._times.longest_wait_s)

    async def _live(self, service: Service) -> int:
        """One life of a service; returns its exit code. Cancelled, it ends the service first."""
        process = await self._start(service)
        self.pids[service.name] = process.pid
        self._on_event(ServiceEvent(service.name, "started", process.pid))
        try:
            return await process.wait()
        finally:
            code = await self._end(process)
            del self.pids[service.name]
            self._on_event(ServiceEvent(service.name, "ended", process.pid, code))

    async def _start(self, service: Service) -> asyncio.subprocess.Process:
        output = None if service.log is None else os.open(service.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", tether.__file__, str(os.getpid())),
                *service.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **service.environment},
                start_new_session=True,
            )
        finally:
            if output is not None:
                os.close(output)

    async def _end(self, process: asyncio.subprocess.Process) -> int:
        """Ask it and all it started to end, kill what is left after the grace; returns its exit code."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.returncode is None or number is signal.SIGKILL:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), self._times.grace_s)
        return await process.wait()
