"""The compiled codec on single cases: every damage by name, what is left to fastavro, newer and older schemas."""

from __future__ import annotations

from typing import Any

import pytest
from fastavro import parse_schema

from lienthong_schemas.avro_compiled import Wanted, reader, writer
from lienthong_schemas.avro_reader import compile_reader
from lienthong_schemas.avro_shape import NotCompilable
from lienthong_schemas.avro_writer import compile_writer
from lienthong_schemas.codec import SCHEMA_OF_TOPIC, SchemaBook
from lienthong_schemas.errors import DecodeError, NotSingleObject, Undecodable, UnknownFingerprint, WrongSchema
from lienthong_schemas.records import Heartbeat
from tests.support.avro_schemas import written

BOOK = SchemaBook()
BEAT = Heartbeat("H27.16", "sender", 7, 6, 5, 4)


def record_schema(*fields: Any, name: str = "R") -> Any:
    """A parsed record; a field is (name, type) or (name, type, default)."""
    keys = ("name", "type", "default")
    return parse_schema(
        {"type": "record", "name": name, "fields": [dict(zip(keys, field, strict=False)) for field in fields]}
    )


def one(kind: Any) -> Any:
    """A record of a single field of this type."""
    return record_schema(("f", kind))


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("long", b"", "end too early"),
        ("long", b"\x80", "end too early"),
        ("long", b"\x80" * 7, "end too early"),
        ("string", b"\x0aab", "end too early"),
        ("string", b"\x80\x04ab", "end too early"),
        ("string", b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01ab", "end too early"),
        ("string", b"\x01", "a length is negative"),
        ("bytes", b"\xff\xff\x01", "a length is negative"),
        ("string", b"\x02\xff", "not UTF-8"),
        ("string", b"\x06\xed\xa0\x80", "not UTF-8"),
        ("boolean", b"\x02", "a boolean is 2"),
        (["null", "long"], b"\x04", "no branch"),
        (["null", "long"], b"\x01", "no branch"),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, b"\x04", "no symbol 2"),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, b"\x01", "no symbol -1"),
        ("int", b"\x80\x80\x80\x80\x10", "32 bits"),
        ("long", b"\xff" * 9 + b"\x02", "64 bits"),
        ("long", b"\x80" * 10 + b"\x00", "64 bits"),
        ("float", b"\0\0\0", "end too early"),
        ("double", b"\0\0\0\0", "end too early"),
        ({"type": "fixed", "name": "F", "size": 4}, b"\0\0\0", "end too early"),
        ({"type": "array", "items": "long"}, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", "end too early"),
        ({"type": "array", "items": "string"}, b"\x02\xfe\xff\xff\xff\x0fa", "end too early"),
        ({"type": "map", "values": "null"}, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", "end too early"),
        ("long", b"\x00\x00\x00", "2 bytes are left over"),
    ],
)
@pytest.mark.parametrize("wanted", [None, ()])
def test_damage_is_named(kind: Any, value: bytes, reason: str, wanted: tuple[str, ...] | None) -> None:
    """A person who looks at the dead letter learns what is wrong; a field nobody wants is checked just so."""
    with pytest.raises(Undecodable, match=reason):
        compile_reader(one(kind), wanted)(value, 0)


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ({"type": "array", "items": "long"}, b"\x03\x04\x02\x04\x02\x06\x00", [1, 2, 3]),
        ({"type": "map", "values": "long"}, b"\x01\x06\x02a\x02\x00", {"a": 1}),
        ("long", b"\x80\x00", 0),
        ("string", b"\x82\x00a", "a"),
    ],
)
def test_forms_that_we_do_not_write_are_read(kind: Any, value: bytes, found: object) -> None:
    """Blocks with a size, several blocks, numbers with needless bytes: other writers may have them."""
    assert compile_reader(one(kind))(value, 0) == {"f": found}


def test_every_packaged_schema_is_compiled() -> None:
    """Reader and both writers; the fall-back is for schemas that others publish."""
    refused = []
    for topic in SCHEMA_OF_TOPIC:
        try:
            compile_reader(BOOK.newest(topic))
            compile_writer(BOOK.newest(topic), b"", by_name=True)
            compile_writer(BOOK.newest(topic), b"", by_name=False)
        except NotCompilable:
            refused.append(topic)
    assert refused == []


TREE = record_schema(("n", "long"), ("next", ["null", "R"]))


@pytest.mark.parametrize("schema", [TREE, one({"type": "array", "items": "null"}), parse_schema("long")])
def test_what_the_compiler_does_not_take(schema: Any) -> None:
    """Recursion, items without bytes (a count of 2**62 would be a loop for ever), values that are no record."""
    with pytest.raises(NotCompilable):
        compile_reader(schema)


def nested(depth: int) -> Any:
    """An array of arrays."""
    return {"type": "array", "items": nested(depth - 1)} if depth else "long"


def test_what_python_would_not_compile_is_left_to_fastavro() -> None:
    """Loops may be nested twenty deep."""
    schema = one(nested(30))
    record: dict[str, list[Any]] = {"f": []}
    with pytest.raises(NotCompilable):
        compile_reader(schema)
    assert reader(schema, schema)(writer(schema, b"")(record), 0) == record


def test_nothing_of_a_schema_becomes_source() -> None:
    """Schemas come from a topic: a size that is no number, and names that would end a literal."""
    schema: Any = {"type": "record", "name": "R", "fields": [{"name": "f", "type": "long"}]}
    evil = {"type": "fixed", "name": "F", "size": "0) or exit(7"}
    with pytest.raises(NotCompilable):
        compile_reader({**schema, "fields": [{"name": "f", "type": evil}]})
    with pytest.raises(NotCompilable):
        compile_writer({**schema, "fields": [{"name": "f", "type": evil}]}, b"", by_name=True)
    odd = {**schema, "fields": [{"name": "f'] or exit(7) #\n", "type": "long"}]}
    assert compile_reader(odd)(b"\x02", 0) == {"f'] or exit(7) #\n": 1}
    assert compile_writer(odd, b"", by_name=True)({"f'] or exit(7) #\n": 1}) == b"\x02"


def test_a_type_in_a_type_is_that_type() -> None:
    """JSON allows it, and fastavro leaves it so."""
    schema = {"type": "record", "name": "R", "fields": [{"name": "f", "type": {"type": {"type": "string"}}}]}
    assert compile_reader(schema)(b"\x02a", 0) == {"f": "a"}


def test_a_recursive_schema_is_left_to_fastavro() -> None:
    """Both ways, and damage has the same class."""
    record = {"n": 1, "next": {"n": 2, "next": None}}
    value = writer(TREE, b"head")(record)
    assert (value, reader(TREE, TREE)(value, 4)) == (b"head" + written(TREE, record), record)
    assert reader(TREE, TREE, Wanted("t", ("n",)))(value, 4) == (1,)
    for damaged in (value[:-1], value + b"\0"):
        with pytest.raises(Undecodable):
            reader(TREE, TREE)(damaged, 4)


def test_added_fields_take_their_default_and_unknown_ones_are_dropped() -> None:
    """As fastavro resolves them, though compiled."""
    old, new = record_schema(("a", "long"), ("b", "string")), record_schema(("c", "string", "x"), ("a", "long"))
    value = written(old, {"a": 1, "b": "y"})
    assert reader(old, new)(value, 0) == {"c": "x", "a": 1}
    assert reader(old, new, Wanted("t", ("a", "c")))(value, 0) == (1, "x")


def test_other_differences_are_resolved_by_fastavro_behind_the_strict_reader() -> None:
    """A promotion from int to long; and a boolean of 7, which fastavro would take for true."""
    old, new = record_schema(("a", "int"), ("b", "boolean")), record_schema(("a", "long"), ("b", "boolean"))
    assert reader(old, new)(b"\x02\x01", 0) == {"a": 1, "b": True}
    assert reader(old, new, Wanted("t", ("a",)))(b"\x02\x01", 0) == (1,)
    with pytest.raises(Undecodable, match="a boolean is 7"):
        reader(old, new)(b"\x02\x07", 0)


def test_a_tuple_is_written_like_the_mapping() -> None:
    """Records of the bus need no detour over a mapping."""
    assert BOOK.encode("heartbeat.v1", BEAT) == BOOK.encode("heartbeat.v1", BEAT._asdict())


@pytest.mark.parametrize(
    "wrong",
    [
        {"sent_at": 2**63},
        {"sent_at": "7"},
        {"sent_at": None},
        {"office": None},
        {"office": 5},
        {"office": "\ud800"},
        {"more": 1},
    ],
)
def test_a_record_that_does_not_fit_is_not_written(wrong: dict[str, Any]) -> None:
    """Fields of the wrong type, too large, missing or unknown."""
    with pytest.raises((ValueError, TypeError, ArithmeticError)):
        BOOK.encode("heartbeat.v1", {**BEAT._asdict(), **wrong})


def test_a_record_with_a_missing_field_is_not_written() -> None:
    """Also where the schema has a default: a sender states everything."""
    record = BEAT._asdict()
    del record["office"]
    with pytest.raises(ValueError, match="office"):
        BOOK.encode("heartbeat.v1", record)


def test_a_mapping_inside_a_tuple_is_not_taken_for_its_names() -> None:
    """A tuple of the keys would have as many fields; the record inside is read by name instead."""
    inner = {"type": "record", "name": "I", "fields": [{"name": "x", "type": "string"}]}
    schema = one(inner)
    with pytest.raises((TypeError, ValueError)):
        writer(schema, b"")(({"x": "y"},))


def test_what_nobody_could_read_is_not_written() -> None:
    """An epoch of 33 bits would stop a database; fastavro writes it."""
    with pytest.raises(ValueError, match="nobody could read"):
        writer(one("int"), b"")({"f": 2**31})


def test_the_book_says_what_it_does_not_know() -> None:
    """The same verdicts for whole records and for wanted fields."""
    wanted = Wanted("tick.v1", ("bus_time",))
    beat = BOOK.encode("heartbeat.v1", BEAT)
    verdicts: list[tuple[bytes, type[DecodeError]]] = [
        (b"", NotSingleObject),
        (beat[:9], NotSingleObject),
        (b"{" + beat[1:], NotSingleObject),
        (beat[:2] + b"12345678" + beat[10:], UnknownFingerprint),
        (beat, WrongSchema),
    ]
    for value, verdict in verdicts:
        with pytest.raises(verdict):
            BOOK.decode("tick.v1", value)
        with pytest.raises(verdict):
            BOOK.decode_fields(wanted, value)


def test_a_newer_schema_is_read_once_it_is_learnt() -> None:
    """A producer that was upgraded first: the field that we do not know is dropped."""
    book, schema = SchemaBook(), dict(BOOK.newest("heartbeat.v1"))
    newer = {key: value for key, value in schema.items() if not key.startswith("__")}
    newer["fields"] = [*newer["fields"], {"name": "battery", "type": "long", "default": 0}]
    mark = book.learn("heartbeat.v1", newer)
    value = b"\xc3\x01" + mark + written(parse_schema(newer), {**BEAT._asdict(), "battery": 80})
    assert book.decode("heartbeat.v1", value) == BEAT._asdict()
    assert book.decode_fields(Wanted("heartbeat.v1", ("pending", "office")), value) == (4, "H27.16")
