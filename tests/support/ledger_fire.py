"""A storm over ledger sinks that take a simulated province, while their database is restarted and blocked, too."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from lienthong_consumers.ledger.database import connect_now
from lienthong_infra import exit_codes
from lienthong_infra.embedded.postgres import EmbeddedPostgres
from lienthong_infra.ports import OutboundRecord, Record
from lienthong_producers.domain.simulation.options import Disorder, Flaws, Outage, Size
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.totals import broken_rules
from tests.support.cells_recount import cells
from tests.support.form_recount import Days, lines
from tests.support.ledger_storm import Storm
from tests.support.log_recount import differing, histories
from tests.support.official_fire import as_cells, heard_of, official_again, tick, with_announcements
from tests.support.province_ledger import ProvinceLedger, calendar, irregular_again, rows_again
from tests.support.province_log import truth
from tests.support.simulations import BOOK
from tests.support.totals_topics import official_totals
from tests.support.whole_bus import WholeBus

DAYS: Final = 30
EVENTS_OF_A_DOSSIER: Final = 5.5
"""Events of all kinds of case for each dossier of a simulated month; a little less than there are."""
MAY: Final = Days(date(2026, 4, 15), date(2026, 5, 14))
ANNOUNCED: Final = "sla.v1"
RESTARTED: Final = frozenset((exit_codes.TEMPORARY_FAILURE, exit_codes.UNAVAILABLE))
"""How a sink ends whose database went away; its supervisor starts it again."""


def province(events: int, seed: int) -> list[OutboundRecord]:
    """A simulated month of at least so many records: all kinds, scrambled, an office three days late."""
    per_day = events / DAYS / EVENTS_OF_A_DOSSIER * 1.35
    size = Size(seed=seed, days=DAYS, dossiers_per_day=per_day, communes=69)
    happened = truth(size, Flaws(conflicts=0.005, lost=0.002))
    log = happened.log(Disorder(outages=(Outage("H27.40.5", 3),)))
    assert len(log) >= events
    return list(with_announcements((OutboundRecord(each.topic, each.key, each.value) for each in log), seed))


class LedgerFire(Storm):
    """A storm in which the database has its own troubles. At its end the ledger publishes its totals."""

    topics = (*CASE_TOPICS, ANNOUNCED)

    def use(self, server: EmbeddedPostgres) -> None:
        """The server that may be restarted: nobody else must use it."""
        self._server = server

    async def begin(self) -> None:
        """Make topics and tables, tell the time zone, start the sinks."""
        await super().begin()
        await self._publisher.publish([calendar()])

    async def restart_database(self, how: signal.Signals) -> None:
        """End the database while records flow: at once (SIGINT), or as after a crash (SIGQUIT); start it again."""
        await self._one_at_work()
        async with self._flowing():
            before = self.taken()
            await self._until(lambda: self.taken() > before, what="a sink that takes records")
            self._server.stop_signal = how
            self._server.stop()
            self._server.start(tied=True)
        await self.all_taken("the sinks to find the database again")

    async def block(self, seconds: float) -> None:
        """Hold a lock that every batch needs for so long while records wait; sinks give up, and begin again."""
        await self._one_at_work()
        ended = self.surprises.copy()
        async with self._flowing():
            await asyncio.sleep(self.chance.uniform(0.2, 0.6))
            side = connect_now(*self._bus[1:], autocommit=False)
            side.execute("LOCK TABLE case_row IN EXCLUSIVE MODE")
            await asyncio.sleep(self.chance.uniform(0.5, 1))
        clock = asyncio.get_running_loop().time
        over = clock() + seconds
        stands = self.taken()
        await self._until(lambda: clock() >= over and self.surprises != ended, what="a sink that gives up")
        assert self.taken() == stands < self.written, "nobody may get past the lock"
        gave_up = set(self.surprises - ended)
        # One that was begun just before finds the lock where it makes itself ready.
        assert exit_codes.TEMPORARY_FAILURE in gave_up <= {exit_codes.TEMPORARY_FAILURE, exit_codes.UNAVAILABLE}, (
            gave_up
        )
        side.rollback()
        side.close()
        await self.all_taken("the sinks to go on behind the block")

    async def all_taken(self, what: str) -> None:
        """Everything written so far is in the ledger."""
        await self._until(lambda: self.taken() == self.written, what=what)

    async def _before_the_end(self) -> None:
        if not self.weather.flags:  # a sink without a protection may lose the tick
            await self._publisher.publish([tick(self.sound)])
            ticks = "SELECT coalesce(sum(next_offset), 0)::bigint FROM position WHERE topic = 'tick.v1'"
            await self._until(lambda: self._number(ticks) > 0, what="the tick to be taken")

    async def wrong(self) -> dict[str, list[Any]]:
        """By what it is, some of the rows and cells that are not what a recount of the log says; after ``finish``."""
        log = await self.log()
        found = differences(*self._bus[1:], log)
        return found if self.weather.flags else found | await self._wrongly_published(log)

    async def _wrongly_published(self, log: Sequence[Record]) -> dict[str, list[Any]]:
        """Cells of which the newest record on ``official-totals.v1`` is not what a recount of the log says."""
        bus = WholeBus(*self._bus)
        try:
            published = (await official_totals(bus)).values()
            expected = official_again(histories(BOOK, log), heard_of(self.sound), await bus.decoded(ANNOUNCED))
        finally:
            await bus.close(asyncio.Event())
        pairs = {
            "official": (as_cells(published), expected),
            "broken": ([one.cell for one in published if broken_rules(one) or one.not_counted], []),
        }
        return {name: _some(*pair) for name, pair in pairs.items() if pair[0] != pair[1]}


def differences(dsn: str, prefix: str, log: Sequence[Record]) -> dict[str, list[Any]]:
    """Rows and cells of a ledger that are not what a recount of the log says; empty where all is right."""
    cases, ledger = histories(BOOK, log), ProvinceLedger(dsn, prefix)
    pairs: dict[str, tuple[Any, Any]] = {
        "rows": (ledger.rows(), rows_again(cases)),
        "irregular": (ledger.irregular(), irregular_again(cases)),
        "cells": (ledger.cells(), cells(cases)),
        "records": (ledger.records(), records_again(log)),
        "events": (ledger.events(), differing(cases)[0]),
        "form": (ledger.form("2026-M05", "office", "day"), lines(cases, MAY)),
    }
    return {name: _some(*pair) for name, pair in pairs.items() if pair[0] != pair[1]}


def records_again(log: Sequence[Record]) -> dict[tuple[str, int], tuple[int, int, int]]:
    """By partition that has records: events, repeated ones, and the offset behind the last."""
    found: dict[tuple[str, int], list[Record]] = {}
    for record in log:
        found.setdefault((record.topic, record.partition), []).append(record)
    return {
        place: (*differing(histories(BOOK, each)), max(one.offset for one in each) + 1) for place, each in found.items()
    }


def _some(found: Any, expected: Any, most: int = 5) -> list[Any]:
    if not isinstance(found, dict):
        return [(found, expected)]
    return [
        (key, found.get(key), expected.get(key))
        for key in (*found, *(key for key in expected if key not in found))
        if found.get(key) != expected.get(key)
    ][:most]
