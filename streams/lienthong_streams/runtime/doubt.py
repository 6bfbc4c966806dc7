"""Which record brings its worker down: counted in the changelog, because nothing else survives the death.

Before the first run after a take-over a marker is written: from here, through there, so many deaths. Whoever comes next
and finds the marker still ahead of the position knows that the run did not end. It then takes record by record, so that
the guilty one is found, and after ``DEATHS_ALLOWED`` deaths at one record sets that record aside.

A death between the run and the end of its commit says nothing about the record (a broker was away), so under suspicion
the marker is taken back once the run itself was survived.
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

DOUBT_KEY: Final = b"\x00doubt"
"""Key of the marker in a changelog; no case id begins with a zero byte."""
DEATHS_ALLOWED: Final = 5
"""Deaths at one record after which it is set aside. With the supervisor's back-off that takes about a minute."""


class Marker(NamedTuple):
    """A run that was begun at ``position``, up to the offset ``through``, after so many ``deaths`` at ``position``."""

    position: int
    through: int
    deaths: int


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
        self._through = found.through
        # Behind the marker's position: the owner took record by record and died at this one. Before it lies a hole.
        self.deaths = found.deaths if found.position >= position else 1

    def suspects(self, position: int) -> bool:
        """Whether the record at the position may be the one that kills."""
        return position <= self._through

    def condemns(self, position: int) -> bool:
        """Whether the record at the position has killed often enough."""
        return self.suspects(position) and self.deaths >= DEATHS_ALLOWED

    def before_run(self, position: int, through: int) -> Marker | None:
        """The marker to write before a run, or None where none is needed."""
        if not self._first_run:
            return None
        self._first_run = False
        return Marker(position, max(through, self._through), self.deaths + 1)

    def survived(self, position: int) -> Marker | None:
        """The marker that takes the last one back, once a suspect's run was survived but is not committed."""
        if not self.suspects(position) or not self.deaths:
            return None
        return Marker(position, self._through, 0)

    def too_large(self, position: int, through: int, *, alone: bool) -> Marker:
        """The marker after a run whose effects no broker takes: known for sure of a record that ran alone."""
        return Marker(position, max(through, self._through), DEATHS_ALLOWED if alone else 1)

    def committed(self) -> None:
        """The record at the position is done."""
        self.deaths = 0
