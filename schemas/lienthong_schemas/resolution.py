"""Whether one Avro schema can read what another has written: the rules of schema resolution, as a list of problems.

Source: Apache Avro 1.12 specification, "Schema Resolution". A test holds this against Apache's own implementation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lienthong_schemas.codec import Schema

_PROMOTIONS: Final[Mapping[str, frozenset[str]]] = {
    "int": frozenset(("long", "float", "double")),
    "long": frozenset(("float", "double")),
    "float": frozenset(("double",)),
    "string": frozenset(("bytes",)),
    "bytes": frozenset(("string",)),
}
"""By the writer's primitive type, the wider ones a reader may have."""
_NAMED: Final = frozenset(("record", "enum", "fixed"))


class _Side:
    """A schema and the named types in it."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._named: dict[str, Mapping[str, Any]] = {}
        self._collect(schema, "")

    def _collect(self, schema: Schema, namespace: str) -> None:
        if isinstance(schema, list):
            for branch in schema:
                self._collect(branch, namespace)
        elif isinstance(schema, dict):
            namespace = schema.get("namespace", namespace)
            if schema["type"] in _NAMED:
                name = schema["name"]
                self._named[name] = self._named[f"{namespace}.{name}"] = schema
            for field in schema.get("fields", ()):
                self._collect(field["type"], namespace)
            for inner in ("items", "values"):
                if inner in schema:
                    self._collect(schema[inner], namespace)
            if isinstance(schema["type"], dict | list):
                self._collect(schema["type"], namespace)

    def plain(self, schema: Schema) -> Any:
        """The schema with references followed: a union as a list, all else as an object."""
        if isinstance(schema, str):
            return self._named.get(schema, {"type": schema})
        if isinstance(schema, dict) and isinstance(schema["type"], dict | list):
            return self.plain(schema["type"])
        return schema


def resolution_problems(reader: Schema, writer: Schema) -> list[str]:
    """Why a reader with the first schema could not read every value of the second; empty where it can."""
    return list(_Resolution(reader, writer).problems("", reader, writer))


class _Resolution:
    def __init__(self, reader: Schema, writer: Schema) -> None:
        self._reader, self._writer = _Side(reader), _Side(writer)
        self._open: set[tuple[int, int]] = set()

    def problems(self, place: str, reader: Schema, writer: Schema) -> Iterator[str]:
        reader, writer = self._reader.plain(reader), self._writer.plain(writer)
        pair = id(reader), id(writer)
        if pair in self._open:  # a type that contains itself
            return
        self._open.add(pair)
        yield from self._of_pair(place, reader, writer)
        self._open.discard(pair)

    def _of_pair(self, place: str, reader: Any, writer: Any) -> Iterator[str]:
        if isinstance(writer, list):
            for branch in writer:
                yield from self.problems(place, reader, branch)
        elif isinstance(reader, list):
            if all(list(self.problems(place, branch, writer)) for branch in reader):
                yield f"{place or 'schema'}: no branch of the union takes a {writer['type']}"
        elif reader["type"] != writer["type"]:
            if reader["type"] not in _PROMOTIONS.get(writer["type"], ()):
                yield f"{place or 'schema'}: a {writer['type']} cannot be read as {reader['type']}"
        elif reader["type"] in _NAMED:
            yield from self._of_named(place, reader, writer)
        else:
            for inner in ("items", "values"):
                if inner in reader:
                    yield from self.problems(f"{place}[]", reader[inner], writer[inner])

    def _of_named(self, place: str, reader: Mapping[str, Any], writer: Mapping[str, Any]) -> Iterator[str]:
        if _last(writer["name"]) not in {_last(name) for name in (reader["name"], *reader.get("aliases", ()))}:
            yield f"{place or 'schema'}: {writer['name']} is not {reader['name']}"
        elif reader["type"] == "fixed" and reader["size"] != writer["size"]:
            yield f"{place or 'schema'}: the size is {reader['size']}, not {writer['size']}"
        elif reader["type"] == "enum" and "default" not in reader:
            for symbol in sorted(set(writer["symbols"]) - set(reader["symbols"])):
                yield f"{place or 'schema'}: the symbol {symbol} is not known"
        elif reader["type"] == "record":
            yield from self._of_fields(place, reader, writer)

    def _of_fields(self, place: str, reader: Mapping[str, Any], writer: Mapping[str, Any]) -> Iterator[str]:
        written = {field["name"]: field["type"] for field in writer["fields"]}
        for field in reader["fields"]:
            below = f"{place}.{field['name']}".lstrip(".")
            name = next((name for name in (field["name"], *field.get("aliases", ())) if name in written), None)
            if name is not None:
                yield from self.problems(below, field["type"], written[name])
            elif "default" not in field:
                yield f"{below}: it is not in the other version and has no default"


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]
