"""``fold``: from the timeline of a case, the reference data and a horizon to all that holds about its clocks.

A pure function. The order in which events came, duplicates, and how often it was called before change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, iso_of
from lienthong_schemas.records import FIRM, PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_schemas.reference import Policy, ReferenceBook, States
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.facts import Clock, Fact, Fold, Remark
from lienthong_streams.domain.timeline import Applied, Known, applied

AHEAD_OF_THE_BUS: Final = 5 * 60 * MICROSECONDS_PER_SECOND
"""Microseconds by which an office's clock may be ahead of the bus's before its time is cut (design §5)."""


@dataclass(slots=True)
class _Walk:
    """What the walk over the applied events gathers."""

    states: States
    remarks: list[Remark]
    episodes: list[Episode] = field(default_factory=list)
    status: str = ""

    def remark(self, code: str, event: CaseEvent, detail: str) -> None:
        self.remarks.append(Remark(code, cause_of(event), detail, event.office, event.commune))


def cause_of(event: CaseEvent) -> str:
    """How an event stands in a cause: ``epoch.seq``."""
    return f"{event.epoch}.{event.seq}"


def fold(
    timeline: Sequence[Known], book: ReferenceBook, horizon: Instant, complete_through: Mapping[str, Instant]
) -> Fold:
    """All that holds about a case.

    ``timeline``: its known events, ordered as ``timeline.insert`` keeps them. ``horizon``: the bus's time.
    ``complete_through``: by office, the instant up to which all its events are known; it decides only whether a
    breach of an open clock is firm.
    """
    chosen = applied(timeline)
    remarks = _remarks_on_sequence(chosen)
    if not chosen.events:
        return Fold((), (), tuple(remarks), None)
    first = chosen.events[0].event
    begins = _begin(first, chosen.events[0].known_at)
    states = book.states(first.kind, begins)
    if states is None:
        remarks.append(_on(first, "no-states", f"no table of states for {first.kind} is valid at {iso_of(begins)}"))
        return Fold((), (), tuple(remarks), None)
    walk = _Walk(states, remarks)
    for known in chosen.events:
        _step(walk, known)
    if not walk.episodes:
        return Fold((), (), tuple(remarks), None)
    _remarks_on_times(walk, chosen.events)
    start = walk.episodes[0]
    found = book.policy(first.kind, start.started_by.selector, start.started_at)
    if found is None:
        remarks.append(_on(start.started_by, "no-policy", f"no clock policy covers {start.started_by.selector}"))
        return Fold((), (), tuple(remarks), None)
    return _judge(walk, found, horizon, complete_through, bool(chosen.holes))


def _on(event: CaseEvent, code: str, detail: str) -> Remark:
    return Remark(code, cause_of(event), detail, event.office, event.commune)


def _begin(event: CaseEvent, known_at: Instant) -> Instant:
    if event.opening is not None:
        return event.opening.started_at
    return _bounded(event, known_at) if event.received_at is None else event.received_at


def _bounded(event: CaseEvent, known_at: Instant) -> Instant:
    """When the event occurred, as far as the bus believes it."""
    return min(event.occurred_at, known_at + AHEAD_OF_THE_BUS)


def _remarks_on_sequence(chosen: Applied) -> list[Remark]:
    some = chosen.events[-1].event if chosen.events else (chosen.held or chosen.conflicts)[0]
    remarks = [
        Remark("hole", f"{hole.epoch}.{hole.first}-{hole.last}", "missing in the sequence", some.office, some.commune)
        for hole in chosen.holes
    ]
    remarks.extend(
        Remark(
            "conflict",
            f"{cause_of(event)}.{event.digest.hex()}",
            "another event with this number was accepted earlier",
            event.office,
            event.commune,
        )
        for event in chosen.conflicts
    )
    remarks.extend(_on(event, "held", f"epoch {event.epoch} has no handover for it") for event in chosen.held)
    return remarks


def _step(walk: _Walk, known: Known) -> None:
    """Take one event into the walk."""
    event = known.event
    at = _bounded(event, known.known_at)
    if at != event.occurred_at:
        walk.remark("occurred-in-the-future", event, f"counted as {iso_of(at)}")
    effect = walk.states.effects.get(event.status)
    if effect is None:
        walk.remark("unknown-status", event, f"state {event.status!r}")
        return
    _check_transition(walk, event)
    walk.status = event.status
    episode = walk.episodes[-1] if walk.episodes else None
    if effect == "waiting" and (episode is None or episode.ended_by is not None):
        return
    if episode is None:
        episode = Episode(1, event, _begin(event, known.known_at), event)
        walk.episodes.append(episode)
    elif episode.ended_by is not None and effect in ("running", "paused"):
        walk.remark("reopened", event, f"state {event.status!r} after the end")
        episode = Episode(episode.number + 1, event, at, event)
        walk.episodes.append(episode)
    episode.last = event
    episode.state_due(event.due_at)
    if effect == "paused":
        episode.pause(at, event)
    elif effect == "running":
        episode.resume(at, event)
    elif effect in ("ended", "stopped"):
        end = at if event.ended_at is None else event.ended_at
        episode.end(end, event, judged=effect == "ended")


def _check_transition(walk: _Walk, event: CaseEvent) -> None:
    status = event.status
    if not walk.status:
        if status not in walk.states.initial and event.change != "opening":
            walk.remark("invalid-start", event, f"the case begins in state {status!r}")
    elif status != walk.status and status not in walk.states.transitions.get(walk.status, ()):
        walk.remark("invalid-transition", event, f"{walk.status!r} -> {status!r}")


def _remarks_on_times(walk: _Walk, events: Sequence[Known]) -> None:
    earliest = min(known.event.occurred_at for known in events)
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


def _judge(
    walk: _Walk,
    found: tuple[str, Policy],
    horizon: Instant,
    complete_through: Mapping[str, Instant],
    hole: bool,
) -> Fold:
    policy_id, policy = found
    clocks: list[Clock] = []
    facts: list[Fact] = []
    watch_from: Instant | None = None
    for episode in walk.episodes:
        due, moving = episode.due()
        if due is None:
            walk.remark("no-due-time", episode.last, "no due time is stated")
        breached = episode.breached(horizon)
        until = horizon if episode.ended_at is None else episode.ended_at
        clocks.append(
            Clock(
                policy.clock,
                episode.number,
                _state(episode),
                episode.started_at,
                episode.ended_at,
                episode.stated_due_at,
                due,
                breached,
                episode.used_until(until),
                episode.paused_until(until),
            )
        )
        facts.extend(_facts(episode, policy_id, policy.clock, breached, _firmness(episode, hole, complete_through)))
        if episode.ended_at is None and not moving and not breached:
            watch_from = due
    return Fold(tuple(clocks), tuple(facts), tuple(walk.remarks), watch_from)


def _state(episode: Episode) -> str:
    if episode.ended_by is not None:
        return "ended" if episode.judged else "stopped"
    return "running" if episode.open_pause() is None else "paused"


def _firmness(episode: Episode, hole: bool, complete_through: Mapping[str, Instant]) -> str:
    """How firm a verdict on this episode is."""
    if hole:
        return PROVISIONAL_HOLE
    due = episode.due()[0]
    if episode.ended_at is None and due is not None and complete_through.get(episode.last.office, 0) < due:
        return PROVISIONAL_SILENCE
    return FIRM


def _facts(episode: Episode, policy_id: str, clock: str, breached: bool, firmness: str) -> list[Fact]:
    due = episode.due()[0]

    def fact(kind: str, cause: str, at: Instant, event: CaseEvent, firm: str = FIRM) -> Fact:
        return Fact(
            clock,
            episode.number,
            kind,
            cause,
            at,
            firm,
            episode.stated_due_at,
            due,
            event.office,
            event.commune,
            event.selector,
            episode.used_until(at),
            episode.paused_until(at),
            policy_id,
        )

    facts = [fact("started", cause_of(episode.started_by), episode.started_at, episode.started_by)]
    for pause in episode.pauses:
        facts.append(fact("paused", cause_of(pause.opened_by), pause.opened_at, pause.opened_by))
        if pause.closed_at is not None and pause.closed_by is not None:
            facts.append(fact("resumed", cause_of(pause.closed_by), pause.closed_at, pause.closed_by))
    if breached and due is not None:
        facts.append(fact("breached", iso_of(due), due, episode.last, firmness))
    if episode.ended_by is not None and episode.ended_at is not None:
        cause = cause_of(episode.ended_by)
        if not episode.judged:
            facts.append(fact("stopped", cause, episode.ended_at, episode.ended_by, firmness))
        elif due is not None:
            kind = "met-late" if breached else "met"
            facts.append(fact(kind, cause, episode.ended_at, episode.ended_by, firmness))
    return facts
