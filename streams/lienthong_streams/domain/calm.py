"""Events after which all that holds about a case holds as before: an office goes on with its work, no clock is moved.

Most events of a case are such. They belong to its history and to its progress, but nothing need be folded and nothing
is said. What makes one is asked in two halves: ``calm_of`` looks at the whole case once it has been folded and says up
to which horizon it is calm; ``goes_on`` compares an event with the one before it. Together they must be strict: where
they say yes, folding would have found what it found before.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Final

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.outlook import ENDLESS
from lienthong_streams.domain.passage import Passage
from lienthong_streams.domain.progress import Progress
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.timeline import FIRST_EPOCH, Known
from lienthong_streams.domain.walk import AHEAD_OF_THE_BUS

_ORDINARY: Final = "changed"
_OVER: Final = ("ended", "stopped")
_MAY_DIFFER: Final = frozenset(("seq", "digest", "accepted_at", "occurred_at", "status", "step"))
_all_else = itemgetter(*(place for place, name in enumerate(CaseEvent._fields) if name not in _MAY_DIFFER))
"""All that an event says besides; whatever is added to the contract is among it."""


class Calm:
    """A case of which an event that merely goes on changes nothing."""

    __slots__ = ("any_step", "begins_at", "until")

    def __init__(self, until: Instant, begins_at: Instant, any_step: bool) -> None:
        self.until = until
        """The last horizon at which that is so."""
        self.begins_at = begins_at
        """Of its progress: selects the table of states."""
        self.any_step = any_step
        """Whether an internal step may be another one; False where the policy gives steps a time."""


def calm_of(progress: Progress, outcome: Fold, last: Known) -> Calm | None:
    """Whether a case is calm after its last event, when all that holds about it has been said; None: it is not.

    Somebody's silence must not leave anything provisional: that is for the caller to know.
    """
    walk, terms = progress.walk, progress.terms
    if not progress.in_order or progress.hole or progress.handed_over or not walk.episodes or terms is None:
        return None
    episode, table = walk.episodes[-1], walk.table
    if table is None or episode.last is not progress.last or walk.reached != last.event.occurred_at:
        return None
    if walk.earliest is not None and walk.earliest > walk.reached:
        return None
    effect = table.states.effects.get(walk.status)
    if effect != episode.state and not (effect in _OVER and episode.state in _OVER):
        return None
    judged = outcome.processing[-1] if outcome.processing else None
    if judged is None or judged.due is None or _is_awaited(progress.passage):
        return None
    until = ENDLESS if outcome.watch_from is None else outcome.watch_from
    return Calm(min(until, _covered_until(terms)), progress.begins_at, not terms.has_steps)


def _is_awaited(passage: Passage | None) -> bool:
    """Whether somebody is still to be heard."""
    if passage is None:
        return False
    waits = passage.transfers if passage.arrival is None else [passage.arrival, *passage.transfers]
    return any(wait.until is None for wait in waits)


def _covered_until(terms: Terms) -> Instant:
    """Up to when every calendar can be asked by which the case is counted."""
    covered = ENDLESS if terms.calendar is None else terms.calendar.ends
    for change in terms.changes:
        for each in (change.before, change.after):
            if each.calendar is not None and each.calendar.ends < covered:
                covered = each.calendar.ends
    return covered


def goes_on(last: Known, known: Known, calm: Calm, horizon: Instant, rules: Rules) -> bool:
    """Whether an event says nothing else than the one before it but a state, and perhaps a step, that move no clock."""
    event, before = known.event, last.event
    if (
        horizon > calm.until
        or event.seq != before.seq + 1
        or event.epoch != FIRST_EPOCH
        or not before.occurred_at <= event.occurred_at <= known.known_at + AHEAD_OF_THE_BUS
        or event.change != _ORDINARY
        or event.handover is not None
        or event.opening is not None
        or not (calm.any_step or event.step == before.step)
        or _all_else(event) != _all_else(before)
    ):
        return False
    kind = event.kind
    table = rules.table(kind, calm.begins_at)
    if table is None or (before.status, event.status) not in table.calm_changes:
        return False
    if not rules.follow_passage(kind):
        return True
    delivery = rules.terms_of(kind, event.selector, event.urgency, "sync", event.occurred_at)
    return delivery is None or delivery.surely_in_time("sync", event.occurred_at, known.known_at)
