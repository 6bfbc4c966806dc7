"""A case of the simulation: what stays the same about it, and its steps as the offices number them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from lienthong_producers.domain.simulation.office_hours import SECOND
from lienthong_producers.domain.simulation.province import Office
from lienthong_schemas.case_event import Handover, Opening
from lienthong_schemas.identity import case_id
from lienthong_schemas.instants import Instant
from lienthong_schemas.models import SeqBy

Content = Mapping[str, Any]
"""Fields that only one kind of case has, by their names in the contract."""
NOTHING: Final[Content] = {}


class Step(NamedTuple):
    """A change of a case, with the state after it. ``at`` is the true time, all others are by the office's clock."""

    at: Instant
    epoch: int
    seq: int
    office: Office
    """Who holds the case after the change."""
    status: str
    occurred_at: Instant
    accepted_at: Instant
    received_at: Instant | None
    due_at: Instant | None
    ended_at: Instant | None
    change: str
    content: Content
    handover: Handover | None
    opening: Opening | None


class Case:
    """A case and all its steps, also those that lie beyond the simulation."""

    __slots__ = ("authority", "case_id", "commune", "content", "kind", "local", "seq_by", "steps", "system", "text")

    def __init__(self, kind: str, authority: str, local: str, content: Content) -> None:
        self.kind = kind
        self.authority = authority
        self.local = local
        self.content = content
        """What stays the same."""
        self.case_id = str(case_id(kind, authority, local))
        self.commune = ""
        self.seq_by: SeqBy = "holder"
        self.system: Office | None = None
        """The office whose system numbers and sends every event; None: whoever holds the case does."""
        self.steps: list[Step] = []
        self.text = ""
        """The content as JSON text, once somebody has written it."""


class Change(NamedTuple):
    """What a step says beside its time and its state."""

    content: Content = NOTHING
    backdated: int = 0
    """Microseconds by which it claims to have occurred before it was accepted."""
    handover_to: Office | None = None
    opening: Opening | None = None


_PLAIN: Final = Change()


class Course:
    """Writes the steps of a case one after the other, and remembers what is stated."""

    __slots__ = ("_epoch", "_seq", "at", "case", "due_at", "ended_at", "office", "received_at")

    def __init__(self, case: Case, office: Office) -> None:
        self.case = case
        self.office = office
        self.at: Instant = 0
        """The time of the last step."""
        self.received_at: Instant | None = None
        self.due_at: Instant | None = None
        self.ended_at: Instant | None = None
        self._epoch, self._seq = 1, 0

    def stamp(self, at: Instant) -> Instant:
        """What the clock of whoever accepts the events shows at an instant."""
        return at + (self.office if self.case.system is None else self.case.system).ahead

    def step(self, at: Instant, status: str, change: Change = _PLAIN) -> None:
        """The next change. A time not after the last one becomes a second after it."""
        at = self.at = self._after_last(at)
        self._seq += 1
        stamp = self.stamp(at)
        kind, handover = "changed", None
        if change.handover_to is not None:
            kind, handover = "handover", Handover(change.handover_to.code, self._epoch + 1, self._seq)
        elif change.opening is not None:
            kind = "opening"
        self.case.steps.append(
            Step(
                at,
                self._epoch,
                self._seq,
                self.office,
                status,
                stamp - change.backdated,
                stamp,
                self.received_at,
                self.due_at,
                self.ended_at,
                kind,
                change.content,
                handover,
                change.opening,
            )
        )
        if change.handover_to is not None:
            self._epoch, self._seq, self.office = self._epoch + 1, 0, change.handover_to

    def end(self, at: Instant, status: str, change: Change = _PLAIN) -> None:
        """A change that ends the case."""
        self.ended_at = self.stamp(self._after_last(at))
        self.step(at, status, change)

    def _after_last(self, at: Instant) -> Instant:
        return at if at > self.at else self.at + SECOND


class SimulatedEvent(NamedTuple):
    """A step of a case as it was accepted."""

    case: Case
    step: Step
    next_at: Instant | None
    """When the next step of the case is taken, if there is one; it may lie beyond the simulation."""
    flaw: str = ""
    """``lost``: it never reaches the bus. ``conflict``: it carries a number that was given before."""
    value: bytes = b""
    """The value of its record, where it was sealed."""

    @property
    def at(self) -> Instant:
        """The true time."""
        return self.step.at

    @property
    def topic(self) -> str:
        """Its case topic."""
        return f"{self.case.kind}.v1"

    @property
    def sender(self) -> str:
        """The agency code of the office whose line it takes."""
        system = self.case.system
        return self.step.office.code if system is None else system.code
