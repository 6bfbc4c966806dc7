"""What an embedded server remembers between starts, and the lock that keeps two starts apart."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

_SAME_SECOND = 1.0
"""Seconds by which two readings of a process's start may differ (the clock may have been set)."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """The port a server keeps, and the process that ran last.

    `process_started` is in seconds since 1970 and tells a reused process id from our process.
    """

    port: int
    pid: int = 0
    process_started: float = 0.0

    def alive(self) -> bool:
        """Tell whether the remembered process still runs (a zombie does not)."""
        if not self.pid:
            return False
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.process_started) <= _SAME_SECOND
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def with_process(self, pid: int) -> "ServerState":
        """Return the state with a process that was just started."""
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return replace(self, pid=0, process_started=0.0)
        return replace(self, pid=pid, process_started=started)


def load_state(path: Path) -> ServerState | None:
    """Read a state; None when there is none, or a kill cut it short."""
    try:
        return ServerState(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def save_state(path: Path, state: ServerState) -> None:
    """Write a state in one step, so that a reader never sees half of it."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(state)), encoding="utf-8")
    part.replace(path)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`; a second starter waits until the first has finished."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
