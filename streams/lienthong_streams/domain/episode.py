"""One episode of a clock: from its start to its end or to the horizon; pauses, the due time that counts, the verdict.

First form: a pause moves the due time by elapsed time. Rules (design §5): the due time that counts is the last
stated one plus the pauses opened since it was stated; no pause un-breaches; ``breached`` holds iff the end (or, while
open, the horizon) is later than the due time, so ending exactly at the due instant is in time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant


@dataclass(slots=True)
class Pause:
    """A pause: when it opened and closed (None: still open), by which events, and after how many statements."""

    opened_at: Instant
    opened_by: CaseEvent
    statement: int
    closed_at: Instant | None = None
    closed_by: CaseEvent | None = None

    def length(self, until: Instant) -> int:
        """Microseconds of the pause up to its close or, while open, up to ``until``; never negative."""
        end = until if self.closed_at is None else self.closed_at
        return max(0, end - self.opened_at)


@dataclass(slots=True)
class Episode:
    """What the walk over a timeline has gathered about one episode."""

    number: int
    started_by: CaseEvent
    started_at: Instant
    last: CaseEvent
    stated_due_at: Instant | None = None
    statement: int = 0
    """Counts how often the due time was stated; a pause belongs to the statement before it."""
    pauses: list[Pause] = field(default_factory=list)
    ended_by: CaseEvent | None = None
    ended_at: Instant | None = None
    judged: bool = True
    """False where the case was stopped without being handled: no ``met``."""

    def state_due(self, due_at: Instant | None) -> None:
        """Take the due time of a state; a changed one is a new statement."""
        if due_at != self.stated_due_at:
            self.stated_due_at = due_at
            self.statement += 1

    def open_pause(self) -> Pause | None:
        """The pause that is open, if any."""
        return self.pauses[-1] if self.pauses and self.pauses[-1].closed_at is None else None

    def pause(self, at: Instant, event: CaseEvent) -> None:
        """Open a pause; one that is open goes on."""
        if self.open_pause() is None:
            self.pauses.append(Pause(at, event, self.statement))

    def resume(self, at: Instant, event: CaseEvent) -> None:
        """Close the open pause, if any."""
        pause = self.open_pause()
        if pause is not None:
            pause.closed_at, pause.closed_by = max(at, pause.opened_at), event

    def end(self, at: Instant, event: CaseEvent, *, judged: bool) -> None:
        """End the episode, or let a later state correct when it ended."""
        if self.ended_by is None:
            self.ended_by, self.judged = event, judged
        self.ended_at = at

    def due(self) -> tuple[Instant | None, bool]:
        """(due time that counts, whether an open pause is moving it). None: no due time is stated."""
        due = self.stated_due_at
        if due is None:
            return None, False
        for pause in self.pauses:
            if pause.statement < self.statement or pause.opened_at > due:
                continue
            if pause.closed_at is None and self.ended_at is None:
                return due, True
            due += pause.length(due if self.ended_at is None else self.ended_at)
        return due, False

    def breached(self, horizon: Instant) -> bool:
        """Whether the end, or while open the horizon, is later than the due time that counts."""
        due, moving = self.due()
        return due is not None and not moving and (horizon if self.ended_at is None else self.ended_at) > due

    def paused_until(self, instant: Instant) -> int:
        """Microseconds of pauses that lie before an instant."""
        return sum(pause.length(instant) for pause in self.pauses if pause.opened_at <= instant)

    def used_until(self, instant: Instant) -> int:
        """Microseconds that the clock ran before an instant."""
        return max(0, instant - self.started_at - self.paused_until(instant))
