"""What people read: the example of the documents, narrow terminals, and cases of every kind of trouble."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from lienthong.explain.compose import document_of
from lienthong.explain.document import Document
from lienthong.explain.example import example, told, written
from lienthong.explain.material import Material, explained
from lienthong.explain.render import Telling
from lienthong.explain.texts import Language
from lienthong_schemas.case_event import CaseEvent
from lienthong_streams.domain.timeline import Known
from tests.support.cases import CASE as OTHER
from tests.support.cases import POLICY, STATES, event, handover, minute
from tests.support.source_tree import ROOT

FOLDER = ROOT / "docs" / "examples" / "clock"


def test_the_examples_are_what_the_code_tells() -> None:
    """The page in both languages, the JSON of an explanation, the lines of `clock`. If not: `make docs`."""
    pages = written(ROOT / "docs")
    assert [path.name for path, text in pages.items() if path.read_text(encoding="utf-8") != text] == []
    assert {path.name for path in pages} == {"late.md", "explanation.json", "expected.jsonl"}


def test_the_example_says_why_it_is_late() -> None:
    """The verdict, for people; and the JSON can be read back."""
    document = example(FOLDER)
    assert "Giải quyết: TRỄ HẠN 1 giờ 15 phút làm việc" in told(document, Language.VI)
    assert Document.model_validate_json(document.model_dump_json()) == document


def of(*events: CaseEvent, as_of: float = 100) -> Document:
    """The document of a case."""
    history = [Known(one, one.occurred_at) for one in events]
    return document_of(explained(Material("ledger", history, [STATES, POLICY], [], None, ""), OTHER, minute(as_of)))


TROUBLE = {
    "hole": of(event(1, "2", 0, due=60), event(3, "4", 9, due=60)),
    "conflict": of(event(1, "2", 0, due=60), event(1, "4", 0, due=60, accepted_at=minute(5))),
    "held": of(event(1, "2", 0, due=60), event(1, "4", 9, due=60, epoch=2)),
    "handover": of(event(1, "2", 0, due=60), handover(2, 9, successor="H27.01", next_epoch=2, due=60)),
    "reopened": of(event(1, "2", 0, due=60), event(2, "9", 9, due=60), event(3, "4", 20, due=60)),
    "unknown state": of(event(1, "2", 0, due=60), event(2, "99", 9, due=60)),
    "no due time": of(event(1, "2", 0)),
    "paused too late": of(event(1, "2", 0, due=60), event(2, "5", 80, due=60)),
    "standing still": of(event(1, "2", 0, due=60), event(2, "5", 20, due=60)),
    "only waiting": of(event(1, "1", 0)),
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", TROUBLE)
def test_every_kind_of_trouble_can_be_told(name: str, language: Language) -> None:
    """Every text is there and filled in."""
    text = told(TROUBLE[name], language)
    assert "{" not in text
    assert OTHER.split(":", 1)[1] in text


@pytest.mark.parametrize("width", [80, 100, 120])
def test_it_fits_a_terminal(width: int) -> None:
    """No line is wider, and nothing is cut off."""
    out = StringIO()
    Telling(Console(file=out, width=width, highlight=False), example(FOLDER), Language.VI).tell()
    lines = out.getvalue().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    assert "…" not in out.getvalue()
    assert "1.005129" in out.getvalue()
