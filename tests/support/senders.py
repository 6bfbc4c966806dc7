"""Short ways to write what offices hand in, for tests of the sender's side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lienthong_schemas.instants import Instant
from lienthong_schemas.models import Dossier, HandoverStatement

OFFICE = "H27.16"
START: Instant = 1_780_000_000_000_000
"""An instant in May 2026."""
SECOND = 1_000_000
"""Microseconds."""


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, at: Instant = START) -> None:
        self.at = at

    def __call__(self) -> Instant:
        return self.at


def dossier(local: str = "A-1", status: str = "2", **fields: Any) -> Dossier:
    """A dossier of OFFICE in a state."""
    stated = {
        "authority": OFFICE,
        "local": local,
        "office": OFFICE,
        "occurred_at": datetime(2026, 6, 1, 8, tzinfo=UTC),
        "status": status,
        "procedure": "1.005129",
        "channel": "online",
    }
    return Dossier(**{**stated, **fields})


def handover(local: str = "A-1", successor: str = "G01") -> Dossier:
    """The handover of a dossier to a successor."""
    return dossier(local, "4", change="handover", handover=HandoverStatement(successor=successor))


def plain(local: str = "A-1", status: str = "2", **fields: object) -> dict[str, object]:
    """The same as JSON data, as a line of a file has it."""
    return {
        "kind": "dossier",
        "authority": OFFICE,
        "local": local,
        "office": OFFICE,
        "occurred_at": "2026-06-01T15:00:00+07:00",
        "status": status,
        "procedure": "1.005129",
        "channel": "online",
        **fields,
    }


async def until(condition: Callable[[], bool], *, timeout_s: float = 20.0) -> None:
    """Return once the condition holds, letting others run meanwhile; fail after so many seconds."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - what is waited for lies in files and brokers, which set no event
            await asyncio.sleep(0.002)
