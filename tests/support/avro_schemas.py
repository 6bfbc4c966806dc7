"""Random Avro schemas of the kind that the compiler takes, random values for them, and fastavro as the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from itertools import count
from typing import Any

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from hypothesis import strategies as st

Schema = Any
PRIMITIVES = ("boolean", "int", "long", "float", "double", "bytes", "string")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
SYMBOLS = st.lists(st.sampled_from("ABCDEFGH"), min_size=1, max_size=8, unique=True)
PLAIN_VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1) | st.integers(-70, 70),
    "long": st.integers(-(2**63), 2**63 - 1) | st.integers(-(2**56), 2**56) | st.integers(-70, 70),
    "float": st.floats(width=32),
    "double": st.floats(),
    "bytes": st.binary(max_size=80),
    "string": TEXT,
}


@st.composite
def record_schemas(draw: st.DrawFn) -> Schema:
    """A record, already parsed by fastavro."""
    return parse_schema(_record(draw, count(), 3))


def _record(draw: st.DrawFn, names: count[int], depth: int) -> Schema:
    fields = [
        {"name": f"f{number}", "type": _type(draw, names, depth - 1)} for number in range(draw(st.integers(1, 5)))
    ]
    return {"type": "record", "name": f"N{next(names)}", "namespace": "test", "fields": fields}


def _type(draw: st.DrawFn, names: count[int], depth: int) -> Schema:
    complex_types = ("enum", "fixed", "array", "map", "record", "optional", "union") if depth > 0 else ("enum", "fixed")
    kind = draw(st.sampled_from((*PRIMITIVES, "null", *complex_types)))
    if kind == "enum":
        return {"type": "enum", "name": f"N{next(names)}", "symbols": draw(SYMBOLS)}
    if kind == "fixed":
        return {"type": "fixed", "name": f"N{next(names)}", "size": draw(st.integers(1, 9))}
    if kind == "array":
        item = _type(draw, names, depth - 1)
        return {"type": "array", "items": ["null", "long"] if item == "null" or _record_of_nulls(item) else item}
    if kind == "map":
        return {"type": "map", "values": _type(draw, names, depth - 1)}
    if kind == "record":
        return _record(draw, names, depth)
    if kind == "optional":
        one = draw(st.sampled_from(PRIMITIVES)) if depth < 2 else _record(draw, names, depth - 1)
        return draw(st.sampled_from((["null", one], [one, "null"])))
    return draw(st.permutations(["null", "long", "string", "boolean"])) if kind == "union" else kind


def _record_of_nulls(schema: Schema) -> bool:
    """Whether a value of the schema has no bytes at all."""
    return isinstance(schema, dict) and all(
        field["type"] == "null" or _record_of_nulls(field["type"]) for field in schema.get("fields", [{"type": ""}])
    )


def values(schema: Schema) -> st.SearchStrategy[Any]:
    """Values of a schema."""
    if isinstance(schema, list):
        return st.one_of([values(branch) for branch in schema])
    if isinstance(schema, str):
        return PLAIN_VALUES[schema]
    kind = schema["type"]
    if kind == "enum":
        return st.sampled_from(schema["symbols"])
    if kind == "fixed":
        return st.binary(min_size=schema["size"], max_size=schema["size"])
    if kind == "array":
        return st.lists(values(schema["items"]), max_size=3)
    if kind == "map":
        return st.dictionaries(TEXT, values(schema["values"]), max_size=3)
    if kind == "record":
        fields = {field["name"]: values(field["type"]) for field in schema["fields"]}
        return st.fixed_dictionaries(fields).map(lambda record: {name: record[name] for name in fields})
    return values(kind)


def has_wide_union(schema: Schema) -> bool:
    """Whether it has a union of more than null and one type, which the compiled writer leaves to fastavro."""
    if isinstance(schema, list):
        return len(schema) > 2 or any(has_wide_union(branch) for branch in schema)
    if not isinstance(schema, dict):
        return False
    inside = [schema.get("items"), schema.get("values"), *(field["type"] for field in schema.get("fields", ()))]
    return any(has_wide_union(one) for one in inside)


def written(schema: Schema, record: Any) -> bytes:
    """What fastavro writes."""
    out = BytesIO()
    schemaless_writer(out, schema, record)
    return out.getvalue()


def read_whole(schema: Schema, value: bytes) -> Any:
    """What fastavro reads; raises nearly anything, and ValueError for bytes that are left over."""
    source = BytesIO(value)
    record: Any = schemaless_reader(source, schema, None)
    if source.tell() != len(value):
        raise ValueError("bytes are left over")
    return record


@st.composite
def damaged(draw: st.DrawFn, value: bytes) -> bytes:
    """Bytes with a few changes: bits, cuts, insertions, huge and negative numbers."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(value)))
        inserted = draw(
            st.binary(max_size=3) | st.sampled_from((b"\xfe" * 9 + b"\x01", b"\xff" * 9 + b"\x01", b"\x01"))
        )
        value = value[:at] + inserted + value[at + draw(st.integers(0, 3)) :]
    return value[: draw(st.integers(0, len(value)))] if draw(st.booleans()) else value
