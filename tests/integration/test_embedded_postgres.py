"""The embedded database: a real PostgreSQL that keeps what it has confirmed."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from lienthong_infra.embedded.postgres import EmbeddedPostgres
from lienthong_infra.embedded.postgres_binaries import find_binaries
from tests.support.servers import temporary_home
from tests.support.waiting import wait_until

pytestmark = pytest.mark.broker


@pytest.fixture
def database() -> Iterator[EmbeddedPostgres]:
    """A server of this test's own: it gets killed."""
    postgres = EmbeddedPostgres(temporary_home())
    yield postgres
    postgres.reset()


def test_confirmed_rows_survive_a_kill_of_the_server(database: EmbeddedPostgres) -> None:
    """kill -9 of the server, start again: everything committed is there."""
    with psycopg.connect(database.start_with_database(tied=True)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(database.status().pid, signal.SIGKILL)
    wait_until(lambda: not database.status().running, what="the end of the killed server")
    with psycopg.connect(database.start_with_database(tied=True)) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]


def test_a_wrong_password_is_refused(database: EmbeddedPostgres) -> None:
    """Loopback is shared with every user of the machine."""
    dsn = database.start_with_database(tied=True)
    password = psycopg.conninfo.conninfo_to_dict(dsn)["password"]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn.replace(str(password), "wrong"))


def test_nobody_else_can_read_the_password_or_the_data(database: EmbeddedPostgres) -> None:
    """Both are closed to group and others."""
    database.start(tied=True)
    modes = {name: stat.S_IMODE((database.folder / name).stat().st_mode) for name in ("password", "data")}
    assert modes == {"password": 0o600, "data": 0o700}


def test_the_status_never_shows_the_password(database: EmbeddedPostgres) -> None:
    """A status goes into logs and tickets."""
    dsn = database.start_with_database(tied=True)
    password = str(psycopg.conninfo.conninfo_to_dict(dsn)["password"])
    assert password not in repr(database.status())


def test_the_server_does_not_run_as_root(database: EmbeddedPostgres) -> None:
    """As root it runs under a system account, else under our own."""
    database.start(tied=True)
    assert psutil.Process(database.status().pid).uids().effective != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down to another account")
def test_a_private_home_stays_private() -> None:
    """Root's home is closed to the server's account: the data go elsewhere, and the home's mode is left alone."""
    home = temporary_home()
    home.chmod(0o700)
    database = EmbeddedPostgres(home / "inner")
    try:
        database.start(tied=True)
        assert (stat.S_IMODE(home.stat().st_mode), database.folder.is_relative_to(home)) == (0o700, False)
    finally:
        database.reset()


def test_the_programs_of_the_wheel_work(tmp_path: Path) -> None:
    """A machine without PostgreSQL of its own uses those."""
    database = EmbeddedPostgres(temporary_home(), programs=[each for each in find_binaries() if not each.system])
    try:
        with psycopg.connect(database.start_with_database(tied=True)) as connection:
            assert connection.info.server_version >= 18_00_00
    finally:
        database.reset()


def test_the_server_ends_with_a_killed_parent(tmp_path: Path) -> None:
    """A killed test run or demo leaves no database server behind."""
    order = [sys.executable, "-m", "tests.support.tied_parent", "postgres", str(temporary_home()), str(tmp_path)]
    with subprocess.Popen(
        order, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": os.pathsep.join(sys.path)}
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_until(lambda: not psutil.pid_exists(pid), what="the end of the server")


def test_every_database_of_a_test_is_its_own(postgres_dsn: str) -> None:
    """The fixture hands out an empty database."""
    with psycopg.connect(postgres_dsn) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)
