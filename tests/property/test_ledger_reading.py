"""The ledger's quick reading of a case event gives the verdict of the whole reading, whatever the record."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from lienthong_consumers.domain.entry import Entry
from lienthong_consumers.ledger.case_reading import CaseReader
from lienthong_infra.append_time import known_at
from lienthong_infra.ports import Record
from lienthong_schemas.case_event import kind_of_topic, read_case_event
from lienthong_schemas.errors import ContractError
from tests.property.test_worker_event import BOOK, SOUND, WRONG, case_records

READER = CaseReader(BOOK)


def verdict(read: Any, record: Record) -> Any:
    """The entry, or the class, the words and the problems of the error."""
    try:
        return read(record)
    except ContractError as error:
        return type(error), str(error), getattr(error, "problems", None)


def whole(record: Record) -> Entry:
    """What the whole reading makes of it, field by field."""
    event, fields = read_case_event(BOOK, record.topic, record.key, record.value or b"")
    hand = event.handover
    also = {
        "kind": kind_of_topic(record.topic),
        "known_at": known_at(record),
        "channel": fields.get("channel", ""),
        "next_epoch": None if hand is None else hand.next_epoch,
        "last_seq": None if hand is None else hand.last_seq,
    }
    names = ("urgency", "rating", "fee_paid", "digitised", "signature", "duplicate_of")
    marks = {name: fields.get(name) for name in names}
    sources = {**fields, **event._asdict(), **record._asdict(), **also, **marks}
    return Entry(**{name: sources[name] for name in Entry._fields})


def record_of(topic: str, key: bytes | None, fields: dict[str, Any]) -> Record:
    """The record as it lies on the log."""
    return Record(topic, 3, 77, key, BOOK.encode(topic, fields), 1_750_000_000_000)


def test_every_single_change_is_read_the_same() -> None:
    """Each field of each example in each of the wrong and right forms, alone."""
    for topic, sound in SOUND:
        for name in WRONG.keys() & sound.keys():
            for other in WRONG[name]:
                record = record_of(topic, sound["case_id"].encode(), {**sound, name: other})
                assert verdict(READER.read, record) == verdict(whole, record)


def test_most_sound_records_are_read_the_quick_way() -> None:
    """Else the comparison would compare one way with itself."""
    quick = CaseReader(BOOK)
    quick._whole = lambda record: (_ for _ in ()).throw(AssertionError(record))  # type: ignore[method-assign]
    usual = [one for one in SOUND if one[1]["change"] == "changed"]
    read = [verdict(quick.read, record_of(topic, one["case_id"].encode(), one)) for topic, one in usual]
    assert len(read) > 20
    assert all(isinstance(each, Entry) for each in read)


@settings(deadline=None, max_examples=200)
@given(case_records())
def test_sound_and_broken_records_are_read_the_same(case: tuple[str, bytes | None, dict[str, Any]]) -> None:
    """Up to three fields changed, a strange key."""
    record = record_of(*case)
    assert verdict(READER.read, record) == verdict(whole, record)
