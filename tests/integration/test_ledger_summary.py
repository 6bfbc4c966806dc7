"""What the ledger says: the facts of the municipal log at its end and at two earlier dates, units, settled clocks."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.recount import differences
from lienthong_consumers.ledger.summary import Settled, Summary, UnitFigures, settled, summary, unit_table
from lienthong_producers.domain.municipal_log import days
from lienthong_producers.importer import MunicipalImport
from lienthong_producers.municipal_file import municipal_events
from lienthong_schemas.instants import Instant, instant_of
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import clock_event, dossier, hour, outbound, recount_log, reference
from tests.support.municipal_recount import recount

pytestmark = pytest.mark.broker
AMSTERDAM = reference("calendar", "default", {"time_zone": "Europe/Amsterdam", "source": "the data's README"})


async def imported(bench: LedgerBench, until: Instant | None = None) -> Summary:
    """Import the municipal log, let the ledger take it, ask for the summary."""
    bench.put(AMSTERDAM)
    log = days(municipal_events(None, until=until), until)
    await MunicipalImport(bench.broker.publisher(), bench.broker.reader()).run(log)
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        assert differences(connection) == []
        return summary(connection, "dossier")


async def test_the_facts_of_the_municipal_log(bench: LedgerBench) -> None:
    """The seven facts of the data's README that the ledger knows; imported twice, they are the same."""
    expected = Summary(
        dossiers=1434,
        source_rows=8577,
        events=9906,
        ended=1329,
        open=105,
        ended_late=377,
        ended_late_by_date=309,
    )
    assert await imported(bench) == expected
    assert await imported(bench) == expected
    assert bench.counted() == recount_log(bench.case_records())


@pytest.mark.parametrize("until", ["2011-03-31T23:59:59+02:00", "2011-09-15T12:00:00+02:00"])
async def test_the_facts_at_an_earlier_date(bench: LedgerBench, until: str) -> None:
    """Only the dossiers that have an event by then, and what was known then, counted from the file by other code."""
    cut = datetime.fromisoformat(until)
    found = await imported(bench, instant_of(cut))
    expected = recount(cut)
    assert found._asdict() == {name: expected[name] for name in Summary._fields}


async def test_without_a_calendar_there_is_no_count_by_date(bench: LedgerBench) -> None:
    """No time zone is guessed."""
    bench.put(outbound(dossier(1, 1, "9", ended_at=hour(200))))
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        assert summary(connection, "dossier").ended_late_by_date is None


async def test_a_day_is_a_day_in_the_zone_that_was_valid_at_the_end(bench: LedgerBench) -> None:
    """Two ends half an hour late; the zone changes between them, and in the second one that is the next day."""
    due, later = hour(0), hour(24 * 30)
    in_zone = {"source": "test", "time_zone": "UTC"}
    bench.put(
        reference("calendar", "default", in_zone),
        reference("calendar", "default", {**in_zone, "time_zone": "Asia/Tokyo"}, version=2, valid_from=hour(24 * 15)),
        # 2025-06-15T15:06:40Z is 00:06:40 of the next day in Tokyo, half an hour before it is still the day before.
        outbound(dossier(1, 1, "9", due_at=due - 1_800_000_000, ended_at=due)),
        outbound(dossier(2, 1, "9", due_at=later - 1_800_000_000, ended_at=later)),
    )
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        found = summary(connection, "dossier")
    assert (found.ended_late, found.ended_late_by_date) == (2, 1)


async def test_the_table_of_units_counts_what_is_overdue_at_an_instant(bench: LedgerBench) -> None:
    """Open and due before it; ended, waiting and other kinds do not count."""
    bench.put(
        outbound(dossier(1, 1, "4", due_at=hour(10))),
        outbound(dossier(2, 1, "4", due_at=hour(30))),
        outbound(dossier(3, 1, "9", due_at=hour(10), ended_at=hour(12))),
        outbound(dossier(4, 1, "1", due_at=hour(10), received_at=None)),
        outbound(dossier(5, 1, "2", office="H27.17", due_at=None)),
    )
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        assert unit_table(connection, "dossier", hour(20)) == [
            UnitFigures("H27.16", waiting=1, received=3, ended=1, ended_late=1, open=2, overdue=1),
            UnitFigures("H27.17", waiting=0, received=1, ended=0, ended_late=0, open=1, overdue=0),
        ]
        assert unit_table(connection, "document", hour(20)) == []


async def test_settled_clocks_are_the_standing_ones(bench: LedgerBench) -> None:
    """Withdrawn ones do not count, firm and provisional ones do."""
    bench.put(
        clock_event("a"),
        clock_event("b"),
        clock_event("w", "cleared", refers_to="a"),
        clock_event("m", "met"),
        clock_event("l", "met-late"),
        clock_event("s", "started"),
    )
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        assert settled(connection, "dossier") == Settled(breached=1, met=1, met_late=1)
        assert settled(connection, "document") == Settled(breached=0, met=0, met_late=0)


async def test_a_total_that_was_changed_by_hand_is_found(bench: LedgerBench) -> None:
    """The comparison of totals and rows can fail."""
    bench.put(outbound(dossier(1, 1)))
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        connection.execute("UPDATE total_part SET in_process = in_process + 1")
        (found,) = differences(connection)
    assert (found.cell.office, found.total.open, found.rows.open) == ("H27.16", 2, 1)


async def test_the_commands_print_what_the_functions_give(
    bench: LedgerBench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Summary, units and check, as JSON and for people."""
    bench.put(AMSTERDAM, outbound(dossier(1, 1)))
    await bench.settle()
    monkeypatch.setenv("LIENTHONG_LEDGER_DSN", bench.dsn)
    monkeypatch.setenv("LIENTHONG_PREFIX", bench.prefix)
    monkeypatch.setenv("LIENTHONG_HOME", str(tmp_path))

    def run(*arguments: str) -> str:
        return CliRunner().invoke(build_app(), ["ledger", *arguments], catch_exceptions=False).output

    assert json.loads(run("summary", "--json")) == {
        **Summary(1, 0, 1, 0, 1, 0, 0)._asdict(),
        **Settled(0, 0, 0)._asdict(),
    }
    assert json.loads(run("units", "--json"))[0]["open"] == 1
    assert "H27.16" in run("units")
    assert run("check") == "the totals are what the rows add up to\n"
    with connect_now(bench.dsn, bench.prefix) as connection:
        connection.execute("UPDATE total_part SET in_process = in_process + 1")
    assert CliRunner().invoke(build_app(), ["ledger", "check"]).exit_code == 1
