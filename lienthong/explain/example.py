"""The example of the documents: a dossier that became late, from its history to what people read."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from lienthong.explain.compose import document_of
from lienthong.explain.document import Document
from lienthong.explain.material import Material, explained
from lienthong.explain.render import Telling
from lienthong.explain.texts import Language
from lienthong.offline.event_lines import read_history
from lienthong.offline.trial import announcements, trial
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import ClockEvent, ReferenceRecord
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import load_reference, load_reference_file
from lienthong_streams.domain.replay import last_arrival
from lienthong_streams.domain.timeline import Known

CASE: Final = "dossier:H27.16:260423-0001"
COLUMNS: Final = 100
"""The width of the example."""


class Example(NamedTuple):
    """The history of the example and its rules."""

    history: list[Known]
    references: list[ReferenceRecord]
    book: ReferenceBook
    until: Instant


def read_example(folder: Path) -> Example:
    """The example whose files lie in a folder; the states are the packaged ones."""
    history = read_history((folder / "events.jsonl").read_bytes().splitlines(), "events.jsonl")
    entries = [entry for name in ("policies", "calendar") for entry in load_reference_file(folder / f"{name}.yaml")]
    entries += [entry for entry in load_reference("vn") if entry.kind == "states"]
    references = [entry.record(None) for entry in entries]
    return Example(history, references, ReferenceBook(references, len(references)), last_arrival(history))


def example(folder: Path) -> Document:
    """The explanation of a case of the example; announced as the engine would have."""
    history, references, book, until = read_example(folder)
    said = announcements(history, book, until)
    own = [known for known in history if known.event.case_id == CASE]
    announced = [one for one in said if isinstance(one, ClockEvent) and one.case_id == CASE]
    return document_of(explained(Material("log", own, references, announced, until, "the log"), CASE, None))


def written(docs: Path) -> dict[Path, str]:
    """The files below ``docs`` that follow from the example, with what must stand in them."""
    folder, page = docs / "examples" / "clock", docs / "late.md"
    history, _, book, until = read_example(folder)
    return {
        page: rewritten(page.read_text(encoding="utf-8"), folder),
        docs / "examples" / "explain" / "explanation.json": f"{example(folder).model_dump_json(indent=2)}\n",
        folder / "expected.jsonl": "".join(f"{line}\n" for line in trial(history, book, until)),
    }


def told(document: Document, language: Language) -> str:
    """What people read, in lines without blanks at their ends."""
    out = StringIO()
    Telling(Console(file=out, width=COLUMNS, highlight=False), document, language).tell()
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def rewritten(text: str, folder: Path) -> str:
    """A page whose blocks ```` ```text vi ```` and ```` ```text en ```` hold the example as it is told now."""
    document = example(folder)
    for language in Language:
        begin = f"```text {language}\n"
        before, found, rest = text.partition(begin)
        if found:
            text = f"{before}{begin}{told(document, language)}```{rest.partition('```')[2]}"
    return text
