"""Starting and ending the processes of the embedded servers."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from lienthong_infra.embedded import guardian

GRACE_S = 8.0
"""Seconds a server gets to end by itself before it is killed; below the ten seconds in which Ctrl-C ends everything."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system account a server runs under, where that is not our own."""

    user: int
    group: int


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a server process. `stop_signal` asks it to end in good order."""

    command: tuple[str, ...]
    folder: Path
    log: Path
    stop_signal: int
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None


@dataclass(slots=True)
class Spawned:
    """A server process. `tie` is the end of the pipe that keeps a tied server alive; None for a free one."""

    pid: int
    child: subprocess.Popen[bytes]
    tie: IO[bytes] | None = None


def spawn(launch: Launch, *, tied: bool) -> Spawned:
    """Start a server in a session of its own, so that Ctrl-C in the terminal reaches only us.

    A tied server ends when this process ends, however it ends; a free one goes on.
    """
    with launch.log.open("ab") as log:
        if tied:
            return _spawn_tied(launch, log)
        child = subprocess.Popen(
            launch.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(launch.environment),
            cwd=launch.folder,
            start_new_session=True,
            user=launch.account.user if launch.account else None,
            group=launch.account.group if launch.account else None,
            extra_groups=[] if launch.account else None,
        )
    return Spawned(pid=child.pid, child=child)


def _spawn_tied(launch: Launch, log: IO[bytes]) -> Spawned:
    order = {
        "command": launch.command,
        "env": dict(launch.environment),
        "folder": str(launch.folder),
        "user": launch.account.user if launch.account else None,
        "group": launch.account.group if launch.account else None,
        "signal": launch.stop_signal,
        "grace_s": GRACE_S,
    }
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", guardian.__file__, json.dumps(order)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdout as answer:
        pid = answer.readline().strip()
    # No pid: the guardian could not start the server and said why in the log.
    return Spawned(pid=int(pid) if pid else 0, child=child, tie=child.stdin)


def end(pid: int, stop_signal: int) -> None:
    """Ask a process to end, kill it after the grace period, return when it is gone."""
    try:
        process = psutil.Process(pid)
        process.send_signal(stop_signal)
        try:
            process.wait(GRACE_S)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(GRACE_S)
    except psutil.NoSuchProcess:
        return


def wait_until_gone(pid: int) -> None:
    """Wait, for the grace period at most, until a process that has ended is forgotten by the system too."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        if pid and (process := psutil.Process(pid)).status() == psutil.STATUS_ZOMBIE:
            process.wait(GRACE_S)


def tail(log: Path, *, lines: int = 15) -> str:
    """Return the last lines of a log, indented, for the text of an error."""
    try:
        found = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        found = []
    return "\n".join(f"  | {line}" for line in found) or "  | (the log is empty)"
