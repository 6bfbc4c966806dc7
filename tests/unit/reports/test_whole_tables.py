"""Tables on the screen: no code of a unit or a case is cut off, however narrow the terminal."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from lienthong.cli.ledger import _print_units
from lienthong.cli.main import build_app
from lienthong.cli.report_units import _print_duties
from lienthong.report.stated import Duty
from lienthong_consumers.ledger.summary import UnitFigures
from lienthong_infra import exit_codes

CASE = "periodic-report:H27:II.06A-2026-M11-H27.40.1-[0014]"
OFFICE = "H27.40.123456789.123456789.123456789"
MOMENT = 1_795_362_655_152_663


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of forty columns."""
    monkeypatch.setenv("COLUMNS", "40")


def test_what_is_owed_is_listed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Form, office, both times to the second, state and case stand in one line."""
    _print_duties([Duty(CASE, "II.06a", OFFICE, MOMENT, MOMENT, "sent", asked_for=True)])
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split() == ["II.06a", OFFICE, "2026-11-22T15:50:55Z", "2026-11-22T15:50:55Z", "sent", CASE]


def test_figures_of_offices_are_listed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Code and all six numbers."""
    _print_units([UnitFigures(OFFICE, 1, 2_000_000, 3, 4, 5, 6)])
    assert capsys.readouterr().out.splitlines()[1].split() == [OFFICE, "1", "2,000,000", "3", "4", "5", "6"]


@pytest.mark.parametrize("verb", ["summary", "units"])
def test_an_unknown_kind_of_case_is_a_wrong_call(verb: str) -> None:
    """Zeros would look like an answer."""
    done = CliRunner().invoke(build_app(), ["ledger", verb, "--kind", "permit"])
    assert done.exit_code == exit_codes.WRONG_CALL
    assert "is no kind of case" in done.output
