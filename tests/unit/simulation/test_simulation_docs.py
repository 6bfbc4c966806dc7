"""The page about simulations is true: its lines come out as written, its options exist."""

import re

import typer
from typer.testing import CliRunner

from lienthong.cli import simulate
from lienthong.command_tree import verbs
from tests.support.source_tree import ROOT

PAGE = (ROOT / "docs" / "simulate.md").read_text(encoding="utf-8")
OPTIONS_OF_THE_EXAMPLE = ("--days", "3", "--dossiers-per-day", "8", "--communes", "5")


def blocks(language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_example_lines_come_out_as_written() -> None:
    """An event, a heartbeat and a tick of a small province."""
    app = typer.Typer()
    simulate.register(app)
    lines = set(CliRunner().invoke(app, [*OPTIONS_OF_THE_EXAMPLE, "--out", "-"]).stdout.splitlines())
    examples = blocks("jsonl")[0].splitlines()
    assert len(examples) == 3
    assert [line for line in examples if line not in lines] == []


def test_options_on_the_page_exist_with_their_defaults() -> None:
    """Those of the table, and all others that are mentioned."""
    verb = next(each for each in verbs() if each.name == "lienthong simulate")
    defaults = {names.split("`")[1]: default for names, default, _ in verb.options}
    stated = dict(re.findall(r"^\| `(--[a-z-]+)[^`]*` \| ([0-9.]*) ?\|", PAGE, re.MULTILINE))
    mentioned = set(re.findall(r"`(--[a-z-]+)|(?<= )(--[a-z-]+)", PAGE))
    assert {option: float(default) for option, default in stated.items() if default} == {
        option: float(defaults[option]) for option, default in stated.items() if default
    }
    assert len(stated) >= 4
    assert {first or second for first, second in mentioned} - {"--outbox"} <= set(defaults)
