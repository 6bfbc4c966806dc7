"""The readers and writers of packaged schemas that a build makes ready: what the worker needs for every event.

They come from the generator of the running codec, which takes one of them where it would generate the very same text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from fastavro import parse_schema

from lienthong_schemas.avro_compiled import Wanted, added_fields
from lienthong_schemas.avro_reader import reader_source
from lienthong_schemas.avro_shape import CALLED, name_of
from lienthong_schemas.avro_writer import writer_source
from lienthong_schemas.codec import (
    EARLIER_SCHEMAS,
    MARKER,
    SCHEMA_OF_TOPIC,
    fingerprint_of,
    packaged_schema,
    without_logical_types,
)
from lienthong_schemas.worker_event import WANTED

MODULE: Final = "lienthong_schemas/avro_ready.py"
"""Within a build; in the sources it has no function."""
WRITTEN: Final = ("sla.v1", "quality.v1", "totals-partial.v1")
"""Topics whose records the worker writes from tuples."""
_QUICKER: Final = {"long_at": "long_by_bytes as long_at"}
"""What is taken for a name that the source of a function has, where it is quicker as machine code."""


class ReadyReader(NamedTuple):
    """A reader that the worker needs: of which schema, of which fields, from which source."""

    schema: Any
    wanted: Wanted
    text: str


class ReadyWriter(NamedTuple):
    """A writer that the worker needs: of which schema, behind which bytes, from which source."""

    schema: Any
    header: bytes
    text: str


def schema_of(name: str) -> Any:
    """A packaged schema as the bus reads and writes with it."""
    return parse_schema(without_logical_types(packaged_schema(name)))


def readers() -> Iterator[ReadyReader]:
    """Of all case topics, each in the schemas that were released."""
    for topic, wanted in WANTED.items():
        newest = schema_of(SCHEMA_OF_TOPIC[topic])
        for name in (SCHEMA_OF_TOPIC[topic], *EARLIER_SCHEMAS.get(topic, ())):
            schema = schema_of(name)
            text = reader_source(schema, wanted.fields, added_fields(schema, newest), plain=wanted.plain)
            yield ReadyReader(schema, wanted, text)


def writers() -> Iterator[ReadyWriter]:
    """Of what the worker writes from tuples."""
    for topic in WRITTEN:
        name = SCHEMA_OF_TOPIC[topic]
        schema, header = schema_of(name), MARKER + fingerprint_of(packaged_schema(name))
        yield ReadyWriter(schema, header, writer_source(schema, header, by_name=False))


def source() -> str:
    """The text of the module that stands in a build."""
    texts = [(one.text, "read") for one in readers()] + [(one.text, "write") for one in writers()]
    names = [name_of(text) for text, _ in texts]
    return "\n\n".join(
        (
            '"""Written by ``make compiled``, see ``compiling.ready``."""',
            "from __future__ import annotations",
            "from typing import Any, Final",
            *(
                f"from {module.__name__} import {', '.join(_QUICKER.get(each, each) for each in module.__all__)}"
                for module in CALLED
            ),
            *(text.replace(f"def {kind}(", f"def {name_of(text)}(", 1) for text, kind in texts),
            f"READY: Final = {{{', '.join(f'{name!r}: {name}' for name in names)}}}\n",
        )
    )
