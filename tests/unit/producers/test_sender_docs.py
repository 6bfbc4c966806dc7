"""The page for senders is true: its code runs, its lines are accepted, the options it names exist."""

import re
from pathlib import Path

import pytest

from lienthong_producers.domain.json_lines import read_lines

PAGE = Path(__file__).parents[3] / "docs" / "senders.md"


def block(language: str) -> str:
    """Return the first code block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_three_lines_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The example in Python accepts its event."""
    monkeypatch.chdir(tmp_path)
    exec(compile(block("python"), str(PAGE), "exec"), {})
    assert capsys.readouterr().out == "dossier:H27.16:000.00.16.H27-260701-0001 1\n"


def test_the_json_lines_are_good() -> None:
    """Every example line is a sound state of a case."""
    read = list(read_lines(block("jsonl").encode().splitlines()))
    assert [line.problems for line in read] == [()] * 3


@pytest.mark.parametrize(
    ("option", "verb"),
    [
        ("--all-or-nothing", "publish"),
        ("--rejected", "publish"),
        ("--receipts", "publish"),
        ("--send", "publish"),
        ("--office", "forward"),
        ("--without", "ticker"),
        ("--until", "importer"),
        ("--speed", "importer"),
    ],
)
def test_options_on_the_page_exist(option: str, verb: str) -> None:
    """What the page tells to write can be written."""
    source = (Path(__file__).parents[3] / "lienthong" / "cli" / f"{verb}.py").read_text(encoding="utf-8")
    name = option.removeprefix("--").replace("-", "_")
    assert option in PAGE.read_text(encoding="utf-8")
    assert f'"{option}"' in source or re.search(rf"\b{name}:", source)
