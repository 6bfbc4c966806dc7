"""A second, slow deadline engine for tests: from a history to its clocks and facts, sharing no code with ours.

Another way than the engine's: nothing is carried along. The time of an episode is cut into stretches wherever anything
changes, each stretch is labelled (running or paused, whose it is), and every figure is a sum over stretches. Written
from the rules of the field (domain §1.2), the design (§5) and the page on clock policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from lienthong_schemas.case_event import CaseEvent
from tests.support.engine_oracle_case import (
    Row,
    Rules,
    Spell,
    Told,
    pauses_of,
    rows_of,
    spells_of,
    statements_of,
)
from tests.support.engine_oracle_order import Order, ordered
from tests.support.engine_oracle_time import Due, Time

SECOND = 1_000_000


class SlowClock(NamedTuple):
    """A clock at the horizon; the fields are those of the engine's."""

    name: str
    episode: int
    state: str
    started_at: int
    ended_at: int | None
    stated_due_at: int | None
    due_at: int | None
    breached: bool
    used: int
    paused: int
    shares: dict[str, int]


class SlowFact(NamedTuple):
    """A fact by what is settled about it."""

    clock: str
    episode: int
    kind: str
    level: str
    cause: str


@dataclass(slots=True)
class SlowFold:
    """What holds at a horizon."""

    order: Order
    clocks: list[SlowClock] = field(default_factory=list)
    facts: list[SlowFact] = field(default_factory=list)


class Stretch(NamedTuple):
    """A piece of time in which nothing changes."""

    begin: int
    end: int
    runs: bool
    office: str


def shown(instant: int) -> str:
    """An instant as causes are written."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    return moment.isoformat().replace("+00:00", "Z")


class Course:
    """One episode of the clock processing."""

    def __init__(self, rows: Sequence[Row], spell: Spell, time: Time, horizon: int) -> None:
        self.rows, self.spell, self.time = rows, spell, time
        self.until = horizon if spell.end is None else spell.end
        self.opening = rows[spell.first].event.opening if spell.number == 1 else None
        duty_counts = time.data.get("financial_duty_pause", True)
        self.pauses = [one for one in pauses_of(rows, spell) if duty_counts or one.reason != "financial-duty"]
        self.statements = statements_of(rows, spell)
        self.stated = self.statements[-1][1] if self.statements else None
        self.due = self._due()

    def _due(self) -> Due | None:
        if self.stated is not None:
            since = [one for one in self.pauses if one.row >= self.statements[-1][0]]
            return self.time.due(self.spell.start, since, self.stated)
        brought = 0 if self.opening is None else self.opening.paused_seconds * SECOND
        return self.time.due(self.spell.start, self.pauses, brought=brought)

    @property
    def begin(self) -> int:
        """From when the bus counts the time."""
        return self.time.begin(self.spell.start) if self.opening is None else self.rows[self.spell.first].at

    @property
    def breached(self) -> bool:
        """Whether the end, or while open the horizon, is later than the last instant in time."""
        return self.due is not None and not self.due.moving and self.until > self.due.last

    def stretches(self, begin: int, until: int) -> list[Stretch]:
        """What lies between two instants, cut at every change."""
        holding = range(self.spell.first, self.spell.stop if self.spell.last is None else self.spell.last + 1)
        edges = {edge for one in self.pauses for edge in (one.opened, one.closed) if edge is not None}
        edges |= {self.rows[index].at for index in holding}
        cuts = sorted({begin, until, *(edge for edge in edges if begin < edge < until)}) if begin < until else []
        found = []
        for first, second in pairwise(cuts):
            runs = not any(one.opened <= first and (one.closed is None or first < one.closed) for one in self.pauses)
            in_force = max((index for index in holding if self.rows[index].at <= first), default=self.spell.first)
            found.append(Stretch(first, second, runs, self.rows[in_force].event.office))
        return found

    def clock(self) -> SlowClock:
        """How it stands."""
        spell, first = self.spell, self.rows[self.spell.first]
        shares: dict[str, int] = {}
        used = paused = 0
        if self.opening is not None:
            used, paused = self.opening.used_seconds * SECOND, self.opening.paused_seconds * SECOND
            if self.until < self.begin:
                used, paused = min(used, self.time.measure(spell.start, self.until)), 0
            shares[first.event.office] = used
        for one in self.stretches(self.begin, self.until):
            length = self.time.measure(one.begin, one.end)
            if one.runs:
                used += length
                shares[one.office] = shares.get(one.office, 0) + length
            else:
                paused += length
        due_at = None if self.due is None else self.due.at
        return SlowClock(
            "processing", spell.number, self._state(), self._began(), spell.end, self.stated, due_at, self.breached,
            used, paused, shares,
        )  # fmt: skip

    def _began(self) -> int:
        """When the time that counts began: at the start, or after the last supplement that began it again."""
        late = self.due.late if self.due is not None else frozenset[int]()
        again = [one for one in self.pauses if one.reason == "supplement" and one.closing_row and one.row not in late]
        return again[-1].closed or self.spell.start if again and self.time.restarts else self.spell.start

    def _state(self) -> str:
        if self.spell.last is not None:
            return self.rows[self.spell.last].effect
        return "paused" if any(one.closed is None for one in self.pauses) else "running"

    def facts(self) -> list[SlowFact]:
        """All that is told of it."""
        told = [("started", "", self.rows[self.spell.first].number)]
        late = self.due.late if self.due is not None else frozenset[int]()
        for one in self.pauses:
            told.append(("paused", "", self.rows[one.row].number))
            if one.closing_row is not None:
                again = self.time.restarts and one.reason == "supplement" and one.row not in late
                told.append(("restarted" if again else "resumed", "", self.rows[one.closing_row].number))
        for index in range(1, len(self.statements)):
            if self.statements[index - 1][1] is not None:
                kind = "extended" if self.extends(index) else "due-changed"
                told.append((kind, "", self.rows[self.statements[index][0]].number))
        told += self._verdict() + self._levels()
        return [SlowFact("processing", self.spell.number, *one) for one in told]

    def extends(self, index: int) -> bool:
        """Whether a statement gives a later due time, without a pause since the one before."""
        (since, before), (row, due) = self.statements[index - 1 : index + 1]
        paused = any(since <= one.row < row for one in pauses_of(self.rows, self.spell))
        return before is not None and due is not None and due > before and not paused

    def _verdict(self) -> list[tuple[str, str, str]]:
        told = [("breached", "", shown(self.due.at))] if self.breached and self.due is not None else []
        if self.spell.last is not None:
            cause = self.rows[self.spell.last].number
            if self.rows[self.spell.last].effect == "stopped":
                told.append(("stopped", "", cause))
            elif self.due is not None:
                told.append(("met-late" if self.breached else "met", "", cause))
        return told

    def _levels(self) -> list[tuple[str, str, str]]:
        if self.due is None or self.due.moving:
            return []
        told = []
        for level in self.time.data.get("warnings", []):
            at = self._used_up(level["share"]) if "share" in level else self.time.before(level["before"], self.due.at)
            if at is not None and at <= self.until:
                told.append(("warned", level["level"], shown(at)))
        for level in self.time.data.get("escalations", []):
            at = self.time.after(level["after"], self.due.at)
            if self.breached and at <= self.until:
                told.append(("escalated", level["level"], shown(at)))
        return told

    def _used_up(self, share: str) -> int | None:
        """When so much of the time up to the due time is used: go from stretch to stretch until it is."""
        if self.due is None or not self.time.computes:
            return None
        begin = self.time.begin(self._began())
        whole = self.stretches(begin, self.due.at)
        total = sum(self.time.measure(one.begin, one.end) for one in whole if one.runs)
        left = int(total * Fraction(share))
        if total and not left:
            return begin
        for one in whole if left else ():
            length = self.time.measure(one.begin, one.end) if one.runs else 0
            if length >= left:
                return self.time.plus(one.begin, left)
            left -= length
        return None


def _moved(course: Course, told_late: Sequence[Told], horizon: int) -> Iterator[SlowFact]:
    """What is said about policies that the bus is told of while a clock runs, if its due time is another by them."""
    for told in told_late:
        if course.spell.start < told.at <= course.until:
            old, new = (Course(course.rows, course.spell, time, horizon).due for time in (told.before, told.after))
            if old is not None and new is not None and old.at != new.at:
                cause = f"clock-policy/dossier/*/*/processing/{told.number}"
                yield SlowFact("processing", course.spell.number, "due-changed", "", cause)


def courses_of(history: Iterable[tuple[CaseEvent, int]], rules: Rules, horizon: int) -> list[Course]:
    """The episodes of the clock processing alone, with their due times."""
    return _courses(rows_of(ordered(history).said, rules), rules, horizon)


def _courses(rows: Sequence[Row], rules: Rules, horizon: int) -> list[Course]:
    """All episodes count as the first one does: a case keeps the policy under which it began."""
    spells = spells_of(rows)
    time = rules.time(spells[0].start) if spells else None
    return [] if time is None else [Course(rows, spell, time, horizon) for spell in spells]


def slow_fold(history: Iterable[tuple[CaseEvent, int]], rules: Rules, horizon: int) -> SlowFold:
    """Everything that holds about a case. Raises OutOfRange where the calendar does not reach."""
    from tests.support.engine_oracle_side import side_clocks

    order = ordered(history)
    rows = rows_of(order.said, rules)
    found, courses = SlowFold(order), _courses(rows, rules, horizon)
    for course in courses:
        found.clocks.append(course.clock())
        found.facts += [*course.facts(), *_moved(course, rules.told_late(courses[0].spell.start), horizon)]
    side_clocks(found, rows, courses, rules, horizon)
    return found
