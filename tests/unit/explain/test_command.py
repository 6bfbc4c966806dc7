"""The verbs `explain` and `clock` when something is wrong: clear words, the exit code, nothing half-printed."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app, expected_errors
from tests.support.commands import lienthong
from tests.support.source_tree import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "clock"
CLOCK = ("clock", "--policy", str(EXAMPLE / "policies.yaml"), "--calendar", str(EXAMPLE / "calendar.yaml"))
NOBODY = "127.0.0.1:1"
"""An address at which nobody listens."""


def run(arguments: Sequence[str], given: bytes = b"") -> tuple[int, str, str]:
    """Exit code, output and errors of a verb, as ``main`` would end it."""
    environment = {
        "LIENTHONG_BOOTSTRAP": NOBODY,
        "LIENTHONG_LEDGER_DSN": f"postgresql://nobody@{NOBODY}/none?connect_timeout=1",
        "LIENTHONG_PREFIX": "t-none",
        "COLUMNS": "200",
        "TERMINAL_WIDTH": "200",
    }
    done = CliRunner().invoke(build_app(), list(arguments), input=given, env=environment)
    expected = None if done.exception is None else expected_errors(done.exception)
    if expected is None:
        return done.exit_code, done.stdout, " ".join(done.stderr.split())
    return max(code for _, code in expected), done.stdout, "\n".join(text for text, _ in expected)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["explain", "H27.16-1"], 2, "it must read kind:authority:number"),
        (["explain", "dosier:H27.16:1"], 2, "known kinds: dossier, field-report"),
        (["explain", "dossier:H27.16:1", "--as-of", "yesterday"], 2, "write ISO 8601 with the UTC offset"),
        (["explain", "dossier:H27.16:1", "--lang", "fr"], 2, "'fr' is not one of 'vi', 'en'"),
        (["explain", "dossier:H27.16:1"], 69, NOBODY),
        ([*CLOCK, "--events", "-", "--as-of", "2026"], 2, "write ISO 8601 with the UTC offset"),
        ([*CLOCK, "--events", "nowhere.jsonl"], 65, "nowhere.jsonl: it cannot be opened"),
        (["clock", "--policy", "nowhere", "--events", str(EXAMPLE / "events.jsonl")], 65, "nor a packaged set"),
    ],
)
def test_an_error_has_words_and_an_exit_code(arguments: list[str], code: int, words: str) -> None:
    """And no output."""
    found, out, errors = run(arguments)
    assert (found, out) == (code, "")
    assert words in errors


def test_a_history_with_a_problem_prints_nothing_but_all_problems() -> None:
    """Also those of the rules; a good line before does not help."""
    good = b'{"case": "dossier:H27.16:1", "at": "2026-04-23T15:20:00+07:00", "status": "2"}\n'
    code, out, errors = run([*CLOCK, "--states", "nowhere", "--events", "-"], good + b'{"case": "x"}\n{\n')
    assert (code, out) == (65, "")
    told = [line.split(": ")[:2] for line in errors.splitlines()]
    assert told == [
        ["--states", "nowhere"],
        ["standard input:2", "case"],
        ["standard input:2", "at"],
        ["standard input:2", "status"],
        ["standard input:3", "event"],
    ]


def test_the_example_from_a_shell() -> None:
    """The bytes of the documents, from standard input."""
    expected = (EXAMPLE / "expected.jsonl").read_bytes()
    with (EXAMPLE / "events.jsonl").open("rb") as events:
        done = subprocess.run(lienthong(*CLOCK, "--events", "-"), stdin=events, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (expected, b"")


def test_the_packaged_rules_will_do() -> None:
    """A policy set by its name, and the calendar and states of the same."""
    code, out, errors = run(["clock", "--policy", "vn", "--events", str(EXAMPLE / "events.jsonl")])
    assert (code, errors) == (0, "")
    assert "clock-policy/dossier/*/*/processing/1" in out
