"""The CPU time that a database session takes on this machine, from ``/proc``; nothing where it is another machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

_USER, _SYSTEM = 13, 14
"""Fields of /proc/PID/stat, counted from 0. Source: proc(5)."""


class PostgresCpu:
    """CPU of one session, from behind the first batch to the last one."""

    def __init__(self) -> None:
        self._pid = 0
        self._events = 0
        self._begin = self._end = 0.0

    def of(self, pid: int) -> None:
        """The session's process."""
        self._pid = pid

    def count(self, events: int) -> None:
        """A batch is committed; the first one is left out."""
        self._end = self._seconds()
        if not self._begin:
            self._begin = self._end
        else:
            self._events += events

    def report(self) -> dict[str, Any]:
        """Microseconds of the session per event; nothing where they cannot be told."""
        if not self._end or not self._events:
            return {}
        return {"postgres_us_per_event": round((self._end - self._begin) / self._events * 1e6, 1)}

    def _seconds(self) -> float:
        try:
            fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[_USER - 2]) + int(fields[_SYSTEM - 2])) / os.sysconf("SC_CLK_TCK")
