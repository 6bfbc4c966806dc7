"""The timeline of a case in about 40 bytes an event, to which an event is added without touching the others.

A timeline begins with its base: what its first event says about texts and times. Events leave out what they have in
common with the base, so that office, commune, procedure, receipt and due time cost nothing while they stay the same,
and nothing need be unpacked to add one. An event is::

    marks (2 bytes), seq (2), occurred_at (8), accepted_at after it (4), known_at after that (4), digest (16)
    or, where one of them does not fit, all of them at any size (WIDE)
    texts: office, commune, change, selector, urgency, channel, all behind their length; left out with SAME_TEXTS
    times: received_at and due_at (16 bytes, or any size with ANY_TIMES); left out with SAME_TIMES
    status and step, and what the marks say besides: the event's own marks, the end, epoch, handover, opening

Programs before version 4 of the state wrote the same without channel and own marks.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Final

from lienthong_schemas.case_event import DIGEST_BYTES, CaseEvent, Handover, Opening
from lienthong_schemas.instants import Instant
from lienthong_streams.domain.timeline import FIRST_EPOCH, Known
from lienthong_streams.packed_values import (
    pack_bytes,
    pack_number,
    pack_text,
    unpack_bytes,
    unpack_number,
    unpack_text,
    unpack_whole,
)

_HEAD: Final = Struct(f"<HHqii{DIGEST_BYTES}s")
_MARKS: Final = Struct("<H")
_TIMES: Final = Struct("<qq")
_NO_TIME: Final = -(2**63)
_SAME_TEXTS, _SAME_TIMES, _ENDED_THEN, _ENDED, _EPOCH, _HANDOVER, _OPENING, _WIDE, _ANY_TIMES, _MARKED = (
    1 << bit for bit in range(10)
)
_TEXTS: Final = 6
_new = tuple.__new__
"""Makes a named tuple of all its fields in a fraction of the time that it takes to call it by its name."""
_CACHED: Final = 8_192
"""Different texts kept packed and unpacked: offices times procedures of a busy hour."""


def pack_timeline(timeline: Sequence[Known]) -> bytes:
    """The bytes of a whole timeline."""
    if not timeline:
        return b""
    base = _base_of(timeline[0].event)
    return b"".join(base) + b"".join([_pack_event(known, *base) for known in timeline])


def added(packed: bytes, known: Known) -> bytes:
    """The bytes of a timeline with one more event at its end; those before are left as they are."""
    if not packed:
        return pack_timeline((known,))
    texts_end = unpack_bytes(packed, 0)[1]
    return packed + _pack_event(known, packed[:texts_end], packed[texts_end : texts_end + _TIMES.size])


def unpack_timeline(case_id: str, packed: bytes) -> list[Known]:
    """The timeline of a case in bytes."""
    timeline: list[Known] = []
    if packed:
        texts, at = unpack_bytes(packed, 0)
        base = _Base(case_id, _unpacked_texts(texts), _TIMES.unpack_from(packed, at))
        at, end = at + _TIMES.size, len(packed)
        while at < end:
            known, at = _unpack_event(base, packed, at)
            timeline.append(known)
    return timeline


def size_of_only(packed: bytes) -> int:
    """The bytes of the event in a timeline that has one."""
    return len(packed) - unpack_bytes(packed, 0)[1] - _TIMES.size


def last_events(case_id: str, packed: bytes, size: int) -> list[Known]:
    """The events in the last bytes of a timeline, so many as they take."""
    texts, at = unpack_bytes(packed, 0)
    base = _Base(case_id, _unpacked_texts(texts), _TIMES.unpack_from(packed, at))
    found: list[Known] = []
    at, end = len(packed) - size, len(packed)
    while at < end:
        known, at = _unpack_event(base, packed, at)
        found.append(known)
    return found


class _Base:
    """What the events of a timeline have in common."""

    __slots__ = ("case_id", "texts", "times")

    def __init__(self, case_id: str, texts: tuple[str, ...], times: tuple[Instant, Instant]) -> None:
        self.case_id = case_id
        self.texts = texts
        self.times = times


def _base_of(event: CaseEvent) -> tuple[bytes, bytes]:
    texts = _packed_texts(event.office, event.commune, event.change, event.selector, event.urgency, event.channel)
    return texts, _packed_times(event) or _TIMES.pack(_NO_TIME, _NO_TIME)


@lru_cache(maxsize=_CACHED)
def _packed_texts(*texts: str) -> bytes:
    return pack_bytes(b"".join(map(pack_text, texts)))


@lru_cache(maxsize=_CACHED)
def _unpacked_texts(packed: bytes) -> tuple[str, ...]:
    texts = []
    at = 0
    while at < len(packed):
        text, at = unpack_text(packed, at)
        texts.append(text)
    return (*texts, *[""] * (_TEXTS - len(texts)))  # an earlier program wrote fewer


@lru_cache(maxsize=_CACHED)
def _packed_state(status: str, step: str, own_marks: int) -> bytes:
    return pack_text(status) + pack_text(step) + (pack_number(own_marks) if own_marks else b"")


def _packed_times(event: CaseEvent) -> bytes | None:
    """When a case was received and is due; None where that does not fit."""
    received_at, due_at = event.received_at, event.due_at
    if _NO_TIME in (received_at, due_at):
        return None
    try:
        return _TIMES.pack(_NO_TIME if received_at is None else received_at, _NO_TIME if due_at is None else due_at)
    except struct.error:
        return None


def _pack_event(known: Known, base_texts: bytes, base_times: bytes) -> bytes:
    """One event, without what it has in common with the base."""
    event = known.event
    marks = 0
    texts = _packed_texts(event.office, event.commune, event.change, event.selector, event.urgency, event.channel)
    if texts == base_texts:
        marks, texts = _SAME_TEXTS, b""
    times = _packed_times(event)
    if times is None:
        marks |= _ANY_TIMES
        times = pack_number(event.received_at) + pack_number(event.due_at)
    elif times == base_times:
        marks |= _SAME_TIMES
        times = b""
    rest = texts + times + _packed_state(event.status, event.step, event.marks)
    if event.marks:
        marks |= _MARKED
    if event.ended_at == event.occurred_at:
        marks |= _ENDED_THEN
    elif event.ended_at is not None:
        marks |= _ENDED
        rest += pack_number(event.ended_at)
    if event.epoch != FIRST_EPOCH or event.handover is not None or event.opening is not None:
        more, seldom = _pack_seldom(event)
        marks |= more
        rest += seldom
    return _packed_head(known, marks) + rest


def _pack_seldom(event: CaseEvent) -> tuple[int, bytes]:
    marks, rest = 0, b""
    if event.epoch != FIRST_EPOCH:
        marks |= _EPOCH
        rest += pack_number(event.epoch)
    if event.handover is not None:
        marks |= _HANDOVER
        successor, next_epoch, last_seq = event.handover
        rest += pack_text(successor) + pack_number(next_epoch) + pack_number(last_seq)
    if event.opening is not None:
        marks |= _OPENING
        rest += b"".join(map(pack_number, event.opening))
    return marks, rest


def _packed_head(known: Known, marks: int) -> bytes:
    event = known.event
    accepted_at = event.accepted_at
    numbers = event.seq, event.occurred_at, accepted_at - event.occurred_at, known.known_at - accepted_at
    if len(event.digest) == DIGEST_BYTES:
        try:
            return _HEAD.pack(marks, *numbers, event.digest)
        except struct.error:
            pass
    return _MARKS.pack(marks | _WIDE) + b"".join(map(pack_number, numbers)) + pack_bytes(event.digest)


def _unpack_event(base: _Base, packed: bytes, at: int) -> tuple[Known, int]:
    (marks,) = _MARKS.unpack_from(packed, at)
    if marks & _WIDE:
        at += _MARKS.size
        seq, at = unpack_whole(packed, at)
        occurred_at, at = unpack_whole(packed, at)
        accepted, at = unpack_whole(packed, at)
        later, at = unpack_whole(packed, at)
        digest, at = unpack_bytes(packed, at)
    else:
        _, seq, occurred_at, accepted, later, digest = _HEAD.unpack_from(packed, at)
        at += _HEAD.size
    texts = base.texts
    if not marks & _SAME_TEXTS:
        packed_texts, at = unpack_bytes(packed, at)
        texts = _unpacked_texts(packed_texts)
    received_at, due_at, at = _unpack_times(base, marks, packed, at)
    status, at = unpack_text(packed, at)
    step, at = unpack_text(packed, at)
    own_marks = 0
    if marks & _MARKED:
        own_marks, at = unpack_whole(packed, at)
    ended_at: Instant | None = occurred_at if marks & _ENDED_THEN else None
    if marks & _ENDED:
        ended_at, at = unpack_number(packed, at)
    epoch, handover, opening, at = _unpack_seldom(marks, packed, at)
    office, commune, change, selector, urgency, channel = texts
    accepted_at = occurred_at + accepted
    event = _new(CaseEvent, (
        base.case_id, epoch, seq, digest, accepted_at, occurred_at, office, commune, change, status, received_at,
        due_at, ended_at, selector, handover, opening, step, urgency, channel, own_marks,
    ))  # fmt: skip
    return Known(event, accepted_at + later), at


def _unpack_times(base: _Base, marks: int, packed: bytes, at: int) -> tuple[Instant | None, Instant | None, int]:
    if marks & _ANY_TIMES:
        any_received_at, at = unpack_number(packed, at)
        any_due_at, at = unpack_number(packed, at)
        return any_received_at, any_due_at, at
    received_at, due_at = base.times
    if not marks & _SAME_TIMES:
        received_at, due_at = _TIMES.unpack_from(packed, at)
        at += _TIMES.size
    return None if received_at == _NO_TIME else received_at, None if due_at == _NO_TIME else due_at, at


def _unpack_seldom(marks: int, packed: bytes, at: int) -> tuple[int, Handover | None, Opening | None, int]:
    epoch, handover, opening = FIRST_EPOCH, None, None
    if marks & _EPOCH:
        epoch, at = unpack_whole(packed, at)
    if marks & _HANDOVER:
        successor, at = unpack_text(packed, at)
        next_epoch, at = unpack_whole(packed, at)
        last_seq, at = unpack_whole(packed, at)
        handover = Handover(successor, next_epoch, last_seq)
    if marks & _OPENING:
        started_at, at = unpack_whole(packed, at)
        used_seconds, at = unpack_whole(packed, at)
        paused_seconds, at = unpack_whole(packed, at)
        opening = Opening(started_at, used_seconds, paused_seconds)
    return epoch, handover, opening, at
