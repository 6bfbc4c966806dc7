"""A simulation as JSON lines: what arrives on the bus, or only what offices state. The formats: docs/simulate.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_producers.domain.simulation.contents import stated_change, time_text
from lienthong_producers.domain.simulation.delivery import Arrival, Beat, Delivered, TimeMark
from lienthong_producers.domain.simulation.flaws import CONFLICT
from lienthong_schemas.records import Heartbeat

_write: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_AGAIN: Final = ',"again":true'


def delivery_lines(items: Iterable[Delivered]) -> Iterator[str]:
    """A line for each thing that arrives, in its order."""
    for item in items:
        if isinstance(item, Arrival):
            yield _arrival(item)
        elif isinstance(item, Beat):
            yield _write({"at": time_text(item.at), "heartbeat": _heartbeat(item.heartbeat)})
        else:
            yield _write({"at": time_text(item.at), "tick": _complete_through(item)})


def state_lines(events: Iterable[SimulatedEvent], office: str) -> Iterator[str]:
    """What the system of an office hands in to its outbox, as ``lienthong publish`` takes it.

    Its outbox numbers for itself: so what was numbered twice or lost is handed in once, and cases that came by a
    handover are left out, for the outbox would first have to take them over.
    """
    for event in events:
        if event.sender == office and event.step.epoch == 1 and event.flaw != CONFLICT:
            yield _state(event)


def _arrival(item: Arrival) -> str:
    """The line of an event, put together from texts: most of them are codes and times, which need no escapes."""
    event = item.event
    case, step = event.case, event.step
    accepted_at = time_text(step.accepted_at)
    return (
        f'{{"at":"{time_text(item.at)}","topic":"{case.kind}.v1","sender":"{event.sender}",'
        f'"epoch":{step.epoch},"seq":{step.seq},"seq_by":"{case.seq_by}","accepted_at":"{accepted_at}",'
        f'"state":{_state(event)}{_AGAIN if item.again else ""}}}'
    )


def _state(event: SimulatedEvent) -> str:
    """``state_of`` as JSON text."""
    case, step = event.case, event.step
    if step.content:
        content = _write({**case.content, **step.content})
    else:
        content = case.text = case.text or _write(case.content)
    instants = "".join(
        f'"{name}":"{time_text(instant)}",'
        for name, instant in (("received_at", step.received_at), ("due_at", step.due_at), ("ended_at", step.ended_at))
        if instant is not None
    )
    change = "" if step.change == "changed" else f"{_write(stated_change(step))[1:-1]},"
    return (
        f'{{"kind":"{case.kind}","authority":"{case.authority}","local":"{case.local}","office":"{step.office.code}",'
        f'"commune":"{case.commune}","occurred_at":"{time_text(step.occurred_at)}","status":"{step.status}",'
        f"{instants}{change}{content[1:]}"
    )


def _heartbeat(heartbeat: Heartbeat) -> dict[str, Any]:
    return {
        **heartbeat._asdict(),
        "sent_at": time_text(heartbeat.sent_at),
        "complete_through": time_text(heartbeat.complete_through),
    }


def _complete_through(item: TimeMark) -> dict[str, Any]:
    return {"complete_through": {office: time_text(at) for office, at in sorted(item.complete_through.items())}}
