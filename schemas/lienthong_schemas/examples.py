"""The examples of the contract: one JSON file per record, instants as ISO 8601 text, so that people can read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lienthong_schemas.codec import Schema
from lienthong_schemas.instants import instant_of, iso_of
from lienthong_schemas.statements import moment

INSTANT_TYPE = "timestamp-micros"


class Example(NamedTuple):
    """A record of a schema, as written in a file."""

    schema: str
    path: Path
    data: Any


def load_examples(root: Path) -> Iterator[Example]:
    """All examples below ``root``, by schema and name. Raises JSONDecodeError where a file is no JSON."""
    for path in sorted((root / "examples").glob("*/*.json")):
        yield Example(path.parent.name, path, json.loads(path.read_text(encoding="utf-8")))


def record_of(schema: Schema, data: Any) -> Any:
    """The record that an example means: instants as integers. Raises ValueError for a text that is no instant."""
    return _converted(schema, data, reading=True)


def example_of(schema: Schema, record: Any) -> Any:
    """The example that says what a record holds: instants as text."""
    return _converted(schema, record, reading=False)


def _converted(schema: Schema, value: Any, *, reading: bool) -> Any:
    if isinstance(schema, list):  # our unions are null and one other type
        return None if value is None else _converted(next(s for s in schema if s != "null"), value, reading=reading)
    if not isinstance(schema, dict):
        return value
    if schema.get("logicalType") == INSTANT_TYPE:
        return instant_of(moment(value)) if reading else iso_of(value)
    if schema["type"] == "record":
        types = {field["name"]: field["type"] for field in schema["fields"]}
        return {name: _converted(types.get(name, "null"), item, reading=reading) for name, item in value.items()}
    if schema["type"] == "map":
        return {name: _converted(schema["values"], item, reading=reading) for name, item in value.items()}
    if schema["type"] == "array":
        return [_converted(schema["items"], item, reading=reading) for item in value]
    return value
