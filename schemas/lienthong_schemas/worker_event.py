"""A case event as the worker takes it: the same verdict as ``read_case_event``, several times as fast.

Only what the worker keeps and what a rule looks at is taken out of the bytes, and only the rules that a usual event
could break are looked at here. Wherever one may be broken, and for the few events with a handover or an opening
balance, the whole record is read again with all rules: so problems and their words are always those of that way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from lienthong_schemas.avro_compiled import Wanted
from lienthong_schemas.avro_reader import END_OF, NotPlain
from lienthong_schemas.case_event import (
    CASE_TOPICS,
    DIGEST_BYTES,
    SELECTOR_FIELDS,
    CaseEvent,
    kind_of_topic,
    read_case_event,
)
from lienthong_schemas.case_marks import HIGHEST_RATING, LOWEST_RATING, case_marks
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import IdentityError
from lienthong_schemas.identity import LONGEST_CODE, event_id, normalise_office, parse_case_id
from lienthong_schemas.instants import EARLIEST, LATEST

_DIFFERENT: Final = 4_096
"""Different own fields kept: channels times steps times what is known of fee and papers."""
_COMMON: Final = (
    *("case_id", "epoch", "seq", "event_id", "accepted_at", "occurred_at", "office", "commune", "change", "status"),
    *("received_at", "due_at", "ended_at", "handover", "opening", END_OF + "previous"),
)
_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "dossier.v1": ("channel", "step", "rating", "fee_paid", "digitised"),
    "field-report.v1": ("channel", "urgency", "rating", "duplicate_of"),
    "periodic-report.v1": (),
    "document.v1": ("urgency", "signature"),
    "task.v1": ("urgency",),
}
"""What the worker keeps of each kind besides; the functions of ``_LAST`` take these."""

Last = tuple[str, str, str, int]
"""The last fields of a case event: step, urgency, channel, marks."""


def _wanted(topic: str) -> Wanted:
    return Wanted(topic, (*_COMMON, SELECTOR_FIELDS[kind_of_topic(topic)], *_OWN[topic]), plain=True)


def _broken(rating: int | None) -> bool:
    return rating is not None and not LOWEST_RATING <= rating <= HIGHEST_RATING


@lru_cache(maxsize=_DIFFERENT)
def _last_of_dossier(
    channel: str, step: str, rating: int | None, fee_paid: str | None, digitised: bool | None
) -> Last | None:
    return None if _broken(rating) else (step, "", channel, case_marks(rating, fee_paid, digitised))


@lru_cache(maxsize=_DIFFERENT)
def _last_of_report(channel: str, urgency: str, rating: int | None, duplicate: bool) -> Last | None:
    return None if _broken(rating) else ("", urgency, channel, case_marks(rating, duplicate=duplicate))


@lru_cache(maxsize=_DIFFERENT)
def _last_of_document(urgency: str, signature: str | None) -> Last:
    return "", urgency, "", case_marks(signature=signature)


_NOTHING: Final[Last] = ("", "", "", 0)
_LAST: Final[Mapping[str, Callable[..., Last | None]]] = {
    "dossier.v1": _last_of_dossier,
    "field-report.v1": lambda *own: _last_of_report(*own[:3], own[3] is not None),
    "periodic-report.v1": lambda: _NOTHING,
    "document.v1": _last_of_document,
    "task.v1": lambda urgency: ("", urgency, "", 0),
}
"""By topic, the last fields of an event from its own ones; None where they break a rule."""


_WANTED: Final = {topic: _wanted(topic) for topic in CASE_TOPICS}
_KINDS: Final = {topic: kind_of_topic(topic) for topic in CASE_TOPICS}
_new = tuple.__new__


@lru_cache(maxsize=16_384)
def _written_well(office: str) -> bool:
    return normalise_office(office) == office


def read_worker_event(book: SchemaBook, topic: str, key: bytes | None, value: bytes) -> CaseEvent:
    """The event in a record of a case topic. Raises DecodeError or BrokenRule, as ``read_case_event`` does."""
    try:
        event = _usual(topic, key, value, book.decode_fields(_WANTED[topic], value))
    except (NotPlain, IdentityError):
        event = None
    return read_case_event(book, topic, key, value)[0] if event is None else event


def _usual(topic: str, key: bytes | None, value: bytes, fields: tuple[Any, ...]) -> CaseEvent | None:
    """The event of a record that certainly breaks no rule, else None. Raises IdentityError."""
    # fmt: off
    (case_id, epoch, seq, event, accepted, occurred, office, commune, change, status,
     received, due, ended, handover, opening, delivered, selector, *own) = fields
    last = _LAST[topic](*own)
    if (
        change != "changed"
        or last is None
        or handover is not None
        or opening is not None
        or key != case_id.encode()
        or epoch < 1
        or seq < 1
        or not 0 < len(status) <= LONGEST_CODE
        or len(selector) > LONGEST_CODE
        or len(last[2]) > LONGEST_CODE
        or not EARLIEST <= accepted <= LATEST
        or not EARLIEST <= occurred <= LATEST
        or not (received is None or EARLIEST <= received <= LATEST)
        or not (due is None or EARLIEST <= due <= LATEST)
        or not (ended is None or EARLIEST <= ended <= LATEST)
        or (commune and not (len(commune) == 5 and commune.isascii() and commune.isdigit()))
        or not _written_well(office)
        or parse_case_id(case_id).kind != _KINDS[topic]
        or event != event_id(office, case_id, epoch, seq)
    ):
        return None
    return _new(CaseEvent, (
        case_id, epoch, seq, sha256(value[delivered:]).digest()[:DIGEST_BYTES], accepted, occurred, office, commune,
        change, status, received, due, ended, selector, None, None, *last,
    ))
    # fmt: on
