"""What of a tick is believed: everybody who reads ``tick.v1`` goes by this, so that all have the same time.

A tick may be written by a machine whose clock runs ahead. Were it believed, dossiers would be called late that are
not. So its time is cut where it lies behind the time at which the log took it: a ticker ahead of the broker changes
nothing, and needs no repair later.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import BrokenRule
from lienthong_schemas.instants import MICROSECONDS_PER_MILLISECOND, instant_of_milliseconds, is_plausible
from lienthong_schemas.records import Tick, tick

TOPIC: Final = "tick.v1"
_REST: Final = MICROSECONDS_PER_MILLISECOND - 1
"""Microseconds by which a log's time, in whole milliseconds, may lie before the instant that it stands for."""


def read_tick(book: SchemaBook, value: bytes | None, taken_ms: int) -> Tick:
    """The tick in a record, as it is believed. ``taken_ms``: when the log took it, in milliseconds since 1970.

    Raises DecodeError, or BrokenRule where it says what cannot be: nothing could be judged by it.
    """
    found = tick(book.decode(TOPIC, value or b""))
    problems = [*_impossible(found)]
    if problems:
        raise BrokenRule(tuple(problems))
    taken = instant_of_milliseconds(taken_ms) + _REST
    if taken_ms <= 0 or not is_plausible(taken) or found.bus_time <= taken:  # 0, -1: the log knows no time
        return found
    return found._replace(bus_time=taken)


def _impossible(found: Tick) -> Iterable[str]:
    if not is_plausible(found.bus_time):
        yield "bus_time: it lies outside the years 1900 to 2999"
    if not all(map(is_plausible, found.complete_through.values())):
        yield "complete_through: it lies outside the years 1900 to 2999"
    maps: tuple[tuple[str, Iterable[Any]], ...] = (
        ("complete_through", found.complete_through),
        ("case_ends", found.case_ends),
    )
    for name, keys in maps:
        if any("\0" in key for key in keys):
            yield f"{name}: it contains a null character"
