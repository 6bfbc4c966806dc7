"""Fixtures of all tests: servers, fresh databases, unique names."""

import logging
import os
import secrets
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings as hypothesis_settings

from tests.support.servers import Servers, settings_with_home, temporary_home

# A change is judged by the same examples wherever it is checked; on a developer's machine the search goes on.
hypothesis_settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    hypothesis_settings.load_profile("ci")


@pytest.fixture(autouse=True)
def own_log_handlers() -> Iterator[None]:
    """A command that a test calls in this process writes its log to a stream that is closed after it: the handler goes
    with the test, or a later test finds complaints in its own output."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = [each for each in root.handlers if each in handlers]
    root.setLevel(level)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The servers of this run; nothing is started before a test asks for it."""
    found = Servers(settings_with_home(temporary_home()))
    yield found
    found.close()


@pytest.fixture(scope="session")
def kafka_bootstrap(servers: Servers) -> str:
    """host:port of a real Kafka: LIENTHONG_BOOTSTRAP if set, else an embedded one. Use `unique_prefix` for topics."""
    return servers.bootstrap()


@pytest.fixture(scope="module")
def ledger_dsn_factory(servers: Servers) -> Iterator[Callable[[], str]]:
    """Make as many empty databases as asked for; they are dropped after the module."""
    names: list[str] = []

    def new() -> str:
        name, dsn = servers.new_database()
        names.append(name)
        return dsn

    yield new
    for name in names:
        servers.drop_database(name)


@pytest.fixture
def postgres_dsn(servers: Servers) -> Iterator[str]:
    """DSN of an empty database for this test alone."""
    name, dsn = servers.new_database()
    yield dsn
    servers.drop_database(name)


@pytest.fixture
def unique_prefix() -> str:
    """A topic prefix that no other test uses."""
    return f"t-{secrets.token_hex(5)}"
