"""Records as JSON objects: Avro decoded along its schema, instants as ISO 8601, letters without the record inside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from lienthong_infra.dead_letter import NotALetter, read_letter
from lienthong_infra.ports import Record
from lienthong_schemas.codec import SCHEMA_OF_TOPIC, SchemaBook, packaged_schema
from lienthong_schemas.errors import ContractError
from lienthong_schemas.instants import instant_of_milliseconds, iso_of

PLACE: Final = ("topic", "partition", "offset", "timestamp", "record_key")
"""Fields of where a record lies; its own fields follow them."""
PROBLEM: Final = "problem"
"""The field that says why a record could not be read."""
_LETTER: Final = (
    "letter_id", "original_topic", "original_partition", "original_offset", "stage", "code", "problems", "consumer",
    "first_seen",
)  # fmt: skip
_INSTANT: Final = "timestamp-micros"
_JSON_FIELDS: Final[Mapping[str, str]] = {"reference.v1": "body"}
"""By topic, a text field that is JSON itself."""


class Renderer:
    """Renders the records of one topic (its name without prefix)."""

    def __init__(self, topic: str, book: SchemaBook) -> None:
        self._topic = topic
        self._book = book
        self._schema = packaged_schema(SCHEMA_OF_TOPIC[topic]) if topic in SCHEMA_OF_TOPIC else None

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that a rendered record of the topic can have."""
        own = _LETTER if self._schema is None else tuple(field["name"] for field in self._schema["fields"])
        return (*PLACE, *own, PROBLEM)

    def render(self, record: Record) -> dict[str, Any]:
        """The record as JSON data; where it cannot be read, with ``problem`` instead of its own fields."""
        place = {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp": iso_of(instant_of_milliseconds(record.timestamp)) if record.timestamp >= 0 else None,
            "record_key": None if record.key is None else record.key.decode("utf-8", "backslashreplace"),
        }
        try:
            return {**place, **(self._letter(record) if self._schema is None else self._decoded(record))}
        except (ContractError, NotALetter) as error:
            return {**place, PROBLEM: str(error)}

    def _decoded(self, record: Record) -> dict[str, Any]:
        decoded = self._book.decode(self._topic, record.value or b"")
        shown: dict[str, Any] = _shown(self._schema, decoded)
        name = _JSON_FIELDS.get(self._topic)
        if name is not None:
            try:
                shown[name] = json.loads(shown[name])
            except ValueError:
                return shown
        return shown

    def _letter(self, record: Record) -> dict[str, Any]:
        letter = read_letter(record)
        values = (
            letter.letter_id, letter.topic, letter.partition, letter.offset, letter.stage, letter.code,
            list(letter.problems), letter.consumer, iso_of(letter.first_seen),
        )  # fmt: skip
        return dict(zip(_LETTER, values, strict=True))


def _shown(schema: Any, value: Any) -> Any:
    """A decoded value along its schema, logical types included."""
    if value is None:
        return None
    if isinstance(schema, list):
        return _shown(next(branch for branch in schema if branch != "null"), value)
    if not isinstance(schema, dict):
        return value.hex() if isinstance(value, bytes) else value
    if schema.get("logicalType") == _INSTANT:
        return iso_of(value)
    kind = schema["type"]
    if kind == "record":
        types = {field["name"]: field["type"] for field in schema["fields"]}
        return {name: _shown(types.get(name, "string"), each) for name, each in value.items()}
    if kind == "array":
        return [_shown(schema["items"], each) for each in value]
    if kind == "map":
        return {name: _shown(schema["values"], each) for name, each in value.items()}
    return _shown(kind, value)
