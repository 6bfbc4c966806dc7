"""What is news for a closed period: work done since is none, what comes late is, with its event.

Sources: decision 0029; issue "C", item 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lienthong_consumers.domain.period_report import COUNTS
from tests.integration.test_period_publication import CALENDAR, Bus, case, form, lines
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import START

pytestmark = pytest.mark.broker

DEPARTMENT = "H27.31"


@pytest.fixture(scope="module")
def dsn(ledger_dsn_factory: Callable[[], str]) -> str:
    """One database; each test has a schema of its own in it."""
    return ledger_dsn_factory()


@pytest.fixture
async def bus(dsn: str, unique_prefix: str) -> Bus:
    """An empty bus that closes months a day after their end."""
    bench = LedgerBench(dsn, unique_prefix)
    bench.put(CALENDAR, form(grace_hours=24))
    return Bus(bench)


def work(number: int, seq: int, status: str, happened: str, **fields: Any) -> dict[str, Any]:
    """An event that is accepted when it happens."""
    return case(number, seq, status, **{"occurred_at": happened, "accepted_at": happened, **fields})


def kept(bus: Bus, period: str) -> list[tuple[Any, ...]]:
    """The cells of the newest version that have something, and what moved."""
    columns = ", ".join(COUNTS)
    cells = (
        f"SELECT office, {columns} FROM period_cell WHERE period = %s AND (0, 0) <> (online, carried_over) ORDER BY 1"
    )
    moves = (
        "SELECT office_before, office, sum(dossiers)::int FROM period_move WHERE period = %s GROUP BY 1, 2 ORDER BY 1"
    )
    return [*bus.bench.rows(cells, period), *bus.bench.rows(moves, period)]


async def test_work_since_the_closing_changes_nothing_and_the_next_period_tells_it(bus: Bus) -> None:
    """Papers come, an appointment is given anew, a dossier is handed over: no correction, no version; then November
    says who took over."""
    waits = [work(1, 1, "2", "2026-09-20 08:00"), work(1, 2, "5", "2026-09-25 08:00")]
    await bus.arrives("2026-09-26 08:05", *waits, *(work(n, 1, "2", "2026-09-20 08:00") for n in (2, 3)))
    await bus.arrives("2026-10-16 00:00")
    october = await bus.publishes()
    handover = {"successor": DEPARTMENT, "next_epoch": 2, "last_seq": 2}
    await bus.arrives(
        "2026-10-20 08:00",
        work(1, 3, "4", "2026-10-18 08:00"),
        work(2, 2, "4", "2026-10-18 08:00", due_at="2026-12-01 17:00"),
        work(3, 2, "4", "2026-10-18 08:00", change="handover", handover=handover),
        work(3, 1, "4", "2026-10-18 09:00", office=DEPARTMENT, epoch=2),
    )
    assert (await bus.publishes(), bus.corrections()) == ([], [])
    assert bus.bench.rows("SELECT * FROM period_news") == []
    await bus.arrives("2026-11-16 00:00")
    november = await bus.publishes()
    (before,) = [one["lines"][0] for one in october if one["by"] == "office"]
    assert (before["pending_in_time"], before["pending_late"]) == (1, 2)
    (after,) = [one for one in november if one["by"] == "office"]
    told = ("code", "carried_over", "pending_in_time", "pending_late")
    assert [tuple(line[name] for name in told) for line in after["lines"]] == [
        ("H27.16", 2, 1, 1),
        (DEPARTMENT, 1, 0, 1),
    ]
    assert [tuple(one.values()) for one in after["moved"]] == [("H27.16", 0, 1), (DEPARTMENT, 1, 0)]
    assert bus.cells("2026-M10").columns == bus.today("2026-M10").columns


async def test_an_event_of_before_the_end_that_fills_a_hole_is_a_correction(bus: Bus) -> None:
    """The newest event stays the newest; the dossier waited for papers at the end after all."""
    await bus.arrives("2026-09-20 08:05", work(1, 1, "2", "2026-09-20 08:00"))
    await bus.arrives("2026-10-15 20:00", work(1, 3, "4", "2026-10-15 10:00"))
    await bus.arrives("2026-10-16 00:00")
    await bus.publishes()
    late = work(1, 2, "5", "2026-10-10 08:00")
    await bus.arrives("2026-10-20 08:00", late)
    second = await bus.publishes()
    assert bus.corrections() == [("2026-M10", 2, late["case_id"], late["event_id"], "pending_late", "pending_in_time")]
    assert lines(second) == [("2026-M10", 2, 1, 0, 1)]
    assert bus.cells("2026-M10").columns == bus.today("2026-M10").columns


async def test_a_handover_of_before_the_end_moves_it_in_two_periods(bus: Bus) -> None:
    """Known after November was closed: October's line changes, and November's dossier was not taken over then."""
    handover = {"successor": DEPARTMENT, "next_epoch": 2, "last_seq": 2}
    await bus.arrives("2026-09-20 08:05", work(1, 1, "2", "2026-09-20 08:00"))
    await bus.arrives("2026-10-16 00:00", work(1, 2, "4", "2026-10-15 08:00", change="handover", handover=handover))
    late = work(1, 1, "4", "2026-10-01 09:00", office=DEPARTMENT, epoch=2)
    after = work(1, 2, "4", "2026-10-15 09:00", office=DEPARTMENT, epoch=2)
    await bus.arrives("2026-10-16 01:00", after)
    await bus.publishes()
    await bus.arrives("2026-11-16 00:00")
    await bus.publishes()
    moved = kept(bus, "2026-M11")
    await bus.arrives("2026-11-20 08:00", late)
    await bus.publishes()
    assert moved[-1] == ("H27.16", DEPARTMENT, 1)
    assert [row[0] for row in bus.corrections()] == ["2026-M10", "2026-M11"]
    assert kept(bus, "2026-M11")[-1] == ("H27.16", DEPARTMENT, 0)
    sides = bus.bench.rows("SELECT came_from_before, came_from_after FROM period_correction ORDER BY id")
    assert sides == [("", ""), ("H27.16 18073 1.005129", "")]


async def test_an_earlier_delivery_that_turns_a_conflict_is_a_correction(bus: Bus) -> None:
    """The event is known already; that it was accepted first is the news."""
    times = {"received_at": "2026-09-20 08:00", "occurred_at": "2026-09-20 08:00"}
    first = case(1, 1, "5", accepted_at="2026-09-20 10:00", **times)
    other = case(1, 1, "4", accepted_at="2026-09-20 11:00", **times)
    await bus.arrives("2026-09-20 12:00", first, other)
    await bus.arrives("2026-10-16 00:00", work(1, 2, "4", "2026-10-15 10:00"))
    await bus.publishes()
    await bus.arrives(
        "2026-10-20 08:00", {**other, "accepted_at": first["accepted_at"] - START % 1_000_000 - 60_000_000}
    )
    await bus.publishes()
    ((*_, before, after),) = bus.corrections()
    assert (before, after) == ("pending_in_time", "pending_late")
    assert bus.cells("2026-M10").columns == bus.today("2026-M10").columns


async def test_periods_of_an_older_bus_are_counted_anew_once(bus: Bus) -> None:
    """Counted by another rule, they have a version more where that changes them, and then go on as ever."""
    await bus.arrives("2026-09-20 08:05", work(1, 1, "2", "2026-09-20 08:00"), work(2, 1, "2", "2026-09-20 08:00"))
    await bus.arrives("2026-11-16 00:00")
    await bus.publishes()
    bus.bench.change("UPDATE period_close SET rule = 1")
    bus.bench.change("DELETE FROM period_counted")
    bus.bench.change("UPDATE period_cell SET pending_late = 0, pending_in_time = 2 WHERE period = '2026-M10'")
    bus.bench.change(
        "UPDATE period_report SET lines = '[[\"H27.16\", 2, 0, 0, 0, 0, 0, 2, 0, 0]]'"
        " WHERE period = '2026-M10' AND by = 'office'"
    )
    await bus.arrives("2026-11-16 03:00")
    again = await bus.publishes()
    assert {(one["period"], one["by"], one["version"], one["cause"]) for one in again} == {
        ("2026-M10", "office", 2, "recount")
    }
    assert bus.bench.rows("SELECT period, version, rule FROM period_close ORDER BY 1") == [
        ("2026-M10", 2, 2),
        ("2026-M11", 1, 2),
    ]
    await bus.arrives("2026-11-16 06:00", work(1, 2, "5", "2026-10-01 08:00"))
    await bus.publishes()
    assert [row[:2] for row in bus.corrections()] == [("2026-M10", 3), ("2026-M11", 2)]
