"""Which cases must be looked at after which instant. A tick on which nothing falls due costs the same for any number.

Cases wait in buckets of time, as bare references, eight bytes each; only the bucket that time has reached is put in
order. An entry is never taken out when its case gets another instant: whoever asks says what holds now, and what does
not is passed over. Who adds entries must build the index anew once the outdated ones are in the majority.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant

MINUTE = 60 * MICROSECONDS_PER_SECOND
"""Microseconds."""

InstantOf = Callable[[bytes], Instant | None]
"""The instant that holds for a case now; None: it waits for none."""


class DeadlineIndex:
    """Keys of cases by instant."""

    def __init__(self, width: int = MINUTE) -> None:
        self.entries = 0
        """Entries held, the outdated ones included."""
        self._width = width
        self._buckets: dict[int, list[bytes]] = {}
        self._numbers: list[int] = []
        self._opened = -(1 << 62)
        self._near: list[tuple[Instant, bytes]] = []

    def add(self, at: Instant, key: bytes) -> None:
        """A case waits for an instant. It is found from there on, also where that lies in the past."""
        self.entries += 1
        number = at // self._width
        if number <= self._opened:
            heappush(self._near, (at, key))
        elif number in self._buckets:
            self._buckets[number].append(key)
        else:
            self._buckets[number] = [key]
            heappush(self._numbers, number)

    def due(self, before: Instant, limit: int, instant_of: InstantOf) -> list[bytes]:
        """At most ``limit`` cases whose instant lies before ``before``, the earliest first; they are taken out."""
        while self._numbers and self._numbers[0] * self._width < before:
            self._open(instant_of)
        found: list[bytes] = []
        while self._near and self._near[0][0] < before and len(found) < limit:
            at, key = heappop(self._near)
            self.entries -= 1
            if instant_of(key) == at:
                found.append(key)
        return list(dict.fromkeys(found))

    def has_due(self, before: Instant) -> bool:
        """Whether something may be left that ``due`` would give."""
        return bool(self._near) and self._near[0][0] < before

    def _open(self, instant_of: InstantOf) -> None:
        """Put the earliest bucket in order, without what is outdated."""
        number = heappop(self._numbers)
        keys = self._buckets.pop(number)
        self._opened = max(self._opened, number)
        self.entries -= len(keys)
        for key in dict.fromkeys(keys):
            at = instant_of(key)
            if at is not None and at // self._width == number:
                heappush(self._near, (at, key))
                self.entries += 1
