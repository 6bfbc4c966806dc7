"""Who may write to the ledger and from where: the fence, one transaction, former owners, the first start."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lienthong_consumers.ledger.batch import Applied, Batch
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.store import LedgerStore
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_infra.errors import ConfigurationError, Fenced, PositionLost
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import dossier, hour, outbound, recount_log

pytestmark = pytest.mark.broker


class CrashingStore(LedgerStore):
    """Dies just before the commit, once everything is written."""

    async def _write(self, cursor: Cursor, batch: Batch, applied: Applied) -> None:
        await super()._write(cursor, batch, applied)
        raise KeyboardInterrupt


async def test_a_crash_before_the_commit_leaves_nothing(bench: LedgerBench) -> None:
    """Position, history, rows and totals change together or not at all; a new sink takes all of it."""
    bench.put(*(outbound(dossier(number, 1)) for number in range(20)))
    sink, store = await bench.sink(make_store=CrashingStore)
    batch_of = {one: bench.broker.log(one).records for one in bench.partitions if one.topic == "dossier.v1"}
    await sink.assigned(bench.partitions)
    with pytest.raises(KeyboardInterrupt):
        await sink._take(batch_of)
    await store.close()
    nothing = "SELECT (SELECT count(*) FROM case_event), (SELECT count(*) FROM case_row), (SELECT count(*) FROM total)"
    assert bench.rows(nothing) == [(0, 0, 0)]
    assert bench.value("SELECT sum(next_offset)::bigint FROM position") == 0
    await bench.settle()
    assert bench.counted() == recount_log(bench.case_records())


class Unfenced(LedgerStore):
    """A store whose protection is taken out: it moves positions whoever else has moved them."""

    async def _fence(self, cursor: Cursor, moves: object) -> None:
        for partition, move in moves.items():  # type: ignore[attr-defined]  # the same mapping as in the parent
            await cursor.execute(
                "UPDATE position SET next_offset = %s WHERE topic = %s AND partition = %s",
                (move.next_offset, *partition),
            )


async def _race(bench: LedgerBench, make_store: Callable[..., LedgerStore]) -> None:
    """A zombie holds a batch that its successor has taken already, with more behind it; then the zombie commits."""
    bench.put(outbound(dossier(1, 1, "2")))
    zombie, zombie_store = await bench.sink(make_store=make_store)
    await zombie.assigned(bench.partitions)
    held = {one: list(bench.broker.log(one).records) for one in bench.partitions if bench.broker.log(one).records}
    bench.put(outbound(dossier(1, 2, "9", ended_at=hour(2))))
    await bench.settle()
    try:
        await zombie._take(held)
    finally:
        await zombie_store.close()


async def test_a_zombie_is_fenced(bench: LedgerBench) -> None:
    """Its batch is void: it ends, and what its successor wrote stays."""
    with pytest.raises(Fenced):
        await _race(bench, LedgerStore)
    assert bench.counted() == recount_log(bench.case_records())
    assert bench.behind() == []


async def test_without_the_fence_the_same_race_goes_wrong(bench: LedgerBench) -> None:
    """Proof that the test bites: the position goes back, and a record is counted again."""
    await _race(bench, Unfenced)
    assert bench.behind() != [] or bench.counted() != recount_log(bench.case_records())


@pytest.mark.parametrize("in_the_middle_of", ["SELECT 1", "COPY gap FROM STDIN"])
async def test_a_former_owner_that_stands_still_is_ended(bench: LedgerBench, in_the_middle_of: str) -> None:
    """It holds the positions in an open transaction, or in the middle of a COPY, where no time limit of the server
    reaches it; the next owner does not wait for it for ever."""
    bench.put(outbound(dossier(1, 1)))
    _, store = await bench.sink()
    await store.close()
    frozen = connect_now(bench.dsn, bench.prefix, autocommit=False)
    try:
        frozen.execute("UPDATE position SET next_offset = 5")
        frozen.pgconn.send_query(in_the_middle_of.encode())
        await bench.settle()
        sessions = bench.value("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", frozen.info.backend_pid)
    finally:
        frozen.close()
    assert sessions == 0
    assert bench.counted() == recount_log(bench.case_records())


async def test_two_sinks_share_the_partitions(bench: LedgerBench) -> None:
    """Both at once, each its share; the ledger is a recount of the log."""
    bench.put(*(outbound(dossier(number, seq)) for seq in range(1, 4) for number in range(50)))
    sinks = await bench.sink(), await bench.sink()
    await bench.run_until(lambda: not bench.behind(), *sinks)
    assert bench.counted() == recount_log(bench.case_records())


async def test_the_first_start_says_explicitly_where_it_begins(bench: LedgerBench) -> None:
    """A row of 0 for every partition before the first record is taken."""
    _, store = await bench.sink()
    await store.close()
    assert bench.rows("SELECT count(*), sum(next_offset)::bigint FROM position") == [(len(bench.partitions), 0)]


async def test_a_missing_position_in_a_ledger_with_data_stops_the_sink(bench: LedgerBench) -> None:
    """To begin at 0 without a word could count everything twice or hide a loss."""
    bench.put(outbound(dossier(1, 1)))
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        connection.execute("DELETE FROM position WHERE topic = 'document.v1'")
    with pytest.raises(ConfigurationError, match=r"document\.v1: the ledger has data, but no position"):
        await bench.settle()


async def test_a_log_that_was_made_anew_stops_the_sink(bench: LedgerBench) -> None:
    """The stored position lies behind the end of the log: it is not the log that was read."""
    bench.put(outbound(dossier(1, 1)))
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        connection.execute("UPDATE position SET next_offset = 1000 WHERE topic = 'dossier.v1'")
    with pytest.raises(PositionLost):
        await bench.settle()
