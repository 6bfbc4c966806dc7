"""Checksums: what streams and ledger have counted of a partition, each on its own, after exactly the same records.

Both write one whenever they have taken all records of a case topic's partition below a multiple of ``EVERY``. The
figures are those that need no clock (design §3): received, ended, ended later than the stated due time, by the office
that holds the case. The kind of case is that of the topic. A checksum is a function of the log alone, so whoever reads
it again writes the same one under the same key; ``checksum.v1`` carries those of the deadline workers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from lienthong_schemas.records import partition_key

TOPIC: Final = "checksum.v1"
EVERY: Final = 1_000
"""Records of a partition between two checksums. Each side ends a transaction or a round of folds there and adds up some
hundred offices: per record that is nothing. A difference is known within minutes at the pace of a nation (700 a
second) and within a day in a single province, and narrowed down to a thousand records. Both sides must use the same
number, so it is part of the contract and no setting."""
DIGEST_DIGITS: Final = 32
"""Hexadecimal digits, half a SHA-256."""


class OfficeFigures(NamedTuple):
    """Cases of one office in one partition."""

    received: int = 0
    """Received complete and valid, or ended."""
    ended: int = 0
    ended_late: int = 0
    """Ended after the due time that the last state of the case states."""


NOTHING: Final = OfficeFigures()


class Checksum(NamedTuple):
    """A record of ``checksum.v1``: the figures by office once all records below an offset were taken."""

    source_topic: str
    source_partition: int
    below: int
    digest: str
    received: dict[str, int]
    ended: dict[str, int]
    ended_late: dict[str, int]

    def of_office(self, office: str) -> OfficeFigures:
        """The figures of one office; nothing for one that is not named."""
        return OfficeFigures(*(figures.get(office, 0) for figures in (self.received, self.ended, self.ended_late)))


def checksum_of(topic: str, partition: int, below: int, offices: Mapping[str, Sequence[int]]) -> Checksum:
    """The checksum of figures by office, each with the numbers of ``OfficeFigures``. An office without any is left out,
    and so is a number that is 0: neither may make two equal counts look different."""
    received, ended, ended_late = dict[str, int](), dict[str, int](), dict[str, int]()
    lines = [f"{topic}/{partition}<{below}"]
    for office in sorted(offices):
        numbers = OfficeFigures(*offices[office])
        if numbers == NOTHING:
            continue
        lines.append(f"{office} {numbers.received} {numbers.ended} {numbers.ended_late}")
        for counts, number in zip((received, ended, ended_late), numbers, strict=True):
            if number:
                counts[office] = number
    digest = sha256("\n".join(lines).encode()).hexdigest()[:DIGEST_DIGITS]
    return Checksum(topic, partition, below, digest, received, ended, ended_late)


def checksum(record: Mapping[str, Any]) -> Checksum:
    """A decoded record of ``checksum.v1``."""
    return Checksum(**record)


def key_of(written: Checksum) -> bytes:
    """The record's key."""
    return f"{partition_key(written.source_topic, written.source_partition)}|{written.below}".encode()


class _Placed(Protocol):
    @property
    def offset(self) -> int: ...


Placed = TypeVar("Placed", bound=_Placed)
"""Anything that lies at an offset."""


def boundary_after(position: int) -> int:
    """The first offset above a position at which a checksum is due."""
    return (position // EVERY + 1) * EVERY


def boundary_passed(position: int, reached: int) -> int | None:
    """The newest boundary above ``position`` and not above ``reached``; None where there is none between them."""
    newest = reached // EVERY * EVERY
    return newest if newest > position else None


def below_boundary(records: Sequence[Placed]) -> int:
    """How many of some records, in order and at least one, lie below the first boundary above the first of them."""
    boundary = boundary_after(records[0].offset)
    if records[-1].offset < boundary:
        return len(records)
    return bisect_left(records, boundary, key=lambda record: record.offset)
