"""The schemas that senders write with, read once for the process."""

from __future__ import annotations

from functools import cache

from lienthong_schemas.codec import SchemaBook


@cache
def schema_book() -> SchemaBook:
    """The packaged schemas. Shared, for to parse them takes longer than to open an outbox; senders teach it nothing."""
    return SchemaBook()
