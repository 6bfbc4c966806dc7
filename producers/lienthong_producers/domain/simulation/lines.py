"""A simulation as JSON lines: what arrives on the bus, or only what offices state. The formats: docs/simulate.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_producers.domain.simulation.contents import state_of, time_text
from lienthong_producers.domain.simulation.delivery import Arrival, Beat, Delivered, TimeMark
from lienthong_producers.domain.simulation.flaws import CONFLICT
from lienthong_schemas.records import Heartbeat

_write: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def delivery_lines(items: Iterable[Delivered]) -> Iterator[str]:
    """A line for each thing that arrives, in its order."""
    for item in items:
        if isinstance(item, Arrival):
            yield _write(_arrival(item))
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
            yield _write(state_of(event))


def _arrival(item: Arrival) -> dict[str, Any]:
    event = item.event
    line: dict[str, Any] = {
        "at": time_text(item.at),
        "topic": event.topic,
        "sender": event.sender,
        "epoch": event.step.epoch,
        "seq": event.step.seq,
        "seq_by": event.case.seq_by,
        "accepted_at": time_text(event.step.accepted_at),
        "state": state_of(event),
    }
    if item.again:
        line["again"] = True
    return line


def _heartbeat(heartbeat: Heartbeat) -> dict[str, Any]:
    return {
        **heartbeat._asdict(),
        "sent_at": time_text(heartbeat.sent_at),
        "complete_through": time_text(heartbeat.complete_through),
    }


def _complete_through(item: TimeMark) -> dict[str, Any]:
    return {"complete_through": {office: time_text(at) for office, at in sorted(item.complete_through.items())}}
