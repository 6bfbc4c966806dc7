"""The variable-length integers of Avro's binary form, and what damaged bytes are called.

An int or a long is zig-zag coded, seven bits a byte, lowest first; all bytes but the last have their highest bit set.
Instants (microseconds) have eight bytes from 1979 to 3111, so eight are read and written by tables, two bytes at a
time. Source: Apache Avro 1.12 specification, "Primitive Types" of "Binary Encoding".
"""

from __future__ import annotations

from struct import Struct
from struct import error as too_short
from typing import Final

__all__ = (
    "LENGTH",
    "SMALL",
    "SPAN",
    "check_end",
    "count_at",
    "int_at",
    "long_at",
    "span_at",
    "written_int",
    "written_long",
)
"""What the source of a reader or a writer may name."""
LONGEST: Final = 10
"""Bytes of the longest int or long."""
INT_LIMIT: Final = 1 << 31
"""An int lies from -INT_LIMIT up to, not including, INT_LIMIT."""
LONG_LIMIT: Final = 1 << 63
"""A long lies from -LONG_LIMIT up to, not including, LONG_LIMIT."""
SHORT: Final = 1_024
"""Lengths below this are looked up."""

_EIGHT_FROM: Final = 1 << 49
_EIGHT_BELOW: Final = 1 << 56
_MEMO_LIMIT: Final = 16_384
"""Written longs that are remembered: the same announcement times and due times come again and again."""


class Damaged(ValueError):
    """Bytes that do not follow the schema; the text says in what way."""


def _written(number: int) -> str:
    """A number that is zig-zag coded already, byte for byte as letters."""
    letters = []
    while number > 127:
        letters.append(chr(number & 127 | 128))
        number >>= 7
    letters.append(chr(number))
    return "".join(letters)


_NO_PAIR: Final = -_EIGHT_BELOW
"""Less than all other bits of a number together."""


def _pairs(last: range) -> list[int]:
    """By the value of two bytes (little-endian), of which the first goes on and the second is one of ``last``, the 14
    bits in them; _NO_PAIR for others.
    """
    table = [_NO_PAIR] * 65_536
    for second in last:
        bits = (second & 127) << 7
        table[second << 8 | 128 : (second << 8) + 256] = range(bits, bits + 128)
    return table


_INNER_PAIR: Final = _pairs(range(128, 256))
_LAST_PAIR: Final = _pairs(range(128))
_four_pairs: Final = Struct("<4H").unpack_from

SPAN: Final = [1 + (first >> 1) if first < 128 and first & 1 == 0 else 0 for first in range(256)]
"""By the first byte of a text: bytes of length and text together, where the length has one byte; else 0."""
SMALL: Final = [first >> 1 ^ -(first & 1) for first in range(128)]
"""By its only byte: a number of one byte."""


def long_at(value: bytes, at: int) -> tuple[int, int]:
    """The long that begins there, and where the next field begins. Raises Damaged, or IndexError at the end."""
    try:
        if value[at + 7] < 128 <= value[at + 6]:
            pairs: tuple[int, int, int, int] = _four_pairs(value, at)
            first, second, third, last = pairs
            number = (
                _INNER_PAIR[first] + (_INNER_PAIR[second] << 14) + (_INNER_PAIR[third] + (_LAST_PAIR[last] << 14) << 28)
            )
            if number >= 0:
                return (~(number >> 1) if number & 1 else number >> 1), at + 8
    except (IndexError, too_short):
        pass  # not eight bytes long
    return long_by_bytes(value, at)


def long_by_bytes(value: bytes, at: int) -> tuple[int, int]:
    """The same as ``long_at``, byte by byte: slower as Python, quicker where it is compiled."""
    number = shift = 0
    for end in range(at, at + LONGEST):
        byte = value[end]
        number |= (byte & 127) << shift
        if byte < 128:
            if number >> 64:
                break
            return number >> 1 ^ -(number & 1), end + 1
        shift += 7
    raise Damaged("a number has more than 64 bits")


def int_at(value: bytes, at: int) -> tuple[int, int]:
    """The int that begins there, and where the next field begins. Raises Damaged, or IndexError at the end."""
    number, end = long_by_bytes(value, at)
    if not -INT_LIMIT <= number < INT_LIMIT:
        raise Damaged("an int has more than 32 bits")
    return number, end


def span_at(value: bytes, at: int) -> tuple[int, int]:
    """Where a text or bytes begin behind their length, and where they end. Raises Damaged, or IndexError."""
    length, start = long_by_bytes(value, at)
    if length < 0:
        raise Damaged("a length is negative")
    if length > len(value) - start:
        raise IndexError
    return start, start + length


def count_at(value: bytes, at: int) -> tuple[int, int]:
    """How many items the next block of an array or a map has, and where the first begins.

    A block may state its size in bytes, its count is negative then; the size is not needed.
    """
    count, at = long_by_bytes(value, at)
    if count < 0:
        _, at = long_by_bytes(value, at)
    return abs(count), at


def check_end(value: bytes, at: int) -> None:
    """Raise Damaged or IndexError unless the value ends there."""
    if at > len(value):
        raise IndexError
    if at < len(value):
        raise Damaged(f"{len(value) - at} bytes are left over behind the value")


_GOING_ON: Final = [chr(byte) for byte in range(128, 256)]
_PAIR_LETTERS: Final = [first + second for second in _GOING_ON for first in _GOING_ON]
"""By 14 bits: two bytes that go on, as letters."""
LENGTH: Final = [_written(length << 1) for length in range(SHORT)]
"""By a length below SHORT: its bytes, as letters."""
_memo: dict[int, str] = {}


def written_long(number: int) -> str:
    """A long, byte for byte as letters. Raises OverflowError where it has more than 64 bits, TypeError for no int."""
    letters = _memo.get(number)
    if letters is None or number.__class__ is not int:
        letters = _spelled(number)
        if len(_memo) >= _MEMO_LIMIT:
            _memo.clear()
        _memo[number] = letters
    return letters


def _spelled(number: int) -> str:
    if number.__class__ is not int:
        raise TypeError(f"{number!r} is no whole number")
    if not -LONG_LIMIT <= number < LONG_LIMIT:
        raise OverflowError(f"{number} has more than 64 bits")
    coded = number << 1 ^ number >> 63
    if _EIGHT_FROM <= coded < _EIGHT_BELOW:
        return (
            _PAIR_LETTERS[coded & 16_383]
            + _PAIR_LETTERS[coded >> 14 & 16_383]
            + _PAIR_LETTERS[coded >> 28 & 16_383]
            + chr(coded >> 42 & 127 | 128)
            + chr(coded >> 49)
        )
    return _written(coded)


def written_int(number: int) -> str:
    """An int, byte for byte as letters. Raises OverflowError where it has more than 32 bits, TypeError for no int."""
    if not -INT_LIMIT <= number < INT_LIMIT:
        raise OverflowError(f"{number} has more than 32 bits")
    return written_long(number)
