"""What an explanation rests on, wherever it was read: the history of a case, the reference data, what was announced."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from lienthong_infra import exit_codes
from lienthong_infra.errors import LienthongError
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.records import ClockEvent, ReferenceRecord
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.explanation import Explanation, explain
from lienthong_streams.domain.timeline import Known, insert


class UnknownCase(LienthongError):
    """Nobody has heard of the case, or not by the instant that was asked for."""

    exit_code = exit_codes.PROBLEMS_FOUND


class Material(NamedTuple):
    """Everything that a source holds about one case."""

    source: str
    """``log`` or ``ledger``."""
    history: Sequence[Known]
    """Its events as they were delivered, duplicates and all, in any order."""
    references: Sequence[ReferenceRecord]
    announced: Sequence[ClockEvent]
    ticked_at: Instant | None
    """The append time of the last tick; None before the first."""
    place: str
    """Where was looked, for people."""


class Explained(NamedTuple):
    """An explanation and what it rests on, cut to the instant for which it holds."""

    explanation: Explanation
    book: ReferenceBook
    announced: tuple[ClockEvent, ...]
    source: str


def explained(material: Material, case_id: str, as_of: Instant | None) -> Explained:
    """Explain a case by what was known at an instant; None: by all that is known, as of the last tick.

    Raises UnknownCase.
    """
    history = [known for known in material.history if as_of is None or known.known_at <= as_of]
    if not history:
        since = min((known.known_at for known in material.history), default=None)
        raise UnknownCase(
            f"{case_id}: there is no event of it in {material.place}; check kind, authority and number"
            if since is None
            else f"{case_id}: nothing was known of it yet; its first event came at {iso_of(since)}"
        )
    timeline: list[Known] = []
    for known in history:
        insert(timeline, known)
    horizon = as_of if as_of is not None else material.ticked_at
    if horizon is None:
        horizon = max(known.known_at for known in history)
    book = _book(tuple(one for one in material.references if as_of is None or one.known_from <= as_of))
    return Explained(
        explain(timeline, book, horizon), book, _in_order(material.announced, horizon, as_of), material.source
    )


@lru_cache(maxsize=2)  # to make a book takes longer than all else; who explains many cases asks for the same one
def _book(references: tuple[ReferenceRecord, ...]) -> ReferenceBook:
    return ReferenceBook(references, len(references))


def _in_order(announced: Sequence[ClockEvent], horizon: Instant, as_of: Instant | None) -> tuple[ClockEvent, ...]:
    """Each announcement once, in the order of time; at one instant withdrawals come first, as they were said."""
    once: dict[str, ClockEvent] = {}
    for one in announced:
        if as_of is None or one.announced_at <= horizon:
            once.setdefault(one.event_id, one)
    return tuple(sorted(once.values(), key=_place))


def _place(one: ClockEvent) -> tuple[Instant, bool, Instant, str, str]:
    return one.announced_at, one.kind != "cleared", one.happened_at, one.settled_key, one.event_id
