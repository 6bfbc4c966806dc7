"""The timeline of a case in about 40 bytes an event, to which an event is added without touching the others.

Each event is packed by its difference to the *first* of the timeline, which stands at a known place: office, commune,
procedure, due time cost nothing while they are the first one's. Differences to the event before would be a little
smaller, but that event would have to be found first. An event is::

    mask of what follows (2 bytes)
    seq (2), occurred_at (8) as differences to the first; accepted_at after occurred_at (4), known_at after accepted_at
    (4), digest (16); or, where one of them does not fit, all of them at any size (bit WIDE)
    what the mask says: texts, instants after occurred_at, epoch, handover, opening
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from struct import Struct
from typing import Any, Final

from lienthong_schemas.case_event import DIGEST_BYTES, CaseEvent, Handover, Opening
from lienthong_streams.domain.timeline import Known
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
_MASK: Final = Struct("<H")
_EPOCH, _HANDOVER, _OPENING, _WIDE = 1 << 10, 1 << 11, 1 << 12, 1 << 13
_FIELDS: Final = CaseEvent._fields
_TEXTS: Final = tuple(
    (_FIELDS.index(name), 1 << bit)
    for bit, name in enumerate(("office", "commune", "change", "status", "selector", "step", "urgency"))
)
_INSTANTS: Final = tuple(
    (_FIELDS.index(name), 1 << bit) for bit, name in enumerate(("received_at", "due_at", "ended_at"), start=7)
)
_NOTHING: Final = CaseEvent("", 1, 0, b"", 0, 0, "", "", "", "", None, None, None, "")
"""What the first event is packed against. Part of the format."""


def pack_timeline(timeline: Sequence[Known]) -> bytes:
    """The bytes of a whole timeline."""
    first = timeline[0].event if timeline else _NOTHING
    return b"".join(pack_event(known, first if place else _NOTHING) for place, known in enumerate(timeline))


def added(packed: bytes, known: Known) -> bytes:
    """The bytes of a timeline with one more event at its end; those before are left as they are."""
    first = _unpack_event("", packed, 0, _NOTHING)[0].event if packed else _NOTHING
    return packed + pack_event(known, first)


def unpack_timeline(case_id: str, packed: bytes) -> list[Known]:
    """The timeline of a case in bytes."""
    if not packed:
        return []
    first, at = _unpack_event(case_id, packed, 0, _NOTHING)
    timeline, base, end = [first], first.event, len(packed)
    while at < end:
        known, at = _unpack_event(case_id, packed, at, base)
        timeline.append(known)
    return timeline


def pack_event(known: Known, first: CaseEvent) -> bytes:
    """One event by its difference to the first of its timeline."""
    event, known_at = known
    now: tuple[Any, ...] = event
    before: tuple[Any, ...] = first
    occurred_at = event.occurred_at
    mask = 0
    rest = b""
    for field, bit in _TEXTS:
        if now[field] != before[field]:
            mask |= bit
            rest += pack_text(now[field])
    for field, bit in _INSTANTS:
        instant = now[field]
        if instant != before[field]:
            mask |= bit
            rest += pack_number(None if instant is None else instant - occurred_at)
    if event.epoch != first.epoch:
        mask |= _EPOCH
        rest += pack_number(event.epoch)
    if event.handover is not None:
        mask |= _HANDOVER
        rest += _pack_handover(event.handover)
    if event.opening is not None:
        mask |= _OPENING
        rest += b"".join(map(pack_number, event.opening))
    times = (
        event.seq - first.seq,
        occurred_at - first.occurred_at,
        event.accepted_at - occurred_at,
        known_at - event.accepted_at,
    )
    return _head(mask, times, event.digest) + rest


def _head(mask: int, times: tuple[int, int, int, int], digest: bytes) -> bytes:
    if len(digest) == DIGEST_BYTES:
        try:
            return _HEAD.pack(mask, *times, digest)
        except struct.error:
            pass
    return _MASK.pack(mask | _WIDE) + b"".join(map(pack_number, times)) + pack_bytes(digest)


def _unpack_event(case_id: str, packed: bytes, at: int, first: CaseEvent) -> tuple[Known, int]:
    (mask,) = _MASK.unpack_from(packed, at)
    if mask & _WIDE:
        at += _MASK.size
        seq, at = unpack_whole(packed, at)
        occurred, at = unpack_whole(packed, at)
        accepted, at = unpack_whole(packed, at)
        later, at = unpack_whole(packed, at)
        digest, at = unpack_bytes(packed, at)
    else:
        _, seq, occurred, accepted, later, digest = _HEAD.unpack_from(packed, at)
        at += _HEAD.size
    fields: list[Any] = list(first)
    occurred_at = first.occurred_at + occurred
    accepted_at = occurred_at + accepted
    fields[0], fields[2], fields[3] = case_id, first.seq + seq, digest
    fields[4], fields[5] = accepted_at, occurred_at
    for field, bit in _TEXTS:
        if mask & bit:
            fields[field], at = unpack_text(packed, at)
    for field, bit in _INSTANTS:
        if mask & bit:
            since, at = unpack_number(packed, at)
            fields[field] = None if since is None else occurred_at + since
    fields[14] = fields[15] = None
    if mask & (_EPOCH | _HANDOVER | _OPENING):
        at = _unpack_seldom(fields, mask, packed, at)
    return Known(CaseEvent(*fields), accepted_at + later), at


def _unpack_seldom(fields: list[Any], mask: int, packed: bytes, at: int) -> int:
    if mask & _EPOCH:
        fields[1], at = unpack_whole(packed, at)
    if mask & _HANDOVER:
        successor, at = unpack_text(packed, at)
        next_epoch, at = unpack_whole(packed, at)
        last_seq, at = unpack_whole(packed, at)
        fields[14] = Handover(successor, next_epoch, last_seq)
    if mask & _OPENING:
        started_at, at = unpack_whole(packed, at)
        used_seconds, at = unpack_whole(packed, at)
        paused_seconds, at = unpack_whole(packed, at)
        fields[15] = Opening(started_at, used_seconds, paused_seconds)
    return at


def _pack_handover(handover: Handover) -> bytes:
    return pack_text(handover.successor) + pack_number(handover.next_epoch) + pack_number(handover.last_seq)
