"""The role that reads a ledger: all but the bytes of records, tables of later steps too, and it writes nothing."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from psycopg.errors import InsufficientPrivilege
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.migrate import migrate
from lienthong_consumers.ledger.reader_role import HIDDEN, grant_reader
from lienthong_infra.errors import ConfigurationError
from tests.support.source_tree import ROOT

pytestmark = pytest.mark.broker

PREFIX = "h27"


@pytest.fixture
def role(postgres_dsn: str) -> Iterator[str]:
    """A role with a password that is its name; it may do nothing yet."""
    name = f"reader_{secrets.token_hex(4)}"
    migrate(postgres_dsn, PREFIX)
    with psycopg.connect(postgres_dsn, autocommit=True) as administrator:
        administrator.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(name))
        )
        yield name
        administrator.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def as_reader(dsn: str, role: str) -> Connection:
    """A connection of the role to the ledger."""
    return connect_now(make_conninfo(dsn, user=role, password=role), PREFIX)


TABLES = (
    "SELECT format('%I', relname), relkind::text FROM pg_class WHERE relkind IN ('r', 'v')"
    " AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) ORDER BY 1"
)


def test_the_reader_reads_everything_and_writes_nothing(postgres_dsn: str, role: str) -> None:
    """Every table and view, also one that a later step adds; no row, no table, no truncation, no sequence."""
    assert grant_reader(postgres_dsn, PREFIX, role) == "ledger_h27"
    with connect_now(postgres_dsn, PREFIX) as owner:
        owner.execute("CREATE TABLE of_a_later_step (number integer)")
        names = [name for (name, _) in owner.execute(TABLES)]
        tables = [name for (name, kind) in owner.execute(TABLES) if kind == "r"]
    assert len(names) > len(tables) > 12
    with as_reader(postgres_dsn, role) as connection:
        for name in names:
            connection.execute(f"SELECT count(*) FROM {name}")
        forbidden = [
            *(f"{verb} {name}" for verb in ("DELETE FROM", "TRUNCATE") for name in tables),
            "UPDATE position SET next_offset = 0",
            "INSERT INTO of_a_later_step VALUES (1)",
            "CREATE TABLE mine (number integer)",
            "SELECT nextval('correction_id_seq')",
            "DROP TABLE of_a_later_step",
        ]
        for statement in forbidden:
            with pytest.raises(InsufficientPrivilege):
                connection.execute(statement)


def test_rights_that_the_role_had_are_taken_away(postgres_dsn: str, role: str) -> None:
    """A grant is made of a former writer, too."""
    with connect_now(postgres_dsn, PREFIX) as owner:
        owner.execute(sql.SQL("GRANT ALL ON ALL TABLES IN SCHEMA ledger_h27 TO {}").format(sql.Identifier(role)))
    grant_reader(postgres_dsn, PREFIX, role)
    with as_reader(postgres_dsn, role) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute("DELETE FROM case_row")


COLUMNS = """
    SELECT relname, attname, format_type(atttypid, atttypmod)
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relkind IN ('r', 'v') AND relnamespace = current_schema()::regnamespace AND attnum > 0 AND NOT attisdropped
"""
IMPERSONAL = {
    *((table, "digest") for table in ("case_event", "case_row", "conflict", "held", "period_news")),
    ("conflict", "applied_digest"),
    *(("outbound", column) for column in ("key", "value", "headers")),
}
"""Columns of bytes and of JSON without a say of any sender: digests, and what the ledger itself publishes."""


def test_the_bytes_of_records_are_hidden_and_all_else_is_seen(postgres_dsn: str, role: str) -> None:
    """Applicants' pseudonyms, and whatever was refused: not by name, not by a whole row, not by a condition."""
    grant_reader(postgres_dsn, PREFIX, role)
    hidden = {(table, column) for table, columns in HIDDEN.items() for column in columns}
    with as_reader(postgres_dsn, role) as connection:
        every = connection.execute(COLUMNS).fetchall()
        assert hidden < {(table, column) for table, column, _ in every}
        for table, column, _ in every:
            name = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(table))
            if (table, column) not in hidden:
                connection.execute(name)
                continue
            whole = sql.SQL("SELECT one FROM {} AS one").format(sql.Identifier(table))
            where = sql.SQL("SELECT 1 FROM {} WHERE {} IS NULL").format(sql.Identifier(table), sql.Identifier(column))
            for statement in (name, whole, where):
                with pytest.raises(InsufficientPrivilege):
                    connection.execute(statement)


def test_every_column_of_raw_bytes_is_hidden_or_known_to_be_harmless(postgres_dsn: str, role: str) -> None:
    """A later step that adds one must say which it is."""
    with connect_now(postgres_dsn, PREFIX) as owner:
        raw = {(table, column) for table, column, kind in owner.execute(COLUMNS) if kind in ("bytea", "json")}
    hidden = {(table, column) for table, columns in HIDDEN.items() for column in columns}
    assert raw - hidden == IMPERSONAL | {("period_report", "lines")}


def test_every_query_of_the_docs_is_one_that_the_reader_may_ask(postgres_dsn: str, role: str) -> None:
    """None of them needs what is hidden."""
    grant_reader(postgres_dsn, PREFIX, role)
    pages = [(ROOT / "docs" / name).read_text("utf-8") for name in ("ledger-sql.md", "analysts.md")]
    queries = [query for page in pages for query in re.findall(r"```sql\n(.*?)```", page, re.DOTALL)]
    assert len(queries) > 15
    with as_reader(postgres_dsn, role) as connection:
        for query in queries:
            connection.execute(query.encode())


def test_a_role_that_read_everything_is_narrowed(postgres_dsn: str, role: str) -> None:
    """As the first version granted it: the verb run again takes the bytes away."""
    with connect_now(postgres_dsn, PREFIX) as owner:
        for grant in ("USAGE ON SCHEMA ledger_h27", "SELECT ON ALL TABLES IN SCHEMA ledger_h27"):
            owner.execute(sql.SQL(f"GRANT {grant} TO {{}}").format(sql.Identifier(role)))
    with as_reader(postgres_dsn, role) as connection:
        connection.execute("SELECT value FROM case_event")
    grant_reader(postgres_dsn, PREFIX, role)
    with as_reader(postgres_dsn, role) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute("SELECT value FROM case_event")


def test_a_role_that_would_see_the_bytes_all_the_same_is_refused(postgres_dsn: str, role: str) -> None:
    """By a role that it is a member of; nothing is granted then."""
    with psycopg.connect(postgres_dsn, autocommit=True) as administrator:
        administrator.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(role)))
        with pytest.raises(ConfigurationError, match=r"reads case_event\.value, dead_letter\.key.* by another role"):
            grant_reader(postgres_dsn, PREFIX, role)
        administrator.execute(sql.SQL("REVOKE pg_read_all_data FROM {}").format(sql.Identifier(role)))
    with as_reader(postgres_dsn, role) as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT count(*) FROM ledger_h27.case_row")


def test_the_verb_grants(postgres_dsn: str, role: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And says so."""
    monkeypatch.setenv("LIENTHONG_LEDGER_DSN", postgres_dsn)
    monkeypatch.setenv("LIENTHONG_HOME", str(tmp_path))
    done = CliRunner().invoke(build_app(), ["ledger", "grant-reader", role, "--prefix", PREFIX])
    assert done.output == f"{role} may read ledger_h27 but for the bytes of records, and change nothing in it\n"


def test_roles_that_could_write_all_the_same_are_refused(postgres_dsn: str, role: str) -> None:
    """Unknown, a superuser, a member of the owner, and a bus without a ledger: said plainly."""
    with psycopg.connect(postgres_dsn, autocommit=True) as administrator:
        (owner,) = administrator.execute("SELECT current_user").fetchone() or ("",)
        with pytest.raises(ConfigurationError, match="there is no role nobody_here"):
            grant_reader(postgres_dsn, PREFIX, "nobody_here")
        with pytest.raises(ConfigurationError, match=r"is a superuser|owns"):
            grant_reader(postgres_dsn, PREFIX, owner)
        with pytest.raises(ConfigurationError, match="there is no ledger ledger_other"):
            grant_reader(postgres_dsn, "other", role)
