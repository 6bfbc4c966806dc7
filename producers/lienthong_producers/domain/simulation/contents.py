"""A simulated event in the two forms that leave the simulation: the record of its topic, and what its office states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from lienthong_producers.domain.simulation.cases import SimulatedEvent, Step
from lienthong_producers.domain.simulation.flaws import CONFLICT
from lienthong_producers.domain.simulation.office_hours import SECOND
from lienthong_schemas.case_event import content_digest
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.identity import event_id
from lienthong_schemas.instants import Instant, iso_of

_SECONDS_PER_DAY: Final = 86_400
_DAYS_REMEMBERED: Final = 2_048
_TIMES_REMEMBERED: Final = 65_536


def record_of(event: SimulatedEvent, previous: str | None = None) -> dict[str, Any]:
    """The record of its topic."""
    case, step = event.case, event.step
    code = step.office.code
    record: dict[str, Any] = {
        "accepted_at": step.accepted_at,
        "previous": previous,
        "case_id": case.case_id,
        "epoch": step.epoch,
        "seq": step.seq,
        "seq_by": case.seq_by,
        "event_id": event_id(code, case.case_id, step.epoch, step.seq),
        "change": step.change,
        "office": code,
        "commune": case.commune,
        "occurred_at": step.occurred_at,
        "source_ref": None,
        "handover": None if step.handover is None else step.handover._asdict(),
        "opening": None if step.opening is None else step.opening._asdict(),
        "status": step.status,
        "received_at": step.received_at,
        "due_at": step.due_at,
        "ended_at": step.ended_at,
    }
    record.update(case.content)
    record.update(step.content)
    return record


def state_of(event: SimulatedEvent) -> dict[str, Any]:
    """What the office states, as ``lienthong publish`` takes it."""
    case, step = event.case, event.step
    state: dict[str, Any] = {
        "kind": case.kind,
        "authority": case.authority,
        "local": case.local,
        "office": step.office.code,
        "commune": case.commune,
        "occurred_at": time_text(step.occurred_at),
        "status": step.status,
    }
    for name, instant in (("received_at", step.received_at), ("due_at", step.due_at), ("ended_at", step.ended_at)):
        if instant is not None:
            state[name] = time_text(instant)
    if step.change != "changed":
        state.update(stated_change(step))
    state.update(case.content)
    state.update(step.content)
    return state


def stated_change(step: Step) -> dict[str, Any]:
    """What an opening or a handover states of itself."""
    stated: dict[str, Any] = {"change": step.change}
    if step.opening is not None:
        stated["opening"] = {**step.opening._asdict(), "started_at": time_text(step.opening.started_at)}
    if step.handover is not None:
        stated["handover"] = step.handover._asdict()
    return stated


def sealed(events: Iterable[SimulatedEvent], book: SchemaBook) -> Iterator[SimulatedEvent]:
    """The events with the values of their records, each naming the digest of the one before it, as an outbox does."""
    digests: dict[str, str] = {}
    for event in events:
        case_id = event.case.case_id
        twin = event.flaw == CONFLICT  # given out by an older copy of the outbox, which does not have what came before
        before = None if twin else digests.pop(case_id, None)
        value = book.encode(event.topic, record_of(event, before if event.step.seq > 1 else None))
        if not twin and event.next_at is not None:
            digests[case_id] = content_digest(value).hex()
        yield event._replace(value=value)


@lru_cache(_TIMES_REMEMBERED)
def time_text(instant: Instant) -> str:
    """The same as ``iso_of``, several times as fast: a simulation writes millions of them, most more than once."""
    seconds, fraction = divmod(instant, SECOND)
    day, second = divmod(seconds, _SECONDS_PER_DAY)
    text = f"{_date_text(day)}T{_clock_text(second)}"
    return f"{text}.{fraction:06}Z" if fraction else f"{text}Z"


@lru_cache(_DAYS_REMEMBERED)
def _date_text(day: int) -> str:
    return iso_of(day * _SECONDS_PER_DAY * SECOND)[:10]


@lru_cache(_SECONDS_PER_DAY)
def _clock_text(second: int) -> str:
    return f"{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}"
