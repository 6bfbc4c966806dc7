"""The position record of a changelog: where a partition's owner stands. Always the last record of a transaction.

``lienthong status`` reads it from outside, so that what is applied can be held against what the group committed.
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from lienthong_schemas.errors import ContractError
from lienthong_schemas.instants import Instant

POSITION_KEY: Final = b"\x00position"
VERSION: Final = 1
_JSON: Final = json.JSONEncoder(separators=(",", ":"))


class UnknownPositionVersion(ContractError):
    """The changelog was written by a newer program; this one must not touch it."""


class Position(NamedTuple):
    """Next input offset; offset of the last tick applied (-1: none), its time, and the reference end it named."""

    next_offset: int = 0
    tick_offset: int = -1
    horizon: Instant = 0
    reference_end: int = 0
    generation: int = 0
    """How often the partition was taken over."""
    unfinished: bool = False
    """Whether cases still wait for a fold that the tick has made due: they come with the next runs."""
    silent_until: int = 0
    """In a rebuild, the end of the log at its beginning: no tick applies and nothing is said before it is reached."""


def encode_position(position: Position) -> bytes:
    """The record's value: a line of JSON with its version, for people too."""
    fields = position._asdict()
    if not position.unfinished:
        del fields["unfinished"]
    if not position.silent_until:
        del fields["silent_until"]
    return _JSON.encode({"version": VERSION, **fields}).encode()


def decode_position(value: bytes) -> Position:
    """The position in a record's value. Raises UnknownPositionVersion."""
    fields = json.loads(value)
    if fields.pop("version", None) != VERSION:
        raise UnknownPositionVersion("the changelog's position was written by a newer program; run that one")
    return Position(**fields)
