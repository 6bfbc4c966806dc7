"""Form II.06 from a ledger: the municipal log's facts, each column counted again from the file by other code.

Sources: the municipal log's README (377 late by instant, 309 by day); Circular 01/2020/TT-VPCP; domain facts §5.
"""

from __future__ import annotations

import asyncio
import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong.report.fill import Asked, filled
from lienthong.report.form import FilledForm
from lienthong_consumers.domain.period_report import Line
from lienthong_consumers.ledger.database import connect_now
from lienthong_infra.errors import BadInputError, ConfigurationError, WrongCallError
from lienthong_producers.domain.municipal_log import days
from lienthong_producers.importer import MunicipalImport
from lienthong_producers.municipal_file import municipal_events
from lienthong_schemas.instants import LATEST, instant_of
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import dossier, hour, outbound, reference
from tests.support.municipal_recount import ZONE, municipal_rows

pytestmark = pytest.mark.broker

AMSTERDAM = reference("calendar", "default", {"time_zone": "Europe/Amsterdam", "source": "the data's README"})
NOW = instant_of(datetime.fromisoformat("2026-11-22T00:00:00+00:00"))


@pytest.fixture(scope="module")
def bench(ledger_dsn_factory: Callable[[], str]) -> LedgerBench:
    """A ledger that has taken the municipal log."""

    async def take() -> LedgerBench:
        made = LedgerBench(ledger_dsn_factory(), "t-report")
        made.put(AMSTERDAM)
        await MunicipalImport(made.broker.publisher(), made.broker.reader()).run(days(municipal_events(None), None))
        await made.settle()
        return made

    return asyncio.run(take())


def report(bench: LedgerBench, asked: Asked) -> FilledForm:
    """The form as the verb would fill it today."""
    with connect_now(bench.dsn, bench.prefix) as connection:
        return filled(connection, asked, NOW)


def day(text: str) -> date:
    """The local day of a time in the file."""
    return datetime.fromisoformat(text).astimezone(ZONE).date()


def counted(first: date, last: date, horizon: datetime | None = None) -> Line:
    """The bottom line, counted from the rows of the file as known at a horizon."""
    counts: Counter[str] = Counter()
    known = {
        row["case:concept:name"]: row
        for row in municipal_rows()
        if horizon is None
        or datetime.fromisoformat(row["time:timestamp"]) <= horizon
        or (row["case:enddate"] and datetime.fromisoformat(row["case:enddate"]) <= horizon)
    }
    for row in known.values():
        ended = row["case:enddate"]
        if ended and horizon is not None and datetime.fromisoformat(ended) > horizon:
            ended = ""
        received = day(row["case:startdate"])
        if received > last or (received < first and ended and day(ended) < first):
            continue
        online = row["case:channel"] in ("Internet", "e-mail")
        counts["carried_over" if received < first else "online" if online else "direct"] += 1
        due = day(row["case:deadline"])
        if ended and day(ended) <= last:
            counts["early" if day(ended) < due else "on_time" if day(ended) == due else "late"] += 1
        else:
            counts["pending_late" if due < last else "pending_in_time"] += 1
    return Line(**counts)


@pytest.mark.parametrize(("counting", "late"), [("day", 309), ("instant", 377)])
def test_all_late_dossiers_of_the_log_are_late_in_one_period(bench: LedgerBench, counting: str, late: int) -> None:
    """309 by day and 377 by instant, summed over the three years that the log touches."""
    asked = [Asked(year, counting="day" if counting == "day" else "instant") for year in ("2010", "2011", "2012")]
    assert sum(report(bench, one).total.late for one in asked) == late


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2011", "2010-12-15", "2011-12-14"),
        ("2011-Q2", "2011-03-15", "2011-06-14"),
        ("2011-M01", "2010-12-15", "2011-01-14"),
        ("2011-9M", "2010-12-15", "2011-09-14"),
        ("2011-W20", "2011-05-16", "2011-05-22"),
        ("2011-05-17", "2011-05-17", "2011-05-17"),
    ],
)
def test_every_column_is_what_the_file_adds_up_to(bench: LedgerBench, period: str, first: str, last: str) -> None:
    """Year, quarter, month, nine months, week and day, with the real cut-offs."""
    expected = counted(date.fromisoformat(first), date.fromisoformat(last))
    assert report(bench, Asked(period)).total.columns == expected.columns


def test_what_was_known_at_an_earlier_time_is_still_to_be_had(bench: LedgerBench) -> None:
    """The first quarter as known on 31 March 2011: what ended later was still pending."""
    horizon = datetime.fromisoformat("2011-03-31T23:59:59+02:00")
    first, last = date(2010, 12, 15), date(2011, 3, 14)
    then = report(bench, Asked("2011-Q1", as_of=instant_of(horizon))).total
    now = report(bench, Asked("2011-Q1")).total
    assert (then.columns, now.columns) == (counted(first, last, horizon).columns, counted(first, last).columns)


def test_known_now_is_known_at_the_end_of_the_log(bench: LedgerBench) -> None:
    """The current rows and the history give one answer, line by line."""
    now = report(bench, Asked("2011-Q3"))
    then = report(bench, Asked("2011-Q3", as_of=NOW))
    assert (len(now.lines) > 3, now.lines) == (True, then.lines)


def test_offices_and_procedures_add_up_to_the_same(bench: LedgerBench) -> None:
    """Two ways to cut one whole; one office alone is its line."""
    by_office, by_procedure = report(bench, Asked("2011")), report(bench, Asked("2011", by="procedure"))
    assert by_office.total.columns == by_procedure.total.columns
    one = by_office.lines[0]
    assert report(bench, Asked("2011", unit=one.code)).total == one.line


def test_a_period_that_is_not_over_is_refused_unless_asked_for(bench: LedgerBench) -> None:
    """With the instant at which it closes; --running shows it, marked."""
    with pytest.raises(BadInputError, match="2026-12-14T23:00:00Z; --running"):
        report(bench, Asked("2026"))
    with pytest.raises(BadInputError, match="2026-12-14T23:00:00Z; --running"):
        report(bench, Asked("2026", as_of=LATEST))  # a time to come tells nothing about today
    assert "chưa chốt kỳ" in report(bench, Asked("2026", running=True)).title


def test_a_unit_that_nobody_knows_is_refused(bench: LedgerBench) -> None:
    """An empty form would say that it had nothing to do."""
    with pytest.raises(BadInputError, match="--unit: H99 is no unit"):
        report(bench, Asked("2011", unit="H99"))


def test_a_period_before_the_first_calendar_has_no_days(bench: LedgerBench) -> None:
    """From when there are some is said."""
    with pytest.raises(WrongCallError, match="says no time zone before 1970-01-01T00:00:00Z"):
        report(bench, Asked("1969"))


def test_without_a_calendar_no_period_has_days(ledger_dsn_factory: Callable[[], str], unique_prefix: str) -> None:
    """No time zone is guessed."""
    bench = LedgerBench(ledger_dsn_factory(), unique_prefix)
    with pytest.raises(ConfigurationError, match="no time zone is guessed"):
        report(bench, Asked("2025"))


async def test_a_late_event_restates_a_period_and_what_was_known_stays(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """Reopened after the closing (9 to 4): resolved as known then, pending as known now."""
    bench = LedgerBench(ledger_dsn_factory(), unique_prefix)
    bench.put(AMSTERDAM, outbound(dossier(1, 1, "9", ended_at=hour(2))))
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        (known,) = connection.execute("SELECT max(known_at) FROM case_event").fetchone() or (None,)
    bench.put(outbound(dossier(1, 2, "4")))
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        connection.execute("UPDATE case_event SET known_at = known_at + interval '1 day' WHERE seq = 2")
    first = instant_of(known + timedelta(hours=1))
    then, now = (report(bench, Asked("2025-M07", as_of=each)).total for each in (first, None))
    assert ((then.resolved, then.pending), (now.resolved, now.pending)) == ((1, 0), (0, 1))


async def test_refused_after_its_receipt_is_resolved_now_and_as_of(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 to 3 states no end: counted from the current row and from the history alike, and told below the table."""
    bench = LedgerBench(ledger_dsn_factory(), unique_prefix)
    events = [dossier(1, seq, status) for seq, status in enumerate(("2", "5", "3"), 1)]
    bench.put(AMSTERDAM, *map(outbound, events), outbound(dossier(2, 1, "3", received_at=None)))
    await bench.settle()
    expected = Line(online=1, early=1, refused=1)
    assert [report(bench, Asked("2025-M07", as_of=each)).total for each in (None, LATEST)] == [expected, expected]
    monkeypatch.setenv("LIENTHONG_LEDGER_DSN", bench.dsn)
    monkeypatch.setenv("LIENTHONG_PREFIX", bench.prefix)
    shown = CliRunner().invoke(build_app(), ["report", "II.06", "--period", "2025-M07"]).output
    assert "có 1 hồ sơ bị từ chối sau khi tiếp nhận" in shown


def test_the_verb_writes_the_same_figures_in_every_form(
    bench: LedgerBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Screen, CSV, XLSX with the headings of the form, JSON."""
    monkeypatch.setenv("LIENTHONG_LEDGER_DSN", bench.dsn)
    monkeypatch.setenv("LIENTHONG_PREFIX", bench.prefix)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> str:
        done = CliRunner().invoke(build_app(), ["report", "II.06", "--period", "2011", *words])
        assert done.exit_code == 0, done.output
        return done.output

    whole = json.loads(run("--format", "json"))
    total, moved = whole["total"], [sum(one[name] for one in whole["moved"]) for name in ("taken_over", "handed_over")]
    expected = [*total.values(), *moved]
    assert moved[0] == moved[1] > 0, "dossiers went from one office to another"
    run("--format", "xlsx", "--out", str(tmp_path / "a.xlsx"))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.rows]
    table = list(csv.reader(run("--format", "csv").lstrip("\ufeff").splitlines()))
    assert [cells[-1][2:], [int(cell) for cell in table[-1][2:]]] == [expected, expected]
    assert cells[1] == table[0]
    assert (table[0][2], table[0][-1]) == ("Tổng số tiếp nhận", "Chuyển sang dòng khác")
    shown = run()
    assert re.search(rf"Tổng số +{total['received']:,} ", shown)
    first = whole["moved"][0]
    assert f"nhận {first['taken_over']:,} hồ sơ từ dòng khác, chuyển {first['handed_over']:,} hồ sơ sang" in shown
