"""What tests of the ledger on a real PostgreSQL share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.ledger_bench import LedgerBench


@pytest.fixture(scope="module")
def dsn(ledger_dsn_factory: Callable[[], str]) -> str:
    """One database for the module; each test has a schema of its own in it."""
    return ledger_dsn_factory()


@pytest.fixture
def bench(dsn: str, unique_prefix: str) -> LedgerBench:
    """An empty ledger behind an empty bus."""
    return LedgerBench(dsn, unique_prefix)
