"""Reading records for the ledger: whatever lies on a topic is taken or refused by name, never a surprise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_consumers.ledger.batch import Batch
from lienthong_consumers.ledger.reading import CHECKED_ONLY, RecordReader
from lienthong_infra.append_time import known_at
from lienthong_infra.dead_letter import letter_of_error, read_letter
from lienthong_infra.partitioning import partition_of
from lienthong_infra.placement import Placement, WrongPartition
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import CatalogueError, ContractError, UnknownFingerprint
from lienthong_schemas.records import Heartbeat
from tests.support.ledger_log import BOOK, START, case, clock_event, dossier, finding, hour, outbound, reference

TOPICS = ("dossier.v1", "document.v1", "sla.v1", "quality.v1", "reference.v1", "heartbeat.v1", "tick.v1")
READER = RecordReader(SchemaBook())


def on_the_log(record: OutboundRecord, timestamp: int = 1_750_000_000_000) -> Record:
    """The record as it is read at offset 7 of partition 1."""
    return Record(record.topic, 1, 7, record.key, record.value, timestamp, record.headers)


def read(record: OutboundRecord, timestamp: int = 1_750_000_000_000) -> Batch:
    """The batch of one record."""
    batch = Batch()
    READER.read(batch, on_the_log(record, timestamp))
    return batch


def test_a_case_event_becomes_an_entry_with_its_place_and_bytes() -> None:
    """State, header, place on the log, append time, value."""
    record = outbound(dossier(1, 3, "9", ended_at=hour(4), source_ref="row:9"))
    (entry,) = read(record).entries
    assert (entry.case_id, entry.number, entry.kind, entry.status, entry.ended_at) == (
        case(1),
        (1, 3),
        "dossier",
        "9",
        hour(4),
    )
    assert (entry.topic, entry.partition, entry.offset, entry.known_at) == ("dossier.v1", 1, 7, START)
    assert (entry.source_ref, entry.channel, entry.selector, entry.value) == (
        "row:9",
        "online",
        "1.005129",
        record.value,
    )


def test_what_came_in_is_counted_by_partition() -> None:
    """One record of each topic that has a table."""
    batch = Batch()
    unit = reference("unit", "u", {"name": "n", "unit_type": "xã"})
    for record in (outbound(dossier(1, 1)), clock_event("a"), finding("b"), unit):
        READER.read(batch, on_the_log(record))
    topics = ("dossier.v1", "sla.v1", "quality.v1", "reference.v1")
    assert batch.taken == {TopicPartition(topic, 1): 1 for topic in topics}


@pytest.mark.parametrize("timestamp", [-(2**62), 2**62])
def test_a_timestamp_that_is_none_becomes_the_beginning_of_1970(timestamp: int) -> None:
    """No database takes what a sender may write there."""
    assert known_at(on_the_log(outbound(dossier(1, 1)), timestamp)) == 0


def test_a_schema_becomes_known_when_it_is_read() -> None:
    """A later record that names it can be read."""
    reader = RecordReader(SchemaBook())
    fields = [{"name": "office", "type": "string"}]
    newer = {"type": "record", "name": "Heartbeat", "namespace": "newer", "fields": fields}
    reader.read(Batch(), on_the_log(reference("schema", "heartbeat.v1", newer)))
    mark = SchemaBook().learn("heartbeat.v1", newer)
    assert reader.knows(mark)


def test_a_broken_schema_is_refused() -> None:
    """It would make nothing readable."""
    with pytest.raises(ContractError, match="it is no Avro schema"):
        read(reference("schema", "dossier.v1", "{}"))
    with pytest.raises(CatalogueError):
        READER.learn("dossier.v1", "no JSON")


def test_of_heartbeats_and_ticks_nothing_is_kept() -> None:
    """They are only checked."""
    beat = Heartbeat("H27.16", "outbox", 1, 1, 1, 0)
    assert read(OutboundRecord("heartbeat.v1", None, BOOK.encode("heartbeat.v1", beat._asdict()))) == Batch()
    assert "tick.v1" in CHECKED_ONLY


@pytest.mark.parametrize("name", ["complete_through", "case_ends"])
def test_a_tick_that_no_database_holds_is_refused(name: str) -> None:
    """A null character in a name: the transaction would fail, at every new start again."""
    whole = {"bus_time": START, "case_ends": {}, "reference_end": 0, "complete_through": {}, name: {"H27\0.16": START}}
    with pytest.raises(ContractError, match=f"{name}: it contains a null character"):
        read(OutboundRecord("tick.v1", None, BOOK.encode("tick.v1", whole)))


@pytest.mark.parametrize("record", [clock_event("e" * 201), finding("a", refers_to="e" * 201)])
def test_an_announcement_that_no_index_holds_is_refused(record: OutboundRecord) -> None:
    """PostgreSQL puts no text of some thousand characters into an index; ids have 36."""
    with pytest.raises(ContractError, match=": it has more than 200 characters"):
        read(record)


def test_a_refused_record_is_a_letter_in_the_batch() -> None:
    """Counted by partition, with the reader's time."""
    batch, record = Batch(), on_the_log(OutboundRecord("dossier.v1", b"k", b"bad"))
    with pytest.raises(ContractError) as caught:
        READER.read(batch, record)
    READER.refuse(batch, record, caught.value, START)
    (letter,) = batch.refused
    assert read_letter(on_the_log(letter)).first_seen == START
    assert batch.refusals == {TopicPartition("dossier.v1", 1): 1}


@pytest.mark.parametrize(
    ("key", "value", "office"),
    [
        (b"anything", BOOK.encode("dossier.v1", dossier(1, 0)), "H27.16"),
        (b"dossier:H27.99:1", b"bad", "H27.99"),
        (b"dossier:Nguyen Van A:1", b"bad", ""),
        (None, b"bad", ""),
        (b"\xff\xfe:::", b"bad", ""),
        (b"anything", BOOK.encode("dossier.v1", dossier(1, 0, office="no office!")), ""),
    ],
)
def test_the_office_of_a_letter_is_read_as_far_as_it_can_be(key: bytes | None, value: bytes, office: str) -> None:
    """From the value, else from the key; only what is a code of an agency."""
    record = on_the_log(OutboundRecord("dossier.v1", key, value))
    error = ContractError("refused")
    (known,) = read(letter_of_error(record, error, consumer="ledger")).letters
    assert known.office == office


@settings(deadline=None)
@given(
    topic=st.sampled_from(TOPICS),
    key=st.none() | st.binary(max_size=60),
    value=st.none() | st.binary(max_size=300),
    cut=st.integers(0, 300),
    timestamp=st.integers(-(2**63), 2**63 - 1),
)
def test_no_bytes_bring_the_reader_down(
    topic: str, key: bytes | None, value: bytes | None, cut: int, timestamp: int
) -> None:
    """Noise, and sound values with noise behind a cut: taken, or refused with an error of the contract."""
    taken = refused = waiting = 0
    starts = (
        b"",
        outbound(dossier(1, 1)).value,
        clock_event("a").value,
        finding("a").value,
        reference("unit", "u", {"name": "n", "unit_type": "xã"}).value,
    )
    for start in starts:
        damaged = None if value is None else (start or b"")[:cut] + value
        record = Record(topic, 0, 0, key, damaged, timestamp)
        batch = Batch()
        try:
            READER.read(batch, record)
        except UnknownFingerprint as error:
            waiting += len(error.fingerprint) == 8
        except ContractError as error:
            READER.refuse(batch, record, error, 0)
            refused += len(batch.refused) == 1
        else:
            taken += 1
    assert taken + refused + waiting == len(starts)


def test_an_event_outside_the_partition_of_its_key_is_refused() -> None:
    """Two workers would each count half of such a case."""
    record = outbound(dossier(1, 1))
    partitions = 4
    belongs = partition_of(record.key or b"", partitions)
    reader = RecordReader(SchemaBook(), Placement({"dossier.v1": partitions}))
    taken = Batch()
    reader.read(taken, on_the_log(record)._replace(partition=belongs))
    with pytest.raises(WrongPartition):
        reader.read(taken, on_the_log(record)._replace(partition=(belongs + 1) % partitions))
    assert len(taken.entries) == 1
