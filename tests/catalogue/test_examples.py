"""Every example of the contract goes over the wire and back, and tells a story that the rules allow."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from lienthong_schemas import checksums, partial_totals, records, totals
from lienthong_schemas.case_event import CASE_TOPICS, read_case_event
from lienthong_schemas.catalogue import load_catalogue, packaged_root
from lienthong_schemas.codec import EARLIER_SCHEMAS, SCHEMA_OF_TOPIC, SchemaBook, fingerprint_of, packaged_schema
from lienthong_schemas.examples import Example, example_of, load_examples, record_of
from lienthong_schemas.identity import CASE_KINDS
from lienthong_schemas.instants import instant_of
from lienthong_schemas.reference import States, parse_body
from lienthong_schemas.reference_files import load_reference
from lienthong_schemas.statements import looks_personal

BOOK = SchemaBook()
TOPIC_OF_SCHEMA = {name: topic for topic, name in SCHEMA_OF_TOPIC.items()} | {
    name: topic for topic, names in EARLIER_SCHEMAS.items() for name in names
}
EXAMPLES = list(load_examples(packaged_root()))
TUPLES: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "heartbeat.v1": records.heartbeat,
    "tick.v1": records.tick,
    "reference.v1": records.reference_record,
    "clock-event.v2": records.clock_event,
    "finding.v1": records.finding,
    "totals-partial.v2": partial_totals.partial_totals,
    "totals.v1": totals.totals,
    "checksum.v1": checksums.checksum,
}
MINIMUM = 2
every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.schema}/{one.path.stem}")


def value_of(example: Example) -> bytes:
    """Return the example as a value on the wire."""
    return BOOK.encode(TOPIC_OF_SCHEMA[example.schema], record_of(packaged_schema(example.schema), example.data))


@every_example
def test_an_example_survives_the_wire(example: Example) -> None:
    """What is written comes back as it was, and is the same example again; fields added since as their defaults."""
    topic, schema = TOPIC_OF_SCHEMA[example.schema], packaged_schema(example.schema)
    added = {
        field["name"]: field["default"]
        for field in BOOK.newest(topic)["fields"]
        if field["name"] not in {each["name"] for each in schema["fields"]}
    }
    assert example_of(schema, BOOK.decode(topic, value_of(example))) == example.data | added


@every_example
def test_an_example_is_written_by_its_own_schema(example: Example) -> None:
    """What says nothing new keeps its bytes, and so its digest, when the contract grows."""
    assert value_of(example)[2:10] == fingerprint_of(packaged_schema(example.schema))


@every_example
def test_an_example_states_every_field(example: Example) -> None:
    """Defaults are written out, so that a reader sees the whole record."""
    assert sorted(example.data) == sorted(field["name"] for field in packaged_schema(example.schema)["fields"])


@every_example
def test_nothing_in_an_example_looks_personal(example: Example) -> None:
    """Examples are copied; none may teach a wrong habit."""
    assert [text for text in _texts(example.data) if looks_personal(text)] == []


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    "example", [one for one in EXAMPLES if TOPIC_OF_SCHEMA[one.schema] in CASE_TOPICS], ids=lambda o: o.path.stem
)
def test_a_case_example_breaks_no_rule(example: Example) -> None:
    """Identity, key and numbers are those that the contract computes."""
    topic = TOPIC_OF_SCHEMA[example.schema]
    event, _ = read_case_event(BOOK, topic, example.data["case_id"].encode(), value_of(example))
    assert event.case_id == example.data["case_id"]


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.schema in TUPLES], ids=lambda one: one.path.stem)
def test_a_record_of_the_bus_has_its_tuple(example: Example) -> None:
    """The tuple that the code works with has exactly the fields of the schema, in its order."""
    made = TUPLES[example.schema](record_of(packaged_schema(example.schema), example.data))
    assert list(made._fields) == [field["name"] for field in packaged_schema(example.schema)["fields"]]


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_the_stories_follow_the_table_of_states(kind: str) -> None:
    """Each case's examples begin in an initial state and go from state to state as the table allows."""
    table = states(kind)
    stories: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for example in EXAMPLES:
        if TOPIC_OF_SCHEMA[example.schema] == f"{kind}.v1":
            stories[example.data["case_id"]].append(example.data)
    for story in stories.values():
        story.sort(key=lambda data: data["seq"])
        first, *later = story
        assert [data["seq"] for data in story] == list(range(1, len(story) + 1))
        assert first["status"] in table.initial or first["change"] == "opening"
        for before, after in zip(story, later, strict=False):
            same = before["status"] == after["status"]
            assert same or after["status"] in table.transitions[before["status"]]


def states(kind: str) -> States:
    """Return the packaged table of states of a kind of case."""
    (entry,) = [each for each in load_reference("vn") if (each.kind, each.key) == ("states", kind)]
    body = parse_body(entry.record(None))
    assert isinstance(body, States)
    return body


def test_every_schema_has_examples_enough_to_show_its_use() -> None:
    """A tick has one face; all others have at least two."""
    found: dict[str, int] = defaultdict(int)
    for example in EXAMPLES:
        found[example.schema] += 1
    assert {name for topic in load_catalogue().topics.values() for name in topic.schemas} == set(found)
    assert {name for name, count in found.items() if count < MINIMUM} == {"tick.v1"}


def test_an_example_says_instants_as_text() -> None:
    """A person reads 2026-07-06, not a number of sixteen digits."""
    (example,) = [one for one in EXAMPLES if one.schema == "tick.v1"]
    record = record_of(packaged_schema("tick.v1"), example.data)
    assert example.data["bus_time"] == "2026-07-06T02:00:05Z"
    assert record["bus_time"] == instant_of(datetime.fromisoformat("2026-07-06T02:00:05+00:00"))
