"""Whether a bus has come to rest, seen from outside: everything applied, the last tick everywhere, the ledger level."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, TypeVar

from lienthong.status.positions import position_of
from lienthong_consumers.exporter.broker_watch import BrokerWatch
from lienthong_consumers.exporter.lags import deadline_lags, ledger_lags
from lienthong_consumers.exporter.ledger_watch import LedgerWatch
from lienthong_consumers.exporter.sightings import BrokerSight, LedgerSight
from lienthong_infra.errors import TemporaryError, UnavailableError
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import load_catalogue

LOOK_AGAIN_S: Final = 0.25

T = TypeVar("T")


class NotSettled(TemporaryError):
    """A bus did not come to rest in time; the text says what is behind."""


def behind(broker: BrokerSight, ledger: LedgerSight) -> list[str]:
    """What is not yet applied; empty where the bus is at rest. Before its first tick it never is."""
    if broker.tick is None:
        return ["there is no tick yet"]
    found = [f"deadlines: {_name(each)} is {lag} events behind" for each, lag in deadline_lags(broker).items() if lag]
    for each in broker.ends:
        applied = broker.applied.get(each)
        if each.topic in CASE_TOPICS and (applied is None or applied.horizon < broker.tick.bus_time):
            found.append(f"deadlines: {_name(each)} has not applied the last tick")
    lags = ledger_lags(broker, ledger).items()
    return found + [f"ledger: {_name(each)} is {lag} records behind" for each, lag in lags if lag]


def ready(broker: BrokerSight) -> bool:
    """Whether the deadline worker owns every partition and ticks are applied there."""
    cases = [each for each in broker.ends if each.topic in CASE_TOPICS]
    return all((applied := broker.applied.get(each)) is not None and applied.horizon > 0 for each in cases)


class BusWatch:
    """Looks at one bus, one look at a time. Use it with ``async with``."""

    def __init__(self, bootstrap: str, ledger_dsn: str, prefix: str) -> None:
        reader = KafkaReader(bootstrap, prefix)
        self._broker = BrokerWatch(reader, catalogue=load_catalogue(), position_of=position_of)
        self._ledger = LedgerWatch(ledger_dsn, prefix)
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> BusWatch:
        """The watch."""
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Release the connections."""
        await self._broker.close()
        await self._ledger.close()

    async def broker(self) -> BrokerSight:
        """One look at the broker."""
        async with self._turn:
            return await self._broker.look(_now())

    async def ledger(self) -> LedgerSight:
        """One look at the ledger. Raises UnavailableError, also while its tables are not yet made."""
        return await self._ledger.look(_now())

    async def settled(self, *, limit_s: float) -> BrokerSight:
        """Wait until the bus is at rest. Raises NotSettled with what is behind.

        It must look so twice: ends of logs are taken before positions are read, so what a worker did in between shows
        only in the next look.
        """
        left: list[str] = []
        before = False

        async def at_rest() -> BrokerSight | None:
            nonlocal before
            broker = await self.broker()
            try:
                left[:] = behind(broker, await self.ledger())
            except UnavailableError as error:
                left[:] = [str(error)]
            twice, before = before and not left, not left
            return broker if twice else None

        try:
            return await until(at_rest, limit_s=limit_s)
        except TimeoutError:
            raise NotSettled(f"after {limit_s:g} s the bus is not at rest: {'; '.join(left[:6])}") from None


async def until(look: Callable[[], Awaitable[T | None]], *, limit_s: float) -> T:
    """What ``look`` gives, once it gives something. Raises TimeoutError."""
    async with asyncio.timeout(limit_s):
        while (found := await look()) is None:  # noqa: ASYNC110 - servers set no event
            await asyncio.sleep(LOOK_AGAIN_S)
        return found


def _now() -> int:
    return time.time_ns() // 1_000


def _name(partition: TopicPartition) -> str:
    return f"{partition.topic}/{partition.partition}"
