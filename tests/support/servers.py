"""The servers that the tests run against: configured ones, or embedded ones that end with the test run."""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from lienthong_infra.embedded.servers import embedded_kafka, embedded_postgres
from lienthong_infra.settings import Settings, load_settings


def temporary_home() -> Path:
    """Make a folder for the data of embedded servers, which a server's own system account can pass through.

    pytest's temporary folders are closed to others. Removed when the run ends.
    """
    home = Path(tempfile.mkdtemp(prefix="lienthong-test-"))
    home.chmod(0o711)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home


def settings_with_home(home: Path) -> Settings:
    """Return the settings of the environment (brokers, DSN, cache, mirror) with `home` for the embedded servers."""
    return load_settings({**os.environ, "LIENTHONG_HOME": str(home)})


class Servers:
    """Starts each server when it is first asked for; `close` ends what was started."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kafka = embedded_kafka(settings)
        self._postgres = embedded_postgres(settings)
        self._databases = 0

    def bootstrap(self) -> str:
        """Return host:port of the broker."""
        return self._settings.bootstrap or self._kafka.start(tied=True)

    def administration_dsn(self) -> str:
        """Return a DSN that may make databases."""
        if self._settings.ledger_dsn:
            return self._settings.ledger_dsn
        self._postgres.start(tied=True)
        return self._postgres.dsn("postgres")

    def new_database(self) -> tuple[str, str]:
        """Make an empty database; return its name and its DSN."""
        from urllib.parse import urlsplit, urlunsplit

        from lienthong_infra.embedded.postgres import create_database

        self._databases += 1
        name = f"t{self._databases}_{secrets.token_hex(4)}"
        dsn = self.administration_dsn()
        create_database(dsn, name)
        return name, urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))

    def drop_database(self, name: str) -> None:
        """Drop a database, also while somebody is connected to it."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.administration_dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def close(self) -> None:
        """End the embedded servers and delete their data."""
        self._kafka.reset()
        self._postgres.reset()
