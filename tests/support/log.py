"""A log in memory for one partition: records of case events, ticks and reference data for a DeadlinePartition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_schemas.case_event import SELECTOR_FIELDS, CaseEvent, kind_of_topic, read_case_event
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.identity import event_id
from lienthong_schemas.instants import Instant, instant_of_milliseconds, milliseconds_of
from lienthong_schemas.records import ClockEvent, ReferenceRecord, Tick, clock_event, partition_key
from lienthong_streams.barriers import Barriers
from lienthong_streams.domain.timeline import Known
from lienthong_streams.partition import DeadlinePartition
from tests.support.cases import POLICY, STATES

SOURCE = TopicPartition("dossier.v1", 0)


def avro_record(event: CaseEvent) -> dict[str, Any]:
    """A case event of a dossier as the record that its schema wants."""
    selector = SELECTOR_FIELDS[kind_of_topic(SOURCE.topic)]
    return {
        "accepted_at": event.accepted_at,
        "previous": None,
        "case_id": event.case_id,
        "epoch": event.epoch,
        "seq": event.seq,
        "seq_by": "holder",
        "event_id": event_id(event.office, event.case_id, event.epoch, event.seq),
        "change": event.change,
        "office": event.office,
        "commune": event.commune,
        "occurred_at": event.occurred_at,
        "source_ref": None,
        "handover": None if event.handover is None else event.handover._asdict(),
        "opening": None if event.opening is None else event.opening._asdict(),
        "status": event.status,
        "received_at": event.received_at,
        "due_at": event.due_at,
        "ended_at": event.ended_at,
        selector: event.selector,
        "channel": "direct",
        "step": "",
        "applicant_kind": "unknown",
        "applicant": None,
        "fee_paid": None,
        "digitised": None,
    }


def clock_events(book: SchemaBook, outputs: Iterable[OutboundRecord]) -> list[ClockEvent]:
    """The clock events among outputs."""
    return [clock_event(book.decode("sla.v1", one.value or b"")) for one in outputs if one.topic == "sla.v1"]


class Log:
    """Records of one partition in the order of ``events``, all known at ``known_at``."""

    def __init__(
        self,
        book: SchemaBook,
        events: Sequence[CaseEvent] = (),
        *,
        known_at: Instant = 0,
        references: Sequence[ReferenceRecord] = (STATES, POLICY),
    ) -> None:
        self.book = book
        self.barriers = Barriers(book)
        self.records: list[Record] = []
        self._ticks = 0
        for one in events:
            self.take(one, known_at=known_at)
        for offset, reference in enumerate(references):
            value = book.encode("reference.v1", reference._asdict())
            self.barriers.add_reference(Record("reference.v1", 0, offset, b"", value, 0))
        self.reference_end = len(references)

    def take(self, one: CaseEvent, *, known_at: Instant) -> Record:
        """Put an event at the end of the partition."""
        return self.append(self.book.encode(SOURCE.topic, avro_record(one)), one.case_id.encode(), known_at=known_at)

    def append(self, value: bytes | None, key: bytes | None, *, known_at: Instant = 0) -> Record:
        """Put any record at the end of the partition."""
        record = Record(*SOURCE, len(self.records), key, value, milliseconds_of(known_at))
        self.records.append(record)
        return record

    def tick(self, bus_time: Instant, reach: int, heard: Mapping[str, Instant] | None = None) -> None:
        """A tick that applies once the partition's position has reached ``reach``."""
        ends = {partition_key(*SOURCE): reach}
        value = self.book.encode("tick.v1", Tick(bus_time, ends, self.reference_end, heard or {})._asdict())
        self.barriers.add_tick(Record("tick.v1", 0, self._ticks, None, value, 0))
        self._ticks += 1

    def partition(self) -> DeadlinePartition:
        """A fresh owner of the partition, taken over with an empty changelog."""
        return self.restored({})

    def restored(self, changelog: Mapping[bytes, bytes | None]) -> DeadlinePartition:
        """An owner that takes the partition over with this changelog."""
        owner = DeadlinePartition(SOURCE, self.book, self.barriers)
        for key, value in changelog.items():
            owner.restore(key, value)
        owner.restored()
        return owner

    def read(self) -> list[Known]:
        """Every event of the log with when it was known, read back from its bytes."""
        return [
            Known(
                read_case_event(self.book, record.topic, record.key, record.value or b"")[0],
                instant_of_milliseconds(record.timestamp),
            )
            for record in self.records
        ]
