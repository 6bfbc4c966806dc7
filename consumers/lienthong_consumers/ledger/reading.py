"""From a record on a topic to what the ledger keeps of it, or to the reason why it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from lienthong_consumers.ledger.batch import (
    Batch,
    KnownChecksum,
    KnownClockEvent,
    KnownFinding,
    KnownLetter,
    KnownReference,
)
from lienthong_consumers.ledger.case_reading import CaseReader
from lienthong_infra.append_time import known_at
from lienthong_infra.dead_letter import (
    DECODE,
    Letter,
    NotALetter,
    dead_letter_topic,
    letter_of_error,
    read_letter,
)
from lienthong_infra.placement import Placement
from lienthong_infra.ports import Record, TopicPartition
from lienthong_schemas.believed_ticks import TOPIC as TICKS
from lienthong_schemas.believed_ticks import read_tick
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.checksums import TOPIC as CHECKSUMS
from lienthong_schemas.checksums import checksum, checksum_of
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import BrokenRule, CatalogueError, ContractError, IdentityError
from lienthong_schemas.identity import LONGEST_CODE, letter_id, normalise_office
from lienthong_schemas.instants import Instant, is_plausible
from lienthong_schemas.records import clock_event, finding, reference_record
from lienthong_schemas.reference import OPAQUE_KINDS, parse_body

CONSUMER: Final = "ledger"
"""Who writes the dead letters of this stage."""
CHECKED_ONLY: Final = ("heartbeat.v1", "tick.v1")
"""No rows are made of these (of ticks only the newest counts), but a broken one must become a letter, and the ledger is
who writes it."""
_DEAD_LETTERS: Final = "-dead-letter.v"
_INDEXED: Final = ("event_id", "case_id", "refers_to", "topic")
"""Fields of announcements and checksums by which rows are found."""
_SLA_INSTANTS: Final = ("happened_at", "announced_at", "stated_due_at", "due_at")


class RecordReader:
    """Reads the records of every topic that the ledger takes."""

    def __init__(self, book: SchemaBook, placement: Placement | None = None) -> None:
        """Without a ``placement`` it is not checked whether records lie where their keys belong."""
        self._book = book
        self._cases = CaseReader(book)
        self._placement = placement or Placement({})
        self._readers: dict[str, Callable[[Batch, Record], None]] = {
            **dict.fromkeys(CASE_TOPICS, self._case),
            "sla.v1": self._clock_event,
            "quality.v1": self._finding,
            "reference.v1": self._reference,
            CHECKSUMS: self._checksum,
        }

    def read(self, batch: Batch, record: Record) -> None:
        """Put what the record says into the batch. Raises ContractError where it cannot be read or is forbidden."""
        if record.topic in CHECKED_ONLY:
            if record.topic == TICKS:
                batch.tick = read_tick(self._book, record.value, record.timestamp)
            else:
                self._book.decode(record.topic, record.value or b"")
            return
        if _DEAD_LETTERS in record.topic:
            self._letter(batch, record)
        else:
            self._readers[record.topic](batch, record)
        batch.taken[TopicPartition(record.topic, record.partition)] += 1

    def refuse(self, batch: Batch, record: Record, error: ContractError, now: Instant) -> None:
        """Put the record's dead letter into the batch."""
        batch.refused.append(letter_of_error(record, error, consumer=CONSUMER, first_seen=now))
        batch.refusals[TopicPartition(record.topic, record.partition)] += 1

    def _case(self, batch: Batch, record: Record) -> None:
        entry = self._cases.read(record)
        self._placement.check(record)
        batch.entries.append(entry)

    def _clock_event(self, batch: Batch, record: Record) -> None:
        whole = self._storable(record, _SLA_INSTANTS)
        source = TopicPartition(record.topic, record.partition)
        batch.clock_events.append(KnownClockEvent(clock_event(whole), source, known_at(record)))

    def _finding(self, batch: Batch, record: Record) -> None:
        whole = self._storable(record, ("announced_at",))
        source = TopicPartition(record.topic, record.partition)
        batch.findings.append(KnownFinding(finding(whole), source, known_at(record)))

    def _reference(self, batch: Batch, record: Record) -> None:
        one = reference_record(self._storable(record, ("valid_from", "known_from")))
        try:
            if one.kind in OPAQUE_KINDS:
                self.learn(one.key, one.body)
            else:
                parse_body(one)
        except CatalogueError as error:
            raise BrokenRule(error.problems) from error
        source = TopicPartition(record.topic, record.partition)
        batch.references.append(KnownReference(one, source, record.offset, known_at(record)))

    def _checksum(self, batch: Batch, record: Record) -> None:
        one = checksum(self._storable(record, ()))
        offices = {name: one.of_office(name) for name in one.received.keys() | one.ended.keys() | one.ended_late.keys()}
        if checksum_of(*one[:3], offices) != one:
            raise BrokenRule(("digest: it is not that of these figures",))
        source = TopicPartition(record.topic, record.partition)
        batch.checksums.append(KnownChecksum(one, source, record.offset, known_at(record)))

    def learn(self, key: str, body: str) -> None:
        """Make a published schema known; ``key`` is ``topic@version``. Raises CatalogueError where it is none."""
        try:
            self._book.learn(key.split("@", 1)[0], json.loads(body))
        except Exception as error:  # whatever the Avro library raises on a broken schema
            raise CatalogueError([f"schema {key}: it is no Avro schema ({type(error).__name__})"]) from error

    def knows(self, fingerprint: bytes) -> bool:
        """Whether a value with this fingerprint can be read by now."""
        return self._book.knows(fingerprint)

    def _storable(self, record: Record, instants: tuple[str, ...]) -> Mapping[str, Any]:
        """The decoded record. Raises BrokenRule where a database would refuse it: that would stop the ledger."""
        whole = self._book.decode(record.topic, record.value or b"")
        problems = [f"{name}: it contains a null character" for name, value in whole.items() if _has_null(value)]
        problems += [
            f"{name}: it has more than {LONGEST_CODE} characters"
            for name in _INDEXED
            if len(whole.get(name) or "") > LONGEST_CODE
        ]
        problems += [
            f"{name}: it lies outside the years 1900 to 2999"
            for name in instants
            if whole[name] is not None and not is_plausible(whole[name])
        ]
        if problems:
            raise BrokenRule(tuple(problems))
        return whole

    def _letter(self, batch: Batch, record: Record) -> None:
        try:
            letter = read_letter(record)
            if dead_letter_topic(letter.topic) != record.topic:
                raise NotALetter(f"a letter of {letter.topic} does not belong here")
        except NotALetter as error:
            letter = _letter_of_none(record, error)
        source = TopicPartition(record.topic, record.partition)
        batch.letters.append(KnownLetter(letter, self._office(letter), source, known_at(record)))

    def _office(self, letter: Letter) -> str:
        """Whose record it was, as far as it can be read; else empty."""
        try:
            office = str(self._book.decode(letter.topic, letter.value or b"").get("office", ""))
        except (ContractError, KeyError):
            parts = (letter.key or b"").decode("utf-8", "replace").split(":")
            office = parts[1] if len(parts) == 3 else ""
        try:
            return office if normalise_office(office) == office else ""
        except IdentityError:
            return ""


def _has_null(value: object) -> bool:
    return any("\0" in text for text in (value if isinstance(value, Mapping) else (value,)) if isinstance(text, str))


def _letter_of_none(record: Record, error: NotALetter) -> Letter:
    """A record that somebody else put on a dead-letter topic is kept as a letter of itself."""
    return Letter(
        letter_id(record.topic, record.partition, record.offset, DECODE),
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        DECODE,
        NotALetter.code,
        (str(error),),
        CONSUMER,
        known_at(record),
        record.key,
        record.value,
        record.headers,
    )
