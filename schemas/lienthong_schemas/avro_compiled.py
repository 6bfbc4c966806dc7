"""Readers and writers for Avro schemas: compiled once for each schema and process, fastavro's where that cannot be.

fastavro reads what the compiler does not take: recursive schemas, and values whose writer's schema differs in more
than fields added or gone. Such values are checked by the strict reader of their own schema first. fastavro also has the
last word on a record that the compiled writer does not take at once: it writes it, or says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from fastavro import schemaless_reader, schemaless_writer

from lienthong_schemas.avro_calls import NotPlain
from lienthong_schemas.avro_reader import Reader, compile_reader
from lienthong_schemas.avro_shape import NotCompilable, Schema, resolved
from lienthong_schemas.avro_writer import MISFITS, Writer, compile_writer
from lienthong_schemas.errors import Undecodable

_KEPT: Final = 256
"""Compiled functions kept in a process: schemas, and versions of them, are few."""


class _ByIdentity:
    """A schema as a key of a cache: its text decides."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._text = repr(schema)

    def __hash__(self) -> int:
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and self._text == other._text


class Wanted:
    """Fields that somebody wants of the records of one topic, in this order. A book keys its readers by the object.

    With ``plain``, a record that has a text with a null character raises NotPlain, and so does one whose schema cannot
    be compiled: look at the whole record then.
    """

    __slots__ = ("fields", "plain", "topic")

    def __init__(self, topic: str, fields: Sequence[str], *, plain: bool = False) -> None:
        self.topic = topic
        self.fields = tuple(fields)
        self.plain = plain


def reader(schema: Schema, newest: Schema, wanted: Wanted | None = None) -> Reader:
    """What reads values of a schema in the shape of the newest one: the whole record, or a tuple of wanted fields."""
    names, plain = (None, False) if wanted is None else (wanted.fields, wanted.plain)
    return _reader(_ByIdentity(schema), _ByIdentity(newest), names, plain)


@lru_cache(maxsize=_KEPT)
def _reader(schema: _ByIdentity, newest: _ByIdentity, wanted: tuple[str, ...] | None, plain: bool) -> Reader:
    try:
        if schema == newest:
            return compile_reader(schema.schema, wanted, plain=plain)
        names = tuple(field["name"] for field in newest.schema["fields"])
        absent = added_fields(schema.schema, newest.schema)
        read = compile_reader(schema.schema, names if wanted is None else wanted, absent, plain=plain)
        return read if wanted is not None else lambda value, start: dict(zip(names, read(value, start), strict=True))
    except NotCompilable:
        return (
            _never_plain if plain else _uncompiled(schema.schema, None if schema == newest else newest.schema, wanted)
        )


def _never_plain(value: bytes, start: int) -> Any:
    raise NotPlain


def added_fields(schema: Schema, newest: Schema) -> Mapping[str, Any]:
    """The default values of fields that only the newest schema has. Raises NotCompilable where more is different."""
    written = {field["name"]: field["type"] for field in resolved(schema)["fields"]}
    absent = {}
    for field in resolved(newest)["fields"]:
        if field["name"] in written:
            if written[field["name"]] != field["type"]:
                raise NotCompilable(f"{field['name']} has another type")
        elif not _is_simple(field.get("default", ())) or field["type"] == "bytes":
            raise NotCompilable(f"{field['name']} has no simple default")
        else:
            absent[field["name"]] = field["default"]
    if schema["name"] != newest["name"]:
        raise NotCompilable("the record has another name")
    return absent


def _is_simple(default: object) -> bool:
    """Whether all records may share one value for a field that they do not have; nobody changes a decoded record."""
    return default is None or default == [] or isinstance(default, bool | int | str)


def _uncompiled(schema: Schema, newest: Schema | None, wanted: Sequence[str] | None) -> Reader:
    """fastavro's reader; behind the strict one, wherever the schema itself can be compiled."""
    strict: Reader | None
    try:
        strict = compile_reader(schema, ())
    except NotCompilable:
        strict = None
    chosen: Callable[[Any], Any] = (
        (lambda record: record) if wanted is None else lambda record: tuple(record[name] for name in wanted)
    )

    def read(value: bytes, start: int) -> Any:
        if strict is not None:
            strict(value, start)
        source = BytesIO(value)
        source.seek(start)
        try:
            record = schemaless_reader(source, schema, newest)
        except Exception as error:  # fastavro raises nearly anything on damaged bytes
            raise Undecodable(f"the bytes do not fit the schema they name ({type(error).__name__})") from error
        if source.tell() != len(value):
            raise Undecodable(f"{len(value) - source.tell()} bytes are left over behind the value")
        if not isinstance(record, dict):
            raise Undecodable("the value is no record")
        return chosen(record)

    return read


def writer(schema: Schema, header: bytes) -> Writer:
    """What writes values of a schema behind ``header``: from mappings, or from tuples with the fields in their order.

    It raises ValueError, TypeError or KeyError for a record that does not fit.
    """
    return _writer(_ByIdentity(schema), header)


@lru_cache(maxsize=_KEPT)
def _writer(schema: _ByIdentity, header: bytes) -> Writer:
    read = _reader(schema, schema, None, False)
    by_name: Writer | None
    by_place: Writer | None
    try:
        by_name = compile_writer(schema.schema, header, by_name=True)
        by_place = compile_writer(schema.schema, header, by_name=False)
    except NotCompilable:
        by_name = by_place = None

    def write(record: Any) -> bytes:
        compiled = by_place if isinstance(record, tuple) else by_name
        if compiled is not None:
            try:
                return compiled(record)
            except MISFITS:
                pass  # fastavro has the last word
        out = BytesIO()
        out.write(header)
        schemaless_writer(out, schema.schema, _as_mapping(record), strict=True)
        value = out.getvalue()
        try:
            read(value, len(header))
        except Undecodable as error:  # such as an int of more than 32 bits
            raise ValueError(f"nobody could read this record: {error}") from error
        return value

    return write


def _as_mapping(record: Any) -> Any:
    """A record as fastavro takes it: named tuples as mappings, at any depth."""
    if isinstance(record, tuple) and hasattr(record, "_asdict"):
        return {name: _as_mapping(value) for name, value in record._asdict().items()}
    return dict(record) if isinstance(record, Mapping) else record
