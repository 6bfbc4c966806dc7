"""Avro single-object encoding: ``C3 01``, the CRC-64-AVRO fingerprint of the writer's schema, the value.

Inside the bus an instant is an int, so logical types are taken off before a schema is used; the bytes on the wire are
the same. Readers and writers are compiled from the schemas, see ``avro_compiled``. A book of schemas knows the packaged
ones and learns newer ones from the reference topic, so producers may be upgraded before consumers.
Source: Apache Avro 1.12 specification, "Single-object encoding".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final, NamedTuple

from fastavro import parse_schema
from fastavro.schema import fingerprint, to_parsing_canonical_form

from lienthong_schemas import avro_compiled
from lienthong_schemas.avro_compiled import Wanted
from lienthong_schemas.avro_reader import Reader
from lienthong_schemas.avro_writer import Writer
from lienthong_schemas.errors import NotSingleObject, UnknownFingerprint, WrongSchema

MARKER: Final = b"\xc3\x01"
HEADER_LENGTH: Final = 10
"""Bytes before the value: two of the marker, eight of the fingerprint."""

SCHEMA_OF_TOPIC: Final[Mapping[str, str]] = {
    "dossier.v1": "dossier.v2",
    "field-report.v1": "field-report.v1",
    "periodic-report.v1": "periodic-report.v1",
    "document.v1": "document.v1",
    "task.v1": "task.v1",
    "heartbeat.v1": "heartbeat.v1",
    "tick.v1": "tick.v1",
    "reference.v1": "reference.v1",
    "sla.v1": "clock-event.v2",
    "quality.v1": "finding.v1",
    "totals-partial.v1": "totals-partial.v2",
    "totals.v1": "totals.v1",
    "official-totals.v1": "totals.v1",
    "period-report.v1": "period-report.v3",
    "checksum.v1": "checksum.v1",
}
"""The newest schema of a topic (without prefix). A test holds it against the topic catalogue."""

EARLIER_SCHEMAS: Final[Mapping[str, tuple[str, ...]]] = {
    "dossier.v1": ("dossier.v1",),
    "sla.v1": ("clock-event.v1",),
    "totals-partial.v1": ("totals-partial.v1",),
    "period-report.v1": ("period-report.v1", "period-report.v2"),
}
"""The released schemas that a topic carries besides, oldest first."""

Schema = Any
"""A schema as parsed by fastavro."""


class _Known(NamedTuple):
    topics: frozenset[str]
    schema: Schema
    newest: bool
    """It is the schema that this process writes itself: nothing to resolve."""


def without_logical_types(schema: Schema) -> Schema:
    """The same schema, all logical types taken off: what the bus reads and writes with."""
    if isinstance(schema, dict):
        return {key: without_logical_types(value) for key, value in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [without_logical_types(item) for item in schema]
    return schema


def packaged_schema(name: str) -> Schema:
    """The schema file ``avro/<name>.avsc`` as plain JSON data, logical types included."""
    return json.loads((files("lienthong_schemas") / "avro" / f"{name}.avsc").read_text(encoding="utf-8"))


def fingerprint_of(schema: Schema) -> bytes:
    """The eight bytes of the CRC-64-AVRO fingerprint, little-endian, as they stand in a value."""
    canonical = to_parsing_canonical_form(parse_schema(schema))
    return bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))


class _Earlier(NamedTuple):
    added: Mapping[str, Any]
    """Fields that the newest schema has besides, with their defaults."""
    write: Writer


class SchemaBook:
    """All schemas that this process can read, and those of each topic that it writes."""

    def __init__(self) -> None:
        self._newest: dict[str, Schema] = {}
        self._headers: dict[str, bytes] = {}
        self._known: dict[bytes, _Known] = {}
        self._writers: dict[str, Writer] = {}
        self._readers: dict[tuple[str | Wanted, bytes], Reader] = {}
        for topic, name in SCHEMA_OF_TOPIC.items():
            raw = packaged_schema(name)
            self._newest[topic] = parse_schema(without_logical_types(raw))
            mark = self.learn(topic, raw)
            self._headers[topic] = MARKER + mark
        self._earlier = {topic: self._learn_earlier(topic, names) for topic, names in EARLIER_SCHEMAS.items()}

    def _learn_earlier(self, topic: str, names: Sequence[str]) -> list[_Earlier]:
        """Earlier schemas, to be written with; Raises NotCompilable where one differs in more than fields added."""
        found = []
        for name in names:
            header = MARKER + self.learn(topic, packaged_schema(name))
            schema = self._known[header[len(MARKER) :]].schema
            added = avro_compiled.added_fields(schema, self._newest[topic])
            found.append(_Earlier(added, avro_compiled.writer(schema, header)))
        return found

    def learn(self, topic: str, schema: Schema) -> bytes:
        """Make a writer's schema of a topic known; returns its fingerprint. Learning again changes nothing."""
        mark = fingerprint_of(schema)
        known = self._known.get(mark)
        topics = frozenset((topic,)) if known is None else known.topics | {topic}
        newest = topic not in self._headers or self._headers[topic] == MARKER + mark
        self._known[mark] = _Known(topics, parse_schema(without_logical_types(schema)), newest)
        return mark

    def newest(self, topic: str) -> Schema:
        """The schema that this process writes for a topic, without logical types."""
        return self._newest[topic]

    def knows(self, mark: bytes) -> bool:
        """Whether a value with this fingerprint could be read."""
        return mark in self._known

    def encode(self, topic: str, record: Mapping[str, Any] | tuple[Any, ...]) -> bytes:
        """The value of a record of a topic: a mapping, or a tuple with the newest schema's fields in their order.

        A mapping is written by the oldest schema that says all of it: so an event that says nothing new keeps its
        content digest when its sender is upgraded, and importing it again makes no conflict. Raises ValueError or
        TypeError where it does not fit the schema.
        """
        if topic in self._earlier and isinstance(record, Mapping):
            for added, older in self._earlier[topic]:
                if all(record.get(name, default) == default for name, default in added.items()):
                    return older({name: value for name, value in record.items() if name not in added})
        write = self._writers.get(topic)
        if write is None:
            write = self._writers[topic] = avro_compiled.writer(self._newest[topic], self._headers[topic])
        return write(record)

    def decode(self, topic: str, value: bytes) -> dict[str, Any]:
        """The record in a value, in the shape of the newest schema known here. Raises DecodeError."""
        read = self._readers.get((topic, value[:HEADER_LENGTH])) or self._reader(topic, None, value)
        record: dict[str, Any] = read(value, HEADER_LENGTH)
        return record

    def decode_fields(self, wanted: Wanted, value: bytes) -> tuple[Any, ...]:
        """The wanted fields of the record in a value; the others are checked, too. Raises DecodeError, or NotPlain."""
        read = self._readers.get((wanted, value[:HEADER_LENGTH])) or self._reader(wanted.topic, wanted, value)
        fields: tuple[Any, ...] = read(value, HEADER_LENGTH)
        return fields

    def _reader(self, topic: str, wanted: Wanted | None, value: bytes) -> Reader:
        """The reader for values that begin like this one, made when it is needed first. Raises DecodeError."""
        if len(value) < HEADER_LENGTH or value[:2] != MARKER:
            raise NotSingleObject("the value does not begin with C3 01 and a fingerprint of eight bytes")
        mark = value[2:HEADER_LENGTH]
        known = self._known.get(mark)
        if known is None:
            raise UnknownFingerprint(mark)
        if topic not in known.topics:
            raise WrongSchema(f"its schema belongs to {', '.join(sorted(known.topics))}, not to {topic}")
        newest = self._newest.get(topic, known.schema)
        made = avro_compiled.reader(newest if known.newest else known.schema, newest, wanted)
        self._readers[wanted or topic, value[:HEADER_LENGTH]] = made
        return made
