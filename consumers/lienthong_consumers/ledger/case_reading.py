"""From a record of a case topic to an entry of the history.

A usual event is read by a reader compiled for the columns of the ledger, and only those rules are looked at that it
could break. Wherever one may be broken, and for events with a handover or an opening balance, the whole record is read
with all rules (``read_case_event``): so verdicts, problems and their words are always those of that way.
"""

from __future__ import annotations

from hashlib import sha256
from operator import itemgetter
from typing import Any, Final, NamedTuple

from lienthong_consumers.domain.entry import Entry
from lienthong_infra.append_time import known_at
from lienthong_infra.ports import Record
from lienthong_schemas.avro_calls import NotPlain
from lienthong_schemas.avro_compiled import Wanted
from lienthong_schemas.case_event import (
    CASE_TOPICS,
    DIGEST_BYTES,
    kind_of_topic,
    read_case_event,
)
from lienthong_schemas.case_marks import HIGHEST_RATING, LOWEST_RATING
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import IdentityError
from lienthong_schemas.identity import LONGEST_CODE
from lienthong_schemas.usual_event import is_usual, usual_fields

_OWN: Final = ("channel", "urgency", "rating", "fee_paid", "digitised", "signature", "duplicate_of")
"""What some kinds of case state, in the order of ``Entry``; where a kind has it not, the channel is empty and the rest
None."""


class _Reading(NamedTuple):
    """How the records of a topic are read."""

    kind: str
    wanted: Wanted
    own: itemgetter[tuple[Any, ...]]
    """The fields of _OWN out of those that were wanted behind the usual ones, with "" and None behind them."""


def _reading(topic: str, fields: frozenset[str]) -> _Reading:
    kind = kind_of_topic(topic)
    wanted = [name for name in _OWN if name in fields]
    nothing = dict.fromkeys(_OWN, len(wanted) + 1) | {"channel": len(wanted)}
    places = [wanted.index(name) if name in fields else nothing[name] for name in _OWN]
    return _Reading(kind, Wanted(topic, (*usual_fields(kind), "source_ref", *wanted), plain=True), itemgetter(*places))


class CaseReader:
    """Reads the records of all case topics."""

    def __init__(self, book: SchemaBook) -> None:
        self._book = book
        self._readings = {
            topic: _reading(topic, frozenset(field["name"] for field in book.newest(topic)["fields"]))
            for topic in CASE_TOPICS
        }

    def read(self, record: Record) -> Entry:
        """The entry. Raises DecodeError or BrokenRule, as ``read_case_event`` does."""
        reading = self._readings[record.topic]
        try:
            entry = _usual(reading, record, self._book.decode_fields(reading.wanted, record.value or b""))
        except (NotPlain, IdentityError):
            entry = None
        return self._whole(record) if entry is None else entry

    def _whole(self, record: Record) -> Entry:
        value = record.value or b""
        event, whole = read_case_event(self._book, record.topic, record.key, value)
        channel, *marks = map(whole.get, _OWN)
        handover = event.handover
        return Entry._make((
            event.case_id, event.epoch, event.seq, event.digest, event.kind, record.topic, record.partition,
            record.offset, known_at(record), event.office, event.commune, event.selector, channel or "",
            event.change, event.status, event.occurred_at, event.accepted_at, event.received_at, event.due_at,
            event.ended_at, None if handover is None else handover.next_epoch,
            None if handover is None else handover.last_seq, whole["source_ref"], whole["event_id"], *marks, value,
        ))  # fmt: skip


def _usual(reading: _Reading, record: Record, fields: tuple[Any, ...]) -> Entry | None:
    """The entry of a record that certainly breaks no rule, else None. Raises IdentityError."""
    # fmt: off
    (case_id, epoch, seq, accepted, occurred, office, commune, change, status, received, due, ended,
     event, _, _, selector, delivered, source_ref, *rest) = fields
    channel, urgency, rating, *marks = reading.own((*rest, "", None))
    if (
        len(channel) > LONGEST_CODE
        or not (rating is None or LOWEST_RATING <= rating <= HIGHEST_RATING)
        or not is_usual(reading.kind, record.key, fields)
    ):
        return None
    value = record.value or b""
    return tuple.__new__(Entry, (
        case_id, epoch, seq, sha256(value[delivered:]).digest()[:DIGEST_BYTES], reading.kind, record.topic,
        record.partition, record.offset, known_at(record), office, commune, selector, channel, change, status,
        occurred, accepted, received, due, ended, None, None, source_ref, event, urgency, rating, *marks, value,
    ))
    # fmt: on
