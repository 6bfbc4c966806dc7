"""The role that reads a ledger: everything, tables of later steps too, and it writes nothing."""

from __future__ import annotations

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
from lienthong_consumers.ledger.reader_role import grant_reader
from lienthong_infra.errors import ConfigurationError

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


def test_the_verb_grants(postgres_dsn: str, role: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And says so."""
    monkeypatch.setenv("LIENTHONG_LEDGER_DSN", postgres_dsn)
    monkeypatch.setenv("LIENTHONG_HOME", str(tmp_path))
    done = CliRunner().invoke(build_app(), ["ledger", "grant-reader", role, "--prefix", PREFIX])
    assert done.output == f"{role} may read ledger_h27, and change nothing in it\n"


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
