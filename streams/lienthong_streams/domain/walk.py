"""The walk over the applied events of a case: episodes, what was submitted, and what is wrong in the states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, iso_of
from lienthong_schemas.reference import States
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.facts import Remark
from lienthong_streams.domain.timeline import Known

AHEAD_OF_THE_BUS: Final = 5 * 60 * MICROSECONDS_PER_SECOND
"""Microseconds by which an office's clock may be ahead of the bus's before its time is cut (design §5)."""


@dataclass(slots=True)
class Submission:
    """A case that waits to be accepted: since when, by which events."""

    at: Instant
    event: CaseEvent
    decided_at: Instant | None = None
    decided_by: CaseEvent | None = None


@dataclass(slots=True)
class Walk:
    """What the walk gathers."""

    states: States
    remarks: list[Remark]
    episodes: list[Episode] = field(default_factory=list)
    submission: Submission | None = None
    status: str = ""

    def remark(self, code: str, event: CaseEvent, detail: str) -> None:
        """Note something wrong about an event."""
        self.remarks.append(remark_on(event, code, detail))


def cause_of(event: CaseEvent) -> str:
    """How an event stands in a cause: ``epoch.seq``."""
    return f"{event.epoch}.{event.seq}"


def remark_on(event: CaseEvent, code: str, detail: str) -> Remark:
    """A remark caused by an event."""
    return Remark(code, cause_of(event), detail, event.office, event.commune)


def begin_of(event: CaseEvent, known_at: Instant) -> Instant:
    """When the clock of a case starts that begins with this event."""
    if event.opening is not None:
        return event.opening.started_at
    return bounded(event, known_at) if event.received_at is None else event.received_at


def bounded(event: CaseEvent, known_at: Instant) -> Instant:
    """When the event occurred, as far as the bus believes it."""
    return min(event.occurred_at, known_at + AHEAD_OF_THE_BUS)


def walk_over(states: States, events: Sequence[Known], remarks: list[Remark]) -> Walk:
    """Walk over the applied events, in order."""
    walk = Walk(states, remarks)
    for known in events:
        _step(walk, known)
    if walk.episodes:
        _remarks_on_times(walk, events)
    return walk


def _step(walk: Walk, known: Known) -> None:
    """Take one event into the walk."""
    event = known.event
    at = bounded(event, known.known_at)
    if at != event.occurred_at:
        walk.remark("occurred-in-the-future", event, f"counted as {iso_of(at)}")
    effect = walk.states.effects.get(event.status)
    if effect is None:
        walk.remark("unknown-status", event, f"state {event.status!r}")
        return
    _check_transition(walk, event)
    walk.status = event.status
    _note_submission(walk, at, event, waiting=effect == "waiting")
    episode = walk.episodes[-1] if walk.episodes else None
    if effect == "waiting" and (episode is None or episode.ended_by is not None):
        return
    if episode is None:
        episode = Episode(1, event, begin_of(event, known.known_at), event)
        walk.episodes.append(episode)
    elif episode.ended_by is not None and effect in ("running", "paused"):
        walk.remark("reopened", event, f"state {event.status!r} after the end")
        episode = Episode(episode.number + 1, event, at, event)
        walk.episodes.append(episode)
    episode.last = event
    episode.state_due(at, event)
    if episode.ended_by is None:
        episode.hold(max(at, episode.started_at), event)
    if effect == "paused":
        episode.pause(at, event, walk.states.pause_reasons.get(event.status, ""))
    elif effect == "running":
        episode.resume(at, event)
    elif effect in ("ended", "stopped"):
        end = at if event.ended_at is None else event.ended_at
        episode.end(end, event, judged=effect == "ended")


def _note_submission(walk: Walk, at: Instant, event: CaseEvent, *, waiting: bool) -> None:
    if walk.submission is None:
        if waiting and not walk.episodes:
            walk.submission = Submission(at, event)
    elif walk.submission.decided_by is None and not waiting:
        walk.submission.decided_at, walk.submission.decided_by = at, event


def _check_transition(walk: Walk, event: CaseEvent) -> None:
    status = event.status
    if not walk.status:
        if status not in walk.states.initial and event.change != "opening":
            walk.remark("invalid-start", event, f"the case begins in state {status!r}")
    elif status != walk.status and status not in walk.states.transitions.get(walk.status, ()):
        walk.remark("invalid-transition", event, f"{walk.status!r} -> {status!r}")


def _remarks_on_times(walk: Walk, events: Sequence[Known]) -> None:
    held = (known.event for known in events if walk.states.effects.get(known.event.status) != "waiting")
    earliest = min(event.occurred_at for event in held)
    for episode in walk.episodes:
        event = episode.started_by
        if episode.ended_at is not None and episode.ended_at < episode.started_at:
            walk.remark("ended-before-received", episode.ended_by or event, "the end lies before the start")
        if episode.number == 1 and event.change != "opening":
            if earliest < episode.started_at:
                walk.remark("first-event-before-received", event, "an event lies before the start")
            if event.due_at is not None and event.due_at < event.occurred_at:
                walk.remark("due-before-first-event", event, "due before its first event")
        for pause in episode.pauses:
            closed_by = pause.closed_by
            if closed_by is not None and pause.statement == episode.statement and episode.stated_due_at is not None:
                walk.remark("due-not-restated", closed_by, "the due time is the one stated before the pause")
    last = events[-1].event
    if last.change == "handover" and walk.episodes[-1].ended_by is None:
        walk.remark("nobody-holds", last, "handed over, and the successor has not been heard")
