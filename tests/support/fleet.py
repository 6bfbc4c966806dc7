"""Worker processes under fire: started, killed, asked to end, frozen and started again, each by its process id."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

END_LIMIT_S = 12.0
"""Seconds in which a worker that was asked to end must be gone."""


class Fleet:
    """Processes of one kind of worker, by name."""

    def __init__(self, module: str, arguments: Sequence[str], folder: Path) -> None:
        self.exits: list[tuple[str, int]] = []
        """Name and exit code of every process that ended, by itself or not (negative: by that signal)."""
        self._command = (sys.executable, "-m", module, *arguments)
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *more: str) -> None:
        """Start a worker; its output is appended to a file of its own."""
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                (*self._command, *more), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def alive(self, name: str) -> bool:
        """Whether it runs (or is frozen)."""
        process = self._running.get(name)
        return process is not None and process.poll() is None

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal."""
        self._running[name].send_signal(number)

    async def ended(self, name: str, limit_s: float = END_LIMIT_S) -> int:
        """Wait until it ends; returns its exit code."""
        process = self._running[name]
        async with asyncio.timeout(limit_s):
            code = await asyncio.to_thread(process.wait)
        self.exits.append((name, code))
        del self._running[name]
        return code

    async def kill(self, name: str) -> None:
        """kill -9."""
        self.signal(name, signal.SIGKILL)
        await self.ended(name)

    async def freeze(self, name: str, seconds: float) -> None:
        """Stop it for longer than its session, and wake it up: a zombie."""
        self.signal(name, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.signal(name, signal.SIGCONT)

    def revive(self) -> None:
        """Start again, once, whatever has ended by itself, as a supervisor does."""
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                self.exits.append((name, process.returncode))
                self.start(name)

    def log_of(self, name: str) -> str:
        """What a worker has written so far."""
        return (self._folder / f"{name}.log").read_text(errors="replace")

    def close(self) -> None:
        """Kill whatever is left."""
        for process in self._running.values():
            if process.poll() is None:
                process.kill()
            process.wait()
