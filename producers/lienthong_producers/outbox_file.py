"""The file of an outbox: SQLite in WAL mode with ``synchronous=FULL``, checked when it is opened.

WAL lets the forwarder read while an office system writes; FULL makes a COMMIT outlive a power cut. The file must lie
on a local disk: WAL does not work over network file systems.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from lienthong_infra.ports import Headers
from lienthong_producers.errors import OutboxDamaged, OutboxError, OutboxFull, OutboxVersion

APPLICATION_ID: Final = 0x4C544F42
"""``LTOB``: tells an outbox from any other SQLite file."""
FILE_VERSION: Final = 1
BUSY_SECONDS: Final = 30.0
"""How long a writer waits for another; a transaction takes milliseconds."""
PRIVATE: Final = 0o600
"""Pseudonyms are personal data: the file is for its owner only."""

_TABLES: Final = """
CREATE TABLE outbox (sender TEXT NOT NULL, not_before INTEGER NOT NULL);
CREATE TABLE office (code TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE numbering (
    case_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, digest TEXT,
    successor TEXT, next_epoch INTEGER
) WITHOUT ROWID;
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, topic TEXT NOT NULL, case_id TEXT NOT NULL,
    epoch INTEGER NOT NULL, seq INTEGER NOT NULL, accepted_at INTEGER NOT NULL, value BLOB NOT NULL,
    headers TEXT NOT NULL, sent_at INTEGER, "partition" INTEGER, "offset" INTEGER, UNIQUE (case_id, epoch, seq)
);
CREATE INDEX entry_pending ON entry (id) WHERE sent_at IS NULL;
CREATE INDEX entry_sent ON entry (sent_at) WHERE sent_at IS NOT NULL;
"""


def headers_text(headers: Headers) -> str:
    """Headers as they stand in the file: JSON, since all of ours are text."""
    return json.dumps([(name, value.decode()) for name, value in headers])


def headers_of(text: str) -> Headers:
    """The headers in the file's text."""
    return tuple((name, value.encode()) for name, value in json.loads(text))


class OutboxFile:
    """An open outbox file. One thread at a time uses the connection; several processes may have the file open."""

    def __init__(self, path: Path, *, connection_class: type[sqlite3.Connection] = sqlite3.Connection) -> None:
        """Open the file, or make it. Raises OutboxDamaged or OutboxVersion with what to do."""
        self.path = path
        self._lock = threading.RLock()
        try:
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL, PRIVATE))
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, factory=connection_class
            )
        except (OSError, sqlite3.Error) as error:
            raise OutboxDamaged(f"outbox {path}: it cannot be opened: {error}") from error
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; what was accepted is safe also without this."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its start; kept only if the block ends without an error."""
        with self._lock, self._told_plainly():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for a single query."""
        with self._lock, self._told_plainly():
            yield self._connection

    def used_bytes(self) -> int:
        """Bytes of the file that hold data; freed pages are used again and do not count."""
        with self.reading() as sql:
            size, pages, free = (
                sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
            )
        return int(size * (pages - free))

    def _prepare(self) -> None:
        with self._told_plainly():
            version = self._pragma("user_version")
            if version and self._pragma("application_id") != APPLICATION_ID:
                raise OutboxDamaged(f"outbox {self.path}: the file is an SQLite database, but no outbox")
            if version > FILE_VERSION:
                raise OutboxVersion(
                    f"outbox {self.path}: it was written by a newer version (file version {version}, known here:"
                    f" {FILE_VERSION}); upgrade lienthong on this machine"
                )
            verdict = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise OutboxDamaged(self._damage(str(verdict)))
            self._connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # only takes effect before the first table
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
        with self.writing() as sql:
            if self._pragma("user_version") == 0:
                for statement in filter(str.strip, _TABLES.split(";")):
                    sql.execute(statement)
                sql.execute("INSERT INTO outbox VALUES (?, 0)", (str(uuid.uuid4()),))
                sql.execute(f"PRAGMA application_id={APPLICATION_ID}")
                sql.execute(f"PRAGMA user_version={FILE_VERSION}")

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def _damage(self, detail: str) -> str:
        return (
            f"outbox {self.path}: the file is damaged ({detail}). Keep it, do not repair it in place: copy the file"
            " with its -wal and -shm files aside for rescue, and go on with a new outbox at another path"
        )

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        """SQLite's errors in words that say what to do."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code, without its details
            if code == sqlite3.SQLITE_FULL:
                text = f"outbox {self.path}: the disk is full; nothing was accepted. Make room and try again"
                raise OutboxFull(text) from error
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise OutboxDamaged(self._damage(str(error))) from error
            raise OutboxError(f"outbox {self.path}: {error}; nothing was changed") from error
