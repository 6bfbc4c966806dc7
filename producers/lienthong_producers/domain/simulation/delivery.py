"""The way of the events to the bus: in order or scrambled, with heartbeats and ticks in the simulation's own time.

Whatever the disorder, all that is not lost has arrived at the horizon: every delivery of a truth carries the same set
of events. What an office's heartbeat vouches for is always delivered, except what was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import heappop, heappush
from typing import Final, NamedTuple

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_producers.domain.simulation.chance import Chance, Weighted
from lienthong_producers.domain.simulation.flaws import LOST
from lienthong_producers.domain.simulation.lines_of_offices import LinesOfOffices
from lienthong_producers.domain.simulation.office_hours import SECOND
from lienthong_producers.domain.simulation.options import Disorder, Outage
from lienthong_schemas.calendar_table import HOUR, MINUTE
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import Heartbeat

USUAL_LAG: Final = 2 * SECOND
"""From acceptance to the bus, where nothing is in the way."""
_DAY: Final = 24 * HOUR
_LATE_AFTER_NEXT: Final = 2 * _DAY
"""How far away the next event of the case may be for a late one to wait for it."""
_HELD: Final = (_DAY, 4 * _DAY)
_BACKLOG_PACE: Final = 40_000
"""Microseconds between two events of a backlog: 25 a second over a thin line."""
_SECOND_COPIES: Final = Weighted((((0, MINUTE), 60.0), ((MINUTE, 8 * HOUR), 30.0), ((8 * HOUR, 3 * _DAY), 10.0)))
"""How long after the first copy the second comes: a repeated chunk, a restarted forwarder, a backlog sent again."""


class Arrival(NamedTuple):
    """An event arrives on the bus, perhaps not for the first time."""

    at: Instant
    event: SimulatedEvent
    again: bool


class Beat(NamedTuple):
    """A heartbeat arrives on the bus."""

    at: Instant
    heartbeat: Heartbeat


class TimeMark(NamedTuple):
    """A tick: the bus's time, and by office how far its events are complete."""

    at: Instant
    complete_through: Mapping[str, Instant]


Delivered = Arrival | Beat | TimeMark


class Timetable(NamedTuple):
    """The time that a delivery covers. The last tick comes exactly at the horizon."""

    begin: Instant
    horizon: Instant
    tick_every: int
    """Microseconds."""

    def ticks(self) -> Iterator[Instant]:
        """The time of each tick."""
        yield from range(self.begin + self.tick_every, self.horizon, self.tick_every)
        yield self.horizon


class Cut(NamedTuple):
    """When an office has no line."""

    begin: Instant
    end: Instant


class _Scrambler:
    """Decides when each event arrives, and whether twice."""

    def __init__(self, disorder: Disorder, table: Timetable, seed: int, cuts: Mapping[str, Cut]) -> None:
        self._disorder, self._horizon, self._cuts = disorder, table.horizon, cuts
        self._chance = Chance(seed, "delivery")
        self._backlog: dict[str, Instant] = {}

    def arrivals(self, event: SimulatedEvent) -> tuple[Instant, Instant | None]:
        """When it arrives, and when its second copy does, if there is one."""
        chance, disorder = self._chance, self._disorder
        lot = chance.share()
        if lot < disorder.held:
            at = event.at + self._some(*_HELD)
        elif lot < disorder.held + disorder.out_of_order:
            at = self._late(event)
        else:
            at = event.at + USUAL_LAG
        first = min(self._with_line(event.sender, at), self._horizon)
        if not chance.happens(disorder.duplicates):
            return first, None
        second = first + self._some(*chance.one_of(_SECOND_COPIES))
        return first, min(self._with_line(event.sender, second), self._horizon)

    def _with_line(self, sender: str, at: Instant) -> Instant:
        """The instant itself, or one in the backlog of a line that is cut; what comes later waits behind it."""
        cut = self._cuts.get(sender)
        if cut is None:
            return at
        last = self._backlog.get(sender, 0)
        if cut.begin <= at < cut.end:
            at = self._backlog[sender] = max(cut.end, last + _BACKLOG_PACE)
        elif cut.end <= at <= last:
            at = self._backlog[sender] = last + _BACKLOG_PACE
        return at

    def _late(self, event: SimulatedEvent) -> Instant:
        following = event.next_at
        if following is not None and following - event.at <= _LATE_AFTER_NEXT:
            return following + USUAL_LAG + self._some(SECOND, 2 * HOUR)
        return event.at + self._some(MINUTE, 6 * HOUR)

    def _some(self, least: int, most: int) -> int:
        """So many microseconds, in whole milliseconds."""
        return self._chance.whole(least // 1_000, most // 1_000) * 1_000


def delivered(
    events: Iterable[SimulatedEvent], table: Timetable, disorder: Disorder, seed: int, lines: LinesOfOffices
) -> Iterator[Delivered]:
    """All that arrives on the bus, in the order of its arrival."""
    cuts = {outage.office: _cut(table, outage) for outage in disorder.outages}
    return _Delivery(table, _Scrambler(disorder, table, seed, cuts), lines, cuts).run(events)


def _cut(table: Timetable, outage: Outage) -> Cut:
    """The outage lies in the middle of the simulation."""
    middle, half = (table.begin + table.horizon) // 2, int(outage.days * _DAY) // 2 // SECOND * SECOND
    return Cut(middle - half, middle + half)


class _Delivery:
    """Merges events, arrivals and ticks by their times."""

    def __init__(self, table: Timetable, scrambler: _Scrambler, lines: LinesOfOffices, cuts: Mapping[str, Cut]) -> None:
        self._scrambler, self._lines, self._cuts = scrambler, lines, cuts
        self._ticks = table.ticks()
        self._next_tick: Instant | None = next(self._ticks)
        self._under_way: list[tuple[Instant, int, SimulatedEvent, bool]] = []
        self._serial = 0

    def run(self, events: Iterable[SimulatedEvent]) -> Iterator[Delivered]:
        for event in events:
            yield from self._before(event.at)
            self._take(event)
        while self._next_tick is not None:
            yield from self._tick(self._next_tick)

    def _take(self, event: SimulatedEvent) -> None:
        """An office has accepted an event. Of one that is lost it believes that it has arrived."""
        first, second = self._scrambler.arrivals(event)
        if event.flaw == LOST:
            return
        self._serial += 2
        self._lines.accepted(event, self._serial)
        heappush(self._under_way, (first, self._serial, event, False))
        if second is not None:
            heappush(self._under_way, (second, self._serial + 1, event, True))

    def _before(self, at: Instant) -> Iterator[Delivered]:
        """All that arrives before an instant."""
        while self._next_tick is not None and self._next_tick < at:
            yield from self._tick(self._next_tick)
        yield from self._arriving(at - 1)

    def _arriving(self, until: Instant) -> Iterator[Arrival]:
        under_way = self._under_way
        while under_way and under_way[0][0] <= until:
            at, number, event, again = heappop(under_way)
            if not again:
                self._lines.arrived(event, number)
            yield Arrival(at, event, again)

    def _tick(self, at: Instant) -> Iterator[Delivered]:
        """What arrives up to a tick, the heartbeats of all offices that have a line, the tick."""
        yield from self._arriving(at)
        cut_off = frozenset(office for office, cut in self._cuts.items() if cut.begin <= at < cut.end)
        for heartbeat in self._lines.heartbeats(at, cut_off):
            yield Beat(at, heartbeat)
        yield TimeMark(at, self._lines.complete_through())
        self._next_tick = next(self._ticks, None)
