"""The gate for schemas: every version reads every other, and what was released stays as it was.

Beyond Avro's own rules: a logical type never changes (old readers would take seconds for microseconds), bytes and
string never swap (the resolution lets them, other languages do not), no two versions share a fingerprint (a value
names its schema by it), and in case events the two fields of the delivery stay first (the content digest skips them).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any, Final

from lienthong_schemas.catalogue import Catalogue, packaged_root
from lienthong_schemas.codec import Schema, fingerprint_of
from lienthong_schemas.resolution import resolution_problems

DELIVERY_FIELDS: Final = ("accepted_at", "previous")
RELEASED: Final = "released.json"
"""Beside the schemas: by name, fingerprint and content of every released schema, without its documentation."""

Versions = Mapping[str, Schema]
"""Schemas by name, oldest first."""


def without_documentation(schema: Schema) -> Schema:
    """The same schema without ``doc``, which may be improved after the release."""
    if isinstance(schema, dict):
        return {key: without_documentation(value) for key, value in schema.items() if key != "doc"}
    if isinstance(schema, list):
        return [without_documentation(item) for item in schema]
    return schema


def version_problems(versions: Versions, *, case: bool) -> Iterator[str]:
    """What forbids that these versions of one schema live side by side."""
    for reader, writer in permutations(versions, 2):
        for problem in resolution_problems(versions[reader], versions[writer]):
            yield f"avro/{reader}.avsc: it cannot read what {writer} wrote: {problem}"
    marks: dict[bytes, str] = {}
    for name, schema in versions.items():
        mark = fingerprint_of(schema)
        if mark in marks:
            yield f"avro/{name}.avsc: it has the fingerprint of {marks[mark]}, so values could not be told apart"
        marks.setdefault(mark, name)
        first = tuple(field["name"] for field in schema["fields"][: len(DELIVERY_FIELDS)])
        if case and first != DELIVERY_FIELDS:
            yield f"avro/{name}.avsc: {' and '.join(DELIVERY_FIELDS)} must be its first fields, for the content digest"
    names = list(versions)
    for index, new in enumerate(names):
        for old in names[:index]:
            yield from _changed_meaning(old, versions[old], new, versions[new])


def _changed_meaning(old_name: str, old: Schema, new_name: str, new: Schema) -> Iterator[str]:
    before, after = dict(_leaves("", old)), dict(_leaves("", new))
    for place in sorted(before.keys() & after.keys()):
        (old_type, old_logical), (new_type, new_logical) = before[place], after[place]
        if old_logical != new_logical:
            change = f"from {old_logical or 'none'} in {old_name} to {new_logical or 'none'}"
            yield f"avro/{new_name}.avsc: {place}: the logical type changes {change}: never change it"
        if {old_type, new_type} == {"bytes", "string"}:
            yield f"avro/{new_name}.avsc: {place}: it was {old_type} in {old_name} and is {new_type}: never swap them"


def _leaves(place: str, schema: Schema) -> Iterator[tuple[str, tuple[str, str]]]:
    """(place, (type, logical type)) of every primitive; a union stands for its last branch that is not null."""
    if isinstance(schema, str):
        yield place, (schema, "")
    elif isinstance(schema, list):
        for branch in schema:
            if branch != "null":
                yield from _leaves(place, branch)
    elif schema["type"] == "record":
        for field in schema["fields"]:
            yield from _leaves(f"{place}.{field['name']}".lstrip("."), field["type"])
    elif schema["type"] in ("array", "map"):
        yield from _leaves(f"{place}[]", schema.get("items", schema.get("values")))
    elif isinstance(schema["type"], dict | list):
        yield from _leaves(place, schema["type"])
    else:
        yield place, (schema["type"], schema.get("logicalType", ""))


def released_entry(schema: Schema) -> dict[str, Any]:
    """What the release file says about a schema."""
    return {"fingerprint": fingerprint_of(schema).hex(), "schema": without_documentation(schema)}


def release_problems(schemas: Versions, released: Mapping[str, Any], root: Path) -> Iterator[str]:
    """Schemas that are not as they were released, not released yet, or gone."""
    for name, schema in schemas.items():
        if name not in released:
            yield f"avro/{name}.avsc: it is not released yet; run `lienthong schemas release` once it is final"
        elif released[name] != released_entry(schema):
            yield f"avro/{name}.avsc: it was released and has changed since; put it back and write the next version"
    for name in sorted(released):
        if not (root / "avro" / f"{name}.avsc").exists():
            yield f"avro/{name}.avsc: it was released and is gone; values on the log need it: put it back"


def read_schemas(root: Path) -> tuple[dict[str, Schema], list[str]]:
    """All schemas below ``root`` by name, and what cannot be read."""
    schemas: dict[str, Schema] = {}
    problems = []
    for path in sorted((root / "avro").glob("*.avsc")):
        try:
            schema = json.loads(path.read_text(encoding="utf-8"))
            fingerprint_of(schema)
        except Exception as error:  # the Avro library raises many kinds for a wrong schema
            problems.append(f"avro/{path.name}: it is no Avro schema: {error}")
        else:
            schemas[path.stem] = schema
    return schemas, problems


def gate_problems(catalogue: Catalogue, root: Path | None = None) -> list[str]:
    """Everything that the gate has against the schemas below ``root`` (default: the packaged ones)."""
    root = packaged_root() if root is None else root
    schemas, problems = read_schemas(root)
    for topic in catalogue.topics.values():
        if topic.same_record_as:
            continue
        versions = {name: schemas[name] for name in topic.schemas if name in schemas}
        problems.extend(version_problems(versions, case=topic.role == "case"))
    released_path = root / "avro" / RELEASED
    released = json.loads(released_path.read_text(encoding="utf-8")) if released_path.exists() else {}
    problems.extend(release_problems(schemas, released, root))
    return problems


def release(root: Path) -> Sequence[str]:
    """Freeze every schema that is not released yet; returns their names. What is released is never touched."""
    schemas, _ = read_schemas(root)
    path = root / "avro" / RELEASED
    released = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    new = [name for name in schemas if name not in released]
    released.update((name, released_entry(schemas[name])) for name in new)
    path.write_text(json.dumps(released, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    return new
