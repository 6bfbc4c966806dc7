"""How a case passes between systems: when its events reached the bus, when a receiver was heard. Gathered step by step.

Sources: Decree 63/2024/NĐ-CP, Art. 7(4): systems are in step at the latest 10 minutes after a step is done, the
receiver acknowledges within 2 working hours; Decree 30/2020/NĐ-CP: receipt of a document is told within the day.

``sync`` runs from the instant at which something happened, as far as the bus believes it, to the append time of its
event. ``receipt`` runs from the state that its policy names (a document has arrived) to the next other state; where the
policy names none, from a handover to the first event of the successor.
"""

from __future__ import annotations

from typing import NamedTuple

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.errors import CalendarError
from lienthong_schemas.instants import Instant
from lienthong_streams.domain.act import Act, Side
from lienthong_streams.domain.outlook import Limit
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.timeline import Known


class Delivery(NamedTuple):
    """An event that reached the bus later than the policy of the clock ``sync`` allows."""

    act: Act
    since: Instant
    until: Instant
    due_at: Instant
    policy_id: str


class Wait:
    """Somebody must be heard: since when, by which act, and when he was. ``act.office`` is the one who must."""

    __slots__ = ("act", "limit", "since", "until", "until_act", "urgency")

    def __init__(self, since: Instant, act: Act, urgency: str) -> None:
        self.since = since
        self.act = act
        self.urgency = urgency
        self.until: Instant | None = None
        self.until_act: Act | None = None
        self.limit: Limit | None = None
        """Until when it must be, once it was asked for."""


class Passage:
    """What was gathered."""

    __slots__ = ("arrival", "arrived_in", "late", "transfers")

    def __init__(self) -> None:
        self.late: list[Delivery] = []
        self.arrival: Wait | None = None
        self.arrived_in = ""
        """The state in which the case arrived; another one ends the wait."""
        self.transfers: list[Wait] = []

    def take(self, known: Known, act: Act, at: Instant, rules: Rules, *, first: bool) -> None:
        """Go one event further, by its act. ``at``: when it happened, as far as the bus believes it."""
        event = known.event
        if event.change != "opening":
            self._note_delivery(event, act, at, known.known_at, rules)
        for wait in self.transfers:
            if wait.until is None and act.epoch > wait.act.epoch:
                wait.until, wait.until_act = max(at, wait.since), act
        arrival = self.arrival
        if arrival is not None and arrival.until is None and event.status != self.arrived_in:
            arrival.until, arrival.until_act = max(at, arrival.since), act
        if first and event.change != "opening":
            self._note_arrival(event, act, at, rules)
        if event.handover is not None:
            successor = Side(act.epoch, event.handover.successor, act.commune, act.selector)
            self.transfers.append(Wait(at, Act(successor, act.seq), event.urgency))

    def _note_delivery(self, event: CaseEvent, act: Act, at: Instant, known_at: Instant, rules: Rules) -> None:
        terms = rules.terms_of(event.kind, event.selector, event.urgency, "sync", at)
        if terms is None or terms.surely_in_time("sync", at, known_at):
            return
        try:
            limit = terms.limit_of("sync", at)
        except CalendarError:
            return
        if limit is not None and known_at > limit.last_in_time:
            self.late.append(Delivery(act, at, known_at, limit.due_at, terms.policy_id))

    def _note_arrival(self, event: CaseEvent, act: Act, at: Instant, rules: Rules) -> None:
        terms = rules.terms_of(event.kind, event.selector, event.urgency, "receipt", at)
        if terms is not None and terms.policy is not None and terms.policy.start_status == event.status:
            self.arrival, self.arrived_in = Wait(at, act, event.urgency), event.status

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not (self.late or self.transfers or self.arrival)
