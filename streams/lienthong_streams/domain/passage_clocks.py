"""The clocks of a case's passage between systems: ``receipt`` and ``sync``; see ``passage``.

A delivery in time says nothing: every event would. A late one is breached and met late, and its event is the cause,
for nobody knows of it before it comes. Who must acknowledge a handover is the successor, so a receipt is booked to it.
"""

from __future__ import annotations

from lienthong_schemas.errors import CalendarError
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import FIRM
from lienthong_streams.domain.facts import Fact, FactClaim, remark_key
from lienthong_streams.domain.judge import Knowledge, Verdict
from lienthong_streams.domain.passage import Delivery, Passage, Wait
from lienthong_streams.domain.progress import Progress
from lienthong_streams.domain.side_clocks import Span, judge_span


def judge_passage(found: Verdict, progress: Progress, knowledge: Knowledge) -> None:
    """Add the verdicts on a case's passage."""
    passage = progress.passage
    if passage is None:
        return
    for delivery in passage.late:
        found.facts.append(_OfDelivery(delivery, "breached", delivery.due_at))
        found.facts.append(_OfDelivery(delivery, "met-late", delivery.until))
    for number, wait, status in _waits(passage):
        verdict = Verdict()
        try:
            _judge_wait(verdict, progress, (number, wait, status), knowledge)
        except CalendarError:
            beyond = "the calendar of the policy does not cover the case"
            if remark_key("beyond-calendar", wait.act.cause) not in {claim.key for claim in found.remarks}:
                found.remark(wait.act, "beyond-calendar", beyond)
            continue
        found.take(verdict)


def _waits(passage: Passage) -> list[tuple[int, Wait, str | None]]:
    """(number, wait, state in which it must be waited) of all waits for a receipt."""
    found: list[tuple[int, Wait, str | None]] = []
    if passage.arrival is not None:
        found.append((1, passage.arrival, passage.arrived_in))
    for number, wait in enumerate(passage.transfers, start=1):
        found.append((number, wait, None))
    return found


def _judge_wait(
    found: Verdict, progress: Progress, waiting: tuple[int, Wait, str | None], knowledge: Knowledge
) -> None:
    number, wait, status = waiting
    terms = progress.rules.terms_of(progress.kind, wait.act.selector, wait.urgency, "receipt", wait.since)
    if terms is None or terms.policy is None or terms.policy.start_status != status:
        return
    if wait.limit is None:
        wait.limit = terms.limit_of("receipt", wait.since)
    if wait.limit is not None:
        span = Span(terms, "receipt", number, wait.since, wait.act, wait.limit)
        judge_span(found, span.ended(wait.until, wait.until_act), knowledge)


class _OfDelivery(FactClaim):
    """The claim of a fact about a delivery that came late."""

    __slots__ = ("_at", "_delivery", "_kind")

    def __init__(self, delivery: Delivery, kind: str, at: Instant) -> None:
        super().__init__(f"sync|{delivery.act.epoch}|{kind}||{delivery.act.cause}", FIRM)
        self._delivery = delivery
        self._kind = kind
        self._at = at

    def tell(self) -> Fact:
        """The fact."""
        delivery, act, at = self._delivery, self._delivery.act, self._at
        return Fact(
            "sync", act.epoch, self._kind, act.cause, at, FIRM, None, delivery.due_at, act.office, act.commune,
            act.selector, at - delivery.since, 0, delivery.policy_id,
        )  # fmt: skip
