"""A simulated province through workers and ledger: official totals are the live ones, cell by cell.

Conflicts, holes, recalls, a merged commune; brought twice, out of order, and with an office three days late.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import pytest

from lienthong_consumers.ledger.database import connect, connect_now
from lienthong_consumers.ledger.official_totals import OfficialTotals
from lienthong_producers.domain.simulation.options import Disorder, Outage, Size
from lienthong_schemas.totals import AGENCY, CHANNEL, OFFICIAL_TOPIC, Cell, Totals, broken_rules, totals
from lienthong_schemas.totals_comparison import DUE, Difference, differences
from tests.support.province_ledger import ProvinceLedger
from tests.support.province_log import truth
from tests.support.province_workers import watched
from tests.support.simulations import BOOK
from tests.support.totals_topics import province_of

pytestmark = pytest.mark.broker

SCRAMBLED: Final = Disorder(outages=(Outage("H27.40.5", 3),))
SMALL: Final = Size(days=15, dossiers_per_day=16, communes=6)


class Counted(NamedTuple):
    """The same log counted by the workers and by the ledger."""

    live: Mapping[Cell, Totals]
    official: Mapping[Cell, Totals]
    ledger: ProvinceLedger


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
    return Counted(seen.live, asyncio.run(published(ledger)), ledger)


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


WITHOUT_RECEIPT: Final = """
    SELECT office, count(*) FROM case_row
    WHERE kind = 'dossier' AND received_at IS NULL AND ended_at IS NOT NULL GROUP BY office
"""


def test_what_is_stopped_after_its_receipt_is_resolved_on_the_form(counted: Counted) -> None:
    """One story told twice, office by office: the totals call it stopped, for it states no end; form II.06 resolved,
    and says beside how many were refused. What was refused before its receipt is `declined`, and in no column; what
    was withdrawn before it has ended in the totals, and is in no column either."""
    again: dict[str, Counter[str]] = {}
    for cell, one in counted.official.items():
        if (cell.scope, cell.kind, cell.unit_kind) == (CHANNEL, "dossier", AGENCY):
            told = {"received": one.received, "resolved": one.ended + one.stopped, "refused": one.stopped}
            again.setdefault(cell.unit, Counter()).update(told | {"pending": one.pending})
    parts = {
        "received": ("online", "direct", "carried_over"),
        "resolved": ("early", "on_time", "late"),
        "refused": ("refused",),
        "pending": ("pending_in_time", "pending_late"),
    }
    with connect_now(counted.ledger.dsn, counted.ledger.prefix) as connection:
        for office, cases in connection.execute(WITHOUT_RECEIPT).fetchall():
            again[office].subtract({"received": cases, "resolved": cases})
    form = counted.ledger.form("2026", "office", "day")
    found = {
        office: +Counter({name: sum(line[column] for column in columns) for name, columns in parts.items()})
        for office, line in form.items()
    }
    assert found == {office: +counts for office, counts in again.items() if +counts}
    whole, live = (totals_[province_of("dossier")] for totals_ in (counted.official, counted.live))
    assert (whole.stopped, whole.declined) == (live.stopped, live.declined)
    assert min(whole.stopped, whole.declined) > 0
