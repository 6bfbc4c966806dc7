"""Reports as files: what senders wrote stays text in a spreadsheet, and a file is whole or not there."""

from __future__ import annotations

import csv
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong.cli.out_files import written
from lienthong.cli.report import _print_table
from lienthong.report.files import as_csv, write_xlsx
from lienthong.report.form import FilledForm, FilledLine
from lienthong_consumers.domain.period_report import Line, Period
from lienthong_infra import exit_codes
from lienthong_infra.errors import WrongCallError

PERIOD = Period("2026-M10", date(2026, 9, 15), date(2026, 10, 14), 0, 1)
SENT = ("=SUM(A1)", "+1", "-1", "@x", "[/bold]", "a\x07b")
"""Codes of procedures as no law has them."""
FORM = FilledForm(PERIOD, "procedure", "day", None, True, tuple(FilledLine(code, "", Line(1)) for code in SENT))


def test_no_cell_of_a_csv_is_a_formula() -> None:
    """An apostrophe in front makes it a text; numbers stay numbers."""
    rows = list(csv.reader(StringIO(as_csv(FORM).removeprefix("\ufeff"))))[1:-1]
    assert [row[0] for row in rows] == ["'=SUM(A1)", "'+1", "'-1", "'@x", "[/bold]", "a\x07b"]
    assert {row[3] for row in rows} == {"1"}


def test_no_cell_of_a_workbook_is_a_formula_and_every_sign_has_one() -> None:
    """Signs that a workbook cannot hold are shown as such; the codes are as they were sent."""
    file = BytesIO()
    write_xlsx(FORM, file)
    rows = list(openpyxl.load_workbook(file).active.iter_rows(min_row=3, max_row=2 + len(SENT)))
    assert [row[0].value for row in rows] == [*SENT[:-1], "a\ufffdb"]
    assert {row[0].data_type for row in rows} == {"s"}
    assert {row[3].value for row in rows} == {1}


def test_no_code_is_markup_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets are shown and do not end the command."""
    _print_table(FORM)
    assert "[/bold]" in capsys.readouterr().out


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    """What was there before stays until then, and nothing is left behind."""
    out = tmp_path / "report.csv"
    out.write_bytes(b"before")
    with pytest.raises(TypeError), written(out) as file:
        file.writelines([b"half", None])  # type: ignore[list-item]
    assert [each.name for each in tmp_path.iterdir()] == ["report.csv"]
    assert out.read_bytes() == b"before"
    with written(out) as file:
        file.write(b"whole")
    assert out.read_bytes() == b"whole"


@pytest.mark.parametrize("place", ["", "no-such-folder/report.csv", "file/report.csv"])
def test_a_place_that_cannot_be_written_is_a_wrong_call(place: str, tmp_path: Path) -> None:
    """A folder, one that is not there, and a file taken for one."""
    (tmp_path / "file").touch()
    with pytest.raises(WrongCallError, match=r"--out: .* cannot be written"), written(tmp_path / place) as file:
        file.write(b"x")


def test_a_device_is_written_and_not_replaced() -> None:
    """It stays a device."""
    device = Path("/dev/null")
    with written(device) as file:
        file.write(b"x")
    assert device.is_char_device()


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        (["report", "II.06", "--out", "x.txt"], "a table is for the screen"),
        (["report", "II.06", "--format", "xlsx"], "a workbook needs a file"),
        (["report", "II.06", "--version", "1", "--running"], "leave out --running"),
        (["reconcile", "--portal", __file__, "--period", "2026", "--out", "x.txt"], "a table is for the screen"),
    ],
)
def test_options_that_do_not_go_together_are_a_wrong_call(verb: list[str], says: str) -> None:
    """Said before anything is read, with what would be right."""
    done = CliRunner().invoke(build_app(), verb)
    assert isinstance(done.exception, WrongCallError)
    assert done.exception.exit_code == exit_codes.WRONG_CALL
    assert says in str(done.exception)
