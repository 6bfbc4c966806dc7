"""`lienthong simulate`: what a person writes and sees. Publishing is tested on a real Kafka."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from lienthong.cli import simulate
from lienthong_infra.errors import BadInputError

SMALL = ("--days", "3", "--dossiers-per-day", "8", "--communes", "5")


def run(*arguments: str) -> Result:
    """Run the verb with these arguments."""
    app = typer.Typer()
    simulate.register(app)
    return CliRunner().invoke(app, [*SMALL, *arguments])


def test_lines_are_written_to_a_file(tmp_path: Path) -> None:
    """The last one is the tick at the horizon; how many events there were is told."""
    out = tmp_path / "events.jsonl"
    done = run("--out", str(out))
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    events = [line for line in lines if "state" in line]
    assert done.exit_code == 0
    assert (lines[-1]["at"], "tick" in lines[-1]) == ("2026-04-15T17:00:00Z", True)
    assert done.stderr.startswith(f"{len(events)} events in ")


def test_the_states_of_one_office_are_written_to_standard_output() -> None:
    """As `lienthong publish` takes them."""
    done = run("--form", "states", "--office", "H27.40.2", "--out", "-")
    states = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert len(states) > 5
    assert {state["office"] for state in states} == {"H27.40.2"}


def test_a_clean_delivery_has_no_copies() -> None:
    """`--clean` takes the disorder away."""
    scrambled, clean = run("--out", "-", "--duplicates", "0.5"), run("--out", "-", "--clean")
    assert '"again":true' in scrambled.stdout
    assert '"again":true' not in clean.stdout


def test_an_office_can_be_cut_off() -> None:
    """Its line brings nothing in the middle."""
    done = run("--out", "-", "--offline", "H27.40.1:1")
    day = [json.loads(line) for line in done.stdout.splitlines()]
    silent = {line["at"][11:13] for line in day if line.get("sender") == "H27.40.1" and line["at"][:10] == "2026-04-14"}
    assert silent & {f"{hour:02}" for hour in range(5, 16)} == set()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "either --out FILE, or --prefix"),
        (("--out", "-", "--prefix", "x"), "either --out FILE, or --prefix"),
        (("--out", "-", "--start", "soon"), "2026-04-13"),
        (("--out", "-", "--offline", "H27.40.1"), "OFFICE:DAYS"),
        (("--out", "-", "--offline", "H27.99:1"), "no office"),
        (("--out", "-", "--duplicates", "2"), "no share"),
        (("--out", "-", "--tick-minutes", "0"), "tick-minutes"),
        (("--out", "-", "--form", "states"), "office"),
        (("--out", "-", "--start", "2031-01-01"), "covers"),
    ],
)
def test_a_wrong_call_is_refused_with_what_to_write(arguments: tuple[str, ...], words: str) -> None:
    """The exit code is 2."""
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in " ".join(done.stderr.replace("│", " ").split())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With the reason."""
    done = run("--out", str(tmp_path / "no" / "file"))
    assert isinstance(done.exception, BadInputError)
    assert "cannot be written" in str(done.exception)
