"""Worker processes under fire: started, killed, asked to end, frozen and started again, each by its process id."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lienthong_infra import exit_codes

ENDS: Final = frozenset(
    (exit_codes.GOOD, exit_codes.TEMPORARY_FAILURE, exit_codes.UNAVAILABLE, -signal.SIGKILL, -signal.SIGTERM)
)
"""How a worker under fire may end: as it was told to, or for something that a new start heals. UNAVAILABLE: on a loaded
machine the broker did not answer a start in time."""
END_LIMIT_S = 12.0
"""Seconds in which a worker that was asked to end must be gone."""
SAY_LIMIT_S = 60.0
"""Seconds to wait for a line of a log; on a loaded machine a worker takes some seconds to start."""
FROZEN_S = 9.0
"""Longer than a session of six seconds, so that others take over before it wakes up."""
EFFECTS = ("fence", "changelog", "commit", "after-commit")
"""Effects before which the counting process may kill itself."""
_LOOK_AGAIN_S = 0.2
_STARTED = b" stream-worker-started "

Hosts = Mapping[str, str]
"""On which host each worker runs, by the worker's name."""
PLAIN: Hosts = {"a": "plain", "b": "plain", "c": "plain"}
FAUST: Hosts = {"a": "faust", "b": "faust", "c": "faust"}
MIXED: Hosts = {"a": "faust", "b": "plain", "c": "faust"}


def storm_name(value: object) -> str:
    """The name of a storm's parameter in a test's id."""
    return "+".join(sorted(set(value.values()))) if isinstance(value, dict) else f"seed-{value}"


class Fleet:
    """Processes of one kind of worker, by name.

    ``own`` gives arguments that depend on the name; they follow those of all.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        own: Callable[[str], Sequence[str]] = lambda _: (),
    ) -> None:
        self.exits: list[tuple[str, int]] = []
        """Name and exit code of every process that ended, by itself or not (negative: by that signal)."""
        self._command = (sys.executable, "-m", module, *arguments)
        self._own = own
        self._folder = folder
        self._environment = {**os.environ, **(environment or {})}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lives_from: dict[str, int] = {}
        """Where in its log the present life of a worker begins."""

    def start(self, name: str, *more: str) -> None:
        """Start a worker; its output is appended to a file of its own."""
        with (self._folder / f"{name}.log").open("ab") as log:
            self._lives_from[name] = log.tell()
            self._running[name] = subprocess.Popen(
                (*self._command, *self._own(name), *more),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
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

    async def leave(self, name: str) -> int:
        """Ask it to end, once it can hear: a process that is just starting dies of the signal itself. Its exit code."""
        log = self._folder / f"{name}.log"
        async with asyncio.timeout(SAY_LIMIT_S):
            while self.alive(name) and _STARTED not in log.read_bytes()[self._lives_from[name] :]:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_AGAIN_S)
        self.signal(name, signal.SIGTERM)
        return await self.ended(name)

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

    async def revive_until(self, done: asyncio.Task[None]) -> None:
        """Be the supervisor until something is done."""
        while not done.done():
            self.revive()
            await asyncio.wait({done}, timeout=_LOOK_AGAIN_S)
        if (error := done.exception()) is not None:
            error.add_note(self.report())
        await done

    async def has_said(self, name: str, event: str, times: int = 1) -> None:
        """Wait until a worker, in all its lives, has logged an event so many times."""
        async with asyncio.timeout(SAY_LIMIT_S):
            while self.times_said(name, event) < times:  # noqa: ASYNC110 - another process
                await asyncio.sleep(_LOOK_AGAIN_S)

    def times_said(self, name: str, event: str) -> int:
        """How often a worker, in all its lives, has logged an event."""
        return (self._folder / f"{name}.log").read_text(errors="replace").count(f" {event} ")

    def report(self) -> str:
        """The exits so far, and the last lines of each worker, for the text of a failure."""
        logs = {path.stem: path.read_text(errors="replace").splitlines()[-8:] for path in self._folder.glob("*.log")}
        tails = "\n".join(f"{name}: {line}" for name, lines in sorted(logs.items()) for line in lines)
        return f"exits: {self.exits}\n{tails}"

    def close(self) -> None:
        """Kill whatever is left."""
        for process in self._running.values():
            if process.poll() is None:
                process.kill()
            process.wait()


class Storm:
    """Faults at random times, as many of each kind as asked for, against workers a, b and sometimes c."""

    def __init__(self, fleet: Fleet, seed: int, *, apart_s: tuple[float, float] = (0.5, 2.5)) -> None:
        self._fleet = fleet
        self._apart_s = apart_s
        self._random = random.Random(seed)
        self.done: Counter[str] = Counter()

    async def blow(self, faults: list[str]) -> None:
        """All these faults, in a random order."""
        self._random.shuffle(faults)
        kinds: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "kill": self._kill,
            "effect": self._effect,
            "term": self._term,
            "freeze": self._freeze,
            "join": self._join,
        }
        for fault in faults:
            await asyncio.sleep(self._random.uniform(*self._apart_s))
            self._fleet.revive()
            await kinds[fault]()
            self.done[fault] += 1

    def _victim(self) -> str:
        return self._random.choice("ab")

    async def _kill(self) -> None:
        name = self._victim()
        await self._fleet.kill(name)
        self._fleet.start(name)

    async def _effect(self) -> None:
        name = self._victim()
        await self._fleet.kill(name)
        self._fleet.start(name, self._random.choice(EFFECTS), str(self._random.randint(1, 12)))

    async def _term(self) -> None:
        name = self._victim()
        self._fleet.signal(name, signal.SIGTERM)
        await self._fleet.ended(name)
        self._fleet.start(name)

    async def _freeze(self) -> None:
        await self._fleet.freeze(self._victim(), FROZEN_S)

    async def _join(self) -> None:
        """A third worker comes, and goes again."""
        self._fleet.start("c")
        await asyncio.sleep(self._random.uniform(2.0, 4.0))
        if self._fleet.alive("c"):
            self._fleet.signal("c", signal.SIGTERM)
        await self._fleet.ended("c")
