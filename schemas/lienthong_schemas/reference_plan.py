"""What is to be published: the files' reference data against what the reference topic holds already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference_files import Entry, canonical_json

ORDER: Final = ("schema", "calendar", "states", "policy", "clock-policy", "procedure", "report-form", "unit")
"""Kinds in the order in which they are published: a policy is of no use before the states it judges."""


class ReferencePlan(NamedTuple):
    """What is new, and what cannot be published as it stands."""

    new: tuple[Entry, ...]
    problems: tuple[str, ...]


def reference_plan(entries: Sequence[Entry], held: Iterable[ReferenceRecord]) -> ReferencePlan:
    """Compare files with the topic. A record that was published is never changed: a change needs the next version."""
    published = {record.record_id: record for record in held}
    newest: dict[tuple[str, str], int] = {}
    for record in published.values():
        at = record.kind, record.key
        newest[at] = max(newest.get(at, 0), record.version)
    new: list[Entry] = []
    problems: list[str] = []
    for entry in entries:
        there = published.get(entry.record_id)
        last = newest.get((entry.kind, entry.key), 0)
        if there is None and entry.version > last:
            new.append(entry)
        elif there is None:
            problems.append(f"{entry.place}: {entry.record_id}: version {last} is published already; write {last + 1}")
        elif not _same(entry, there):
            problems.append(
                f"{entry.place}: {entry.record_id}: it was published with other content, which stays; "
                f"put the old content back and add version {last + 1}"
            )
    new.sort(key=lambda entry: (ORDER.index(entry.kind), entry.key, entry.version))
    return ReferencePlan(tuple(new), tuple(problems))


def _same(entry: Entry, record: ReferenceRecord) -> bool:
    try:
        body = canonical_json(json.loads(record.body))
    except ValueError:
        return False
    return (entry.body, entry.valid_from) == (body, record.valid_from)
