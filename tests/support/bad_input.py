"""The table of bad input as the documents have it, and what becomes of input, in the words of that table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from lienthong_infra.dead_letter import read_letter
from lienthong_infra.ports import OutboundRecord, Record
from lienthong_streams.domain.facts import Fold
from tests.support.source_tree import ROOT

PAGE = ROOT / "docs" / "operate" / "bad-input.md"


class Row(NamedTuple):
    """What the page promises for one input."""

    input: str
    becomes: str
    says: str
    vietnamese: str


class Became(NamedTuple):
    """What became of an input: ``refused``, ``letter <code>`` or ``finding <code>``, and in which words."""

    becomes: str
    words: str


def rows(section: str) -> dict[str, Row]:
    """The rows of one section of the page by their input, in order."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    cells = [[each.strip() for each in line.strip("|").split("|")] for line in text.splitlines() if line[:2] == "| "]
    found = [Row(row[0], row[1].replace("`", ""), row[2], row[3]) for row in cells[1:]]
    assert len({row.input for row in found}) == len(found)
    return {row.input: row for row in found}


def sections() -> list[str]:
    """The headings of the page."""
    return re.findall(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def refused(problems: Iterable[str]) -> list[Became]:
    """Whoever handed it in was told so."""
    return [Became("refused", problem) for problem in problems]


def letters(outputs: Iterable[OutboundRecord]) -> list[Became]:
    """The dead letters among outputs."""
    found = []
    for one in outputs:
        if one.topic.endswith("-dead-letter.v1"):
            letter = read_letter(Record(one.topic, 0, 0, one.key, one.value, 0, one.headers))
            found += [Became(f"letter {letter.code}", problem) for problem in letter.problems]
    return found


def findings(outcome: Fold) -> list[Became]:
    """What was remarked."""
    return [Became(f"finding {one.code}", one.detail) for one in outcome.remarks]


def kept_promise(row: Row, became: Iterable[Became]) -> bool:
    """Whether what became of an input is what the page says, in its words."""
    return any(one.becomes == row.becomes and row.says in one.words for one in became)
