"""All cases of a partition, each as the very bytes that the changelog holds of it, and which of them wait for what.

A case is unpacked only when it is touched. Restoring stores bytes and reads headers; nothing is folded. Closed cases
leave memory for the local disk after a time, and come back when they are touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_streams.calm_case import Present, carried_on
from lienthong_streams.case_state import (
    CLOSED,
    UNFOLDED,
    WATCHED,
    CaseState,
    Header,
    contribution_in,
    decode_state,
    encode_state,
    glance,
    read_header,
)
from lienthong_streams.cold_cases import ColdCases
from lienthong_streams.deadline_index import DeadlineIndex
from lienthong_streams.domain.timeline import Known

DAY: Final = 24 * 3_600 * MICROSECONDS_PER_SECOND
"""Microseconds."""
KEPT_CLOSED: Final = 7 * DAY
"""Microseconds for which a closed case stays in memory by default; longer than any office of ours was offline."""
OUTDATED_ALLOWED: Final = 10_000

_COLD_AT_ONCE: Final = 1_000
_FAR: Final = 1 << 62


class Tally(NamedTuple):
    """How many cases there are, and what they weigh."""

    open: int
    """In memory, with a clock that runs or may run again."""
    closed: int
    """In memory, ended."""
    cold: int
    """On the local disk, ended."""
    memory_bytes: int
    """Keys and values of those in memory, without what the interpreter adds."""


class CaseStore:
    """The cases of one partition by their key, the encoded case id."""

    def __init__(self, kept_closed: int = KEPT_CLOSED) -> None:
        self.decodes = 0
        """How often a case was unpacked."""
        self.outdated_allowed = OUTDATED_ALLOWED
        """Entries of the index of due times that may be outdated before their share is looked at."""
        self.oldest_reference_end = _FAR
        """No case of the changelog was folded under an older one."""
        self._kept_closed = kept_closed
        self._values: dict[bytes, bytes] = {}
        self._cold = ColdCases()
        self._bytes = 0
        self._watched = 0
        self._closed = 0
        self._watches = DeadlineIndex()
        self._closings = DeadlineIndex(DAY)
        self._silent: defaultdict[str, set[bytes]] = defaultdict(set)

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the changelog, oldest first. Raises UnknownStateVersion."""
        old = self._values.get(key)
        if old is not None:
            self._bytes -= len(key) + len(old)
        elif self._cold.used:
            self._cold.remove(key)
        if value is None:
            self._values.pop(key, None)
            return
        marks, _, reference_end = glance(value)
        if reference_end < self.oldest_reference_end:
            self.oldest_reference_end = reference_end
        if marks & CLOSED:
            self._values.pop(key, None)
            self._cold.put(key, value)
        else:
            self._values[key] = value
            self._bytes += len(key) + len(value)

    def loaded(self) -> None:
        """All of the changelog was given: build the indexes from the headers."""
        for key, value in self._values.items():
            marks, instant, _ = glance(value)
            if marks == WATCHED:
                self._watched += 1
                self._watches.add(instant, key)
            elif marks:
                self._note(key, UNFOLDED, read_header(value))

    def __iter__(self) -> Iterator[bytes]:
        """The keys of all cases: those in memory, then those on the disk. Cases may come and go meanwhile; what leaves
        memory is given twice."""
        yield from list(self._values)
        key = b""
        while portion := self._cold.keys_behind(key, _COLD_AT_ONCE):
            yield from portion
            key = portion[-1]

    def header(self, key: bytes) -> Header | None:
        """The header of a case."""
        value = self._values.get(key) or self._cold.get(key)
        return None if value is None else read_header(value)

    def contributions(self) -> Iterator[bytes]:
        """What each case adds to the live figures. No case may come or go meanwhile."""
        yield from map(contribution_in, self._values.values())
        yield from map(contribution_in, self._cold.values())

    def get(self, key: bytes) -> CaseState | None:
        """A case, unpacked; one on the disk comes back into memory."""
        value = self._values.get(key)
        if value is None:
            value = self._cold.get(key)
            if value is None:
                return None
            self._cold.remove(key)
            self._keep(key, value, UNFOLDED, read_header(value))
        self.decodes += 1
        return decode_state(key.decode(), value)

    def put(self, key: bytes, state: CaseState) -> bytes | None:
        """Take a case back into memory; returns its bytes, or None where they are what they were."""
        value = encode_state(state)
        old = self._values.get(key)
        if value == old:
            return None
        if old is not None:
            self._bytes -= len(key) + len(old)
        self._keep(key, value, UNFOLDED if old is None else read_header(old), state.header)
        return value

    def carry_on(self, key: bytes, known: Known, present: Present) -> bytes | None:
        """Add an event that merely goes on to a case in memory; returns its bytes, or None where it must be taken."""
        value = self._values.get(key)
        carried = None if value is None else carried_on(value, known, present)
        if value is None or carried is None:
            return None
        longer, closed_since = carried
        if closed_since is not None:
            del self._values[key]  # as in ``_keep``
        self._values[key] = longer
        self._bytes += len(longer) - len(value)
        if closed_since is not None:
            self._closings.add(closed_since + self._kept_closed, key)
        return longer

    def fallen_due(self, horizon: Instant, limit: int) -> list[bytes]:
        """At most so many cases that must be folded again at a horizon; they are not given twice."""
        if self._watches.entries > 2 * self._watched + self.outdated_allowed:
            self._watch_anew()
        return self._watches.due(horizon, limit, self._watch_of)

    def has_fallen_due(self, horizon: Instant) -> bool:
        """Whether ``fallen_due`` has left some."""
        return self._watches.has_due(horizon)

    @property
    def waiting_entries(self) -> int:
        """Entries of the index of due times, the outdated ones included."""
        return self._watches.entries

    def silent_offices(self) -> list[str]:
        """The offices for whose silence something is provisional."""
        return [office for office, keys in self._silent.items() if keys]

    def silent(self, office: str) -> set[bytes]:
        """The cases of which something is provisional because this office is silent."""
        return self._silent.get(office, set())

    def put_away(self, horizon: Instant, limit: int) -> None:
        """Let at most so many cases leave memory that ended long enough before a horizon."""
        for key in self._closings.due(horizon, limit, self._leaves_at):
            value = self._values.pop(key)
            self._bytes -= len(key) + len(value)
            self._closed -= 1
            self._cold.put(key, value)

    def tally(self) -> Tally:
        """How many cases there are, and what they weigh."""
        return Tally(len(self._values) - self._closed, self._closed, len(self._cold), self._bytes)

    def _keep(self, key: bytes, value: bytes, old: Header, new: Header) -> None:
        if new.watch_from != old.watch_from:
            self._values.pop(key, None)  # so that dictionary and index hold the same key object: 80 bytes a case
        self._values[key] = value
        self._bytes += len(key) + len(value)
        self._note(key, old, new)

    def _note(self, key: bytes, old: Header, new: Header) -> None:
        """Keep the indexes in step with a header that changed."""
        if new.watch_from != old.watch_from:
            self._watched += (new.watch_from is not None) - (old.watch_from is not None)
            if new.watch_from is not None:
                self._watches.add(new.watch_from, key)
        if new.closed_since != old.closed_since:
            self._closed += (new.closed_since is not None) - (old.closed_since is not None)
            if new.closed_since is not None:
                self._closings.add(new.closed_since + self._kept_closed, key)
        if new.silent != old.silent:
            for office in old.silent:
                self._silent[office].discard(key)
            for office in new.silent:
                self._silent[office].add(key)

    def _watch_of(self, key: bytes) -> Instant | None:
        value = self._values.get(key)
        marks, instant, _ = (0, 0, 0) if value is None else glance(value)
        return instant if marks & WATCHED else None

    def _leaves_at(self, key: bytes) -> Instant | None:
        value = self._values.get(key)
        marks, instant, _ = (0, 0, 0) if value is None else glance(value)
        return instant + self._kept_closed if marks & CLOSED else None

    def _watch_anew(self) -> None:
        """Most entries of the index are outdated: build it from the headers."""
        self._watches = DeadlineIndex()
        for key in self._values:
            at = self._watch_of(key)
            if at is not None:
                self._watches.add(at, key)
