"""A storm over ledger sinks on a real Kafka and PostgreSQL: records flow while the sinks are ended again and again."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Final, LiteralString

from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.migrate import migrate
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.errors import ContractError
from tests.support.ledger_bench import counted
from tests.support.ledger_log import BOOK, case, dossier, hour, outbound, recount_log
from tests.support.ledger_process import POINTS
from tests.support.ledger_recount import Recount

FREEZE: Final = signal.SIGSTOP
"""How a sink becomes a zombie: it stands still beyond its session and then goes on."""
WAIT_S: Final = 90.0
"""Seconds until a storm that makes no progress fails: a session, a rebalance and a slow machine together."""
EVENTS_OF_A_CASE: Final = 10
OFFICES: Final = 20
WINDOW: Final = 300
"""Records among which the order is mixed."""
PIECE: Final = 100
"""Records written at a time, so that sinks are in the middle of something when they are ended."""
PACE_S: Final = 0.05
LOOK_S: Final = 0.05


def events(chance: random.Random) -> Iterator[OutboundRecord]:
    """Records without end: whole cases, a little out of order, with duplicates, conflicts, holes and garbage."""
    window: list[OutboundRecord] = []
    for number in count(1):
        office = f"H27.{chance.randint(1, OFFICES)}"
        for seq in range(1, EVENTS_OF_A_CASE + 1):
            window.extend(_deliveries(number, seq, office, chance))
        while len(window) > WINDOW:
            yield window.pop(chance.randrange(WINDOW // 3))


def _deliveries(number: int, seq: int, office: str, chance: random.Random) -> list[OutboundRecord]:
    last = seq == EVENTS_OF_A_CASE
    end = hour(chance.choice((50, 99, 101, 200))) if last else None
    event = dossier(number, seq, "9" if last else "4", office=office, ended_at=end)
    luck = chance.random()
    if luck < 0.05:
        return [outbound(event)] * 2
    if luck < 0.06:
        return [outbound(event), outbound({**event, "step": "another", "accepted_at": hour(seq - 1)})]
    if luck < 0.065:
        return [outbound(event), OutboundRecord("dossier.v1", case(number).encode(), chance.randbytes(20))]
    return [] if luck < 0.07 else [outbound(event)]  # an event that never comes leaves a hole


@dataclass
class Sink:
    """A sink process that is started again whenever it ends."""

    command: Sequence[str]
    log: Path
    running: subprocess.Popen[bytes] | None = None
    said: int = 0
    """Bytes of the log that an earlier process wrote."""

    def start(self, *point: str) -> None:
        """Start it, to die at a point where one is given."""
        self.said = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self.running = subprocess.Popen([*self.command, *point], stdout=output, stderr=output)

    def at_work(self) -> bool:
        """Whether it has said that it has started."""
        return b"ledger-started" in self.log.read_bytes()[self.said :]

    def stands_still(self) -> bool:
        """Whether it has been stopped and can go on."""
        assert self.running is not None
        state = Path(f"/proc/{self.running.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
        return state == "T"

    def signal(self, how: signal.Signals) -> None:
        """Send it a signal."""
        assert self.running is not None
        self.running.send_signal(how)

    def exit_code(self) -> int | None:
        """Its exit code, None while it runs."""
        assert self.running is not None
        return self.running.poll()

    def kill(self) -> None:
        """End it whatever state it is in."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()


@dataclass(frozen=True)
class Weather:
    """What a storm is made of."""

    seed: int = 20261122
    records: Sequence[OutboundRecord] = ()
    """What is brought; without any, dossiers without end."""
    piece: int = PIECE
    flags: tuple[str, ...] = ()
    """Of the sinks; see ``ledger_process``."""


class Storm:
    """One storm: a bus, a ledger, and two sinks that share it."""

    topics: tuple[str, ...] = CASE_TOPICS
    """What is brought, and must be taken."""

    def __init__(self, bootstrap: str, dsn: str, prefix: str, folder: Path, weather: Weather | None = None) -> None:
        self.weather = weather = weather or Weather()
        self.chance = random.Random(weather.seed)
        self.codes: Counter[int] = Counter()
        """Exit codes of sinks that were ended."""
        self.surprises: Counter[int] = Counter()
        """Exit codes of sinks that ended by themselves, and were started again as a supervisor does."""
        self.written = 0
        self._bus = (bootstrap, dsn, prefix)
        self._events = iter(weather.records) if weather.records else events(self.chance)
        self._publisher = KafkaPublisher(bootstrap, prefix)
        command = (sys.executable, "-m", "tests.support.ledger_process", bootstrap, dsn, prefix, *weather.flags)
        self._ending: Sink | None = None
        self._sinks = [Sink(command, folder / f"sink-{number}.log") for number in range(2)]

    async def begin(self) -> None:
        """Make topics and tables, start the sinks."""
        bootstrap, dsn, prefix = self._bus
        async with KafkaAdmin(bootstrap, prefix) as admin:
            await admin.apply(load_catalogue())
        migrate(dsn, prefix)
        for sink in self._sinks:
            sink.start()

    async def strike(self, how: signal.Signals) -> None:
        """End one of the sinks with a signal while records are being taken, and start it again."""
        sink = await self._one_at_work()
        async with self._flowing():
            before = self.taken()
            await self._until(lambda: self.taken() > before, what="a sink that takes records")
            await asyncio.sleep(self.chance.uniform(0, 0.2))
            self._ending = sink
            sink.signal(how)
        if how is FREEZE:
            await self._thaw(sink)
        await self._end_of(sink)
        sink.start()
        self._ending = None

    async def freeze_at(self, point: str = POINTS[0]) -> None:
        """Let one of the sinks stand still with a batch in its hands until another has taken over, then go on."""
        sink = await self._one_at_work()
        self._ending = sink
        sink.signal(signal.SIGTERM)
        await self._end_of(sink)
        sink.start("--freeze", point, str(self.chance.randint(1, 3)))
        async with self._flowing():
            await self._until(sink.stands_still, what="a sink that stands still")
        await self._thaw(sink)
        await self._end_of(sink)
        sink.start()
        self._ending = None

    async def _thaw(self, sink: Sink) -> None:
        """Once the other sink has taken all that there is, let one that stands still go on for a moment, and end it."""
        await self._until(lambda: self.taken() == self.written, what="the other sink to take over")
        sink.signal(signal.SIGCONT)
        await asyncio.sleep(self.chance.uniform(0.5, 1.5))
        sink.signal(signal.SIGTERM)

    async def die_at(self, point: str) -> None:
        """Let one of the sinks kill itself at a named point, and start it again."""
        sink = await self._one_at_work()
        self._ending = sink
        sink.signal(signal.SIGTERM)
        await self._end_of(sink)
        self._ending = sink
        sink.start(point, str(self.chance.randint(1, 3)))
        async with self._flowing():
            await self._end_of(sink)
        sink.start()
        self._ending = None

    async def finish(self, least: int) -> None:
        """Write until there are so many records, or no more, let the sinks take all of them, and end them."""
        while self.written < least and await self._write_piece():
            pass
        letters = len(await self.log()) - len(self.sound)
        await self._until(lambda: self.taken() == self.written, what="all records to be taken")
        await self._until(lambda: self.letters() == letters, what="all letters to be taken")
        await self._before_the_end()
        for sink in list(self._sinks):
            await self._until(sink.at_work, what="a sink that has started")
            self._ending = sink
            sink.signal(signal.SIGTERM)
            await self._end_of(sink)
            self._sinks.remove(sink)

    async def _before_the_end(self) -> None:
        """All is taken, and the sinks still run."""

    async def _end_of(self, sink: Sink) -> None:
        self._ending = sink
        await self._until(lambda: sink.exit_code() is not None, what="the end of a sink")
        self.codes[sink.exit_code() or 0] += 1

    async def _until(self, condition: Callable[[], bool], *, what: str) -> None:
        """Return once the condition holds, starting again whatever ended by itself; fail after ``WAIT_S`` seconds."""
        try:
            async with asyncio.timeout(WAIT_S):
                while not condition():
                    self._revive()
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise AssertionError(f"waited {WAIT_S} s in vain for {what}") from None

    def _revive(self) -> None:
        for sink in self._sinks:
            code = sink.exit_code()
            if code is not None and sink is not self._ending:
                self.surprises[code] += 1
                sink.start()

    async def _one_at_work(self) -> Sink:
        sink = self.chance.choice(self._sinks)
        await self._until(sink.at_work, what="a sink that has started")
        return sink

    @asynccontextmanager
    async def _flowing(self) -> AsyncIterator[None]:
        """Records flow while this lasts."""

        async def flow() -> None:
            while not ebb.is_set():
                if not self.weather.records or self.taken() == self.written:
                    await self._write_piece()  # what has an end is brought bit by bit, so that it lasts for all faults
                await asyncio.sleep(PACE_S)

        ebb = asyncio.Event()
        task = asyncio.create_task(flow())
        try:
            yield
        finally:
            ebb.set()
            await task

    async def _write_piece(self) -> int:
        piece = list(islice(self._events, self.weather.piece))
        self.written += len(await self._publisher.publish(piece))
        return len(piece)

    def taken(self) -> int:
        """How many of the records the ledger has taken."""
        return self._number(
            "SELECT coalesce(sum(next_offset), 0)::bigint FROM position WHERE topic = ANY(%s)", list(self.topics)
        )

    def letters(self) -> int:
        """How many dead letters the ledger holds."""
        return self._number("SELECT count(*) FROM dead_letter")

    def _number(self, query: LiteralString, *arguments: object) -> int:
        with connect_now(*self._bus[1:]) as connection:
            (number,) = connection.execute(query, arguments).fetchone() or (0,)
        return int(number)

    async def log(self) -> list[Record]:
        """All records of cases."""
        reader = KafkaReader(self._bus[0], self._bus[2])
        try:
            found = [
                record
                for topic in CASE_TOPICS
                for number in range(await reader.partitions(topic))
                async for record in read_to_end(reader, TopicPartition(topic, number))
            ]
        finally:
            await reader.close()
        self.sound = [record for record in found if _readable(record)]
        return found

    def expected(self) -> Recount:
        """What the log says the ledger must hold; after ``finish``."""
        return recount_log(self.sound)

    def found(self) -> Recount:
        """What the ledger holds."""
        return counted(*self._bus[1:])

    async def close(self) -> None:
        """End everything."""
        for sink in self._sinks:
            sink.kill()
        await self._publisher.close()


def _readable(record: Record) -> bool:
    try:
        BOOK.decode(record.topic, record.value or b"")
    except ContractError:
        return False
    return True
