"""A case event as the bus works with it: the header and the state that all kinds of case share.

``CaseEvent`` is what engine and ledger read; ``fields`` keeps the rest of the record for those who need it.
The content digest covers the value behind its two delivery fields (``accepted_at``, ``previous``): the same change
sent twice has the same digest, whenever it was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from lienthong_schemas.case_marks import HIGHEST_RATING, LOWEST_RATING, marks_of
from lienthong_schemas.codec import HEADER_LENGTH, SchemaBook
from lienthong_schemas.errors import BrokenRule, IdentityError
from lienthong_schemas.identity import LONGEST_CODE, event_id, normalise_office, parse_case_id
from lienthong_schemas.instants import EARLIEST, LATEST, Instant

CASE_TOPICS: Final = ("dossier.v1", "field-report.v1", "periodic-report.v1", "document.v1", "task.v1")
"""The case topics."""

SELECTOR_FIELDS: Final[Mapping[str, str]] = {
    "dossier": "procedure",
    "field-report": "category",
    "periodic-report": "form",
    "document": "document_type",
    "task": "task_type",
}
"""By kind of case, the field that selects the clock policy."""

_CODES: Final = (*SELECTOR_FIELDS.values(), "channel", "status")
"""By these cases are counted; those that a kind does not have are no matter."""
_INSTANTS: Final = ("accepted_at", "occurred_at", "received_at", "due_at", "ended_at")
CHANGES: Final = ("changed", "opening", "handover")
DIGEST_BYTES: Final = 16
"""Half a SHA-256: 2**64 events for an even chance of one collision."""


class Handover(NamedTuple):
    """Numbering goes to ``successor``, which uses ``next_epoch`` after ``last_seq`` of this epoch."""

    successor: str
    next_epoch: int
    last_seq: int


class Opening(NamedTuple):
    """What a clock had used when the bus first heard of the case."""

    started_at: Instant
    used_seconds: int
    paused_seconds: int


class CaseEvent(NamedTuple):
    """One event of a case. Instants are microseconds UTC; ``digest`` is 16 bytes."""

    case_id: str
    epoch: int
    seq: int
    digest: bytes
    accepted_at: Instant
    occurred_at: Instant
    office: str
    commune: str
    change: str
    status: str
    received_at: Instant | None
    due_at: Instant | None
    ended_at: Instant | None
    selector: str
    handover: Handover | None = None
    opening: Opening | None = None
    step: str = ""
    """Name of the internal step, of a dossier."""
    urgency: str = ""
    """Of a field report, a document or a task."""
    channel: str = ""
    """By which way a dossier or a field report came in."""
    marks: int = 0
    """What figures count besides: satisfaction, fee, papers, signature, duplicate; see ``case_marks``."""

    @property
    def kind(self) -> str:
        """The kind of case, from the case id."""
        return self.case_id.split(":", 1)[0]


def kind_of_topic(topic: str) -> str:
    """``dossier.v1`` carries ``dossier``."""
    return topic.rsplit(".v", 1)[0]


def _varint_end(value: bytes, at: int) -> int:
    while value[at] & 0x80:
        at += 1
    return at + 1


def content_digest(value: bytes) -> bytes:
    """The digest of a case event's value: SHA-256 over all behind ``accepted_at`` and ``previous``, 16 bytes."""
    at = _varint_end(value, HEADER_LENGTH)
    branch = value[at]
    at += 1
    if branch:  # the union's second branch: a string, its length as a varint before it
        end = _varint_end(value, at)
        length = shift = 0
        for byte in value[at:end]:
            length |= (byte & 0x7F) << shift
            shift += 7
        at = end + (length >> 1)
    return sha256(value[at:]).digest()[:DIGEST_BYTES]


def case_event(record: Mapping[str, Any], digest: bytes) -> CaseEvent:
    """The common part of a decoded record of a case topic."""
    handover, opening = record["handover"], record["opening"]
    kind = record["case_id"].split(":", 1)[0]
    return CaseEvent(
        record["case_id"],
        record["epoch"],
        record["seq"],
        digest,
        record["accepted_at"],
        record["occurred_at"],
        record["office"],
        record["commune"],
        record["change"],
        record["status"],
        record["received_at"],
        record["due_at"],
        record["ended_at"],
        record[SELECTOR_FIELDS[kind]],
        None if handover is None else Handover(**handover),
        None if opening is None else Opening(**opening),
        record.get("step", ""),
        record.get("urgency", ""),
        record.get("channel", ""),
        marks_of(record),
    )


def broken_rules(topic: str, key: bytes | None, record: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that the contract forbids about a readable record of a case topic; empty where it is sound."""
    problems: list[str] = []
    try:
        identity = parse_case_id(record["case_id"])
        if identity.kind != kind_of_topic(topic):
            problems.append(f"case_id: a case of kind {identity.kind} does not belong on {topic}")
    except IdentityError as error:
        problems.append(f"case_id: {error}")
    if key != record["case_id"].encode():
        problems.append("key: it must be the case id, so that the case keeps its order")
    try:
        if normalise_office(record["office"]) != record["office"]:
            problems.append(f"office: write it in upper case without spaces: {normalise_office(record['office'])}")
    except IdentityError as error:
        problems.append(f"office: {error}")
    problems.extend(_broken_numbers(record))
    rating = record.get("rating")
    if rating is not None and not LOWEST_RATING <= rating <= HIGHEST_RATING:
        problems.append(f"rating: {rating} is not {LOWEST_RATING} to {HIGHEST_RATING}")
    problems.extend(_unstorable(record))
    return tuple(problems)


def _unstorable(record: Mapping[str, Any]) -> list[str]:
    """What a database would refuse, so that one sender's record cannot stop the ledger."""
    commune, opening = record["commune"], record["opening"]
    problems = []
    if commune and not (len(commune) == 5 and commune.isascii() and commune.isdigit()):
        problems.append("commune: it is no unit code of five digits")
    if "\0" in "".join([value for value in record.values() if value.__class__ is str]):
        names = [name for name, value in record.items() if isinstance(value, str) and "\0" in value]
        problems.extend(f"{name}: it contains a null character" for name in names)
    problems += [
        f"{name}: it has more than {LONGEST_CODE} characters, which no code has"
        for name in _CODES
        if len(record.get(name, "")) > LONGEST_CODE
    ]
    for name in _INSTANTS:
        instant = record[name]
        if instant is not None and not EARLIEST <= instant <= LATEST:
            problems.append(f"{name}: it lies outside the years 1900 to 2999")
    if opening is not None:
        if not EARLIEST <= opening["started_at"] <= LATEST:
            problems.append("opening.started_at: it lies outside the years 1900 to 2999")
        if opening["used_seconds"] < 0 or opening["paused_seconds"] < 0:
            problems.append("opening: seconds used or paused cannot be negative")
    return problems


def _broken_numbers(record: Mapping[str, Any]) -> list[str]:
    problems: list[str] = []
    epoch, seq, change = record["epoch"], record["seq"], record["change"]
    if epoch < 1:
        problems.append(f"epoch: {epoch} is below 1")
    if seq < 1:
        problems.append(f"seq: {seq} is below 1")
    if change not in CHANGES:
        problems.append(f"change: {change!r} is none of {', '.join(CHANGES)}")
    if not record["status"]:
        problems.append("status: it is empty")
    if (record["handover"] is not None) != (change == "handover"):
        problems.append("handover: it goes with change `handover`, and only with it")
    elif record["handover"] is not None:
        problems.extend(_broken_handover(record["handover"], epoch))
    if (record["opening"] is not None) != (change == "opening"):
        problems.append("opening: it goes with change `opening`, and only with it")
    expected = event_id(record["office"], record["case_id"], epoch, seq)
    if record["event_id"] != expected:
        problems.append(f"event_id: for this office, case, epoch and seq it must be {expected}")
    return problems


def _broken_handover(handover: Mapping[str, Any], epoch: int) -> list[str]:
    problems = []
    if handover["next_epoch"] <= epoch:
        problems.append(f"handover.next_epoch: it must be above the epoch {epoch} that it ends")
    try:
        if normalise_office(handover["successor"]) != handover["successor"]:
            problems.append("handover.successor: write it in upper case without spaces")
    except IdentityError as error:
        problems.append(f"handover.successor: {error}")
    return problems


def read_case_event(book: SchemaBook, topic: str, key: bytes | None, value: bytes) -> tuple[CaseEvent, dict[str, Any]]:
    """The event in a record of a case topic, and the whole decoded record.

    Raises DecodeError where the value cannot be read and BrokenRule, with all problems, where the contract forbids it.
    """
    record = book.decode(topic, value)
    problems = broken_rules(topic, key, record)
    if problems:
        raise BrokenRule(problems)
    return case_event(record, content_digest(value)), record
