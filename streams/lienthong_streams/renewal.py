"""Reference data has changed: every case is folded again, a bounded number in each run.

A case's header says under which reference data it was folded, so a crash loses nothing: the next owner finds the cases
that are still to come. A case that is touched in the meantime is folded under the new data at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lienthong_streams.case_store import CaseStore

_LOOKED_AT_PER_FOLD: Final = 50
"""Headers looked at for each case that may be folded: they cost little, but not nothing."""


class Renewal:
    """The cases that were folded under older reference data, one portion after another."""

    def __init__(self, store: CaseStore) -> None:
        self._store = store
        self._end = 0
        self._cases: Iterator[bytes] = iter(())
        self.under_way = False
        """Whether there may be cases left."""

    def begin(self, reference_end: int) -> None:
        """Every case folded under less than ``reference_end`` is to be folded again."""
        self._end = reference_end
        self._cases = iter(self._store)
        self.under_way = True

    def take(self, limit: int) -> list[bytes]:
        """At most so many cases that are to be folded now. There may be more even if it gives fewer."""
        found: list[bytes] = []
        if not self.under_way or limit <= 0:
            return found
        for _ in range(limit * _LOOKED_AT_PER_FOLD):
            key = next(self._cases, None)
            if key is None:
                self.under_way = False
                break
            header = self._store.header(key)
            if header is not None and header.reference_end < self._end:
                found.append(key)
                if len(found) == limit:
                    break
        return found
