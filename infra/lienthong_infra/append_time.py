"""When the log took a record: the bus's own time, whatever nonsense a writer or a broker has put there."""

from __future__ import annotations

from typing import Final

from lienthong_infra.ports import Record
from lienthong_schemas.instants import Instant, instant_of_milliseconds, is_plausible

UNKNOWN_TIME: Final[Instant] = 0
"""Stands for a record's timestamp that is none (a broker writes -1, or a sender nonsense)."""


def known_at(record: Record) -> Instant:
    """When the log took the record; the beginning of 1970 where its timestamp lies outside the years 1900 to 2999."""
    instant = instant_of_milliseconds(record.timestamp)
    return instant if is_plausible(instant) else UNKNOWN_TIME
