"""The migrations of the ledger: up from nothing, again without effect, two at once, never backwards."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong_consumers.ledger.database import address_of, connect, connect_now, open_ledger
from lienthong_consumers.ledger.migrate import drop, migrate
from lienthong_consumers.ledger.schema_name import schema_of
from lienthong_consumers.ledger.steps import known_steps
from lienthong_infra.errors import ConfigurationError, UnavailableError

pytestmark = pytest.mark.broker


def test_tables_are_made_once_and_stay(postgres_dsn: str) -> None:
    """The second time changes nothing."""
    first, second = migrate(postgres_dsn, "h27"), migrate(postgres_dsn, "h27")
    assert (first.before, first.after, second.before) == ("", second.after, first.after)


def test_the_steps_by_name_are_those_of_the_migrations(postgres_dsn: str) -> None:
    """The newest step is known without the tool, and is where the tool ends."""
    assert migrate(postgres_dsn, "h27").after == known_steps()[-1]


def test_a_ledger_that_is_up_to_date_needs_no_tool(postgres_dsn: str) -> None:
    """Loading it would make every restart of the ledger seconds longer."""
    migrate(postgres_dsn, "h27")
    again = (
        "import sys; from lienthong_consumers.ledger import app, migrate; "
        f"migrate.migrate({postgres_dsn!r}, 'h27'); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", again], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


async def test_two_processes_that_start_at_once_migrate_one_after_the_other(postgres_dsn: str) -> None:
    """One makes the tables, the others find them."""
    found = await asyncio.gather(*(asyncio.to_thread(migrate, postgres_dsn, "h27") for _ in range(3)))
    assert sorted(one.before for one in found) == ["", *[known_steps()[-1]] * 2]


def test_buses_share_a_database_and_nothing_else(postgres_dsn: str) -> None:
    """Each prefix has a schema of its own; to drop one leaves the other."""
    migrate(postgres_dsn, "h27")
    migrate(postgres_dsn, "h27-trial")
    drop(postgres_dsn, "h27-trial")
    with psycopg.connect(postgres_dsn) as connection:
        schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'ledger%'").fetchall()
    assert schemas == [("ledger_h27",)]


def test_tables_of_a_newer_program_are_left_alone(postgres_dsn: str) -> None:
    """An old program must not write into tables that it does not know."""
    migrate(postgres_dsn, "h27")
    with connect_now(postgres_dsn, "h27") as connection:
        connection.execute("UPDATE migration SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="is at step 9999, which this program does not know"):
        migrate(postgres_dsn, "h27")


def test_a_command_on_a_bus_without_a_ledger_says_how_to_make_one(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And the command that it names makes it."""
    with pytest.raises(ConfigurationError, match="lienthong ledger migrate"):
        open_ledger(postgres_dsn, "h27")
    monkeypatch.setenv("LIENTHONG_LEDGER_DSN", postgres_dsn)
    monkeypatch.setenv("LIENTHONG_HOME", str(tmp_path))
    done = CliRunner().invoke(build_app(), ["ledger", "migrate", "--prefix", "h27"], catch_exceptions=False)
    assert done.output == f"ledger_h27: step none -> {known_steps()[-1]}\n"
    open_ledger(postgres_dsn, "h27").close()


def test_a_command_on_an_older_ledger_says_how_to_bring_it_forward(postgres_dsn: str) -> None:
    """Not a table or column that is missing; one of a newer program has all that this one reads."""
    migrate(postgres_dsn, "h27")
    with connect_now(postgres_dsn, "h27") as connection:
        connection.execute("UPDATE migration SET version_num = '0003'")
        with pytest.raises(
            ConfigurationError, match=f"at step 0003, this program reads step {known_steps()[-1]}: lien"
        ):
            open_ledger(postgres_dsn, "h27")
        connection.execute("UPDATE migration SET version_num = '9999'")
    open_ledger(postgres_dsn, "h27").close()


async def test_a_database_that_is_away_is_given_up_after_the_limit() -> None:
    """Exit code 69, and no password in the text."""
    with pytest.raises(UnavailableError, match=r"at 127\.0\.0\.1:1/ledger cannot be reached") as caught:
        await connect("postgresql://lan:secret@127.0.0.1:1/ledger", "h27", limit_s=0.2)
    assert "secret" not in str(caught.value)


async def test_a_wrong_password_is_told_at_once(postgres_dsn: str) -> None:
    """Waiting would not help; exit code 78."""
    wrong = f"postgresql://nobody-here:x@{address_of(postgres_dsn)}"
    with pytest.raises(ConfigurationError, match="refuses user, password or database"):
        await connect(wrong, "h27", limit_s=20)


def test_the_schema_is_named_after_the_prefix() -> None:
    """Only characters that need no quoting."""
    assert schema_of("h27-trial") == "ledger_h27_trial"
