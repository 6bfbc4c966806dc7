"""A reader compiled from an Avro schema: plain Python, several times faster than walking the schema for each value.

It is strict: nothing is read past the end, a union's branch and an enum's symbol exist, a boolean is 0 or 1, a text is
UTF-8, an int has 32 bits, a long 64, and nothing is left over. Fields that are not wanted are checked just so, and not
kept. Source: Apache Avro 1.12 specification, "Binary Encoding".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lienthong_schemas.avro_shape import NotCompilable, Schema, Source, function_of, python_type, resolved, type_of

Reader = Callable[[bytes, int], Any]
"""``read(value, start)``: what begins at ``start`` and fills the rest of the value. Raises Undecodable."""

END_OF: Final = "end of "
"""Before the name of a field: wanted is where it ends in the value, instead of the field."""


class _ReaderSource:
    def __init__(self, *, plain: bool) -> None:
        self.source = Source()
        self._plain = plain
        self._parts: dict[str, Callable[[Schema, str | None], None]] = {
            "null": self._null,
            "boolean": self._boolean,
            "int": self._number,
            "long": self._number,
            "float": self._real,
            "double": self._real,
            "string": self._text,
            "bytes": self._text,
            "fixed": self._fixed,
            "enum": self._enum,
            "union": self._union,
            "record": self._record,
            "array": self._array,
            "map": self._map,
        }

    def read(self, schema: Schema, into: str | None) -> None:
        """Lines that read one value into a variable, or only check it."""
        self._parts[type_of(schema)](schema, into)

    def _null(self, schema: Schema, into: str | None) -> None:
        if into:
            self.source.add(f"{into} = None")

    def _boolean(self, schema: Schema, into: str | None) -> None:
        self.source.add("n = b[i]", "i += 1", "if n > 1: no_boolean(n)")
        if into:
            self.source.add(f"{into} = n == 1")

    def _number(self, schema: Schema, into: str | None) -> None:
        self.source.add("n = b[i]")
        self.source.block("if n > 127:", lambda: self.source.add(f"{into or 'n'}, i = {type_of(schema)}_at(b, i)"))
        self.source.block("else:", lambda: self.source.add(*([f"{into} = SMALL[n]"] if into else []), "i += 1"))

    def _real(self, schema: Schema, into: str | None) -> None:
        kind = type_of(schema)
        self.source.add(f"{f'{into} = ' if into else ''}{kind}_at(b, i)", f"i += {4 if kind == 'float' else 8}")

    def _text(self, schema: Schema, into: str | None) -> None:
        decoded = ".decode()" if type_of(schema) == "string" else ""

        def take(span: str) -> list[str]:
            text = into or "t"
            taken = [f"{text} = b[{span}]{decoded}"] if into or decoded else []
            return [*taken, f"if '\\0' in {text}: not_plain()"] if self._plain and decoded else taken

        self.source.add("n = SPAN[b[i]]")
        self.source.block("if n:", lambda: self.source.add(*take("i + 1:i + n"), "i += n"))
        self.source.block("else:", lambda: self.source.add("j, i = span_at(b, i)", *take("j:i")))

    def _fixed(self, schema: Schema, into: str | None) -> None:
        self.source.add(f"{f'{into} = ' if into else ''}filled(b, i, {schema['size']})", f"i += {schema['size']}")

    def _enum(self, schema: Schema, into: str | None) -> None:
        symbols = self.source.constant("SYMBOLS", tuple(schema["symbols"]))
        self.source.add("n, i = long_at(b, i)", f"if not 0 <= n < {len(schema['symbols'])}: no_symbol(n)")
        if into:
            self.source.add(f"{into} = {symbols}[n]")

    def _union(self, schema: Schema, into: str | None) -> None:
        if len(schema) > 64:
            raise NotCompilable("a union of more than 64 branches")  # whose number has two bytes
        self.source.add(*([f"{into}: {python_type(schema)}"] if into else []), "n = b[i]", "i += 1")
        for number, branch in enumerate(schema):
            head = f"{'el' if number else ''}if n == {2 * number}:"
            self.source.block(head, lambda branch=branch: self.read(branch, into))  # type: ignore[misc]
        self.source.block("else:", lambda: self.source.add("no_branch(n)"))

    def _record(self, schema: Schema, into: str | None) -> None:
        names: list[str] = []
        for field in schema["fields"]:
            name = self.source.name("v") if into else None
            self.read(field["type"], name)
            names.append(f"{field['name']!r}: {name}")
        if into:
            self.source.add(f"{into} = {{{', '.join(names)}}}")

    def _blocks(self, each: Callable[[], None]) -> None:
        left = self.source.name("left")

        def item() -> None:
            each()
            self.source.add(f"{left} -= 1")

        def block() -> None:
            self.source.add(f"{left}, i = count_at(b, i)", f"if not {left}: break")
            self.source.block(f"while {left}:", item)

        self.source.block("while True:", block)

    def _array(self, schema: Schema, into: str | None) -> None:
        items, item = self.source.name("items"), self.source.name("v") if into else None
        if into:
            self.source.add(f"{items}: list[object] = []")

        def each() -> None:
            self.read(schema["items"], item)
            if item:
                self.source.add(f"{items}.append({item})")

        self._blocks(each)
        if into:
            self.source.add(f"{into} = {items}")

    def _map(self, schema: Schema, into: str | None) -> None:
        entries, key = self.source.name("entries"), self.source.name("v") if into else None
        item = self.source.name("v") if into else None
        if into:
            self.source.add(f"{entries}: dict[str, object] = {{}}")

        def each() -> None:
            self.read("string", key)
            self.read(schema["values"], item)
            if item:
                self.source.add(f"{entries}[{key}] = {item}")

        self._blocks(each)
        if into:
            self.source.add(f"{into} = {entries}")


def compile_reader(
    schema: Schema,
    wanted: Sequence[str] | None = None,
    absent: Mapping[str, object] | None = None,
    *,
    plain: bool = False,
) -> Reader:
    """A reader of records of this schema: the whole record as a dict, or a tuple of the wanted fields in their order.

    ``absent`` has the values of wanted fields that the schema does not have. With ``plain`` the reader raises NotPlain
    where a text has a null character. Raises NotCompilable, and KeyError where a wanted field is in neither.
    """
    return function_of(reader_source(schema, wanted, absent, plain=plain), "read")


def reader_source(
    schema: Schema, wanted: Sequence[str] | None, absent: Mapping[str, object] | None, *, plain: bool
) -> str:
    """The source of such a reader. Raises as ``compile_reader`` does."""
    record = resolved(schema)
    if type_of(record) != "record":
        raise NotCompilable("only records are compiled")
    made = _ReaderSource(plain=plain)
    source = made.source
    variables = {name: repr(value) for name, value in (absent or {}).items()}
    variables |= {field["name"]: source.name("v") for field in record["fields"]}
    kept = variables.keys() if wanted is None else frozenset(wanted)
    ends = {END_OF + field["name"]: source.name("e") for field in record["fields"]}

    def body() -> None:
        for field in record["fields"]:
            name = field["name"]
            made.read(field["type"], variables[name] if name in kept else None)
            if END_OF + name in kept:
                source.add(f"{ends[END_OF + name]} = i")
        source.add("if i != len(b): check_end(b, i)")
        if wanted is None:
            source.add(f"return {{{', '.join(f'{name!r}: {each}' for name, each in variables.items())}}}")
        else:
            source.add(f"return ({''.join((variables | ends)[name] + ', ' for name in wanted)})")

    source.block("try:", body)
    source.block("except DAMAGES as error:", lambda: source.add("raise undecodable(error) from error"))
    return source.text("def read(b: bytes, i: int) -> object:")
