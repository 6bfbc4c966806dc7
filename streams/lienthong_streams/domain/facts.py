"""What holds about a case: facts about its clocks, and remarks on its data. The outcome of a fold."""

from __future__ import annotations

from typing import Final, NamedTuple

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant

FINDING_CODES: Final = {
    "hole": "Events of the case are missing in the sequence; its clocks are provisional until they come.",
    "conflict": "Two different events carry the same number; the one accepted first applies until someone decides.",
    "held": "An event belongs to an epoch that no handover has opened; it waits without a say.",
    "no-policy": "No clock policy covers the case, so no clock runs: it is never counted as in time.",
    "no-states": "There is no table of states for this kind of case, so no clock runs.",
    "no-due-time": "The policy takes the stated due time, and none is stated.",
    "unknown-status": "The state is not in the table of states; it changes no clock.",
    "invalid-start": "The first state of the case is not one in which a case may begin.",
    "invalid-transition": "The table of states does not allow this change of state.",
    "reopened": "The case went on after it had ended; a new episode of the clock began.",
    "due-not-restated": "A pause ended and the due time was not stated anew.",
    "occurred-in-the-future": "The event claims a time later than the bus received it plus five minutes.",
    "ended-before-received": "The case ended before it was received.",
    "first-event-before-received": "The case has an event before it was received.",
    "due-before-first-event": "The due time lies before the first event of the case.",
    "due-differs": "The stated due time is not the one that follows from the policy and the calendar.",
    "too-many-extensions": "A new appointment was given more often than the policy allows.",
    "pause-near-due": "A pause was opened within an hour of the due time.",
    "back-dated": "The case was entered more than an hour after it is said to have been accepted.",
    "nobody-holds": "The case was handed over, and the successor has not been heard.",
    "beyond-calendar": "The calendar does not reach so far or is missing; the stated due time counts alone.",
    "supplement-overdue": "The papers that were asked for did not come within their time.",
}
"""Every finding that the engine can make, and what it means."""


class Fact(NamedTuple):
    """A clock event that holds. ``cause`` is ``epoch.seq`` of an event or, where time is the cause, the due time."""

    clock: str
    episode: int
    kind: str
    cause: str
    happened_at: Instant
    firmness: str
    stated_due_at: Instant | None
    due_at: Instant | None
    office: str
    commune: str
    selector: str
    used: int
    """Microseconds that the clock had run."""
    paused: int
    """Microseconds that it had stood still."""
    policy: str
    level: str = ""

    @property
    def used_seconds(self) -> int:
        """Whole seconds that the clock had run."""
        return self.used // MICROSECONDS_PER_SECOND

    @property
    def paused_seconds(self) -> int:
        """Whole seconds that it had stood still."""
        return self.paused // MICROSECONDS_PER_SECOND


class Remark(NamedTuple):
    """Something wrong in the data of a case; ``code`` is one of FINDING_CODES."""

    code: str
    cause: str
    detail: str
    office: str
    commune: str


class Clock(NamedTuple):
    """A clock as it stands at the horizon. ``state`` is running, paused, ended or stopped."""

    name: str
    episode: int
    state: str
    started_at: Instant
    ended_at: Instant | None
    stated_due_at: Instant | None
    due_at: Instant | None
    """The due time that counts; while a pause moves it, the value at the pause's beginning."""
    breached: bool
    used: int
    paused: int
    shares: tuple[tuple[str, int], ...] = ()
    """Microseconds that each office had the running clock."""


class Fold(NamedTuple):
    """All that holds about a case at a horizon."""

    clocks: tuple[Clock, ...]
    facts: tuple[Fact, ...]
    remarks: tuple[Remark, ...]
    watch_from: Instant | None
    """The due time of an open clock that is not breached yet: at a later horizon the case must be folded again."""


def fact_key(case_id: str, fact: Fact) -> str:
    """The settled key of a fact: what tests compare, and what its id is made from."""
    return f"{case_id}|{fact.clock}|{fact.episode}|{fact.kind}|{fact.level}|{fact.cause}"


def remark_key(case_id: str, remark: Remark) -> str:
    """The settled key of a remark."""
    return f"{case_id}|finding|{remark.code}|{remark.cause}"
