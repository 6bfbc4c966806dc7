"""Compiled readers and writers against fastavro: equal on whatever is sound, never more lenient on what is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong_schemas.avro_reader import compile_reader
from lienthong_schemas.avro_writer import compile_writer
from lienthong_schemas.codec import SCHEMA_OF_TOPIC, SchemaBook
from lienthong_schemas.errors import Undecodable
from tests.support.avro_schemas import damaged, has_wide_union, read_whole, record_schemas, values, written

BOOK = SchemaBook()
PACKAGED = st.sampled_from([BOOK.newest(topic) for topic in SCHEMA_OF_TOPIC])
SCHEMAS = record_schemas() | PACKAGED
STRICTER = ("boolean", "union", "enum", "negative", "32 bits", "64 bits")
"""Of what the compiled reader may complain where fastavro reads on: fastavro takes the symbol -1 for the last one."""
relaxed = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)


def as_tuples(value: Any) -> Any:
    """A record as the tuple of its fields, at any depth."""
    if isinstance(value, list):
        return [as_tuples(each) for each in value]
    return tuple(map(as_tuples, value.values())) if isinstance(value, dict) else value


@st.composite
def sound_values(draw: st.DrawFn) -> tuple[Any, Any, bytes]:
    """A schema, a record, and the bytes that fastavro writes."""
    schema = draw(SCHEMAS)
    record = draw(values(schema))
    return schema, record, written(schema, record)


@st.composite
def damaged_values(draw: st.DrawFn) -> tuple[Any, bytes]:
    """A schema, and the bytes of a record with a few changes."""
    schema, _, value = draw(sound_values())
    return schema, draw(damaged(value))


@relaxed
@given(sound_values())
def test_the_compiled_reader_reads_what_fastavro_reads(sound: tuple[Any, Any, bytes]) -> None:
    """Compared as text, so that what is not a number equals itself, and 1 is neither True nor 1.0."""
    schema, _, value = sound
    assert repr(compile_reader(schema)(b"head" + value, 4)) == repr(read_whole(schema, value))


@relaxed
@given(sound_values(), st.randoms(use_true_random=False))
def test_wanted_fields_are_those_of_the_whole_record(sound: tuple[Any, Any, bytes], chance: Any) -> None:
    """In the order in which they were asked for."""
    schema, _, value = sound
    whole = compile_reader(schema)(value, 0)
    wanted = chance.sample(sorted(whole), chance.randint(0, len(whole)))
    assert repr(compile_reader(schema, wanted)(value, 0)) == repr(tuple(whole[name] for name in wanted))


@relaxed
@given(sound_values())
def test_the_compiled_writers_write_what_fastavro_writes(sound: tuple[Any, Any, bytes]) -> None:
    """Byte for byte, from mappings and from tuples."""
    schema, record, value = sound
    if not has_wide_union(schema):
        assert compile_writer(schema, b"head", by_name=True)(record) == b"head" + value
    if not has_wide_union(schema) and "map" not in repr(schema):
        assert compile_writer(schema, b"", by_name=False)(as_tuples(record)) == value


@relaxed
@given(damaged_values())
def test_damaged_bytes_are_read_as_fastavro_does_or_refused(damaged: tuple[Any, bytes]) -> None:
    """Never another error than Undecodable, never another value, and no refusal without a reason."""
    schema, value = damaged
    try:
        found = repr(compile_reader(schema)(value, 0))
    except Undecodable as error:
        if not any(reason in str(error) for reason in STRICTER):
            with pytest.raises(Exception):  # noqa: B017, PT011
                read_whole(schema, value)
    else:
        assert found == repr(read_whole(schema, value))


@relaxed
@given(damaged_values())
def test_wanted_fields_give_the_verdict_of_the_whole_record(damaged: tuple[Any, bytes]) -> None:
    """What is not wanted is checked all the same, and the complaint is the same."""
    schema, value = damaged
    verdicts = []
    for wanted in (None, [schema["fields"][0]["name"]], []):
        try:
            compile_reader(schema, wanted)(value, 0)
            verdicts.append("sound")
        except Undecodable as error:
            verdicts.append(str(error))
    assert len(set(verdicts)) == 1
