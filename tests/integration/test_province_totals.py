"""A simulated province through workers and ledger: official totals are the live ones, cell by cell.

Conflicts, holes, recalls, a merged commune; brought twice, out of order, and with an office three days late.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import pytest

from lienthong_consumers.ledger.database import connect
from lienthong_consumers.ledger.official_totals import OfficialTotals
from lienthong_producers.domain.simulation.options import Disorder, Outage, Size
from lienthong_schemas.totals import OFFICIAL_TOPIC, Cell, Totals, broken_rules, totals
from lienthong_schemas.totals_comparison import DUE, Difference, differences
from tests.support.province_ledger import ProvinceLedger
from tests.support.province_log import truth
from tests.support.province_workers import watched
from tests.support.simulations import BOOK
from tests.support.totals_topics import province_of

pytestmark = pytest.mark.broker

SCRAMBLED: Final = Disorder(outages=(Outage("H27.40.5", 3),))
SMALL: Final = Size(days=15, dossiers_per_day=12, communes=5)


class Counted(NamedTuple):
    """The same log counted by the workers and by the ledger."""

    live: Mapping[Cell, Totals]
    official: Mapping[Cell, Totals]


async def published(ledger: ProvinceLedger) -> dict[Cell, Totals]:
    """What the ledger's first turn publishes."""
    connection = await connect(ledger.dsn, ledger.prefix)
    async with connection, connection.transaction(), connection.cursor() as cursor:
        records = await OfficialTotals(BOOK).publish(cursor, 0)
    return {one.cell: one for one in (totals(BOOK.decode(OFFICIAL_TOPIC, each.value or b"")) for each in records)}


@pytest.fixture(scope="module")
def counted(ledger_dsn_factory: Callable[[], str]) -> Counted:
    """What workers and ledger make of it."""
    happened = truth(SMALL)
    log = happened.log(SCRAMBLED)
    seen = watched(happened, log)
    ledger = ProvinceLedger(ledger_dsn_factory(), "t-totals")
    ledger.fill([*log, *seen.for_the_ledger])
    return Counted(seen.live, asyncio.run(published(ledger)))


def differing(one: Counted) -> list[tuple[Cell, Difference]]:
    """Where the two differ; a cell that one of them does not have is one without cases."""
    found = []
    for cell in sorted(one.live.keys() | one.official.keys()):
        nothing = Totals(*cell, as_of=0, generation=0, positions={})
        found += [(cell, each) for each in differences(one.live.get(cell, nothing), one.official.get(cell, nothing))]
    return found


def test_official_totals_are_the_live_ones(counted: Counted) -> None:
    """Every cell and measure, the shares of the regulated time among them; but not whether what is pending is late."""
    assert [found for found in differing(counted) if found[1].why != DUE] == []
    assert [each.cell for each in counted.official.values() if each.not_counted] == []
    shares = counted.official[province_of("dossier")].shares_of_time
    assert sum(1 for cases in shares if cases) > 5
    assert [broken_rules(each) for each in counted.official.values() if broken_rules(each)] == []
