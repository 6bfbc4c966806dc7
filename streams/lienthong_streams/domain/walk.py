"""The walk over the applied events of a case: episodes, what was submitted, and what is wrong in the states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, iso_of
from lienthong_schemas.reference import States
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.episode import Balance, Episode
from lienthong_streams.domain.facts import Remark, RemarkClaim, remark_claim, remark_on
from lienthong_streams.domain.outlook import Limit
from lienthong_streams.domain.rules import Table
from lienthong_streams.domain.timeline import Known

AHEAD_OF_THE_BUS: Final = 5 * 60 * MICROSECONDS_PER_SECOND
"""Microseconds by which an office's clock may be ahead of the bus's before its time is cut (design §5)."""

BACK_DATED: Final = timedelta(hours=1) // timedelta(microseconds=1)
"""Microseconds between an acceptance and its entry into the outbox from which it counts as back-dated (design §5)."""


class Submission:
    """A case that waits to be accepted: since when, by which acts."""

    __slots__ = ("act", "at", "decided_at", "decided_by", "limit", "occurred_at", "urgency")

    def __init__(self, at: Instant, act: Act, urgency: str, occurred_at: Instant) -> None:
        self.at = at
        self.act = act
        self.urgency = urgency
        self.occurred_at = occurred_at
        """As the office said, however far ahead of the bus."""
        self.decided_at: Instant | None = None
        self.decided_by: Act | None = None
        self.limit: Limit | None = None
        """How long the office may take, once it was asked for."""


class Begun:
    """By what act, with what urgency and when the first clock of a case began, or its wait to be accepted."""

    __slots__ = ("act", "at", "urgency")

    def __init__(self, act: Act, urgency: str, at: Instant) -> None:
        self.act = act
        self.urgency = urgency
        self.at = at


StartStatus = Callable[[CaseEvent, Instant], str | None]
"""From an event that would begin a clock, and when, to the state with which that clock is to start; None: any."""


class Walk:
    """What the walk has gathered."""

    __slots__ = ("deferred", "earliest", "episodes", "reached", "remarks", "status", "submission", "table")

    def __init__(self, table: Table | None, remarks: list[Remark]) -> None:
        self.table = table
        """The table of states; without one nothing is gathered."""
        self.remarks = remarks
        self.episodes: list[Episode] = []
        self.submission: Submission | None = None
        self.status = ""
        self.deferred: Begun | None = None
        """How the clock would have begun, while it waits for the state with which its policy lets it start."""
        self.earliest: Instant | None = None
        """The earliest time that an event claims which is not merely waiting."""
        self.reached: Instant | None = None
        """How far the events have come: none happened before the one before it."""

    def take(self, known: Known, act: Act, start_status: StartStatus) -> None:
        """Go one event further. ``start_status``: the state with which the clock starts, where a policy names one."""
        if self.table is None:
            return
        states, event = self.table.states, known.event
        at = bounded(event, known.known_at)
        if at != event.occurred_at:
            self.remark("occurred-in-the-future", act, f"counted as {iso_of(at)}")
        effect = states.effects.get(event.status)
        if effect != "waiting" and (self.earliest is None or event.occurred_at < self.earliest):
            self.earliest = event.occurred_at
        if effect is None:
            self.remark("unknown-status", act, f"state {event.status!r}")
            return
        self._check_transition(states, event, act)
        self.status = event.status
        at = self.reached = at if self.reached is None else max(at, self.reached)
        self._note_submission(at, event, act, waiting=effect == "waiting")
        episode = self.episodes[-1] if self.episodes else None
        if effect == "waiting" and (episode is None or episode.ended_by is not None):
            return
        if episode is None:
            begin = self._begin(event, act, at, effect, start_status)
            if begin is None:
                return
            episode = _first_episode(event, begin, at)
            self.episodes.append(episode)
        elif episode.ended_by is not None and effect in ("running", "paused"):
            self.remark("reopened", act, f"state {event.status!r} after the end")
            episode = Episode(episode.number + 1, act, at, event.urgency)
            self.episodes.append(episode)
        episode.last = act
        episode.state_due(at, act, event.due_at)
        over = effect in ("ended", "stopped")
        if episode.ended_by is None:
            episode.hold(max(at, episode.started_at), act, episode.step if over else event.step)
        if effect == "paused":
            episode.pause(max(at, episode.started_at), act, states.pause_reasons.get(event.status, ""))
        elif effect == "running":
            episode.resume(max(at, episode.started_at), act)
        elif over:
            episode.end(at, act, event.ended_at, judged=effect == "ended")

    def _begin(self, event: CaseEvent, act: Act, at: Instant, effect: str, start_status: StartStatus) -> Begun | None:
        """How the first clock begins with this event; None: it waits for the state with which it is to start."""
        begin = Begun(act, event.urgency, begin_of(event, at))
        awaited = None if event.change == "opening" else start_status(event, begin.at)
        if awaited is None or event.status == awaited:
            return begin if self.deferred is None else Begun(act, event.urgency, at)
        if effect not in ("ended", "stopped"):
            self.deferred = self.deferred or begin
            return None
        if self.deferred is not None:
            self.remark("start-skipped", act, f"the clock was to start with state {awaited!r}")
        return self.deferred or begin

    def begun(self) -> Begun | None:
        """By what the first clock began; it selects the policy."""
        if self.episodes:
            first = self.episodes[0]
            return Begun(first.started_by, first.urgency, first.started_at)
        waiting = self.submission
        return None if waiting is None else Begun(waiting.act, waiting.urgency, waiting.occurred_at)

    def remark(self, code: str, act: Act, detail: str) -> None:
        """Note something wrong about an event."""
        self.remarks.append(remark_on(act, code, detail))

    def _note_submission(self, at: Instant, event: CaseEvent, act: Act, *, waiting: bool) -> None:
        submission = self.submission
        if submission is None:
            if waiting and not self.episodes:
                self.submission = Submission(at, act, event.urgency, event.occurred_at)
        elif submission.decided_by is None and not waiting:
            submission.decided_at, submission.decided_by = at, act

    def _check_transition(self, states: States, event: CaseEvent, act: Act) -> None:
        status = event.status
        if not self.status:
            if status not in states.initial and event.change != "opening":
                self.remark("invalid-start", act, f"the case begins in state {status!r}")
        elif status != self.status and status not in states.transitions.get(self.status, ()):
            self.remark("invalid-transition", act, f"{self.status!r} -> {status!r}")


def begin_of(event: CaseEvent, at: Instant) -> Instant:
    """When the clock of a case starts that begins with this event, which happened at an instant."""
    if event.opening is not None:
        return event.opening.started_at
    return at if event.received_at is None else event.received_at


def bounded(event: CaseEvent, known_at: Instant) -> Instant:
    """When the event occurred, as far as the bus believes it."""
    return min(event.occurred_at, known_at + AHEAD_OF_THE_BUS)


def _first_episode(event: CaseEvent, begin: Begun, at: Instant) -> Episode:
    opening = event.opening
    episode = Episode(1, begin.act, begin.at, begin.urgency)
    if opening is not None:
        episode.balance = Balance(at, opening.used_seconds, opening.paused_seconds)
    if event.change != "opening":
        episode.back_dated = event.accepted_at - event.occurred_at > BACK_DATED
        episode.due_before_it_began = event.due_at is not None and event.due_at < event.occurred_at
    return episode


def remarks_on_times(walk: Walk, handed_over_by: Act | None) -> list[RemarkClaim]:
    """What is wrong in the times of a case. ``handed_over_by``: its last event, where that is a handover."""
    found: list[RemarkClaim] = []
    for episode in walk.episodes:
        act = episode.started_by
        if episode.ended_at is not None and episode.ended_at < episode.started_at:
            ended_by = episode.ended_by or act
            found.append(remark_claim(ended_by, "ended-before-received", "the end lies before the start"))
        if episode.number == 1 and episode.balance is None:
            begin = episode.started_at if walk.deferred is None else walk.deferred.at
            if walk.earliest is not None and walk.earliest < begin:
                found.append(remark_claim(act, "first-event-before-received", "an event lies before the start"))
            if episode.due_before_it_began:
                found.append(remark_claim(act, "due-before-first-event", "due before its first event"))
        if episode.pauses and episode.stated_due_at is not None:
            count, detail = len(episode.statements), "the due time is the one stated before the pause"
            found += [
                remark_claim(pause.closed_by, "due-not-restated", detail)
                for pause in episode.pauses
                if pause.closed_by is not None and pause.statement == count
            ]
    if handed_over_by is not None and walk.episodes and walk.episodes[-1].ended_by is None:
        found.append(remark_claim(handed_over_by, "nobody-holds", "handed over, and the successor has not been heard"))
    return found
