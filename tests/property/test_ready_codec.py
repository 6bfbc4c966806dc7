"""The readers and writers that a build makes ready, against those that the codec generates, and against fastavro.

Without a build they are run as source; the test of the compiled engine runs this file with the compiled ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiling.ready import ReadyReader, ReadyWriter, readers, source, writers
from lienthong_schemas import avro_compiled
from lienthong_schemas.avro_calls import NotPlain
from lienthong_schemas.avro_reader import reader_source
from lienthong_schemas.avro_ready import READY
from lienthong_schemas.avro_shape import name_of, run
from lienthong_schemas.avro_writer import MISFITS
from lienthong_schemas.codec import HEADER_LENGTH, SchemaBook
from lienthong_schemas.errors import Undecodable
from lienthong_schemas.records import ClockEvent
from lienthong_schemas.worker_event import WANTED
from tests.support.avro_schemas import damaged, read_whole, values, written


def _run_as_source() -> Mapping[str, Callable[..., Any]]:
    scope: dict[str, Any] = {}
    exec(source(), scope)
    made: Mapping[str, Callable[..., Any]] = scope["READY"]
    return made


BOOK: Final = SchemaBook()
TAKEN: Final = READY or _run_as_source()
READERS: Final = tuple(readers())
WRITERS: Final = tuple(writers())
CASE: Final = "dossier:H27.16:1"
# fmt: off
CLOCK_EVENT: Final = ClockEvent(
    "0b8a", f"{CASE}|processing|1|breached||5", CASE, "processing", 1, "breached", "", "5", None, "firm",
    1_790_000_000_000_000, 1_790_000_000_000_001, None, 5, "H27.16", "18073", "1.005129", 28_800, 0,
    "clock-policy/dossier/*", 31, "dossier.v1", 2, 70_000, None, 80,
)
# fmt: on
relaxed = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=150)


def as_tuples(value: Any) -> Any:
    """A record as the tuple of its fields, at any depth; maps are left as they are."""
    return tuple(value.values()) if isinstance(value, dict) else value


def told(work: Callable[[], Any]) -> str:
    """What comes of it, as text: a value, or which error with which words."""
    try:
        return repr(work())
    except (NotPlain, Undecodable, *MISFITS) as error:
        return f"{type(error).__name__}: {error}" if isinstance(error, Undecodable) else "refused"


@st.composite
def sound_values(draw: st.DrawFn) -> tuple[ReadyReader, bytes]:
    """A reader, and the bytes of a record that fastavro writes."""
    one = draw(st.sampled_from(READERS))
    return one, written(one.schema, draw(values(one.schema)))


@st.composite
def damaged_values(draw: st.DrawFn) -> tuple[ReadyReader, bytes]:
    """A reader, and the bytes of a record with a few changes."""
    one, value = draw(sound_values())
    return one, draw(damaged(value))


@pytest.mark.parametrize("topic", WANTED)
def test_the_running_codec_generates_what_is_made_ready(topic: str) -> None:
    """The texts are the same, so a build's functions are taken; with a build they are."""
    newest = BOOK.newest(topic)
    made = avro_compiled.reader(newest, newest, WANTED[topic])
    assert (made in READY.values()) if READY else (name_of(made.__doc__ or "") in TAKEN)


def test_what_is_written_for_every_event_is_made_ready() -> None:
    """Behind the header that the book writes."""
    names = {name_of(one.text) for one in WRITERS}
    mark = BOOK.encode("sla.v1", CLOCK_EVENT)[:HEADER_LENGTH]
    assert names <= TAKEN.keys()
    assert mark in {one.header for one in WRITERS}


def test_another_text_is_another_function() -> None:
    """A schema or a generator that differs in one letter: nothing that was made ready is taken for it."""
    schema = {**READERS[0].schema, "fields": READERS[0].schema["fields"][:-1]}
    other = reader_source(schema, ("case_id",), None, plain=True)
    assert name_of(other) not in TAKEN
    assert name_of(READERS[0].text + "#") not in TAKEN


@relaxed
@given(sound_values())
def test_it_reads_what_fastavro_reads(sound: tuple[ReadyReader, bytes]) -> None:
    """The wanted fields, or a refusal because of a null character."""
    one, value = sound
    whole = read_whole(one.schema, value)
    plain = "\0" not in repr(whole) and "\\x00" not in repr(whole)
    found = told(lambda: TAKEN[name_of(one.text)](b"head" + value, 4))
    names = [name for name in one.wanted.fields if name in whole]
    if plain:
        fields = dict(zip(one.wanted.fields, TAKEN[name_of(one.text)](value, 0), strict=True))
        assert {name: fields[name] for name in names} == {name: whole[name] for name in names}
    assert found == told(lambda: run(one.text, "read")(b"head" + value, 4))


@relaxed
@given(damaged_values())
def test_damaged_bytes_are_refused_with_the_same_words(damaged: tuple[ReadyReader, bytes]) -> None:
    """As the generated function refuses them, or read as it reads them."""
    one, value = damaged
    assert told(lambda: TAKEN[name_of(one.text)](value, 0)) == told(lambda: run(one.text, "read")(value, 0))


@relaxed
@given(st.sampled_from(WRITERS).flatmap(lambda one: st.tuples(st.just(one), values(one.schema))))
def test_it_writes_what_fastavro_writes(case: tuple[ReadyWriter, Any]) -> None:
    """From tuples, behind the header."""
    one, record = case
    found = TAKEN[name_of(one.text)](as_tuples(record))
    assert found == one.header + written(one.schema, record)


@pytest.mark.parametrize(
    ("place", "wrong"), [(0, None), (0, 7), (4, "7"), (4, 2**31), (10, 2**63), (8, b"x"), (12, 1.5)]
)
def test_what_does_not_fit_is_not_written(place: int, wrong: object) -> None:
    """An error that gives the record to fastavro: it has the last word."""
    with pytest.raises(MISFITS):
        TAKEN[name_of(WRITERS[0].text)]((*CLOCK_EVENT[:place], wrong, *CLOCK_EVENT[place + 1 :]))
