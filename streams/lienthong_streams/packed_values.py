"""Texts, bytes and whole numbers of any size in few bytes, one after another: what a packed case is made of.

Each begins with its length: one byte, or 255 and four bytes. A number is little-endian, in two's complement.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

_LONG: Final = 255
_LENGTH: Final = Struct("<I")
_NONE: Final = b"\x00"


def pack_bytes(value: bytes) -> bytes:
    """Bytes behind their length."""
    length = len(value)
    if length < _LONG:
        return bytes((length,)) + value
    return bytes((_LONG,)) + _LENGTH.pack(length) + value


def unpack_bytes(packed: bytes, at: int) -> tuple[bytes, int]:
    """The bytes that begin at ``at``, and where the next value begins."""
    length = packed[at]
    at += 1
    if length == _LONG:
        (length,) = _LENGTH.unpack_from(packed, at)
        at += 4
    return packed[at : at + length], at + length


def pack_text(value: str) -> bytes:
    """A text behind its length."""
    return pack_bytes(value.encode())


def unpack_text(packed: bytes, at: int) -> tuple[str, int]:
    """The text that begins at ``at``, and where the next value begins."""
    value, at = unpack_bytes(packed, at)
    return value.decode(), at


def pack_number(value: int | None) -> bytes:
    """A whole number of any size, or None."""
    if value is None:
        return _NONE
    return pack_bytes(value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True))


def unpack_number(packed: bytes, at: int) -> tuple[int | None, int]:
    """The number or None that begins at ``at``, and where the next value begins."""
    value, at = unpack_bytes(packed, at)
    return (int.from_bytes(value, "little", signed=True) if value else None), at


def unpack_whole(packed: bytes, at: int) -> tuple[int, int]:
    """The number that begins at ``at`` and is there, and where the next value begins."""
    value, at = unpack_bytes(packed, at)
    return int.from_bytes(value, "little", signed=True), at
