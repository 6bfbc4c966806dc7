"""One episode of a clock as the walk over a timeline gathers it: start, pauses, statements of the due time, end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant


@dataclass(slots=True)
class Pause:
    """A pause: why, when it opened and closed (None: still open), by which events, and after how many statements."""

    reason: str
    opened_at: Instant
    opened_by: CaseEvent
    statement: int
    closed_at: Instant | None = None
    closed_by: CaseEvent | None = None


class Statement(NamedTuple):
    """A due time stated anew. ``after_pause``: a pause had opened since the one before."""

    event: CaseEvent
    at: Instant
    before: Instant | None
    due_at: Instant | None
    after_pause: bool

    @property
    def is_extension(self) -> bool:
        """A later due time than before, and not merely the one that a pause brought about."""
        if self.before is None or self.due_at is None or self.after_pause:
            return False
        return self.due_at > self.before


class Stretch(NamedTuple):
    """A stretch of time in which an office held the case, or an internal step was done; ``until`` None: still."""

    name: str
    since: Instant
    event: CaseEvent
    until: Instant | None
    until_event: CaseEvent | None


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
    statements: list[Statement] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    holders: list[tuple[Instant, CaseEvent]] = field(default_factory=list)
    """From when which event's office held the case."""
    steps: list[tuple[Instant, CaseEvent]] = field(default_factory=list)
    """From when which event's step was done."""
    ended_by: CaseEvent | None = None
    ended_at: Instant | None = None
    judged: bool = True
    """False where the case was stopped without being handled: no ``met``."""

    def until(self, horizon: Instant) -> Instant:
        """The end or, while open, the horizon."""
        return horizon if self.ended_at is None else self.ended_at

    def state_due(self, at: Instant, event: CaseEvent) -> None:
        """Take the due time of a state; a changed one is a new statement."""
        if event.due_at == self.stated_due_at:
            return
        paused = any(pause.statement == self.statement for pause in self.pauses)
        self.statements.append(Statement(event, at, self.stated_due_at, event.due_at, paused))
        self.stated_due_at = event.due_at
        self.statement += 1

    def hold(self, at: Instant, event: CaseEvent) -> None:
        """Note who holds the case and which step is done."""
        if not self.holders or self.holders[-1][1].office != event.office:
            self.holders.append((at, event))
        if not self.steps or self.steps[-1][1].step != event.step:
            self.steps.append((at, event))

    def open_pause(self) -> Pause | None:
        """The pause that is open, if any."""
        return self.pauses[-1] if self.pauses and self.pauses[-1].closed_at is None else None

    def pause(self, at: Instant, event: CaseEvent, reason: str) -> None:
        """Open a pause; one that is open for the same reason goes on."""
        pause = self.open_pause()
        if pause is not None and pause.reason == reason:
            return
        self.resume(at, event)
        self.pauses.append(Pause(reason, at, event, self.statement))

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

    def stretches(self, changes: list[tuple[Instant, CaseEvent]], name: str) -> list[Stretch]:
        """The stretches between changes of an event's field (``office`` or ``step``), the last up to the end."""
        found = []
        for index, (since, event) in enumerate(changes):
            following = changes[index + 1] if index + 1 < len(changes) else (self.ended_at, self.ended_by)
            found.append(Stretch(getattr(event, name), since, event, *following))
        return found
