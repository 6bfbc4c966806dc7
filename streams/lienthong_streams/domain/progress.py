"""``Progress``: all that the walk over a case has gathered, to be carried one event further at the cost of one step.

An event in order is simply the next one: nothing is missing, in conflict or held, and no handover is pending. Whatever
else comes needs the timeline, from which ``progress_of`` makes the progress anew. Both ways lead to the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant, iso_of
from lienthong_streams.domain.act import Act, act_of
from lienthong_streams.domain.facts import Remark, remark_on
from lienthong_streams.domain.passage import Passage
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.timeline import Applied, Known, applied
from lienthong_streams.domain.walk import Walk, begin_of, bounded


class Progress:
    """A case as far as it is known."""

    __slots__ = (
        "begins_at",
        "handed_over",
        "hole",
        "in_order",
        "kind",
        "last",
        "passage",
        "rules",
        "terms",
        "walk",
    )

    def __init__(self, kind: str, rules: Rules, begins_at: Instant, walk: Walk) -> None:
        self.kind = kind
        self.rules = rules
        self.begins_at = begins_at
        """When the first event lets a clock begin: it selects the table of states."""
        self.walk = walk
        self.last: Act | None = None
        """The last event that has a say."""
        self.in_order = False
        """Whether the next number simply continues the sequence: no hole, no conflict, nothing held, no handover."""
        self.hole = False
        self.handed_over = False
        """Whether the last event is a handover."""
        self.terms: Terms | None = None
        """How the case is counted; None where no policy covers it or nothing has begun."""
        self.passage: Passage | None = None
        """How it passed between systems; None as long as nothing is to be kept of it."""

    def follows(self, known: Known) -> bool:
        """Whether an event is simply the next one, so that ``step`` does what a new walk would."""
        event, last = known.event, self.last
        return (
            self.in_order
            and last is not None
            and event.seq == last.seq + 1
            and event.epoch == last.epoch
            and event.handover is None
        )

    def step(self, known: Known) -> None:
        """Take the next event, which must follow."""
        begun = bool(self.walk.episodes)
        self._take(known, first=False)
        if not begun:
            self.find_terms()

    def go_on(self, known: Known) -> None:
        """Take the next event where it merely goes on (``calm.goes_on``), so that only this much changes."""
        walk, event = self.walk, known.event
        act = self.last = act_of(event, self.last)
        walk.status, walk.reached = event.status, event.occurred_at
        episode = walk.episodes[-1]
        episode.last = act
        if episode.ended_by is None:
            episode.hold(max(event.occurred_at, episode.started_at), act, event.step)

    def take_all(self, events: Sequence[Known]) -> None:
        """Take the events that have a say, in their order, from the first on."""
        for number, known in enumerate(events):
            self._take(known, first=number == 0)
        self.find_terms()

    def _take(self, known: Known, *, first: bool) -> None:
        act = self.last = act_of(known.event, self.last)
        self.walk.take(known, act, self._start_status)
        if not self.rules.follow_passage(self.kind):
            return
        passage = Passage() if self.passage is None else self.passage
        passage.take(known, act, bounded(known.event, known.known_at), self.rules, first=first)
        self.passage = None if passage.is_empty else passage

    def _start_status(self, event: CaseEvent, at: Instant) -> str | None:
        """The state with which the clock starts, if the policy of a clock that starts with this event names one."""
        terms = self.rules.terms_of(self.kind, event.selector, event.urgency, "processing", at)
        return None if terms is None or terms.policy is None else terms.policy.start_status

    def find_terms(self) -> None:
        """Look up how the case is counted: by what its first clock began with."""
        begun, waiting, before = self.walk.begun(), self.walk.submission, self.terms
        if begun is None:
            return
        self.terms = self.rules.terms_of(self.kind, begun.act.selector, begun.urgency, "processing", begun.at)
        if waiting is not None and before is not None and self.terms is not before:
            waiting.limit = None

    @property
    def mark(self) -> int:
        """Another number under another table of states, policy or calendar."""
        table, terms = self.walk.table, self.terms
        mark = (0 if table is None else table.mark) ^ (0 if terms is None else terms.mark)
        return mark ^ self.rules.passage_mark(self.kind)


def progress_of(timeline: Sequence[Known], rules: Rules) -> Progress:
    """The progress of a case from its timeline: at least one event, ordered as ``timeline.insert`` keeps them."""
    chosen = applied(timeline)
    remarks = _remarks_on_sequence(chosen)
    kind = timeline[0].event.kind
    if not chosen.events:
        return Progress(kind, rules, 0, Walk(None, remarks))
    first, last = chosen.events[0], chosen.events[-1].event
    begins_at = begin_of(first.event, bounded(first.event, first.known_at))
    table = rules.table(kind, begins_at)
    if table is None:
        detail = f"no table of states for {kind} is valid at {iso_of(begins_at)}"
        remarks.append(remark_on(act_of(first.event), "no-states", detail))
    progress = Progress(kind, rules, begins_at, Walk(table, remarks))
    progress.in_order = not (chosen.holes or chosen.conflicts or chosen.held) and not _hands_over(chosen, last.epoch)
    progress.hole = bool(chosen.holes)
    progress.handed_over = last.handover is not None
    progress.take_all(chosen.events)
    return progress


def _hands_over(chosen: Applied, epoch: int) -> bool:
    return any(known.event.handover is not None for known in chosen.events if known.event.epoch == epoch)


def _remarks_on_sequence(chosen: Applied) -> list[Remark]:
    if not (chosen.holes or chosen.conflicts or chosen.held):
        return []
    some = chosen.events[-1].event if chosen.events else (chosen.held or chosen.conflicts)[0]
    remarks = [
        Remark("hole", f"{hole.epoch}.{hole.first}-{hole.last}", "missing in the sequence", some.office, some.commune)
        for hole in chosen.holes
    ]
    remarks.extend(
        Remark(
            "conflict",
            f"{act_of(event).cause}.{event.digest.hex()}",
            "another event with this number was accepted earlier",
            event.office,
            event.commune,
        )
        for event in chosen.conflicts
    )
    held = (act_of(event) for event in chosen.held)
    remarks.extend(remark_on(act, "held", f"epoch {act.epoch} has no handover for it") for act in held)
    return remarks
