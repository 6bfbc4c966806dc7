"""Proving a ledger: one snapshot of it, a replay up to its positions, a comparison of every row."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from lienthong_consumers.ledger.database import connect_now, open_ledger
from lienthong_consumers.ledger.migrate import drop, level, migrate
from lienthong_consumers.ledger.reading import CHECKED_ONLY
from lienthong_consumers.ledger.schema_name import schema_of
from lienthong_consumers.verification.comparison import Comparison, compare, unknown_tables
from lienthong_consumers.verification.replay import Progress, replay
from lienthong_infra.errors import ConfigurationError
from lienthong_infra.ports import Reader, TopicPartition
from lienthong_schemas.errors import UnknownFingerprint

_POSITIONS: Final = "SELECT topic, partition, next_offset FROM position WHERE topic <> ALL(%s)"
_REFUSED: Final = """
    SELECT topic, partition, "offset" FROM dead_letter AS letter WHERE code = %s AND NOT EXISTS (
        SELECT FROM case_event AS event
        WHERE (event.topic, event.partition, event."offset") = (letter.topic, letter.partition, letter."offset"))
"""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found."""

    records: int
    """Offsets up to which the log was replayed, added up."""
    tables: tuple[Comparison, ...]
    not_compared: tuple[str, ...]
    """Tables of which this program does not know how to compare them: somebody else's, or forgotten."""
    schema: str
    """Where the replay lies, if it was kept; else empty."""

    @property
    def differences(self) -> int:
        """Over all tables."""
        return sum(one.differences for one in self.tables)


def verify(
    make_reader: Callable[[], Reader], dsn: str, prefix: str, *, most: int, keep: bool, progress: Progress
) -> Verified:
    """Compare the ledger of a bus with its log. Nothing of the ledger is written; it may go on meanwhile.

    Raises ConfigurationError where there is no ledger or it is not at the newest step, UnavailableError, UnknownTopic,
    PositionLost.
    """
    own = f"{prefix}-verify-{secrets.token_hex(4)}"
    with _snapshot(dsn, prefix) as ledger:
        strange = tuple(unknown_tables(ledger))
        targets = {TopicPartition(*place): end for *place, end in ledger.execute(_POSITIONS, (list(CHECKED_ONLY),))}
        refused = {(str(topic), int(number), int(at)) for topic, number, at in ledger.execute(_REFUSED, (_UNKNOWN,))}
        try:
            migrate(dsn, own)
            asyncio.run(_replay(make_reader, dsn, own, targets, refused, progress))
            with connect_now(dsn, own, autocommit=False) as replayed:
                tables = tuple(compare(ledger, replayed, most=most))
        finally:
            if not keep:
                drop(dsn, own)
    return Verified(sum(targets.values()), tables, strange, schema_of(own) if keep else "")


_UNKNOWN: Final = UnknownFingerprint.code


async def _replay(
    make_reader: Callable[[], Reader],
    dsn: str,
    prefix: str,
    targets: dict[TopicPartition, int],
    refused: set[tuple[str, int, int]],
    progress: Progress,
) -> None:
    reader = make_reader()
    try:
        await replay(reader, dsn, prefix, targets, refused=refused, progress=progress)
    finally:
        await reader.close()


@contextmanager
def _snapshot(dsn: str, prefix: str) -> Iterator[Connection[Any]]:
    """The ledger as it is now, for as long as this lasts."""
    with open_ledger(dsn, prefix) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        step, newest = level(dsn, prefix)
        if step != newest:
            raise ConfigurationError(
                [f"{schema_of(prefix)} is at step {step}, the newest is {newest}: lienthong ledger migrate"]
            )
        yield connection
