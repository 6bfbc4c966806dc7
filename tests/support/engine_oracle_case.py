"""The third part of the slow engine: what the states of a case mean for its clock, and the episodes that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from lienthong_schemas.case_event import CaseEvent
from tests.support.calendar_oracle import SlowCalendar
from tests.support.engine_oracle_order import Said
from tests.support.engine_oracle_time import Pause, Time

AHEAD = 300_000_000
"""Microseconds that an office's clock may be ahead of the bus's."""
OVER = ("ended", "stopped")
GOING = ("running", "paused")


class Version(NamedTuple):
    """A policy as its record has it."""

    valid_from: int
    data: dict[str, Any]


class Timed(NamedTuple):
    """A calendar from an instant on."""

    valid_from: int
    calendar: SlowCalendar


class Told(NamedTuple):
    """A version of the policy that the bus is told of: when, its number, how time was counted before and is then."""

    at: int
    number: int
    before: Time
    after: Time


@dataclass(frozen=True, slots=True)
class Rules:
    """The reference data of a trial, plain: in the order in which they come into force."""

    effects: Mapping[str, str]
    reasons: Mapping[str, str]
    policies: Sequence[Version]
    calendars: Sequence[Timed]

    def time(self, start: int) -> Time | None:
        """How the time of a clock is counted that starts at an instant."""
        policies = [one.data for one in self.policies if one.valid_from <= start]
        calendars = [one.calendar for one in self.calendars if one.valid_from <= start]
        return Time(policies[-1], calendars[-1]) if policies and calendars else None

    def told_late(self, start: int) -> list[Told]:
        """What the bus is told of policies that count for a clock which starts at an instant.

        A start stated for the future counts by a policy that nobody knows yet when the case is reopened before it.
        """
        counting = [one for one in self.policies if one.valid_from <= start]
        calendars = [one.calendar for one in self.calendars if one.valid_from <= start]
        return [
            Told(after.valid_from, number, Time(before.data, calendars[-1]), Time(after.data, calendars[-1]))
            for number, (before, after) in enumerate(pairwise(counting), start=2)
        ]


class Row(NamedTuple):
    """An event whose state is known, with what it does to the clock."""

    event: CaseEvent
    at: int
    """When it happened: at most five minutes after it was known, and not before the one before it."""
    effect: str
    reason: str

    @property
    def number(self) -> str:
        """As causes are written."""
        return f"{self.event.epoch}.{self.event.seq}"


class Spell(NamedTuple):
    """An episode: rows from ``first`` up to ``stop``, ended by row ``last`` or by none."""

    number: int
    first: int
    last: int | None
    stop: int
    start: int
    end: int | None


def rows_of(said: Sequence[Said], rules: Rules) -> list[Row]:
    """The events that mean something to a clock."""
    found: list[Row] = []
    for event, known_at in said:
        if event.status in rules.effects:
            at = min(event.occurred_at, known_at + AHEAD)
            at = max(at, found[-1].at) if found else at
            found.append(Row(event, at, rules.effects[event.status], rules.reasons.get(event.status, "")))
    return found


def spells_of(rows: Sequence[Row]) -> list[Spell]:
    """The episodes, one after another."""
    found: list[Spell] = []
    begins = [i for i, row in enumerate(rows) if row.effect != "waiting"]
    while begins:
        first = begins[0]
        last = next((i for i in range(first, len(rows)) if rows[i].effect in OVER), None)
        after = len(rows) if last is None else last + 1
        begins = [i for i in range(after, len(rows)) if rows[i].effect in GOING]
        stop = begins[0] if begins else len(rows)
        start = rows[first].at if found else _start(rows[first])
        end = None if last is None else _end(rows, last, stop)
        found.append(Spell(len(found) + 1, first, last, stop, start, end))
    return found


def _start(row: Row) -> int:
    opening, received = row.event.opening, row.event.received_at
    if opening is not None:
        return opening.started_at
    return row.at if received is None else received


def _end(rows: Sequence[Row], last: int, stop: int) -> int:
    """What was stated last about the end, else the event that ended it."""
    stated = [row.event.ended_at for row in rows[last:stop] if row.effect in OVER and row.event.ended_at is not None]
    return stated[-1] if stated else rows[last].at


def statements_of(rows: Sequence[Row], spell: Spell) -> list[tuple[int, int | None]]:
    """(row, due time) wherever it is another than before; nothing is stated before the first."""
    found: list[tuple[int, int | None]] = []
    for index in range(spell.first, spell.stop):
        if rows[index].effect == "waiting" and spell.last is not None and index > spell.last:
            continue
        due = rows[index].event.due_at
        if due != (found[-1][1] if found else None):
            found.append((index, due))
    return found


def pauses_of(rows: Sequence[Row], spell: Spell) -> list[Pause]:
    """The pauses, one for each reason in a row; what opened before the start counts from the start."""
    found: list[Pause] = []
    stop = spell.stop if spell.last is None else spell.last
    for index in range(spell.first, stop):
        row = rows[index]
        is_open = bool(found) and found[-1].closing_row is None
        if row.effect == "waiting" or (is_open and row.effect == "paused" and row.reason == found[-1].reason):
            continue
        at = max(row.at, spell.start)
        if is_open:
            found[-1] = found[-1]._replace(closed=at, closing_row=index)
        if row.effect == "paused":
            found.append(Pause(row.reason, at, index, None, None))
    if spell.end is not None and found and found[-1].closing_row is None:
        found[-1] = found[-1]._replace(closed=max(spell.end, found[-1].opened))
    return found
