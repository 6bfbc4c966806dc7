"""`lienthong reconcile`: another system's figures and dossiers against a ledger, on a real PostgreSQL.

The dossiers and both files are those of docs/reconcile.md, and so are the answers.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong.reconcile import explain
from lienthong_infra import exit_codes
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.instants import instant_of, milliseconds_of
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import dossier, outbound, reference
from tests.support.source_tree import ROOT

pytestmark = pytest.mark.broker

PAGE = (ROOT / "docs" / "reconcile.md").read_text(encoding="utf-8")
CALENDAR = {"time_zone": "Asia/Ho_Chi_Minh", "source": "a test"}
UNITS = {"H27.16": "Sở Y tế", "H27.17": "Sở Tư pháp"}


def at(text: str) -> int:
    """The instant of a time in Việt Nam, ``09-20 08:00`` of 2026."""
    return instant_of(datetime.fromisoformat(f"2026-{text}:00+07:00"))


def event(number: str, status: str, known: str, **times: Any) -> OutboundRecord:
    """The first event of a dossier, known at a time; received on 20 September, due on 5 October at 08:00."""
    plain = {"received_at": at("09-20 08:00"), "due_at": at("10-05 08:00"), "ended_at": None}
    record = dossier(number, times.pop("seq", 1), status, **{**plain, **times})
    return outbound(record, timestamp=milliseconds_of(at(known)))


RECORDS = (
    event("A-1", "9", "10-01 09:00", ended_at=at("10-01 09:00")),
    event("A-2", "9", "10-05 17:00", ended_at=at("10-05 16:30")),
    event("A-3", "9", "10-18 08:00", ended_at=at("10-12 10:00")),
    event("A-4", "5", "10-02 08:00"),
    event("A-5", "2", "09-20 08:00", office="H27.17"),
    event("A-5", "4", "09-25 08:00", seq=2),
    event("A-6", "4", "09-21 08:00", due_at=at("10-30 08:00")),
)


@pytest.fixture(scope="module")
def bench(ledger_dsn_factory: Callable[[], str]) -> LedgerBench:
    """The ledger of the page."""

    async def take() -> LedgerBench:
        made = LedgerBench(ledger_dsn_factory(), "t-reconcile")
        made.put(reference("calendar", "default", CALENDAR))
        made.put(
            *(reference("unit", code, {"name": name, "unit_type": "agency"}) for code, name in UNITS.items()), *RECORDS
        )
        await made.settle()
        return made

    return asyncio.run(take())


def block(title: str) -> str:
    """A block of the page, by the line before it."""
    found = re.search(rf"{re.escape(title)}\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, title
    return found[1]


def call(bench: LedgerBench, path: Path, *options: str) -> tuple[int, str]:
    """Exit code and output of the verb."""
    done = CliRunner().invoke(
        build_app(),
        ["reconcile", "--portal", str(path), "--period", "2026-M10", "--prefix", bench.prefix, *options],
        env={"LIENTHONG_LEDGER_DSN": bench.dsn, "COLUMNS": "150"},
        catch_exceptions=False,
    )
    return done.exit_code, done.output


def plain(text: str) -> list[str]:
    """Lines without the blanks at their ends."""
    return [line.rstrip() for line in text.strip().splitlines()]


def written(tmp_path: Path, text: str) -> Path:
    """A file of the other system."""
    path = tmp_path / "portal.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["figures.csv", "dossiers.csv"])
def test_the_examples_of_the_page_give_its_answers(bench: LedgerBench, name: str, tmp_path: Path) -> None:
    """Both forms of input."""
    path = written(tmp_path, block(f"`{name}`:"))
    code, shown = call(bench, path)
    assert plain(shown) == plain(block(f"The answer to `{name}`:"))
    assert code == exit_codes.PROBLEMS_FOUND


def test_every_difference_of_a_list_is_explained_to_the_last_dossier(bench: LedgerBench, tmp_path: Path) -> None:
    """The changes of the dossiers add up to the differences of the figures, and each cause is named."""
    code, shown = call(bench, written(tmp_path, block("`dossiers.csv`:")), "--json")
    found = json.loads(shown)
    added: dict[tuple[str, str], int] = {}
    for one in found["dossiers"]:
        for unit, figure, count in one["figures"]:
            added[unit, figure] = added.get((unit, figure), 0) + count
    cells = {(cell["unit"], cell["figure"]): cell["ours"] - cell["theirs"] for cell in found["differences"]}
    assert {place: count for place, count in added.items() if count} == cells
    assert {one["code"]: one["causes"] for one in found["dossiers"]} == {
        "A-2": [explain.DAY_OR_INSTANT],
        "A-3": [explain.OTHER_STATE],
        "A-5": [explain.OTHER_UNIT],
        "A-6": [explain.MISSING_THERE],
        "A-9": [explain.MISSING_HERE],
    }
    assert (code, found["certain"]) == (exit_codes.PROBLEMS_FOUND, True)


def test_of_figures_only_those_dossiers_are_named_that_can_matter(bench: LedgerBench, tmp_path: Path) -> None:
    """And nothing is said to be certain; asked later, the bus had known all of it when the file was written."""
    path = written(tmp_path, block("`figures.csv`:"))
    found = json.loads(call(bench, path, "--json")[1])
    causes = {one["code"]: one["causes"] for one in found["dossiers"]}
    assert causes == {"A-2": [explain.ON_DUE_DAY], "A-3": [explain.KNOWN_LATER], "A-5": [explain.CROSSED]}
    assert found["certain"] is False
    later = json.loads(call(bench, path, "--json", "--exported", "2026-10-20T00:00:00+07:00")[1])
    assert {one["code"] for one in later["dossiers"]} == {"A-2", "A-5"}


def test_equal_lists_are_good(bench: LedgerBench, tmp_path: Path) -> None:
    """Nothing to explain, nothing to say; as known at an earlier time the other list is the right one."""
    heading = "Mã hồ sơ;Mã đơn vị;Ngày tiếp nhận;Ngày hẹn trả;Ngày trả;Trạng thái;Hình thức nộp\n"
    rows = [
        f"A-{number};H27.16;20/09/2026;{due};{ended};{status};trực tuyến\n"
        for number, due, ended, status in (
            (1, "05/10/2026", "01/10/2026", "9"),
            (2, "05/10/2026", "05/10/2026", "9"),
            (3, "05/10/2026", "12/10/2026", "9"),
            (4, "05/10/2026", "", "Yêu cầu bổ sung giấy tờ"),
            (5, "05/10/2026", "", "4"),
            (6, "30/10/2026", "", "4"),
        )
    ]
    assert call(bench, written(tmp_path, heading + "".join(rows)))[0] == exit_codes.GOOD
    rows[2] = "A-3;H27.16;20/09/2026;05/10/2026;;4;trực tuyến\n"
    path = written(tmp_path, heading + "".join(rows[:2] + rows[3:]))
    assert call(bench, path)[0] == exit_codes.PROBLEMS_FOUND
    assert call(bench, path, "--as-of", "2026-10-17T00:00:00+07:00")[0] == exit_codes.GOOD


def test_the_csv_of_our_own_report_agrees_with_itself(bench: LedgerBench, tmp_path: Path) -> None:
    """Its headings are those of the form, with one of them twice."""
    out = tmp_path / "report.csv"
    done = CliRunner().invoke(
        build_app(),
        ["report", "II.06", "--period", "2026-M10", "--format", "csv", "--out", str(out), "--prefix", bench.prefix],
        env={"LIENTHONG_LEDGER_DSN": bench.dsn},
        catch_exceptions=False,
    )
    assert done.exit_code == exit_codes.GOOD
    code, shown = call(bench, out)
    assert (code, shown.strip().splitlines()[-1]) == (exit_codes.GOOD, "Khớp hoàn toàn.")


def test_a_fault_of_the_file_is_a_problem_also_where_the_rest_agrees(bench: LedgerBench, tmp_path: Path) -> None:
    """It is listed with its row, and the other rows are compared."""
    text = "Mã;Đơn vị;Tổng số tiếp nhận;Tổng số đã giải quyết\n;Sở Y tế;6;3\nH99;Không rõ;1;1\nH27.17;;0;2\n"
    code, shown = call(bench, written(tmp_path, text), "--json")
    found = json.loads(shown)
    assert [fault["row"] for fault in found["faults"]] == [3, 4]
    assert [(cell["unit"], cell["figure"], cell["theirs"]) for cell in found["differences"]] == [
        ("H27.17", "resolved", 2)
    ]
    assert code == exit_codes.PROBLEMS_FOUND


@pytest.mark.parametrize(
    "options",
    [
        ["--period", "2026-M10"],
        ["--portal", __file__],
        ["--portal", "no-such-file", "--period", "2026"],
        ["--portal", __file__, "--period", "2026", "--count", "week"],
        ["--portal", __file__, "--period", "2026", "--as-of", "yesterday"],
    ],
)
def test_a_wrong_call_says_so(options: list[str]) -> None:
    """Before anything is read."""
    assert CliRunner().invoke(build_app(), ["reconcile", *options]).exit_code == exit_codes.WRONG_CALL
