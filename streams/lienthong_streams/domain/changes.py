"""Reference data that change while a clock runs: what counts from then on, and what is said about it.

A clock counts by the versions that are valid at its start. A later version of its policy moves it only if it says so
(``applies_to_running``), from the instant from which it is valid, and only while the clock is still in time: what was
late stays late. A clock is never moved to before that instant. A version with the same ``valid_from`` as one before
it is a correction: it counts from the start. Either way the change of a due time is said, with the record as its cause.
"""

from __future__ import annotations

from lienthong_schemas.records import FIRM
from lienthong_streams.domain.due import due_of, used_and_paused
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.facts import Fact, FactClaim
from lienthong_streams.domain.judge import Knowledge, Verdict
from lienthong_streams.domain.outlook import Due
from lienthong_streams.domain.terms import Change, Terms


def in_force(found: Verdict, episode: Episode, terms: Terms, knowledge: Knowledge) -> Terms:
    """The terms by which an episode is judged at the horizon; adds what is to be said about changes of its due time.

    ``terms``: those of its start. Raises CalendarError.
    """
    if not terms.changes:
        return terms
    until, is_open = episode.until(knowledge.horizon), episode.ended_by is None
    for change in terms.changes:
        if change.at <= episode.started_at:
            continue
        if change.at > until:
            if is_open:
                found.watch.append(change.at - 1)
            continue
        before, after = change.before, change.after
        if change.moves_running:
            before = terms
            due = due_of(episode, before)
            if due is None or (not due.moving and change.at > due.last_in_time):
                continue
            terms = after
        old, new = due_of(episode, before), due_of(episode, after)
        if old is not None and new is not None and old.at != new.at:
            found.facts.append(_DueChanged(episode, change, (after, new), f"{terms.clock}|{episode.number}|"))
    return terms


class _DueChanged(FactClaim):
    """The claim that reference data changed a due time."""

    __slots__ = ("_change", "_due", "_episode", "_terms")

    def __init__(self, episode: Episode, change: Change, counted: tuple[Terms, Due], begin: str) -> None:
        """``counted``: by what it is counted now, and to when; ``begin``: of the key."""
        super().__init__(f"{begin}due-changed||{change.record_id}", FIRM)
        self._episode = episode
        self._change = change
        self._terms, self._due = counted

    def tell(self) -> Fact:
        """The fact."""
        episode, change, terms = self._episode, self._change, self._terms
        act, (used, paused) = episode.last, used_and_paused(episode, terms, change.at)
        return Fact(
            terms.clock, episode.number, "due-changed", change.record_id, change.at, FIRM, episode.stated_due_at,
            self._due.at, act.office, act.commune, act.selector, used, paused, terms.policy_id,
        )  # fmt: skip
