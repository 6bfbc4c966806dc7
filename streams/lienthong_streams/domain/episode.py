"""One episode of a clock as the walk over a timeline gathers it: start, pauses, statements of the due time, end."""

from __future__ import annotations

from typing import NamedTuple

from lienthong_schemas.instants import Instant
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.outlook import Limit, Outlook


class Pause:
    """A pause: why, when it opened and closed (None: still open), by which acts, and after how many statements."""

    __slots__ = ("asked_by", "closed_at", "closed_by", "limit", "opened_at", "opened_by", "reason", "statement")

    def __init__(self, reason: str, opened_at: Instant, opened_by: Act, statement: int) -> None:
        self.reason = reason
        self.opened_at = opened_at
        self.opened_by = opened_by
        self.statement = statement
        self.closed_at: Instant | None = None
        self.closed_by: Act | None = None
        self.limit: Limit | None = None
        """How long the applicant may take, once it was asked for."""
        self.asked_by: Limit | None = None
        """Until when the office could ask for papers, once it was asked for."""


class Statement:
    """A due time stated anew. ``after_pause``: a pause had opened since the one before."""

    __slots__ = ("act", "after_pause", "at", "before", "due_at")

    def __init__(
        self, act: Act, at: Instant, before: Instant | None, due_at: Instant | None, after_pause: bool
    ) -> None:
        self.act = act
        self.at = at
        self.before = before
        self.due_at = due_at
        self.after_pause = after_pause

    @property
    def is_extension(self) -> bool:
        """A later due time than before, and not merely the one that a pause brought about."""
        if self.before is None or self.due_at is None or self.after_pause:
            return False
        return self.due_at > self.before


class Balance(NamedTuple):
    """What an opening event brought: since when the bus counts itself, what the clock had used, how long it had stood
    still, both in the time that it counts.
    """

    since: Instant
    used_seconds: int
    paused_seconds: int


class Turn:
    """From ``since`` on, by an act, the case was held by the office ``name``, or the step ``name`` was done."""

    __slots__ = ("act", "name", "since")

    def __init__(self, since: Instant, act: Act, name: str) -> None:
        self.since = since
        self.act = act
        self.name = name


class Stretch(NamedTuple):
    """A stretch of time in which an office held the case, or an internal step was done; ``until`` None: still."""

    name: str
    since: Instant
    act: Act
    until: Instant | None
    until_act: Act | None


class Episode:
    """What the walk over a timeline has gathered about one episode."""

    __slots__ = (
        "back_dated",
        "balance",
        "due_before_it_began",
        "ended_at",
        "ended_by",
        "holders",
        "judged",
        "last",
        "number",
        "outlook",
        "pauses",
        "started_at",
        "started_by",
        "statements",
        "step_limits",
        "steps",
        "urgency",
    )

    def __init__(self, number: int, started_by: Act, started_at: Instant, urgency: str = "") -> None:
        self.number = number
        self.started_by = started_by
        self.started_at = started_at
        self.last = started_by
        self.urgency = urgency
        """What the case stated when the episode began; it may select the policy."""
        self.balance: Balance | None = None
        """Of the first episode of a case that came in by an opening."""
        self.back_dated = False
        """Whether the first episode was entered long after it is said to have begun."""
        self.due_before_it_began = False
        """Whether the first due time lies before the event that began the first episode."""
        self.statements: list[Statement] = []
        self.pauses: list[Pause] = []
        self.holders: list[Turn] = []
        """From when which office held the case."""
        self.steps: list[Turn] = []
        """From when which step was done."""
        self.ended_by: Act | None = None
        self.ended_at: Instant | None = None
        self.judged = True
        """False where the case was stopped without being handled: no ``met``."""
        self.step_limits: list[Limit | None] = []
        """Beside each step how long it may take, once it was asked for."""
        self.outlook: Outlook | None = None
        """What lies ahead under the terms of the case, once it was asked for."""

    @property
    def stated_due_at(self) -> Instant | None:
        """The due time as it was stated last."""
        return self.statements[-1].due_at if self.statements else None

    @property
    def state(self) -> str:
        """running, paused, ended or stopped."""
        if self.ended_by is not None:
            return "ended" if self.judged else "stopped"
        return "running" if self.open_pause() is None else "paused"

    def first_promise(self) -> Statement | None:
        """The first statement that gives a due time."""
        for one in self.statements:
            if one.due_at is not None:
                return one
        return None

    def first_extension(self) -> Statement | None:
        """The first statement that is an extension."""
        for one in self.statements[1:]:
            if one.is_extension:
                return one
        return None

    def until(self, horizon: Instant) -> Instant:
        """The end or, while open, the horizon."""
        return horizon if self.ended_at is None else self.ended_at

    def state_due(self, at: Instant, act: Act, due_at: Instant | None) -> None:
        """Take the due time of a state; a changed one is a new statement. A pause belongs to the statement before."""
        before = self.stated_due_at
        if due_at == before:
            return
        self.outlook = None
        count = len(self.statements)
        paused = any(pause.statement == count for pause in self.pauses)
        self.statements.append(Statement(act, at, before, due_at, paused))

    def hold(self, at: Instant, act: Act, step: str) -> None:
        """Note who holds the case and which step is done."""
        if not self.holders or self.holders[-1].name != act.office:
            self.holders.append(Turn(at, act, act.office))
        if step != self.step:
            self.steps.append(Turn(at, act, step))
            self.step_limits.append(None)

    @property
    def step(self) -> str:
        """The step that is done, or was done last."""
        return self.steps[-1].name if self.steps else ""

    def open_pause(self) -> Pause | None:
        """The pause that is open, if any."""
        return self.pauses[-1] if self.pauses and self.pauses[-1].closed_at is None else None

    def pause(self, at: Instant, act: Act, reason: str) -> None:
        """Open a pause; one that is open for the same reason goes on."""
        pause = self.open_pause()
        if pause is not None and pause.reason == reason:
            return
        self.resume(at, act)
        self.outlook = None
        self.pauses.append(Pause(reason, at, act, len(self.statements)))

    def resume(self, at: Instant, act: Act) -> None:
        """Close the open pause, if any."""
        pause = self.open_pause()
        if pause is not None:
            self.outlook = None
            pause.closed_at, pause.closed_by = max(at, pause.opened_at), act

    def end(self, at: Instant, act: Act, stated: Instant | None, *, judged: bool) -> None:
        """End the episode at the stated time, else when the event was; a later state corrects it by stating a time."""
        if self.ended_by is None:
            self.ended_by, self.judged, self.ended_at = act, judged, at
        if stated is not None:
            self.ended_at = stated
        if self.open_pause() is not None:
            self.outlook = None

    def stretches(self, turns: list[Turn]) -> list[Stretch]:
        """The stretches between turns, the last up to the end."""
        found = []
        for index, turn in enumerate(turns):
            if index + 1 < len(turns):
                until: Instant | None = turns[index + 1].since
                until_act: Act | None = turns[index + 1].act
            else:
                until, until_act = self.ended_at, self.ended_by
            found.append(Stretch(turn.name, turn.since, turn.act, until, until_act))
        return found
