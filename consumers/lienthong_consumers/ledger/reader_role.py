"""A role that may read a ledger and change nothing in it, for people and tools that query with SQL.

It sees every table and view but for the columns with the bytes of records: those of case events hold the pseudonyms of
applicants, those that were refused may hold anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege

from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.schema_name import schema_of
from lienthong_infra.errors import ConfigurationError

HIDDEN: Final[Mapping[str, tuple[str, ...]]] = {
    "case_event": ("value",),
    "dead_letter": ("key", "value", "headers"),
}
"""By table, the columns that a reader does not see: records of senders as they came, byte for byte."""


def grant_reader(dsn: str, prefix: str, role: str) -> str:
    """Let a role that exists read a ledger but for HIDDEN, tables of later steps too; returns the schema.

    What the role could do here beyond that is taken from it. The role itself, its password and its way in are the
    database's administrator's. Raises ConfigurationError where there is no such role, it could not be kept from
    writing or from what is hidden, or the grants are not ours to give; UnavailableError.
    """
    schema = schema_of(prefix)
    names = {"schema": sql.Identifier(schema), "role": sql.Identifier(role)}
    with connect_now(dsn, prefix) as connection:
        _check(connection, role, schema)
        try:
            with connection.transaction():
                for statement in _GRANTS:
                    connection.execute(sql.SQL(statement).format(**names))
                for table, hidden in HIDDEN.items():
                    _narrow(connection, names, table, hidden)
                _check_hidden(connection, role)
        except InsufficientPrivilege as error:
            raise ConfigurationError(
                [f"{schema}: to grant it to {role}, use the account that owns the ledger (LIENTHONG_LEDGER_DSN)"]
            ) from error
    return schema


_GRANTS = (
    "REVOKE ALL ON SCHEMA {schema} FROM {role}",
    "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
    "REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}",
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role}",
)


def _narrow(
    connection: Connection[tuple[object, ...]], names: Mapping[str, sql.Identifier], table: str, hidden: tuple[str, ...]
) -> None:
    """Grant the other columns instead of the whole table."""
    columns = connection.execute(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL(%s) ORDER BY attnum",
        (table, list(hidden)),
    ).fetchall()
    seen = sql.SQL(", ").join(sql.Identifier(str(name)) for (name,) in columns)
    for statement in (
        "REVOKE SELECT ON {schema}.{table} FROM {role}",
        "GRANT SELECT ({seen}) ON {schema}.{table} TO {role}",
    ):
        connection.execute(sql.SQL(statement).format(table=sql.Identifier(table), seen=seen, **names))


def _check_hidden(connection: Connection[tuple[object, ...]], role: str) -> None:
    """Raises ConfigurationError where the role sees what is hidden by rights that it has from elsewhere."""
    seen = [
        f"{table}.{column}"
        for table, columns in HIDDEN.items()
        for column in columns
        if connection.execute("SELECT has_column_privilege(%s, %s, %s, 'SELECT')", (role, table, column)).fetchone()
        == (True,)
    ]
    if seen:
        raise ConfigurationError(
            [f"{role} reads {', '.join(seen)} by another role (pg_read_all_data?) or a grant to PUBLIC: take that away"]
        )


def _check(connection: Connection[tuple[object, ...]], role: str, schema: str) -> None:
    found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    if found is None:
        raise ConfigurationError(
            [f"there is no role {role}; let an administrator make it: CREATE ROLE {role} LOGIN PASSWORD '…'"]
        )
    if found == (True,):
        raise ConfigurationError([f"{role} is a superuser, whom no grant keeps from writing; take another role"])
    owner = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname = %s AND pg_has_role(%s, nspowner, 'USAGE')", (schema, role)
    )
    if owner.fetchone() is not None:
        raise ConfigurationError([f"{role} owns {schema}, or is a member of the role that does; take another role"])
    if connection.execute("SELECT to_regclass('case_row')").fetchone() == (None,):
        raise ConfigurationError([f"there is no ledger {schema}; make it with `lienthong ledger migrate`"])
