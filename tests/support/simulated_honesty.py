"""Whether what heartbeats and ticks of a simulation vouch for has arrived: counted again, slowly, from the delivery."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from lienthong_producers.domain.simulation.delivery import Arrival, Beat, Delivered
from tests.support.simulations import arrivals


def dishonest(items: Sequence[Delivered]) -> list[Delivered]:
    """Heartbeats and ticks that vouch for an event which has not arrived before them."""
    arrived: set[int] = set()
    accepted: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for first in arrivals(items):
        if not first.again:
            place = (first.event.step.accepted_at, id(first.event))
            accepted[first.event.step.office.code].append(place)
            accepted[f"{first.event.step.office.code}<outbox-{first.event.sender}"].append(place)
    waiting = {key: sorted(found) for key, found in accepted.items()}
    found: list[Delivered] = []

    def missing(key: str, through: int) -> bool:
        events = waiting.get(key, [])
        while events and events[0][1] in arrived:
            events.pop(0)
        upto = bisect_right(events, through, key=lambda each: each[0])
        return any(number not in arrived for _, number in events[:upto])

    for item in items:
        if isinstance(item, Arrival):
            arrived.add(id(item.event))
        elif isinstance(item, Beat):
            beat = item.heartbeat
            if missing(f"{beat.office}<{beat.sender}", beat.complete_through):
                found.append(item)
        elif any(missing(office, through) for office, through in item.complete_through.items()):
            found.append(item)
    return found
