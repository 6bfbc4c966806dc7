"""The second part of the slow engine: how long things took and when they are due, on the slow calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from tests.support.calendar_oracle import SlowCalendar
from tests.support.policy_oracle import HOUR, SlowPolicy

DAY = timedelta(days=1)


class Pause(NamedTuple):
    """From when to when nobody worked on it. Rows are places in the list of the case's events."""

    reason: str
    opened: int
    row: int
    """Of the event that opened it."""
    closed: int | None
    """None: still open at the horizon."""
    closing_row: int | None
    """Of the event that closed it; None where it is open or the end of the clock closed it."""


class Due(NamedTuple):
    """A due time after pauses."""

    at: int
    last: int
    """The last instant that is in time."""
    moving: bool = False
    """Whether an open pause keeps it from being missed."""
    begin: int | None = None
    """From when its time counts; None where it was stated and nothing is computed beside it."""
    late: frozenset[int] = frozenset()
    """Opening rows of pauses that came too late to move it."""


class Time:
    """A policy's way of counting on a calendar."""

    def __init__(self, data: dict[str, Any], calendar: SlowCalendar) -> None:
        self.data, self.calendar = data, calendar
        self.computes = "amount" in data
        self.working = str(data.get("unit", "")).startswith("working")
        self.by_day = data.get("due_precision") == "day"
        self.restarts = self.computes and (data.get("supplement") or {}).get("mode") == "restart"
        self.rule = SlowPolicy({"unit": "calendar_minute", "amount": 1, **data}, calendar)

    def measure(self, begin: int, end: int) -> int:
        """Working time, or time of the clock; never less than nothing."""
        if end <= begin:
            return 0
        return self.calendar.between(begin, end) if self.working else end - begin

    def plus(self, instant: int, length: int) -> int:
        """So much later in the time that is counted."""
        return self.calendar.add(instant, length) if self.working else instant + length

    def minus(self, instant: int, length: int) -> int:
        """So much earlier in the time that is counted."""
        return self.calendar.subtract(instant, length) if self.working else instant - length

    def begin(self, start: int) -> int:
        """From when the time of a clock counts that starts at an instant."""
        return self.rule.begin(start) if self.computes else start

    def due(self, start: int, pauses: Sequence[Pause], stated: int | None = None, brought: int = 0) -> Due | None:
        """The due time that counts: the stated one or the computed one, as the pauses moved it.

        ``pauses``: those that stop the clock and, where a due time is stated, were opened since. ``brought``: how long
        it had stood still before the bus came.
        """
        if stated is None and not self.computes:
            return None
        begin = self.begin(start)
        nominal = self.rule.count(begin) if stated is None else stated
        lost, late, run_ends = brought if stated is None else 0, set[int](), None
        plain = stated is not None
        for pause in pauses:
            at, last = self._position(nominal, lost, plain=plain)
            if pause.opened > last and run_ends != pause.opened:
                late.add(pause.row)
                continue
            if pause.closed is None:
                return Due(at, last, True, begin, frozenset(late))
            run_ends = pause.closed
            if self.restarts and pause.reason == "supplement" and pause.closing_row is not None:
                begin, lost, plain = self.begin(pause.closed), 0, False
                nominal = self.rule.count(begin)
            else:
                lost += self.measure(pause.opened if plain else max(begin, pause.opened), pause.closed)
        at, last = self._position(nominal, lost, plain=plain)
        return Due(at, last, False, begin, frozenset(late))

    def _position(self, nominal: int, lost: int, *, plain: bool) -> tuple[int, int]:
        """(due time, last instant in time). What was stated is moved as it stands."""
        if not plain:
            there = self.rule.move(nominal, lost)
            return self.rule.settle(there), self.rule.last_in_time(there)
        due = self.plus(nominal, lost) if lost else nominal
        return due, max(due, self.end_of_day(due)) if self.by_day else due

    def end_of_day(self, instant: int) -> int:
        """The last instant of a day."""
        return self.calendar.at(self.calendar.wall(instant).date(), "24:00") - 1

    def before(self, span: dict[str, Any], due: int) -> int:
        """So long before a due time; a day off leads to the end of the work before it."""
        unit, amount, slow = span["unit"], Fraction(str(span["amount"])), self.calendar
        if unit == "working_hour":
            return slow.subtract(due, int(amount * HOUR))
        if unit == "working_day":
            there = slow.subtract(due, int(amount % 1 * 8 * HOUR))
            return (
                self._same_hour(slow.working_day_before(self._date(there), int(amount)), there)
                if amount >= 1
                else there
            )
        if unit == "calendar_day":
            day = self._date(due) - int(amount) * DAY
            if self.rule.pieces_of(day):
                return self.rule.same_hour(day, due)
            return self.rule.pieces_of(slow.working_day_before(day, 1))[-1][1]
        return due - _elapsed(unit, amount)

    def after(self, span: dict[str, Any], due: int) -> int:
        """So long after a due time; days keep the hour."""
        unit, amount, slow = span["unit"], Fraction(str(span["amount"])), self.calendar
        if unit == "working_hour":
            return slow.add(due, int(amount * HOUR))
        if unit == "working_day":
            there = slow.add(due, int(amount % 1 * 8 * HOUR))
            return (
                self._same_hour(slow.working_day_after(self._date(there), int(amount)), there) if amount >= 1 else there
            )
        if unit == "calendar_day":
            return self.rule.same_hour(self._date(due) + int(amount) * DAY, due)
        return due + _elapsed(unit, amount)

    def _date(self, instant: int) -> Any:
        return self.calendar.wall(instant).date()

    def _same_hour(self, day: Any, instant: int) -> int:
        return self.rule.inside(day, self.rule.same_hour(day, instant))


def _elapsed(unit: str, amount: Fraction) -> int:
    return int(amount * HOUR / (60 if unit == "calendar_minute" else 1))
