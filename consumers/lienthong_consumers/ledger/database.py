"""Connections to the ledger's database: with patience at the start, in UTC, inside the schema of the bus."""

from __future__ import annotations

import logging
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.conninfo import conninfo_to_dict
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_exponential_jitter,
)

from lienthong_consumers.ledger.schema_name import schema_of
from lienthong_consumers.ledger.steps import known_steps, step_of
from lienthong_infra.errors import ConfigurationError, UnavailableError

log = logging.getLogger(__name__)

CONNECT_LIMIT_S: Final = 60.0
"""Seconds until a start gives up; a database that starts at the same time as we do is there by then."""
_ATTEMPT_S: Final = 10
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 8.0
_WRONG_CALL: Final = ("28", "3D")
"""Classes of SQLSTATE that waiting does not help: no such user, wrong password; no such database."""


async def connect(dsn: str, prefix: str, *, limit_s: float = CONNECT_LIMIT_S) -> AsyncConnection:
    """A connection whose tables are those of the bus. Raises UnavailableError or ConfigurationError."""
    retrying = AsyncRetrying(**_patience(dsn, limit_s))
    try:
        return await retrying(AsyncConnection.connect, dsn, autocommit=True, **_options(prefix))
    except psycopg.Error as error:
        raise _translated(error, dsn) from error


def connect_now(dsn: str, prefix: str, *, limit_s: float = CONNECT_LIMIT_S, autocommit: bool = True) -> Connection:
    """The same for code that is not asynchronous."""
    retrying = Retrying(**_patience(dsn, limit_s))
    try:
        return retrying(Connection.connect, dsn, autocommit=autocommit, **_options(prefix))
    except psycopg.Error as error:
        raise _translated(error, dsn) from error


def open_ledger(dsn: str, prefix: str) -> Connection:
    """A connection to a ledger that exists. Raises UnavailableError, or ConfigurationError where there is none, or it
    has not all the tables that this program reads. One that is newer has them."""
    connection = connect_now(dsn, prefix)
    if connection.execute("SELECT to_regclass('case_row')").fetchone() == (None,):
        connection.close()
        raise ConfigurationError(
            [f"the bus {prefix} has no ledger at {address_of(dsn)}; make it with `lienthong ledger migrate`"]
        )
    step, newest = step_of(connection), known_steps()[-1]
    if step < newest:
        connection.close()
        raise ConfigurationError(
            [f"{schema_of(prefix)} is at step {step}, this program reads step {newest}: lienthong ledger migrate"]
        )
    return connection


def address_of(dsn: str) -> str:
    """Host, port and database of a DSN, without user and password, for texts and logs."""
    parts = conninfo_to_dict(dsn)
    return f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"


def _options(prefix: str) -> dict[str, Any]:
    path = schema_of(prefix)
    return {
        "connect_timeout": _ATTEMPT_S,
        "application_name": f"lienthong-{prefix}",
        "options": f"-c search_path={path} -c timezone=UTC",
    }


def _patience(dsn: str, limit_s: float) -> dict[str, Any]:
    def say(state: RetryCallState) -> None:
        log.warning(
            "database-unavailable",
            extra={
                "address": address_of(dsn),
                "attempt": state.attempt_number,
                "next_try_in_s": round(state.next_action.sleep, 1) if state.next_action else 0,
                "tried_for_s": round(state.seconds_since_start or 0, 1),
                "gives_up_after_s": limit_s,
            },
        )

    return {
        "stop": stop_after_delay(limit_s),
        "wait": wait_exponential_jitter(multiplier=_FIRST_WAIT_S, max=_LONGEST_WAIT_S, jitter=1),
        "retry": retry_if_exception(lambda error: isinstance(error, psycopg.OperationalError) and not _wrong(error)),
        "before_sleep": say,
        "reraise": True,
    }


def _wrong(error: BaseException) -> bool:
    """Whether the server answered that user, password or database are wrong."""
    state = getattr(error, "sqlstate", None)
    if state:
        return str(state).startswith(_WRONG_CALL)
    text = str(error)  # an error while connecting carries no code
    return "authentication failed" in text or ("FATAL" in text and "does not exist" in text)


def _translated(error: psycopg.Error, dsn: str) -> Exception:
    if _wrong(error):
        return ConfigurationError(
            [f"LIENTHONG_LEDGER_DSN: {address_of(dsn)} refuses user, password or database; check all three"]
        )
    return UnavailableError(f"the ledger's database at {address_of(dsn)} cannot be reached ({type(error).__name__})")
