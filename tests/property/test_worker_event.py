"""The worker's quick reading of a case event gives the verdict of the whole reading, whatever the record."""

from __future__ import annotations

from typing import Any

from fastavro import parse_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_schemas.case_event import CASE_TOPICS, SELECTOR_FIELDS, CaseEvent, read_case_event
from lienthong_schemas.catalogue import packaged_root
from lienthong_schemas.codec import EARLIER_SCHEMAS, SCHEMA_OF_TOPIC, SchemaBook, packaged_schema
from lienthong_schemas.errors import BrokenRule, ContractError
from lienthong_schemas.examples import load_examples, record_of
from lienthong_schemas.identity import event_id
from lienthong_schemas.worker_event import read_worker_event
from tests.support.avro_schemas import written

BOOK = SchemaBook()
TOPICS = {name: topic for topic in CASE_TOPICS for name in (*EARLIER_SCHEMAS.get(topic, ()), SCHEMA_OF_TOPIC[topic])}
SOUND = [
    (TOPICS[one.schema], record_of(packaged_schema(one.schema), one.data))
    for one in load_examples(packaged_root())
    if one.schema in TOPICS
]
HANDOVER = {"successor": "G09", "next_epoch": 9, "last_seq": 1}
WRONG: dict[str, tuple[Any, ...]] = {
    "case_id": ("dossier:H27.16:1", "dossier:h27.16:1", "task:H27.16:1", "x", "", "document:H27.16:1", "dossier:H27:a"),
    "epoch": (0, -1, 2),
    "seq": (0, -5, 2**62, 64, 9000),
    "seq_by": ("", "\0", "gateway"),
    "event_id": ("", "x" * 36),
    "change": ("opening", "handover", "other", "\0"),
    "office": ("h27", "H27 ", "", "H27.99", "H" * 36, "\0"),
    "commune": ("", "1807", "1807٣", "00000"),
    "occurred_at": (-(2**62), 2**62, 0, -2_208_988_800_000_001, 32_503_680_000_000_000),
    "accepted_at": (-(2**62), 2**62, 0),
    "previous": (None, "", "a" * 300, "\0"),
    "source_ref": (None, "a\0", "ờ"),
    "status": ("", "ờ", "a\0b", "ờ" * 200, "x" * 201),
    **dict.fromkeys(SELECTOR_FIELDS.values(), ("", "ờ" * 200, "x" * 201)),
    "received_at": (None, -(2**62), 2**62, 5),
    "due_at": (None, -(2**62), 2**62, 5),
    "ended_at": (None, -(2**62), 2**62, 5),
    "handover": (None, HANDOVER, {**HANDOVER, "successor": ""}, {**HANDOVER, "next_epoch": 0}),
    "opening": (None, {"started_at": 2**62, "used_seconds": -1, "paused_seconds": 0}),
    "step": ("", "thẩm định", "\0"),
    "urgency": ("", "khẩn", "\0"),
    "digitised": (None, True, False),
    "channel": ("", "post", "ờ", "\0", "ờ" * 200, "x" * 201),
    "fee_paid": (None, "online", "cash", "none", "", "ờ", "\0"),
    "rating": (None, 1, 3, 4, 5, 0, 6, -1, 2**31 - 1),
    "signature": (None, "valid", "invalid", "absent", "", "\0"),
    "duplicate_of": (None, "", "field-report:H27:1", "\0"),
}  # fmt: skip


def verdict(read: Any, *arguments: Any) -> Any:
    """The event, or the class, the words and the problems of the error."""
    try:
        event = read(*arguments)
    except ContractError as error:
        return type(error), str(error), getattr(error, "problems", None)
    return event, type(event)


def whole(book: SchemaBook, topic: str, key: bytes | None, value: bytes) -> CaseEvent:
    """What the whole reading makes of it."""
    return read_case_event(book, topic, key, value)[0]


@st.composite
def case_records(draw: st.DrawFn) -> tuple[str, bytes | None, dict[str, Any]]:
    """A topic, a key and a record, sound or with up to three fields changed; its event id mostly fits."""
    topic, sound = draw(st.sampled_from(SOUND))
    record = dict(sound)
    for name in draw(st.lists(st.sampled_from(sorted(WRONG.keys() & record.keys())), max_size=3)):
        record[name] = draw(st.sampled_from(WRONG[name]))
    if draw(st.booleans()):
        record["event_id"] = event_id(record["office"], record["case_id"], record["epoch"], record["seq"])
    key = record["case_id"].encode() if draw(st.integers(0, 9)) else draw(st.sampled_from((None, b"", b"x", b"\xff")))
    return topic, key, record


def test_every_single_change_gets_the_same_verdict() -> None:
    """Each field of each example in each of the forms above, alone; with the event id as it was, and as it must be."""
    for topic, sound in SOUND:
        key = sound["case_id"].encode()
        for name in WRONG.keys() & sound.keys():
            for other in WRONG[name]:
                record = {**sound, name: other}
                fitting = event_id(record["office"], record["case_id"], record["epoch"], record["seq"])
                for changed in (record, {**record, "event_id": fitting}):
                    value = BOOK.encode(topic, changed)
                    assert verdict(read_worker_event, BOOK, topic, key, value) == verdict(
                        whole, BOOK, topic, key, value
                    )


@settings(deadline=None)
@given(case_records(), st.sampled_from(CASE_TOPICS))
def test_sound_and_broken_records_get_the_same_verdict(
    case: tuple[str, bytes | None, dict[str, Any]], other: str
) -> None:
    """On their own topic and on another one."""
    topic, key, record = case
    value = BOOK.encode(topic, record)
    for here in (topic, other):
        assert verdict(read_worker_event, BOOK, here, key, value) == verdict(whole, BOOK, here, key, value)


@settings(deadline=None)
@given(case_records(), st.data())
def test_damaged_records_get_the_same_verdict(
    case: tuple[str, bytes | None, dict[str, Any]], data: st.DataObject
) -> None:
    """Bytes changed, cut out or put in, the header included."""
    topic, key, record = case
    value = BOOK.encode(topic, record)
    at = data.draw(st.integers(0, len(value)))
    value = value[:at] + data.draw(st.binary(max_size=2)) + value[at + data.draw(st.integers(0, 2)) :]
    assert verdict(read_worker_event, BOOK, topic, key, value) == verdict(whole, BOOK, topic, key, value)


def test_every_example_is_read_quickly_or_is_no_usual_event() -> None:
    """A broken quick way would fall back to the whole one for every event, and no other test would see it."""
    seen = []

    class Watched(SchemaBook):
        def decode(self, topic: str, value: bytes) -> dict[str, Any]:
            seen.append(topic)
            return super().decode(topic, value)

    book = Watched()
    unusual = 0
    for topic, record in SOUND:
        read_worker_event(book, topic, record["case_id"].encode(), BOOK.encode(topic, record))
        unusual += record["change"] != "changed"
    assert len(seen) == unusual < len(SOUND) / 2


def test_a_record_of_a_newer_schema_gets_the_same_verdict() -> None:
    """A field more, compiled; and a recursive one, which is not: then the whole record is read."""
    tree = {"type": "record", "name": "T", "fields": [{"name": "t", "type": ["null", "T"]}]}
    for kind, default, content in (("string", "", "x"), (["null", tree], None, {"t": None})):
        topic, record = SOUND[0]
        book, schema = SchemaBook(), packaged_schema(SCHEMA_OF_TOPIC[topic])
        schema["fields"].insert(5, {"name": "more", "type": kind, "default": default})
        mark = book.learn(topic, schema)
        plain = {key: item for key, item in BOOK.newest(topic).items() if not key.startswith("__")}
        plain["fields"] = [*plain["fields"][:5], {"name": "more", "type": kind}, *plain["fields"][5:]]
        value = b"\xc3\x01" + mark + written(parse_schema(plain), {**record, "more": content})
        key = record["case_id"].encode()
        quick, slow = verdict(read_worker_event, book, topic, key, value), verdict(whole, book, topic, key, value)
        assert quick == slow
        assert quick[0] is not BrokenRule
