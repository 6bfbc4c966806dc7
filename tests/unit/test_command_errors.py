"""How errors end the command."""

import subprocess
import sys

from lienthong.cli.main import expected_errors
from lienthong_infra.errors import BadInputError, UnavailableError
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
