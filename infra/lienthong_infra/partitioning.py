"""Which partition a key belongs to: murmur2 as the Java client has it, so that every client agrees.

Source: Apache Kafka, ``org.apache.kafka.common.utils.Utils.murmur2`` and ``BuiltInPartitioner``.
"""

from __future__ import annotations

from functools import lru_cache
from struct import unpack_from
from typing import Final

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_32_BITS: Final = 0xFFFFFFFF
_31_BITS: Final = 0x7FFFFFFF
_REMEMBERED: Final = 1 << 16
"""Keys whose partition is remembered; the hash of a case id takes some microseconds in Python, a look-up a tenth."""


def murmur2(data: bytes) -> int:
    """The 32-bit hash of the bytes, unsigned."""
    length = len(data)
    whole = length & ~3
    hashed = _SEED ^ length
    for number in unpack_from(f"<{length >> 2}I", data):
        word = number * _M & _32_BITS
        hashed = (hashed * _M ^ (word ^ word >> 24) * _M) & _32_BITS
    if whole != length:
        hashed = ((hashed ^ int.from_bytes(data[whole:], "little")) * _M) & _32_BITS
    hashed = ((hashed ^ (hashed >> 13)) * _M) & _32_BITS
    return hashed ^ (hashed >> 15)


@lru_cache(_REMEMBERED)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key on a topic with so many partitions."""
    return (murmur2(key) & _31_BITS) % partitions
