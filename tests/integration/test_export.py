"""`lienthong export`: rows of the ledger as CSV, selected, as known at a time, and nothing personal in them."""

from __future__ import annotations

import csv
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong.export.sources import SOURCES
from lienthong.export.write import Asked, export
from lienthong_consumers.ledger.database import connect_now
from lienthong_infra import exit_codes
from lienthong_infra.errors import BadInputError
from lienthong_schemas.instants import instant_of, iso_of
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import case, clock_event, dossier, hour, outbound

pytestmark = pytest.mark.broker

PSEUDONYM = "pseudonym-of-somebody"
NO_MORE = 2_000_000
"""Bytes that an export of any length may hold at once."""
MANY = 100_000


@pytest.fixture(scope="module")
async def bench(ledger_dsn_factory: Callable[[], str]) -> LedgerBench:
    """A ledger with three dossiers: one ended late, one reopened after its end, one that waits."""
    made = LedgerBench(ledger_dsn_factory(), "t-export")
    made.put(
        outbound(dossier(1, 1, applicant=PSEUDONYM)),
        outbound(dossier(1, 2, "9", ended_at=hour(101))),
        outbound(dossier(2, 1, "9", ended_at=hour(5), office="H27.31", procedure='a "quoted", one')),
        outbound(dossier(3, 1, "1", received_at=None, due_at=None, commune="", procedure="=SUM(A1)")),
        clock_event("1"),
    )
    await made.settle()
    return made


def exported(bench: LedgerBench, what: str, *where: str, **more: Any) -> list[dict[str, str]]:
    """The rows of an export, read back by another reader of CSV."""
    pieces: list[bytes] = []
    with connect_now(bench.dsn, bench.prefix) as connection:
        count = export(connection, Asked(what, where, **more), pieces.append)
    rows = list(csv.DictReader(b"".join(pieces).decode("utf-8").splitlines()))
    assert len(rows) == count
    return rows


def ids(rows: Sequence[dict[str, str]]) -> list[str]:
    """The cases that rows are about."""
    return [row["case_id"] for row in rows]


def test_an_export_says_what_the_table_holds(bench: LedgerBench) -> None:
    """Every row, in the order of its key; instants as everywhere else, the truth in words."""
    first, second, third = exported(bench, "cases")
    assert ids([first, second, third]) == [case(1), case(2), case(3)]
    assert first["ended_at"] == iso_of(hour(101)).replace("Z", ".000000Z")
    assert (first["sealed"], third["received_at"], second["selector"]) == ("false", "", 'a "quoted", one')


@pytest.mark.parametrize("what", SOURCES)
def test_everything_that_is_offered_can_be_had(bench: LedgerBench, what: str) -> None:
    """All columns of each thing, also where there is no row."""
    assert isinstance(exported(bench, what), list)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (("office=H27.31",), [2]),
        (("office!=H27.31",), [1, 3]),
        (("due_at=",), [3]),
        (("commune=",), [3]),
        (("ended_at!=",), [1, 2]),
        ((f"ended_at>={iso_of(hour(101))}",), [1]),
        ((f"ended_at<{iso_of(hour(101))}",), [2]),
        (("ended_at<2026-W41-1T00:00:00+07:00",), [1, 2]),
        (("seq>1",), [1]),
        (("case_id~:3",), [3]),
        (("office=H27.16", "status=9"), [1]),
        (("status='; DROP TABLE case_row; --",), []),
    ],
)
def test_conditions_select_rows(bench: LedgerBench, where: tuple[str, ...], found: list[int]) -> None:
    """As in `tail`, compared by the type of the column; nothing and empty are the same; a value is never a command."""
    assert ids(exported(bench, "cases", *where)) == [case(number) for number in found]


def test_a_code_that_is_like_a_formula_is_a_text_in_a_spreadsheet(bench: LedgerBench) -> None:
    """What a sender writes must not be computed on the desk of who opens the file."""
    (row,) = exported(bench, "cases", "selector==SUM(A1)")
    assert row["selector"] == "'=SUM(A1)"


def test_columns_come_as_asked_for(bench: LedgerBench) -> None:
    """Those and no others, in that order."""
    assert list(exported(bench, "cases", columns=("office", "case_id"))[0]) == ["office", "case_id"]


@pytest.mark.parametrize("what", SOURCES)
def test_nothing_personal_leaves_by_this_way(bench: LedgerBench, what: str) -> None:
    """The bytes of events hold pseudonyms: they are no column of an export."""
    rows = exported(bench, what)
    assert not [row for row in rows if "value" in row or PSEUDONYM in str(row) or PSEUDONYM.encode().hex() in str(row)]


def test_everything_wrong_is_said_at_once_and_nothing_is_written(bench: LedgerBench) -> None:
    """Columns, conditions and their values, each with what would be right."""
    written: list[bytes] = []
    asked = Asked(
        "cases",
        ("seq=many", "seq=1_000", "partition=99999999999", "due_at<soon", "sealed=1", "colour=red"),
        ("case_id", "name"),
    )
    with connect_now(bench.dsn, bench.prefix) as connection, pytest.raises(BadInputError) as refused:
        export(connection, asked, written.append)
    starts = [problem.split(":")[0] for problem in refused.value.problems]
    wheres = ("seq=many", "seq=1_000", "partition=99999999999", "due_at<soon", "sealed=1", "colour")
    assert starts == ["--columns name", *(f"--where {each}" for each in wheres)]
    assert "columns: case_id, kind" in refused.value.problems[0]
    assert written == []


def test_what_has_no_past_is_refused_as_of_a_time(bench: LedgerBench) -> None:
    """Today's totals under yesterday's date would be a wrong figure."""
    with pytest.raises(BadInputError, match="--as-of: totals are kept as they are now"):
        exported(bench, "totals", as_of=hour(1))


async def test_cases_are_had_as_they_were_known(ledger_dsn_factory: Callable[[], str], unique_prefix: str) -> None:
    """Settled again from the history: an end that came later is not there yet; the events of then are those of then."""
    bench = LedgerBench(ledger_dsn_factory(), unique_prefix)
    bench.put(outbound(dossier(1, 1)), outbound(dossier(1, 2, "9", ended_at=hour(101))), outbound(dossier(2, 1)))
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        connection.execute(
            "UPDATE case_event SET known_at = known_at + interval '1 day' WHERE seq = 2 OR case_id LIKE '%:2'"
        )
        (known,) = connection.execute("SELECT min(known_at) FROM case_event").fetchone() or (None,)
    then = instant_of(known)
    (row,) = exported(bench, "cases", as_of=then)
    assert (row["case_id"], row["status"], row["ended_at"]) == (case(1), "4", "")
    assert len(exported(bench, "events", as_of=then)) == 1
    assert exported(bench, "cases", "status=9", as_of=then) == []
    whole = ("case_id", "status", "ended_at", "digest")
    assert exported(bench, "cases", as_of=hour(10**7), columns=whole) == exported(bench, "cases", columns=whole)


async def test_a_long_export_needs_no_memory(ledger_dsn_factory: Callable[[], str], unique_prefix: str) -> None:
    """The rows go through piece by piece."""
    bench = LedgerBench(ledger_dsn_factory(), unique_prefix)
    bytes_written = 0

    def take(piece: bytes) -> None:
        nonlocal bytes_written
        bytes_written += len(piece)

    with connect_now(bench.dsn, bench.prefix) as connection:
        connection.execute(
            "INSERT INTO gap SELECT 'dossier:H27.16:' || n, 1, 2, 2, now() FROM generate_series(1, %s) AS n", (MANY,)
        )
        tracemalloc.start()
        rows = export(connection, Asked("gaps"), take)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (rows, bytes_written > MANY * 20, peak < NO_MORE) == (MANY, True, True)


def test_the_verb_writes_a_file_that_is_there_when_whole(
    bench: LedgerBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a file or to the screen, the same bytes; a wrong call leaves no file behind."""
    monkeypatch.setenv("LIENTHONG_LEDGER_DSN", bench.dsn)
    monkeypatch.setenv("LIENTHONG_PREFIX", bench.prefix)
    out = tmp_path / "cases.csv"
    selection = ["export", "--where", "status=9", "--columns", "case_id,status"]
    done = CliRunner().invoke(build_app(), [*selection, "--out", str(out)])
    assert (done.exit_code, done.output) == (exit_codes.GOOD, f"wrote {out}: 2 rows\n")
    shown = CliRunner().invoke(build_app(), selection)
    assert out.read_bytes() == shown.stdout_bytes == f"case_id,status\n{case(1)},9\n{case(2)},9\n".encode()
    wrong = CliRunner().invoke(build_app(), ["export", "--what", "people", "--out", str(tmp_path / "people.csv")])
    assert isinstance(wrong.exception, BadInputError)
    assert [each.name for each in tmp_path.iterdir()] == ["cases.csv"]
