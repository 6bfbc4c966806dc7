"""How errors end the command."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app, expected_errors
from lienthong_infra.errors import BadInputError, UnavailableError, WrongCallError
from lienthong_schemas.errors import CatalogueError


def test_an_error_of_our_tree_has_its_text_and_code() -> None:
    """One clear text, one exit code."""
    assert expected_errors(UnavailableError("broker away")) == [("broker away", 69)]


def test_errors_of_a_group_are_all_listed() -> None:
    """Tasks that run side by side may fail side by side."""
    group = ExceptionGroup("", [UnavailableError("a"), ExceptionGroup("", [BadInputError(["b", "c"])])])
    assert expected_errors(group) == [("a", 69), ("b\nc", 65)]


def test_a_foreign_error_keeps_its_traceback() -> None:
    """What nobody foresaw must not be hidden, not even beside an error of ours."""
    assert expected_errors(ExceptionGroup("", [UnavailableError("a"), KeyError("b")])) is None


def test_an_error_of_the_contract_is_bad_input() -> None:
    """The contract knows no exit codes; its errors are about data handed in."""
    assert expected_errors(CatalogueError(["file: line"])) == [("file: line", 65)]


def test_a_wrong_setting_ends_the_command_without_a_traceback() -> None:
    """Every fault on a line of its own, exit code 78."""
    done = subprocess.run(
        [sys.executable, "-m", "lienthong.cli.main", "broker", "status"],
        capture_output=True,
        text=True,
        env={"LIENTHONG_PREFIX": "A B", "LIENTHONG_METRICS_PORT": "x"},
        check=False,
    )
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines), {line[:22] for line in lines}) == (
        78,
        2,
        {"lienthong: LIENTHONG_P", "lienthong: LIENTHONG_M"},
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tail", "nonsense.v1"], "nonsense.v1: there is no such topic"),
        (["tail", "sla.v1", "--where", "kind"], "--where 'kind': write FIELD"),
        (["export", "--what", "people"], "--what people: there is no such thing"),
        (["export", "--where", "status"], "--where 'status': write FIELD"),
        (["export", "--what", "totals", "--as-of", "2026-01-01T00:00:00Z"], "--as-of: totals are kept as they are"),
        (["ledger", "migrate", "--begin", "nonsense.v1"], "--begin nonsense.v1: the catalogue does not give it"),
    ],
)
def test_a_wrong_call_is_told_before_a_server_is_looked_for(words: list[str], said: str) -> None:
    """No bus and no ledger are there: what is wrong in the call itself is said all the same, with exit code 2."""
    servers = {"LIENTHONG_BOOTSTRAP": "127.0.0.1:1", "LIENTHONG_LEDGER_DSN": "postgresql://nobody@127.0.0.1:1/none"}
    wrong = CliRunner(env=servers).invoke(build_app(), words).exception
    assert isinstance(wrong, WrongCallError)
    assert wrong.exit_code == 2
    assert str(wrong).startswith(said)
