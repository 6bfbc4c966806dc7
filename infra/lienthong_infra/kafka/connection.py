"""Starting a client: with back-off and jitter, one clear line per step, and an end to it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from lienthong_infra.errors import UnavailableError
from lienthong_infra.kafka.errors import translating

log = logging.getLogger(__name__)

_DISCARD_LIMIT_S: Final = 5.0
"""Seconds that a client which did not start, or is no longer needed, gets to close."""

_JITTER_S: Final = 1.0
"""Up to so much is added to every wait, so that workers that lost one broker do not come back all at once."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try to reach the broker, in seconds."""

    limit_s: float = 60.0
    """Give up after this; a broker that starts at the same time as we do is there by then."""
    attempt_s: float = 30.0
    """One attempt. To fence may have to wait for the former owner's transaction to be aborted."""
    first_wait_s: float = 0.5
    longest_wait_s: float = 8.0


class Client(Protocol):
    """What all clients of aiokafka have."""

    async def start(self) -> Any:
        """Connect."""
        ...

    async def stop(self) -> Any:
        """Disconnect."""
        ...


C = TypeVar("C", bound=Client)


@contextmanager
def _quiet_client() -> Iterator[None]:
    """The client logs every failed address by itself; while we report, it is silent."""
    logger = logging.getLogger("aiokafka")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


async def discard(client: Client) -> None:
    """Close a client whatever state it is in, within a few seconds."""
    try:
        await asyncio.wait_for(client.stop(), _DISCARD_LIMIT_S)
    except Exception as error:
        log.info("close-failed", extra={"client": type(client).__name__, "cause": type(error).__name__})


async def started(make: Callable[[], C], *, bootstrap: str, doing: str, patience: Patience | None = None) -> C:
    """A client made by ``make`` and started. Raises UnavailableError once the patience is at its end."""
    patience = patience or Patience()
    clock = asyncio.get_running_loop().time
    begun, attempt = clock(), 1
    while True:
        try:
            return await _started_once(make, f"{doing} at {bootstrap}", patience.attempt_s)
        except UnavailableError:
            tried_for = clock() - begun
            if tried_for >= patience.limit_s:
                raise
            wait = min(patience.first_wait_s * 2 ** (attempt - 1), patience.longest_wait_s)
            wait += random.uniform(0, _JITTER_S)
            log.warning(
                "broker-unavailable",
                extra={
                    "address": bootstrap,
                    "attempt": attempt,
                    "next_try_in_s": round(wait, 1),
                    "tried_for_s": round(tried_for, 1),
                    "gives_up_after_s": patience.limit_s,
                },
            )
        await asyncio.sleep(wait)
        attempt += 1


async def _started_once(make: Callable[[], C], doing: str, limit_s: float) -> C:
    client = make()
    try:
        with _quiet_client(), translating(doing):
            await asyncio.wait_for(client.start(), limit_s)
    except BaseException:
        await discard(client)
        raise
    return client
