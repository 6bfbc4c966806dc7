"""The forwarder's side of an outbox file: what waits, what was acknowledged, what can be vouched for.

One forwarder per file, held by a lock of the operating system that ends with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from lienthong_infra.ports import OutboundRecord, Written
from lienthong_producers.clock import Clock, wall_clock
from lienthong_producers.errors import OutboxDamaged, OutboxInUse
from lienthong_producers.outbox_file import OutboxFile, headers_of
from lienthong_schemas.identity import normalise_office
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant

KEEP_SENT: Final = 30 * 24 * 3600 * MICROSECONDS_PER_SECOND
"""30 days: how long acknowledged events stay, to be sent again if a cluster loses its data."""
PRUNE_ROWS: Final = 10_000
"""Rows removed in one transaction, so that an office system never waits long for the write lock."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An accepted event that is not yet acknowledged."""

    id: int
    record: OutboundRecord


@dataclass(frozen=True, slots=True)
class Standing:
    """What the outbox can vouch for: all accepted up to ``complete_through`` has been acknowledged by the bus."""

    sender: str
    offices: tuple[str, ...]
    at: Instant
    complete_through: Instant
    accepted: int
    pending: int


class OutboxQueue:
    """The file as its one forwarder uses it."""

    def __init__(self, path: str | Path, *, offices: Iterable[str] = (), clock: Clock = wall_clock) -> None:
        """Open an outbox, or make one, and lock it for this process. ``offices`` as in ``Outbox``.

        Raises OutboxInUse where another forwarder has it, OutboxDamaged, OutboxVersion, IdentityError.
        """
        codes = sorted({normalise_office(office) for office in offices})
        self._clock = clock
        self._lock = _lock(Path(path))
        try:
            self._file = OutboxFile(Path(path))
            with self._file.writing() as sql:
                sql.executemany("INSERT OR IGNORE INTO office VALUES (?)", [(code,) for code in codes])
                (self._sender,) = sql.execute("SELECT sender FROM outbox").fetchone()
        except BaseException:
            self._lock.close()
            raise

    def pending(self, limit: int) -> list[Pending]:
        """The oldest events not yet acknowledged, in the order of acceptance."""
        with self._file.reading() as sql:
            rows = sql.execute(
                "SELECT id, topic, case_id, value, headers FROM entry WHERE sent_at IS NULL ORDER BY id LIMIT ?",
                (limit,),
            ).fetchall()
        return [
            Pending(number, OutboundRecord(topic, case.encode(), value, headers_of(headers)))
            for number, topic, case, value, headers in rows
        ]

    def mark_sent(self, entries: Sequence[Pending], written: Sequence[Written]) -> None:
        """Note where these events lie on the bus; all of them or, on an error, none."""
        at = self._clock()
        rows = [(at, place.partition, place.offset, each.id) for each, place in zip(entries, written, strict=True)]
        with self._file.writing() as sql:
            sql.executemany('UPDATE entry SET sent_at = ?, "partition" = ?, "offset" = ? WHERE id = ?', rows)

    def sent_places(self) -> dict[str, tuple[int, int]]:
        """Partition and offset of every event acknowledged in the last 30 days, by event id: for enquiries."""
        with self._file.reading() as sql:
            rows = sql.execute('SELECT event_id, "partition", "offset" FROM entry WHERE sent_at IS NOT NULL').fetchall()
        return {event_id: (partition, offset) for event_id, partition, offset in rows}

    def standing(self) -> Standing:
        """What can be vouched for now. Later events are accepted later than that, even if the clock steps back."""
        with self._file.writing() as sql:
            offices = tuple(code for (code,) in sql.execute("SELECT code FROM office ORDER BY code"))
            (accepted,) = sql.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()
            pending, oldest = sql.execute(
                "SELECT count(*), min(accepted_at) FROM entry WHERE sent_at IS NULL"
            ).fetchone()
            (not_before,) = sql.execute("SELECT not_before FROM outbox").fetchone()
            at = self._clock()
            through = max(at, not_before - 1) if oldest is None else oldest - 1
            if oldest is None:
                sql.execute("UPDATE outbox SET not_before = max(not_before, ?)", (through + 1,))
        return Standing(self._sender, offices, at, through, accepted, pending)

    def prune(self) -> int:
        """Remove what was acknowledged more than 30 days ago and give the space back; returns how many events."""
        before = self._clock() - KEEP_SENT
        removed = 0
        while True:
            with self._file.writing() as sql:
                found = sql.execute(
                    "DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE sent_at < ? LIMIT ?)",
                    (before, PRUNE_ROWS),
                ).rowcount
            removed += found
            if found < PRUNE_ROWS:
                break
        if removed:
            with self._file.reading() as sql:
                sql.execute("PRAGMA incremental_vacuum").fetchall()
        return removed

    def close(self) -> None:
        """Close the file and let another forwarder have it."""
        self._file.close()
        self._lock.close()

    def __enter__(self) -> OutboxQueue:
        """The queue itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the queue."""
        self.close()


def _lock(path: Path) -> IO[bytes]:
    """Lock ``<path>.forwarder``; the lock file stays, for removing it would let two forwarders in."""
    name = path.with_name(path.name + ".forwarder")
    try:
        held = os.fdopen(os.open(name, os.O_CREAT | os.O_RDWR, 0o600), "r+b")
    except OSError as error:
        raise OutboxDamaged(f"outbox {path}: its lock file {name} cannot be opened: {error}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise OutboxInUse(f"outbox {path}: another forwarder works on it; one file has one forwarder") from error
    return held
