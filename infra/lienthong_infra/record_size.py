"""How large a record may be."""

from __future__ import annotations

from typing import Final

from lienthong_infra.ports import OutboundRecord

MAX_RECORD_BYTES: Final = 1_000_000
"""Bytes of key, value and headers. A broker takes 1,048,588 bytes a batch (``message.max.bytes``, Kafka 4.3); the rest
is what the batch adds to its first record."""


def record_bytes(record: OutboundRecord) -> int:
    """The bytes of key, value and headers."""
    _, key, value, headers, _, _ = record
    size = len(key or b"") + len(value or b"")
    for name, value in headers:
        size += len(name.encode()) + len(value)
    return size
