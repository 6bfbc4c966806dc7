"""The steps of a ledger's tables: those that this program knows, and the one at which a ledger is."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any, Final

from psycopg import Connection

_STEP_FILE: Final = re.compile(r"v([0-9]{4})_\w+\.py")


def known_steps() -> list[str]:
    """The steps that this program knows, oldest first, by the names of their files."""
    versions = files("lienthong_consumers.ledger") / "migrations" / "versions"
    return sorted(found[1] for each in versions.iterdir() if (found := _STEP_FILE.fullmatch(each.name)))


def step_of(connection: Connection[Any]) -> str:
    """The step of the tables in the connection's schema; empty where there are none."""
    if connection.execute("SELECT to_regclass('migration')").fetchone() == (None,):
        return ""
    row = connection.execute("SELECT version_num FROM migration").fetchone()
    return row[0] if row else ""
