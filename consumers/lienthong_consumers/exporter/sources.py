"""A source that is looked at again and again: its newest sight, for as long as it is new enough."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from lienthong_infra.errors import LienthongError
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant

log = logging.getLogger(__name__)

Sight = TypeVar("Sight")
SightOut = TypeVar("SightOut", covariant=True)
Clock = Callable[[], Instant]

SHORTEST_LIMIT_S: Final = 5.0
"""Seconds that a look gets at least, however short the interval."""


class Watch(Protocol[SightOut]):
    """Something that looks."""

    async def look(self, now: Instant) -> SightOut:
        """What is there now; raises if the source is away."""
        ...

    async def close(self) -> None:
        """Release what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a source is looked at, in seconds."""

    interval_s: float = 15.0

    @property
    def look_limit_s(self) -> float:
        """A look that takes longer counts as failed; the first one reads heartbeats back, in a second or so."""
        return max(self.interval_s, SHORTEST_LIMIT_S)

    @property
    def fresh(self) -> Instant:
        """Microseconds for which a sight counts whatever happens: should even a failing look not come back."""
        return round((2 * self.interval_s + self.look_limit_s) * MICROSECONDS_PER_SECOND)


FAILURES_FORGIVEN: Final = 1
"""Failed looks in a row after which the last sight still counts: a broker that changes its leader is no outage."""
_CLOSE_LIMIT_S: Final = 5.0


class Source(Generic[Sight]):
    """Keeps a source's newest sight. After any failed look a new watch is made."""

    def __init__(
        self, name: str, open_watch: Callable[[], Awaitable[Watch[Sight]]], *, clock: Clock, rhythm: Rhythm
    ) -> None:
        self.name = name
        self.seen_at: Instant = 0
        self._open = open_watch
        self._clock = clock
        self._rhythm = rhythm
        self._watch: Watch[Sight] | None = None
        self._sight: Sight | None = None
        self._trouble = ""
        self._failures = 0

    def sight(self) -> Sight | None:
        """The newest sight, or None when the last looks failed or none came back for long."""
        old = self._clock() - self.seen_at > self._rhythm.fresh
        return None if old or self._failures > FAILURES_FORGIVEN else self._sight

    async def keep_looking(self) -> None:
        """Look until cancelled. Nothing that a look raises ends this: to go on serving is the whole purpose."""
        try:
            while True:
                await self.look_once()
                await asyncio.sleep(self._rhythm.interval_s)
        finally:
            await self._close()

    async def look_once(self) -> None:
        """One look."""
        now = self._clock()
        try:
            async with asyncio.timeout(self._rhythm.look_limit_s):
                if self._watch is None:
                    self._watch = await self._open()
                self._sight = await self._watch.look(now)
        except Exception as error:
            self._failures += 1
            self._say(error)
            await self._close()
            return
        self.seen_at = now
        self._failures = 0
        if self._trouble:
            log.info("source-back", extra={"source": self.name})
            self._trouble = ""

    def _say(self, error: Exception) -> None:
        """One line when the trouble begins or changes, not one for each look."""
        trouble = str(error) if isinstance(error, LienthongError) else type(error).__name__
        if trouble != self._trouble:
            foreseen = isinstance(error, LienthongError | TimeoutError)
            log.warning("source-away", extra={"source": self.name, "cause": trouble}, exc_info=not foreseen)
        self._trouble = trouble

    async def _close(self) -> None:
        watch, self._watch = self._watch, None
        if watch is None:
            return
        try:
            async with asyncio.timeout(_CLOSE_LIMIT_S):
                await watch.close()
        except Exception as error:
            log.info("close-failed", extra={"source": self.name, "cause": type(error).__name__})
