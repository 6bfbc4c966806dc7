"""An event that merely goes on is added to the bytes of its case; nothing else is unpacked, folded or packed anew.

The progress in the bytes stays behind: whoever needs it takes the events behind it first (``CaseState.progress``).
"""

from __future__ import annotations

from typing import NamedTuple

from lienthong_schemas.instants import LATEST, Instant
from lienthong_streams.case_state import CLOSED, HEADER, SILENT, VERSION
from lienthong_streams.domain.calm import goes_on
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.timeline import Known
from lienthong_streams.packed_calm import CALM_SIZE, LONGEST, calm_at, pack_calm
from lienthong_streams.packed_timeline import added, last_events


class Present(NamedTuple):
    """What decides beside the case whether an event merely goes on."""

    rules: Rules
    reference_end: int
    horizon: Instant
    longest: int
    """Bytes of a case from which it is looked at as a whole."""


def carried_on(value: bytes, known: Known, present: Present) -> tuple[bytes, Instant | None] | None:
    """The bytes of a case with one event more and, where that has changed, since when it is closed; None where the
    event may say more than that it goes on, or nothing is known of that.
    """
    if value[0] != VERSION or len(value) >= present.longest:
        return None
    version, marks, instant, reference_end, silent, contribution, progress, standing, withdrawals = HEADER.unpack_from(
        value
    )
    at = HEADER.size + silent + contribution
    found = calm_at(value, at) if progress else None
    if found is None or marks & SILENT or reference_end != present.reference_end:
        return None
    calm, last_size, behind = found
    rest = at + progress
    timeline = value[rest + standing + withdrawals :]
    (last,) = last_events(known.event.case_id, timeline, last_size)
    if not goes_on(last, known, calm, present.horizon, present.rules):
        return None
    longer = added(timeline, known)
    size = len(longer) - len(timeline)
    if behind + size > LONGEST:
        return None
    closed_since = None
    if marks & CLOSED and known.known_at > instant:
        instant = closed_since = min(known.known_at, LATEST)
    fixed = HEADER.pack(version, marks, instant, reference_end, silent, contribution, progress, standing, withdrawals)
    kept = value[HEADER.size : at], pack_calm(calm, size, behind + size), value[at + CALM_SIZE : -len(timeline)]
    return b"".join((fixed, *kept, longer)), closed_since
