"""By which tick a ledger judges that reads its records later than the ticks which tell of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lienthong_consumers.ledger.database import connect
from lienthong_consumers.ledger.tables.ticks import WAITS_FOR, judgement
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.instants import Instant, datetime_of
from lienthong_schemas.records import Tick, partition_key
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import BOOK, OFFICE, dossier, hour, outbound

pytestmark = pytest.mark.broker

SECOND = 1_000_000
"""Microseconds."""


@pytest.fixture
def bench(ledger_dsn_factory: Callable[[], str], unique_prefix: str) -> LedgerBench:
    """A ledger with one dossier on its log."""
    made = LedgerBench(ledger_dsn_factory(), unique_prefix)
    made.put(outbound(dossier(1, 1)))
    return made


async def ticked(bench: LedgerBench, at: Instant) -> None:
    """A tick that tells of one event more of the dossier than there is, taken."""
    logs = {one: bench.broker.log(one).end for one in bench.partitions if one.topic == "dossier.v1"}
    value = Tick(at, {partition_key(*one): end + bool(end) for one, end in logs.items()}, 0, {OFFICE: at})
    bench.put(OutboundRecord("tick.v1", None, BOOK.encode("tick.v1", value._asdict()), partition=0))
    await bench.settle()


async def judged(bench: LedgerBench) -> Instant | None:
    """By which tick figures would be published now."""
    connection = await connect(bench.dsn, bench.prefix)
    async with connection, connection.cursor() as cursor:
        return (await judgement(cursor)).at


async def test_a_ledger_that_is_always_behind_judges_all_the_same(bench: LedgerBench) -> None:
    """Two ticks tell of an event before it is read: the first of them is waited for, and judged by."""
    seen = []
    for number in range(4):
        await ticked(bench, hour(1) + number * SECOND)
        await ticked(bench, hour(1) + number * SECOND + SECOND // 2)
        seen.append(await judged(bench))
        bench.put(outbound(dossier(1, number + 2)))
    assert seen == [None, hour(1), hour(1) + SECOND, hour(1) + 2 * SECOND]
    (heard,) = bench.rows("SELECT complete_through FROM judgement")
    assert heard == ({OFFICE: hour(1) + 2 * SECOND},)


async def test_a_tick_that_is_never_reached_gives_way(bench: LedgerBench) -> None:
    """Its ends are no real ones, whoever wrote it: after a while a newer one is waited for."""
    await ticked(bench, hour(1))
    await ticked(bench, hour(1) + SECOND)
    assert bench.value("SELECT bus_time FROM tick") == datetime_of(hour(1))
    later = datetime_of(hour(1)) + WAITS_FOR
    await ticked(bench, hour(1) + round(WAITS_FOR.total_seconds()) * SECOND)
    assert bench.value("SELECT bus_time FROM tick") == later
