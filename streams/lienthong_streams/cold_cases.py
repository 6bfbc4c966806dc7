"""Closed cases that have left memory: on the local disk, for as long as this process lives.

The changelog stays the only truth. What lies here is a copy of values that are committed there, in a private temporary
database of SQLite that vanishes with the process, however it ends; the next owner makes its own while it reads the
changelog. So no crash, fence or second owner can leave an outdated copy behind. The folder is that of temporary files
(SQLITE_TMPDIR, TMPDIR); it must be on a disk, not in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

_CACHE_KIBIBYTES: Final = 8_192
"""Memory that SQLite may use for each partition."""
_BATCH: Final = 2_000
"""Cases written at once."""


class ColdCases:
    """Values of cases by key, on the local disk."""

    def __init__(self) -> None:
        self.used = False
        """Whether a case was ever put here."""
        self._database: sqlite3.Connection | None = None
        self._waiting: dict[bytes, bytes] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many cases lie here; metrics ask from a thread of their own, so nothing is written here."""
        return self._count + len(self._waiting)

    def put(self, key: bytes, value: bytes) -> None:
        """Take a case; what was here of it is replaced."""
        self.used = True
        self._waiting[key] = value
        if len(self._waiting) >= _BATCH:
            self._write()

    def get(self, key: bytes) -> bytes | None:
        """The value of a case; None where it is not here."""
        value = self._waiting.get(key)
        if value is None and self._count:
            row = self._open().execute("SELECT value FROM cases WHERE key = ?", (key,)).fetchone()
            value = None if row is None else row[0]
        return value

    def remove(self, key: bytes) -> None:
        """Forget a case, if it is here."""
        self._waiting.pop(key, None)
        if self._count:
            self._count -= self._open().execute("DELETE FROM cases WHERE key = ?", (key,)).rowcount

    def keys_behind(self, key: bytes, limit: int) -> list[bytes]:
        """The keys of at most so many cases behind a key, in order."""
        self._write()
        if not self._count:
            return []
        query = "SELECT key FROM cases WHERE key > ? ORDER BY key LIMIT ?"
        return [row[0] for row in self._open().execute(query, (key, limit))]

    def values(self) -> Iterator[bytes]:
        """The values of all cases; none may come or go meanwhile."""
        self._write()
        if self._count:
            yield from (value for (value,) in self._open().execute("SELECT value FROM cases"))

    def _write(self) -> None:
        if not self._waiting:
            return
        database = self._open()
        database.execute("BEGIN")
        rows = list(self._waiting.items())
        new = database.executemany("INSERT OR IGNORE INTO cases VALUES (?, ?)", rows).rowcount
        if new < len(rows):
            database.executemany("UPDATE cases SET value = ?2 WHERE key = ?1", rows)
        database.execute("COMMIT")
        self._count += new
        self._waiting = {}

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            # No name: a private file that SQLite removes; only one thread at a time uses it.
            database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            database.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("CREATE TABLE cases (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
            self._database = database
        return self._database
