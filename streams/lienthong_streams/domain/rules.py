"""The reference data as the engine asks for it: each answer is looked up once and serves all cases alike.

Between two instants from which some record applies every answer is the same, so answers are kept by that stretch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple
from zlib import crc32

from lienthong_schemas.errors import NoOfficeHours
from lienthong_schemas.instants import Instant
from lienthong_schemas.reference import ANY, ReferenceBook, States, policy_keys
from lienthong_streams.domain.terms import Change, Terms

PASSAGE_CLOCKS: Final = ("sync", "receipt")
"""Clocks that measure how a case passes between systems."""
KEPT: Final = 20_000
"""Answers kept: more than a nation has procedures. Who sends ever new ones only makes them be looked up again."""


class Selection(NamedTuple):
    """What selects the policy of a clock: kind and selector of the case, what it states as its urgency, which clock."""

    kind: str
    selector: str
    urgency: str
    clock: str = "processing"


class Table(NamedTuple):
    """A table of states. ``mark`` is another number when it says something else."""

    states: States
    mark: int
    calm_changes: frozenset[tuple[str, str]]
    """From one state to the next: changes that the table allows and that move no clock."""


class Rules:
    """What a reference book says about tables of states and about the terms of clocks."""

    def __init__(self, book: ReferenceBook) -> None:
        self._book = book
        self._changes = book.changes()
        self._tables: dict[tuple[str, int], Table | None] = {}
        self._terms: dict[tuple[str, str, str, str, int], Terms | None] = {}
        self._passage_marks: dict[str, int] = {}

    @property
    def knows_agencies(self) -> bool:
        """Whether the register of units has agencies: without any, an office is not looked for there."""
        return self._book.knows_agencies

    def knows_unit(self, code: str) -> bool:
        """Whether the register of units has ever had this unit or agency."""
        return self._book.knows_unit(code)

    def passage_mark(self, kind: str) -> int:
        """Another number where what is gathered step by step may differ: other policies of passage and of a start by
        state, other calendars. 0 where there are none of these policies.
        """
        if kind not in self._passage_marks:
            found = self._book.clock_policies(kind)
            needed = sorted(name for name, one in found if one.clock in PASSAGE_CLOCKS or one.start_status)
            calendars = sorted(self._book.calendar_ids()) if needed else []
            self._passage_marks[kind] = crc32("|".join([*needed, *calendars]).encode()) if needed else 0
        return self._passage_marks[kind]

    def follow_passage(self, kind: str) -> bool:
        """Whether any policy asks how a kind of case passes between systems."""
        return self.passage_mark(kind) != 0

    def table(self, kind: str, at: Instant) -> Table | None:
        """The table of states of a kind of case whose clock begins at an instant."""
        key = kind, bisect_right(self._changes, at)
        if key not in self._tables:
            states = self._book.states(kind, at)
            self._tables[key] = None if states is None else _table(states)
        return self._tables[key]

    def terms_of(self, kind: str, selector: str, urgency: str, clock: str, at: Instant) -> Terms | None:
        """The terms of a clock that starts at an instant; None where no policy covers it. It takes the parts of a
        selection, which need not be made for what is known already."""
        key = kind, selector, urgency, clock, bisect_right(self._changes, at)
        if key in self._terms:
            return self._terms[key]
        if len(self._terms) >= KEPT:
            self._terms.clear()
        selection = Selection(kind, selector, urgency, clock)
        found = self._terms[key] = _look_up(self._book, selection, at)
        if found is not None and found.policy is not None:
            found.changes = tuple(sorted(self._changes_of(selection, at, found), key=lambda change: change.at))
        return found

    def _changes_of(self, selection: Selection, at: Instant, terms: Terms) -> Iterator[Change]:
        """What changes the terms of clocks that started at an instant, while they run."""
        if terms.policy is None or selection.clock != "processing":
            return
        names = policy_keys(selection.kind, selection.selector, selection.urgency or ANY)
        keys = [("clock-policy", name) for name in names]
        told = self._book.told_at([*keys, ("calendar", terms.policy.calendar)])
        before: Terms | None = None
        for instant in told if len(told) > 1 else ():
            after = _look_up(self._book.known_at(instant), selection, at)
            if (
                before is not None
                and after is not None
                and before.counts
                and after.counts
                and before.mark != after.mark
            ):
                record_id = after.calendar_id if before.policy_id == after.policy_id else after.policy_id
                yield Change(instant, record_id, before, after, moves_running=False)
            before = after
        for valid_from, record_id, policy in self._book.moves_of(terms.policy_id, at):
            after = terms.moved_by(record_id, policy, valid_from)
            yield Change(valid_from, record_id, terms, after, moves_running=True)


def _table(states: States) -> Table:
    calm_changes = frozenset(
        (one, other)
        for one in states.effects
        for other in states.effects
        if (one == other or other in states.transitions.get(one, ())) and _does_the_same(states, one, other)
    )
    return Table(states, crc32(states.model_dump_json().encode()), calm_changes)


def _does_the_same(states: States, one: str, other: str) -> bool:
    """Whether a state leaves a clock running, standing for the same reason, or ended, just as the one before it."""
    effect = states.effects[one]
    if effect == "waiting" or states.effects[other] != effect:
        return False
    return effect != "paused" or states.pause_reasons.get(one) == states.pause_reasons.get(other)


def _look_up(book: ReferenceBook, selection: Selection, at: Instant) -> Terms | None:
    """A clock policy or, for processing, the stated due time alone."""
    kind, selector, urgency, clock = selection
    found = book.clock_policy(kind, selector, at, urgency=urgency or ANY, clock=clock)
    if found is not None:
        policy_id, policy = found
        try:
            calendar = book.working_calendar(policy.calendar, at)
        except NoOfficeHours:
            calendar = None
        return Terms(policy_id, clock) if calendar is None else Terms(policy_id, clock, policy, calendar)
    stated = book.policy(kind, selector, at)
    return None if stated is None or clock != stated[1].clock else Terms(stated[0], clock)


@lru_cache(maxsize=4)  # books of the newest ticks; each partition goes from one to the next
def rules_of(book: ReferenceBook) -> Rules:
    """The rules of a book, made once."""
    return Rules(book)
