"""Which record brings its worker down: counted in the changelog, because nothing else survives the death.

Before the first run after a take-over a marker is written: from here, through there, so many deaths. Whoever comes next
and finds the marker still ahead of the position knows that the run did not end. The guilty record is among those of
that run: they are taken in pieces, each in a transaction of its own, and where a piece does not end, record by record.
After ``DEATHS_ALLOWED`` deaths at one record it is set aside.

Most deaths are no record's fault (a machine lost its power), and then all suspects are innocent and must not take long:
some sixty transactions for the largest run. One by one from the start, a worker that was killed in a backlog was slow
for minutes, and every owner of the partition waited with it.

A death between the run and the end of its commit says nothing about the record (a broker was away), so under suspicion
the marker is taken back once the run itself was survived.
"""

from __future__ import annotations

import json
from math import isqrt
from typing import Final, NamedTuple

DOUBT_KEY: Final = b"\x00doubt"
"""Key of the marker in a changelog; no case id begins with a zero byte."""
DEATHS_ALLOWED: Final = 5
"""Deaths at one record after which it is set aside. With the supervisor's back-off that takes about a minute."""


SINGLY: Final = 64
"""So many suspects, or fewer, are taken one by one."""


class Marker(NamedTuple):
    """Suspects from offset ``position`` to ``through``, taken in runs of ``size``; so many ``deaths`` at ``position``.

    Of a ``size`` that is not known (0) one run was begun that takes them all.
    """

    position: int
    through: int
    deaths: int
    size: int = 0


def encode_marker(marker: Marker) -> bytes:
    """The marker as the value of a changelog record."""
    return json.dumps(marker._asdict(), separators=(",", ":")).encode()


def decode_marker(value: bytes | None) -> Marker | None:
    """The marker in the value of a changelog record."""
    return None if value is None else Marker(**json.loads(value))


class Doubt:
    """What the owner of one partition thinks of the records ahead. One object for each take-over."""

    def __init__(self) -> None:
        self._found: Marker | None = None
        self._first_run = True
        self._through = -1
        self.size = 1
        """Suspects to take in one run."""
        self.deaths = 0
        """Deaths so far at the record at the position."""

    def restore(self, value: bytes | None) -> None:
        """Take the marker from the changelog; the last one counts."""
        self._found = decode_marker(value)

    def judge(self, position: int) -> None:
        """Compare the marker with the position that was found in the same changelog."""
        found = self._found
        if found is None or found.through < position:
            return
        # Behind the marker's position: runs ended since then, and the one from here on did not. Before it lies a hole.
        deaths = found.deaths if found.position >= position else 1
        self.deaths = deaths if found.size == 1 else min(1, deaths)  # of many, nobody knows at which
        self._through = found.through
        if found.size > 1:
            self._through = min(found.through, position + found.size - 1)
        suspects = self._through - position + 1
        self.size = 1 if found.size == 1 or suspects <= SINGLY else isqrt(suspects)

    def suspects(self, position: int) -> int:
        """How many records, from the one at the position on, may be the one that kills."""
        return max(0, self._through - position + 1)

    def condemns(self, position: int) -> bool:
        """Whether the record at the position has killed often enough."""
        return self.size == 1 and self.suspects(position) > 0 and self.deaths >= DEATHS_ALLOWED

    def before_run(self, position: int, through: int) -> Marker | None:
        """The marker to write before a run, or None where none is needed."""
        if not self._first_run:
            return None
        self._first_run = False
        if self.suspects(position):
            return Marker(position, self._through, self.deaths + 1, self.size)
        return Marker(position, through, 1)

    def survived(self, position: int) -> Marker | None:
        """The marker that takes the last one back, once a suspect's run was survived but is not committed."""
        if not self.suspects(position) or not self.deaths:
            return None
        return Marker(position, self._through, 0, self.size)

    def too_large(self, position: int, through: int, *, alone: bool) -> Marker:
        """The marker after a run whose effects no broker takes: known for sure of a record that ran alone."""
        if alone:
            return Marker(position, max(through, self._through), DEATHS_ALLOWED, 1)
        return Marker(position, through, 1)

    def committed(self, position: int) -> None:
        """All before the position is done."""
        self.deaths = 0
        if 0 <= self._through < position:
            self._through = -1
            self._first_run = True  # what comes next was not begun by those who died
