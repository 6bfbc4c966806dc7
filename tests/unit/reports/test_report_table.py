"""The form on the screen: nothing of it is left out, however narrow the terminal."""

from __future__ import annotations

from datetime import date

import pytest

from lienthong.cli.report import _print_table
from lienthong.report.form import FilledForm, FilledLine
from lienthong_consumers.domain.period_report import Line, Period


@pytest.mark.parametrize("columns", ["60", "120", "200"])
def test_every_column_of_the_form_is_shown(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code, name and all eleven numbers of each line; a table of that width once lost its last two."""
    monkeypatch.setenv("COLUMNS", columns)
    line = Line(820_001, 141_002, 33_003, 400_004, 380_005, 55_006, 120_007, 39_008)
    period = Period("2026-M10", date(2026, 9, 15), date(2026, 10, 14), 0, 1)
    lines = (FilledLine("H27.40.1", "Sở Tư pháp", line), FilledLine("H27.16", "", Line()))
    _print_table(FilledForm(period, "office", "day", None, True, lines))
    (shown,) = [each for each in capsys.readouterr().out.splitlines() if each.startswith("H27.40.1 Sở Tư pháp")]
    assert shown.split()[4:] == [format(number, ",") for number in line.columns]
