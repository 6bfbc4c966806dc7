"""What the deadline workers have announced on a bus: whether they are done, and what stands."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from lienthong.demo.settling import LOOK_AGAIN_S
from lienthong.status.positions import position_of
from lienthong_consumers.exporter.broker_watch import BrokerWatch
from lienthong_consumers.exporter.lags import deadline_lags
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import PROVISIONAL_HOLE
from tests.support.agreement import Key
from tests.support.whole_bus import WholeBus

STUCK_AFTER_S = 120.0
"""Seconds in which nothing at all was applied although something waits. A slow machine takes its time; a worker that is
stuck takes for ever."""


async def applied_everywhere(bus: WholeBus, horizon: Instant, *, stuck_after_s: float = STUCK_AFTER_S) -> None:
    """Return once every partition has applied all events and the tick of the horizon, and shows no lag.

    Raises AssertionError with what is behind, where for so long nothing has moved anywhere.
    """
    watch = BrokerWatch(KafkaReader(bus.bootstrap, bus.prefix), catalogue=load_catalogue(), position_of=position_of)
    clock = asyncio.get_running_loop().time
    moved_at, before = clock(), list[tuple[int, Instant]]()
    try:
        while True:
            sight = await watch.look(0)
            lags = deadline_lags(sight)
            applied = sight.applied
            reached = [(each.next_offset, each.horizon) for each in applied.values()]
            behind = {
                f"{each.topic}/{each.partition}": lags.get(each, 0)
                for each in sight.ends
                if each.topic in CASE_TOPICS
                and (each not in applied or applied[each].horizon < horizon or lags.get(each))
            }
            if not behind and not any(lags.values()):
                return
            if reached != before:
                moved_at, before = clock(), reached
            assert clock() - moved_at < stuck_after_s, f"nothing moves, and this is behind: {behind}"
            await asyncio.sleep(LOOK_AGAIN_S)
    finally:
        await watch.close()


async def standing_on_bus(bus: WholeBus) -> frozenset[Key]:
    """What stands by the announcements on the bus; nothing may have been announced twice."""
    return standing_of([*await bus.decoded("sla.v1"), *await bus.decoded("quality.v1")])


def standing_of(records: list[dict[str, Any]]) -> frozenset[Key]:
    """What stands by announcements, in any order; none may be there twice."""
    announced = Counter(each["event_id"] for each in records)
    assert announced.most_common(1)[0][1] == 1
    said = {each["event_id"]: each for each in records if each["kind"] not in ("confirmed", "cleared", "withdrawn")}
    for each in records:
        if each["kind"] in ("cleared", "withdrawn"):
            del said[each["refers_to"]]
    confirmed = {each["refers_to"] for each in records if each["kind"] == "confirmed"}
    return frozenset(
        (each["settled_key"], each.get("firmness") == PROVISIONAL_HOLE and each["event_id"] not in confirmed)
        for each in said.values()
    )
