"""The embedded database of the ledger: a real PostgreSQL on loopback, with a password, by a launcher of our own."""

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from lienthong_infra.embedded import ports
from lienthong_infra.embedded.postgres_binaries import Binaries, choose_binaries, find_binaries, usable_by
from lienthong_infra.embedded.process import Account, Launch
from lienthong_infra.embedded.server import EmbeddedServer
from lienthong_infra.errors import EmbeddedServerError

ROLE = "ledger"
DATABASE = "ledger"
SYSTEM_ACCOUNTS = ("postgres", "nobody")
"""Under which PostgreSQL runs when we are root, which it refuses to be. Accounts that exist; none is made."""
_ROOT_PLACE = Path("/var/lib/lienthong")
"""Where root keeps the data if that account cannot enter LIENTHONG_HOME (below a private home, say)."""
_INITDB_TIMEOUT_S = 120.0
_SERVER_OPTIONS = (
    f"listen_addresses={ports.LOOPBACK}",
    "unix_socket_directories=",
    "shared_buffers=64MB",
    "max_connections=60",
    # Short statements only; compiling them costs more than it gains.
    "jit=off",
    # Durable by default: what the ledger has confirmed survives a kill and a power cut.
    "fsync=on",
    "synchronous_commit=on",
)


class EmbeddedPostgres(EmbeddedServer):
    """A real PostgreSQL for the ledger of demo, tests and trying out. Its data lie under `home`.

    `programs` replaces the search for the programs of PostgreSQL.
    """

    name = "embedded ledger database"
    verb = "ledger-db"
    stop_signal = signal.SIGINT  # PostgreSQL's "fast" shutdown: open connections are ended, nothing is lost

    def __init__(self, home: Path, *, programs: Sequence[Binaries] | None = None) -> None:
        self._account = _server_account()
        super().__init__(_place(home, self._account))
        # The account passes through to its data, which only it can read; nobody can list the folder.
        self.folder_mode = 0o711 if self._account else 0o700
        self._programs = programs
        self._data = self.folder / "data"
        self._password_file = self.folder / "password"

    def address(self, port: int) -> str:
        """Return the address for clients, without the password."""
        return f"postgresql://{ROLE}@{ports.LOOPBACK}:{port}/{DATABASE}"

    def dsn(self, database: str = DATABASE) -> str:
        """Return the address with the password, of a server that has been started once; keep it out of logs."""
        status = self.status()
        if not status.address:
            raise EmbeddedServerError(f"the {self.name} has never been started: lienthong {self.verb} start")
        password = quote(self._password_file.read_text(encoding="utf-8"), safe="")
        place = status.address.removeprefix(f"postgresql://{ROLE}@").removesuffix(f"/{DATABASE}")
        return f"postgresql://{ROLE}:{password}@{place}/{quote(database, safe='')}"

    def start_with_database(self, *, tied: bool = False) -> str:
        """Start the server if needed, make the ledger's database if it is missing, return the DSN."""
        self.start(tied=tied)
        create_database(self.dsn("postgres"), DATABASE)
        return self.dsn()

    def prepare(self, port: int) -> Launch:
        """Choose the programs, make the data if there are none, say how to start."""
        found = find_binaries() if self._programs is None else self._programs
        binaries = usable_by(self._account, choose_binaries(found, _major_of(self._data)), self.folder)
        if not (self._data / "PG_VERSION").exists():
            self._make_data(binaries)
        options = [part for option in (*_SERVER_OPTIONS, f"port={port}") for part in ("-c", option)]
        return Launch(
            command=(str(binaries.folder / "postgres"), "-D", str(self._data), *options),
            folder=self.folder,
            log=self.log,
            stop_signal=self.stop_signal,
            environment=self._environment(),
            account=self._account,
        )

    def ready(self, port: int, pid: int, log_from: int) -> bool:
        """The server's own pid file names this process and says 'ready' in its eighth line (as pg_ctl reads it)."""
        try:
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's: variables such as PGDATA or PGPORT would change the server."""
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}

    def _make_data(self, binaries: Binaries) -> None:
        # Made aside and moved: a first start that was cut short leaves nothing that looks like data.
        new = self._data.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        self._give(new)
        self._give(self._password_file)
        order = [str(binaries.folder / "initdb"), "-D", str(new), "-U", ROLE, "--pwfile", str(self._password_file)]
        order += ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions"]
        done = subprocess.run(
            order,
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=self.folder,
            timeout=_INITDB_TIMEOUT_S,
            check=False,
            user=self._account.user if self._account else None,
            group=self._account.group if self._account else None,
            extra_groups=[] if self._account else None,
        )
        if self._account:
            os.chown(self._password_file, os.geteuid(), os.getegid())
        if done.returncode:
            raise EmbeddedServerError(f"the {self.name} could not make its data:\n{done.stdout}{done.stderr}".rstrip())
        new.replace(self._data)

    def _give(self, path: Path) -> None:
        if self._account:
            os.chown(path, self._account.user, self._account.group)


def create_database(dsn: str, name: str) -> None:
    """Make a database through the connection `dsn`, unless it is there."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(dsn, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _server_account() -> Account | None:
    """Return the account the server must run under, None for our own."""
    if os.geteuid() != 0:
        return None
    for name in SYSTEM_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedServerError(
        f"PostgreSQL does not run as root, and none of the system accounts {', '.join(SYSTEM_ACCOUNTS)} exists: "
        "run as another user, or set LIENTHONG_LEDGER_DSN to a database of your own"
    )


def _place(home: Path, account: Account | None) -> Path:
    """Return the server's folder: below `home`, or below root's place if the account cannot get there."""
    if account is None or _enterable(home, account):
        return home / "postgres"
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return _ROOT_PLACE / f"postgres-{digest}"


def _enterable(folder: Path, account: Account) -> bool:
    """Tell whether the account may pass through `folder` and every existing folder above it."""
    for each in (folder, *folder.parents):
        if not each.exists():
            continue
        seen = each.stat()
        bit = 0o100 if seen.st_uid == account.user else 0o010 if seen.st_gid == account.group else 0o001
        if not seen.st_mode & bit:
            return False
    return True


def _major_of(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text(encoding="utf-8").split(".")[0])
    except FileNotFoundError:
        return None
