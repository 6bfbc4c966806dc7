"""The wall clock of the machine, as a port: whoever needs the time takes a ``Clock``."""

from __future__ import annotations

import time
from collections.abc import Callable

from lienthong_schemas.instants import Instant

Clock = Callable[[], Instant]
"""Gives the present instant in microseconds UTC."""

_NANOSECONDS_PER_MICROSECOND = 1_000


def wall_clock() -> Instant:
    """The present instant by the machine's clock, which may step backwards."""
    return time.time_ns() // _NANOSECONDS_PER_MICROSECOND
