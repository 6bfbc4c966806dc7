"""The second part of the demo: the simulated province on a bus of its own, and what is announced about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType

from lienthong.bus_setup import prepare_bus
from lienthong.demo.announcements import BREACHED, Breaches, is_news
from lienthong.demo.cases import Office
from lienthong.demo.figures import LiveFigures, differences
from lienthong.demo.ground import Ground
from lienthong.demo.news import news_of, remark, short_name
from lienthong.demo.offices import Offices
from lienthong.demo.province import OFFICES, SILENT, WAVE_S, Wave, wave
from lienthong.demo.settling import BusWatch, NotSettled, ready, until
from lienthong.demo.show import Show
from lienthong.demo.tables import UnitRow, live_remarks, units_table, way_of_events
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.recount import record_count
from lienthong_consumers.ledger.summary import unit_table
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import Publisher, TopicPartition
from lienthong_producers.clock import wall_clock
from lienthong_schemas.case_event import CASE_TOPICS, kind_of_topic
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import clock_event
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import load_reference

REFERENCE_SET: Final = "vn"
SEED: Final = 27
CLOCK_EVENTS: Final = "sla.v1"
READY_LIMIT_S: Final = 60.0
HEARD_LIMIT_S: Final = 20.0
"""How long a line stays down at most while its provisional breaches have not been announced."""
END_LIMIT_S: Final = 30.0
"""How long the last figures may take to become what they must be."""


async def prepare_live_bus(bootstrap: str, prefix: str) -> None:
    """Make the topics of a live bus under this prefix, and publish its reference data."""
    # Without the clock policies: the province's due times are seconds ahead, and those count in days.
    entries = [entry for entry in load_reference(REFERENCE_SET) if entry.kind != "clock-policy"]
    await prepare_bus(bootstrap, prefix, entries, known_from=wall_clock())


def offices_at(now: Instant) -> list[Office]:
    """The offices that take part, with the names that the reference data give them."""
    book = ReferenceBook(entry.record(None) for entry in load_reference(REFERENCE_SET))
    found = []
    for code in OFFICES:
        unit = book.unit(code, now)
        above = unit.above if unit is not None else ""
        found.append(Office(code, unit.name if unit is not None else code, above if above.isdigit() else ""))
    return found


class LiveBus:
    """The simulated province at work. Use it with ``async with``; the workers run already."""

    def __init__(self, ground: Ground, show: Show, *, began: float) -> None:
        self.offices = offices_at(wall_clock())
        self.names = {office.code: short_name(office.name) for office in self.offices}
        self.breaches = Breaches()
        self.first_breach_s: float | None = None
        """Seconds from the beginning (of the command) to the first breach announced."""
        self.waves: list[Wave] = []
        self._ground, self._show, self._began = ground, show, began
        self._watch = BusWatch(ground.bootstrap, ground.ledger_dsn, ground.live)
        self._sla = KafkaReader(ground.bootstrap, ground.live)
        folder: Path = ground.folder / "offices"
        self.work = Offices(self.offices, folder, self._connect, self._tell)
        self._following: asyncio.Task[None] | None = None

    async def __aenter__(self) -> LiveBus:
        """Wait until the workers are ready, then open the offices. Raises NotSettled where they do not get ready."""

        async def is_ready() -> bool | None:
            return ready(await self._watch.broker()) or None

        try:
            await until(is_ready, limit_s=READY_LIMIT_S)
        except BaseException as error:
            await self.__aexit__()
            if isinstance(error, TimeoutError):
                raise NotSettled(
                    f"after {READY_LIMIT_S:g} s the workers of {self._ground.live} are not ready: see their logs in"
                    f" {self._ground.logs}"
                ) from None
            raise
        self.work.open()
        self._following = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the offices and all connections."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait({self._following})
        await self.work.close()
        await self._sla.close()
        await self._watch.__aexit__()

    async def _connect(self) -> Publisher:
        publisher = KafkaPublisher(self._ground.bootstrap, self._ground.live)
        await publisher.start()
        return publisher

    def _tell(self, office: str, what: str) -> None:
        self._show.say(remark(wall_clock(), f"{self.names.get(office, office)} {what}"))

    async def _follow(self) -> None:
        """Tell what is announced, as it comes."""
        book, clock = SchemaBook(), asyncio.get_running_loop().time
        count = await self._sla.partitions(CLOCK_EVENTS)
        await self._sla.assign({TopicPartition(CLOCK_EVENTS, number): 0 for number in range(count)})
        while True:
            for records in (await self._sla.read(timeout=0.5)).values():
                for record in records:
                    event = clock_event(book.decode(CLOCK_EVENTS, record.value or b""))
                    self.breaches.add(event)
                    if event.kind == BREACHED and self.first_breach_s is None:
                        self.first_breach_s = clock() - self._began
                    if is_news(event):
                        self._show.say(news_of(event, self.names, wide=self._show.wide))

    async def watched(self, work: Awaitable[None]) -> None:
        """Do some work; raises at once what brings a forwarder or the listening down."""
        main = asyncio.ensure_future(work)
        beside = {asyncio.ensure_future(self.work.failed())}
        if self._following is not None:
            beside.add(self._following)
        try:
            await asyncio.wait({main, *beside}, return_when=asyncio.FIRST_COMPLETED)
            for each in (main, *beside):
                if each.done():
                    each.result()
        finally:
            main.cancel()
            for each in beside - {self._following}:
                each.cancel()
            await asyncio.wait({main})

    async def play_wave(self) -> None:
        """One wave; the line that is cut comes back once what fell due meanwhile has been announced."""
        one = wave(self.offices, seed=SEED, number=len(self.waves), now=wall_clock())
        self.waves.append(one)
        await self.work.play(one)
        doubted = one.withdrawn | one.confirmed

        async def announced() -> bool | None:
            return doubted <= self.breaches.provisional or None

        try:
            await until(announced, limit_s=HEARD_LIMIT_S)
        except TimeoutError:
            self._show.say("  (the breaches of the office without a line were not announced in time)")
        self.work.repair()

    async def play_on(self) -> None:
        """Wave after wave."""
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            await self.play_wave()
            if not self._show.moving:
                self._show.table(await self.picture())
            await asyncio.sleep(max(0.0, began + WAVE_S - clock()))

    async def figures(self) -> LiveFigures:
        """All counts as they are now."""
        broker, ledger = await self._watch.broker(), await self._watch.ledger()
        entries = await asyncio.to_thread(self._entries)
        return LiveFigures(
            accepted=self.work.accepted,
            repeated=self.work.repeated,
            garbled=self.work.garbled,
            on_the_bus=sum(end for each, end in broker.ends.items() if each.topic in CASE_TOPICS),
            in_the_ledger=entries,
            breaches_announced=len(self.breaches.announced),
            breaches_withdrawn=len(self.breaches.withdrawn),
            breaches_confirmed=len(self.breaches.confirmed),
            breaches_standing=sum(each.firm + each.provisional for each in ledger.breaches.values()),
            dead_letters=sum(each.open for each in ledger.letters.values()),
        )

    def _entries(self) -> int:
        with connect_now(self._ground.ledger_dsn, self._ground.live) as connection:
            return record_count(connection, list(CASE_TOPICS)).entries

    async def settled_figures(self) -> tuple[LiveFigures, list[str]]:
        """The figures once they are as they must be, or as they are after a while with what is wrong in them."""
        figures = await self.figures()
        problems = differences(figures, self.breaches, self.waves)
        clock = asyncio.get_running_loop().time
        deadline = clock() + END_LIMIT_S
        while problems and clock() < deadline:
            await asyncio.sleep(0.3)
            figures = await self.figures()
            problems = differences(figures, self.breaches, self.waves)
        return figures, problems

    async def picture(self) -> RenderableType:
        """By office, what the ledger counts now and what is to be said about its line; then the way of the events."""
        rows = await asyncio.to_thread(self._unit_rows)
        remarks = live_remarks(SILENT, self.work.down(), self.work.waiting())
        named = {name: rows.get(code, UnitRow()) for code, name in self.names.items()}
        table = units_table(named, {self.names[code]: text for code, text in remarks.items()})
        return Group(table, "", way_of_events(await self.figures()))

    def _unit_rows(self) -> dict[str, UnitRow]:
        rows: dict[str, UnitRow] = {}
        with connect_now(self._ground.ledger_dsn, self._ground.live) as connection:
            for kind in map(kind_of_topic, CASE_TOPICS):
                for one in unit_table(connection, kind, wall_clock()):
                    row = UnitRow(one.received, one.ended, one.ended_late, one.open, one.overdue)
                    rows[one.office] = rows.get(one.office, UnitRow()).plus(row)
        return rows
