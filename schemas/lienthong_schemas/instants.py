"""Instants: how the bus counts time, and the only places where it meets datetimes.

An instant is an ``int``: microseconds since 1970-01-01T00:00Z, as Avro's ``timestamp-micros`` has it. Integers compare,
subtract and serialise exactly; time zones matter only where a person reads or a form counts by day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

Instant = int
"""Microseconds since 1970-01-01T00:00Z."""

MICROSECONDS_PER_SECOND = 1_000_000
MICROSECONDS_PER_MILLISECOND = 1_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant_of(moment: datetime) -> Instant:
    """The instant of an aware datetime; exact. Raises ValueError for a datetime without an offset."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no UTC offset; write for example {moment.isoformat()}+07:00")
    return (moment - _EPOCH) // _MICROSECOND


def datetime_of(instant: Instant) -> datetime:
    """The aware UTC datetime of an instant; exact."""
    return _EPOCH + instant * _MICROSECOND


def iso_of(instant: Instant) -> str:
    """ISO 8601 in UTC with microseconds only where there are any, ending in ``Z``."""
    return datetime_of(instant).isoformat().replace("+00:00", "Z")


def instant_of_milliseconds(milliseconds: int) -> Instant:
    """The instant of a Kafka record's timestamp (milliseconds since 1970)."""
    return milliseconds * MICROSECONDS_PER_MILLISECOND


def milliseconds_of(instant: Instant) -> int:
    """The Kafka timestamp (milliseconds, rounded down) of an instant."""
    return instant // MICROSECONDS_PER_MILLISECOND


EARLIEST: Final[Instant] = instant_of(datetime(1900, 1, 1, tzinfo=UTC))
"""No instant on the bus lies before: what does is a fault, and much of it no database takes."""
LATEST: Final[Instant] = instant_of(datetime(3000, 1, 1, tzinfo=UTC)) - 1
"""No instant on the bus lies after the year 2999."""


def is_plausible(moment: datetime | Instant) -> bool:
    """Whether an instant or an aware datetime lies between EARLIEST and LATEST."""
    return EARLIEST <= (moment if isinstance(moment, int) else instant_of(moment)) <= LATEST
