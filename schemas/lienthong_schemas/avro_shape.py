"""What the compiler of schemas can take, and the source text that reader and writer are made of.

Taken are all types of Avro but the recursive ones, arrays of items without any byte (a count is all that a loop over
them would take) and names that do not resolve. What is not taken stays with fastavro.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, Final

from lienthong_schemas import avro_calls, avro_varints
from lienthong_schemas.avro_ready import READY

Schema = Any
"""A schema as fastavro parses it, without logical types."""
PRIMITIVES: Final = frozenset(("null", "boolean", "int", "long", "float", "double", "bytes", "string"))
MOST_FIELDS: Final = 1_000
"""Fields, nested ones counted wherever they stand: beyond this a schema is not worth a function."""
CALLED: Final = (avro_calls, avro_varints)
"""The modules whose ``__all__`` the source of a function may name."""
NAMED_BY: Final = 24
"""Hexadecimal digits of a hash that make a name."""


_PYTHON_TYPES: Final = {
    **dict.fromkeys(("int", "long"), "int"),
    **dict.fromkeys(("float", "double"), "float"),
    **dict.fromkeys(("string", "enum"), "str"),
    **dict.fromkeys(("bytes", "fixed"), "bytes"),
    **dict.fromkeys(("record", "map"), "dict[str, object]"),
    "array": "list[object]",
    "boolean": "bool",
    "null": "None",
}


class NotCompilable(Exception):
    """The schema has a feature that the compiler does not know."""


def type_of(schema: Schema) -> str:
    """The name of a type: ``union``, a primitive, or that of a complex type."""
    if isinstance(schema, list):
        return "union"
    return str(schema["type"] if isinstance(schema, dict) else schema)


def resolved(schema: Schema) -> Schema:
    """The same schema with every name replaced by what it stands for. Raises NotCompilable."""
    left = iter(range(MOST_FIELDS))
    return _resolved(schema, {}, (), left)


def _resolved(schema: Schema, named: dict[str, Schema], inside: tuple[str, ...], left: Iterator[int]) -> Schema:
    if next(left, None) is None:
        raise NotCompilable(f"more than {MOST_FIELDS} fields")
    if isinstance(schema, list):
        return [_resolved(branch, named, inside, left) for branch in schema]
    if isinstance(schema, str):
        if schema in PRIMITIVES:
            return schema
        if schema in inside or schema not in named:
            raise NotCompilable(f"{schema} contains itself, or is not known")
        return _resolved(named[schema], named, inside, left)
    kind = schema.get("type")
    if not isinstance(kind, str):
        return _resolved(kind, named, inside, left)
    if kind in PRIMITIVES:
        return kind
    if kind in ("enum", "fixed", "record"):
        named[schema["name"]] = schema
    if kind == "record":
        inside = (*inside, schema["name"])
        fields = [
            {**_only(field, "name", "default"), "type": _resolved(field["type"], named, inside, left)}
            for field in schema["fields"]
        ]
        return {"type": kind, "name": schema["name"], "fields": fields}
    if kind == "array":
        items = _resolved(schema["items"], named, inside, left)
        if least_bytes(items) == 0:
            raise NotCompilable("an array of items without any byte")
        return {"type": kind, "items": items}
    if kind == "map":
        return {"type": kind, "values": _resolved(schema["values"], named, inside, left)}
    if kind == "fixed" and schema["size"].__class__ is not int:
        raise NotCompilable("a size that is no number")  # whatever else it is would become source
    if kind in ("enum", "fixed"):
        return _only(schema, "type", "name", "symbols", "size", "default")
    raise NotCompilable(f"{kind} is no type")


def _only(schema: Schema, *keys: str) -> dict[str, Any]:
    """Without documentation and other things that change no byte."""
    return {key: schema[key] for key in keys if key in schema}


def least_bytes(schema: Schema) -> int:
    """How many bytes a value of a resolved schema has at least."""
    kind = type_of(schema)
    if kind == "null":
        return 0
    if kind == "record":
        return sum(least_bytes(field["type"]) for field in schema["fields"])
    if kind == "fixed":
        return int(schema["size"])
    return {"float": 4, "double": 8}.get(kind, 1)


def python_type(schema: Schema) -> str:
    """How the values of a resolved schema are annotated: what they are compiled to depends on it."""
    if isinstance(schema, list):
        others = [branch for branch in schema if branch != "null"]
        return f"{python_type(others[0])} | None" if len(others) == 1 < len(schema) else "object"
    return _PYTHON_TYPES[type_of(schema)]


class Source:
    """Lines of a function in the making, the constants that stand before it, and names for its variables."""

    def __init__(self) -> None:
        self._constants: dict[str, str] = {}
        self._lines: list[str] = []
        self._depth = 1
        self._names = 0

    def add(self, *lines: str) -> None:
        """Lines at the present depth."""
        self._lines.extend("    " * self._depth + line for line in lines)

    def block(self, head: str, body: Callable[[], None]) -> None:
        """A line that opens a block, and the block; an empty one becomes ``pass``."""
        self.add(head)
        self._depth += 1
        before = len(self._lines)
        body()
        if len(self._lines) == before:
            self.add("pass")
        self._depth -= 1

    def name(self, prefix: str) -> str:
        """A variable that nothing else uses."""
        self._names += 1
        return f"{prefix}{self._names}"

    def constant(self, prefix: str, value: object) -> str:
        """A name for a value that is made once; another value has another name, in whatever function it is used."""
        literal = repr(value)
        name = f"{prefix}_{sha256(literal.encode()).hexdigest()[:NAMED_BY]}"
        self._constants[name] = f"{name} = {literal}\n"
        return name

    def text(self, head: str) -> str:
        """The source of the function that this line opens."""
        return "".join(self._constants.values()) + head + "\n" + "\n".join(self._lines) + "\n"


def name_of(text: str) -> str:
    """By its text, the name of a function that was compiled with the rest."""
    return f"f_{sha256(text.encode()).hexdigest()[:NAMED_BY]}"


def function_of(text: str, name: str) -> Callable[..., Any]:
    """The function ``name`` of this source: the one that was compiled from the very same text, or one made now.

    Raises NotCompilable.
    """
    return READY.get(name_of(text)) or run(text, name)


def run(text: str, name: str) -> Callable[..., Any]:
    """The function ``name`` that this source makes; the source is in its ``__doc__``, for whoever wants to see it.

    It has no text of the schema in it but literals. Raises NotCompilable where Python refuses it: loops may be nested
    twenty deep.
    """
    scope = {each: getattr(module, each) for module in CALLED for each in module.__all__} | {"Any": Any}
    try:
        exec(compile(text, f"<{name}>", "exec"), scope)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise NotCompilable(f"it is nested too deeply ({error})") from error
    made: Callable[..., Any] = scope[name]
    made.__doc__ = text
    return made
