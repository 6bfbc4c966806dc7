"""The rules of a trial: clock policies, calendars and tables of states, from files or from a packaged set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from lienthong_infra.errors import BadInputError
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import Entry, load_reference, load_reference_file, reference_sets

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "--policy": ("clock-policy", "policy"),
    "--calendar": ("calendar",),
    "--states": ("states",),
}
"""By option, the kinds of records that it brings."""


def read_rules(sources: Mapping[str, Sequence[str]]) -> ReferenceBook:
    """The rules. ``sources``: by option, files or names of packaged sets.

    Raises BadInputError with every problem of every file.
    """
    problems: list[str] = []
    entries: list[Entry] = []
    for option, names in sources.items():
        for name in names:
            try:
                entries.extend(_entries(option, name))
            except CatalogueError as error:
                problems.extend(f"{option}: {problem}" for problem in error.problems)
    known: dict[str, str] = {}
    for entry in entries:
        if entry.record_id in known:
            problems.append(f"{entry.place}: {entry.record_id} stands in {known[entry.record_id]} already")
        known.setdefault(entry.record_id, entry.place)
    if problems:
        raise BadInputError(problems)
    return ReferenceBook((entry.record(None) for entry in entries), len(entries))


def _entries(option: str, name: str) -> list[Entry]:
    wanted = KINDS[option]
    if name in reference_sets():
        return [entry for entry in load_reference(name) if entry.kind in wanted]
    if not Path(name).is_file():
        sets = ", ".join(reference_sets())
        raise CatalogueError([f"{name}: there is no such file, nor a packaged set of this name ({sets})"])
    entries = load_reference_file(Path(name))
    others = sorted({entry.kind for entry in entries if entry.kind not in wanted})
    if others:
        raise CatalogueError([f"{name}: it holds {', '.join(others)}; this option takes {' or '.join(wanted)}"])
    return entries
