"""A writer compiled from an Avro schema: the same bytes as fastavro's, several times faster.

The value is put together as letters, one for each byte (Latin-1): a text that is plain ASCII, as nearly all are, needs
no encoding of its own, and lengths and numbers come from tables. What the writer does not understand at once it does
not write: it raises, and whoever called it may ask fastavro what is wrong. Source: Apache Avro 1.12 specification,
"Binary Encoding".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lienthong_schemas.avro_shape import NotCompilable, Schema, Source, function_of, python_type, resolved, type_of
from lienthong_schemas.avro_varints import SHORT, written_long

Writer = Callable[[Any], bytes]
"""``write(record)``: header and value. Raises MISFITS where the record does not fit the schema as it should."""

MISFITS: Final = (AttributeError, KeyError, TypeError, ValueError, ArithmeticError)
"""What a writer raises on a record that it does not write."""


def _taken(schema: Schema) -> str:
    """How a value to write is annotated: texts, bytes and whole numbers by their type, all else is looked at."""
    kind = python_type(schema)
    return kind if kind.removesuffix(" | None") in ("str", "bytes", "int") else "Any"


class _WriterSource:
    """Each part adds lines that set variables to the letters of a value, and returns these variables in their order."""

    def __init__(self, *, by_name: bool) -> None:
        self.source = Source()
        self._by_name = by_name
        self._parts: dict[str, Callable[[Schema, str], list[str]]] = {
            "null": self._null,
            "boolean": lambda schema, value: [self._set(f"truth({value})")],
            "int": lambda schema, value: [self._set(f"written_int({value})")],
            "long": lambda schema, value: [self._set(f"written_long({value})")],
            "float": lambda schema, value: [self._set(f"written_float({value})")],
            "double": lambda schema, value: [self._set(f"written_double({value})")],
            "string": self._text,
            "bytes": lambda schema, value: [self._set(f"written_bytes({value})")],
            "fixed": lambda schema, value: [self._set(f"fixed({value}, {schema['size']})")],
            "enum": self._enum,
            "union": self._union,
            "record": self.fields,
            "array": self._array,
            "map": self._map,
        }

    def write(self, schema: Schema, value: str) -> list[str]:
        """Lines that set variables to the letters of ``value``; returns these variables."""
        return self._parts[type_of(schema)](schema, value)

    def fields(self, schema: Schema, value: str) -> list[str]:
        """Lines for all fields of a record."""
        names = [field["name"] for field in schema["fields"]]
        values = [self.source.name("v") for _ in names]
        self.source.add(
            *(f"{each}: {_taken(field['type'])}" for each, field in zip(values, schema["fields"], strict=True))
        )
        if self._by_name:
            self.source.add(f"if len({value}) != {len(names)}: raise ValueError('more fields than the schema has')")
            self.source.add(*(f"{each} = {value}[{name!r}]" for each, name in zip(values, names, strict=True)))
        elif names:
            self.source.add(f"positional({value})", f"{', '.join(values)}, = {value}")
        parts = [self.write(field["type"], each) for field, each in zip(schema["fields"], values, strict=True)]
        return [part for each in parts for part in each]

    def _set(self, expression: str) -> str:
        name = self.source.name("w")
        self.source.add(f"{name} = {expression}")
        return name

    def _null(self, schema: Schema, value: str) -> list[str]:
        self.source.add(f"if {value} is not None: raise TypeError('it must be null')")
        return []

    def _text(self, schema: Schema, value: str) -> list[str]:
        length = self.source.name("w")
        self.source.add(
            f"if not {value}.isascii(): {value} = {value}.encode().decode('latin-1')",
            f"n = len({value})",
            f"{length} = LENGTH[n] if n < {SHORT} else written_long(n)",
        )
        return [length, value]

    def _enum(self, schema: Schema, value: str) -> list[str]:
        symbols = {symbol: written_long(number) for number, symbol in enumerate(schema["symbols"])}
        return [self._set(f"{self.source.constant('SYMBOLS', symbols)}[{value}]")]

    def _union(self, schema: Schema, value: str) -> list[str]:
        if len(schema) != 2 or schema.count("null") != 1:
            raise NotCompilable("a union other than of null and one type")
        null = schema.index("null")
        branch = self.source.name("w")
        parts: list[str] = []

        def other() -> None:
            self.source.add(f"{branch} = {written_long(1 - null)!r}")
            parts.extend(self.write(schema[1 - null], value))

        self.source.block(f"if {value} is not None:", other)
        absent = [f"{part} = ''" for part in parts]
        self.source.block("else:", lambda: self.source.add(f"{branch} = {written_long(null)!r}", *absent))
        return [branch, *parts]

    def _array(self, schema: Schema, value: str) -> list[str]:
        parts, item = self.source.name("parts"), self.source.name("v")
        self.source.add(f"listed({value})", f"{parts} = [written_long(len({value}))] if {value} else []")

        def each() -> None:
            written = self.write(schema["items"], item)
            self.source.add(f"{parts} += {', '.join(written)},")

        self.source.block(f"for {item} in {value}:", each)
        return [self._set(f"''.join({parts}) + '\\0'")]

    def _map(self, schema: Schema, value: str) -> list[str]:
        parts, key, item = (self.source.name(each) for each in ("parts", "v", "v"))
        self.source.add(f"{parts} = [written_long(len({value}))] if {value} else []")

        def each() -> None:
            written = self.write("string", key) + self.write(schema["values"], item)
            self.source.add(f"{parts} += {', '.join(written)},")

        self.source.block(f"for {key}, {item} in {value}.items():", each)
        return [self._set(f"''.join({parts}) + '\\0'")]


def compile_writer(schema: Schema, header: bytes, *, by_name: bool) -> Writer:
    """A writer of records of this schema, behind ``header``: from mappings by name, or from tuples in schema order.

    Records inside a record are of the same kind as it. Raises NotCompilable.
    """
    return function_of(writer_source(schema, header, by_name=by_name), "write")


def writer_source(schema: Schema, header: bytes, *, by_name: bool) -> str:
    """The source of such a writer. Raises NotCompilable."""
    record = resolved(schema)
    if type_of(record) != "record":
        raise NotCompilable("only records are compiled")
    made = _WriterSource(by_name=by_name)
    letters = [repr(header.decode("latin-1")), *made.fields(record, "record")]
    made.source.add(f"return ''.join(({', '.join(letters)},)).encode('latin-1')")
    return made.source.text(f"def write(record: {'Any' if by_name else 'tuple[Any, ...]'}) -> bytes:")
