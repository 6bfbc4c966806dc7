"""How far each office's events are complete on the bus, line by line: what heartbeats vouch for and ticks repeat.

An office has a line of its own; the systems that number field reports and periodic reports bring events of the offices
that hold those cases, and so vouch for these too. What counts for an office is its slowest line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from heapq import heappop, heappush

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_producers.domain.simulation.province import Office, Province
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import Heartbeat


class _Line:
    """The events of one office on one sender's way. An event is known by the number it got on acceptance."""

    __slots__ = ("_arrived", "_waiting", "accepted", "office", "pending", "sender")

    def __init__(self, sender: Office, office: Office) -> None:
        self.sender, self.office = sender, office
        self.accepted = self.pending = 0
        self._waiting: list[tuple[Instant, int]] = []
        self._arrived: set[int] = set()

    def take(self, accepted_at: Instant, number: int) -> None:
        self.accepted += 1
        self.pending += 1
        heappush(self._waiting, (accepted_at, number))

    def let_go(self, number: int) -> None:
        self.pending -= 1
        self._arrived.add(number)

    def heartbeat(self, at: Instant) -> Heartbeat:
        """What it vouches for, by the sender's clock."""
        waiting, arrived = self._waiting, self._arrived
        while waiting and waiting[0][1] in arrived:
            arrived.discard(heappop(waiting)[1])
        now = at + self.sender.ahead
        through = min(now, waiting[0][0] - 1) if waiting else now
        return Heartbeat(
            self.office.code, f"outbox-{self.sender.code}", now, through, accepted=self.accepted, pending=self.pending
        )


class LinesOfOffices:
    """All lines of a province. Until a line is heard, it is complete up to the beginning."""

    def __init__(self, province: Province, begin: Instant) -> None:
        own = [(office, office) for office in province.offices]
        others = [
            (system, office)
            for system in (province.hub, province.centre)
            for office in (*province.communes, *province.departments)
        ]
        self._lines = {(sender.code, office.code): _Line(sender, office) for sender, office in (*own, *others)}
        self._told = dict.fromkeys(self._lines, begin)

    def accepted(self, event: SimulatedEvent, number: int) -> None:
        """An event waits to be brought."""
        self._lines[event.sender, event.step.office.code].take(event.step.accepted_at, number)

    def arrived(self, event: SimulatedEvent, number: int) -> None:
        """It is on the bus."""
        self._lines[event.sender, event.step.office.code].let_go(number)

    def heartbeats(self, at: Instant, cut_off: Collection[str]) -> Iterator[Heartbeat]:
        """A heartbeat of every line whose sender is not cut off."""
        for key, line in self._lines.items():
            if key[0] not in cut_off:
                heartbeat = line.heartbeat(at)
                # An office's clock may run ahead; what it says of the future is not yet true.
                self._told[key] = min(heartbeat.complete_through, at)
                yield heartbeat

    def complete_through(self) -> Mapping[str, Instant]:
        """By office, the least that one of its lines vouches for."""
        least: dict[str, Instant] = {}
        for (_, office), through in self._told.items():
            least[office] = min(through, least.get(office, through))
        return least
