"""Taking a picture of a bus from outside: two looks where something waits, so that moving is told from standing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from lienthong.status.addresses import ONE_TRY, broker_address, ledger_address
from lienthong.status.snapshot import Snapshot
from lienthong.status.watches import open_broker_watch, open_ledger_watch
from lienthong_consumers.exporter.broker_watch import BrokerWatch
from lienthong_consumers.exporter.lags import (
    DEADLINES,
    LEDGER,
    PARTIALS,
    TOTALS,
    deadline_lags,
    ledger_lags,
    totals_lags,
)
from lienthong_consumers.exporter.sightings import BrokerSight, LedgerSight
from lienthong_consumers.ledger.database import address_of
from lienthong_infra.errors import LienthongError, UnavailableError
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.groups import GroupState, group_states
from lienthong_infra.ports import TopicPartition
from lienthong_infra.settings import Settings
from lienthong_schemas.instants import Instant

WORKERS: Final = (DEADLINES, LEDGER, TOTALS)
LOOK_LIMIT_S: Final = 30.0
"""Seconds for one look; the first reads back the heartbeats."""
GROUPS_LIMIT_S: Final = 5.0
"""Seconds to ask for groups; what they show is only for display."""
SECOND_LOOK_S: Final = 3.0
"""Seconds until the second look: ten times what a worker needs for a run when it is live."""

Clock = Callable[[], Instant]
Lags = Mapping[str, Mapping[TopicPartition, int]]
T = TypeVar("T")


def wall_clock() -> Instant:
    """Now, in microseconds UTC."""
    return time.time_ns() // 1_000


@dataclass(frozen=True, slots=True)
class Sights:
    """What both sources showed; None where one is away."""

    broker: BrokerSight | None
    ledger: LedgerSight | None

    def applied(self) -> dict[str, dict[TopicPartition, int]]:
        """By worker, the next offset of each partition."""
        broker = {} if self.broker is None else self.broker.applied
        ledger = {} if self.ledger is None else self.ledger.positions
        totals = None if self.broker is None else self.broker.totals
        return {
            DEADLINES: {each: position.next_offset for each, position in broker.items()},
            LEDGER: {each: position.next_offset for each, position in ledger.items()},
            TOTALS: {} if totals is None else {PARTIALS: totals.next_offset},
        }

    def lags(self) -> dict[str, dict[TopicPartition, int]]:
        """By worker, how far it is behind."""
        if self.broker is None:
            return {DEADLINES: {}, LEDGER: {}, TOTALS: {}}
        ledger = {} if self.ledger is None else ledger_lags(self.broker, self.ledger)
        return {DEADLINES: deadline_lags(self.broker), LEDGER: ledger, TOTALS: totals_lags(self.broker)}


async def gather(settings: Settings, *, own_time: bool = False, clock: Clock = wall_clock) -> Snapshot:
    """A picture of the bus. Nothing is raised for a source that is away: the picture says so."""
    watch: BrokerWatch | None = None
    trouble: dict[str, str] = {}
    try:
        watch = await _tried("broker", lambda: open_broker_watch(settings), trouble)
        sights, still = await _two_looks(settings, watch, trouble, clock)
    finally:
        if watch is not None:
            await watch.close()
    groups, shown = await _groups(settings) if watch is not None else ({}, {})
    return Snapshot(
        bus=settings.prefix,
        at=clock(),
        connected=watch is not None,
        broker=sights.broker,
        ledger=sights.ledger,
        trouble=trouble,
        places=_places(settings),
        groups=groups,
        shown=shown,
        still=still,
        own_time=own_time,
    )


def _places(settings: Settings) -> dict[str, str]:
    """Where both sources are, as far as that is known."""
    places: dict[str, str] = {}
    with suppress(UnavailableError):
        places["broker"] = broker_address(settings)
    with suppress(UnavailableError):
        places["ledger"] = address_of(ledger_address(settings))
    return places


async def _tried(source: str, look: Callable[[], Awaitable[T]], trouble: dict[str, str]) -> T | None:
    try:
        async with asyncio.timeout(LOOK_LIMIT_S):
            return await look()
    except TimeoutError:
        trouble[source] = f"no complete answer within {LOOK_LIMIT_S:.0f} s"
    except LienthongError as error:
        trouble[source] = str(error)
    return None


async def _look(settings: Settings, watch: BrokerWatch | None, trouble: dict[str, str], clock: Clock) -> Sights:
    async def ledger() -> LedgerSight:
        return await (await open_ledger_watch(settings)).look(clock())

    found = None if watch is None else await _tried("broker", lambda: watch.look(clock()), trouble)
    return Sights(found, await _tried("ledger", ledger, trouble))


async def _two_looks(
    settings: Settings, watch: BrokerWatch | None, trouble: dict[str, str], clock: Clock
) -> tuple[Sights, dict[str, frozenset[TopicPartition]]]:
    """The newer look, and by worker the partitions that lag in both and whose position is the same."""
    first = await _look(settings, watch, trouble, clock)
    if trouble or not any(lag for lags in first.lags().values() for lag in lags.values()):
        return first, {}
    await asyncio.sleep(SECOND_LOOK_S)
    second = await _look(settings, watch, trouble, clock)
    before, after, lags = first.applied(), second.applied(), second.lags()
    return second, {
        worker: frozenset(
            each for each, lag in lags[worker].items() if lag and before[worker].get(each) == after[worker].get(each)
        )
        for worker in WORKERS
    }


async def _groups(settings: Settings) -> tuple[dict[str, GroupState], dict[str, dict[TopicPartition, int]]]:
    """Members of the workers' groups and the offsets they show; empty where the broker does not tell."""
    groups: dict[str, GroupState] = {}
    shown: dict[str, dict[TopicPartition, int]] = {}
    with suppress(LienthongError, TimeoutError):
        address = broker_address(settings)
        async with asyncio.timeout(GROUPS_LIMIT_S):
            groups = await group_states(address, settings.prefix, WORKERS, patience=ONE_TRY)
            async with KafkaAdmin(address, settings.prefix, patience=ONE_TRY) as admin:
                for worker in (each for each in WORKERS if groups[each].state != "Dead"):
                    offsets = await admin.group_offsets(worker, deadline_s=GROUPS_LIMIT_S)
                    shown[worker] = {each: one.offset for each, one in offsets.items()}
    return groups, shown
