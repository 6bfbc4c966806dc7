"""What the ledger publishes: enqueued with its figures, sent in order, by one process at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress

import pytest
import pytest_asyncio
from psycopg import AsyncConnection, OperationalError

from lienthong_consumers.ledger.database import connect
from lienthong_consumers.ledger.publishing import Publishing, Scheduled, stand_by
from lienthong_consumers.ledger.relay import Relay
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_consumers.ledger.tables.outbound import enqueue, newest
from lienthong_infra.errors import Fenced
from lienthong_infra.ports import OutboundRecord, PartitionLog, TopicPartition
from lienthong_schemas.instants import Instant
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import dossier, outbound

pytestmark = pytest.mark.broker

TOPIC = "totals.v1"
SOURCE = TopicPartition("outbound", 0)


@pytest_asyncio.fixture
async def connection(bench: LedgerBench) -> AsyncIterator[AsyncConnection]:
    """A connection to the ledger."""
    async with await connect(bench.dsn, bench.prefix) as made:
        yield made


def figure(key: str, number: int) -> OutboundRecord:
    """A record that tells a number."""
    return OutboundRecord(TOPIC, key.encode(), b"%d" % number, (("made-by", b"test"),))


async def put(connection: AsyncConnection, *records: OutboundRecord) -> None:
    """Enqueue records in a transaction."""
    async with connection.transaction(), connection.cursor() as cursor:
        await enqueue(cursor, records)


async def owned_log(bench: LedgerBench) -> PartitionLog:
    """The log of a relay that has begun."""
    log = bench.broker.partition_log(SOURCE, application="ledger-publisher")
    await log.fence()
    return log


def told(bench: LedgerBench) -> list[tuple[bytes | None, bytes | None]]:
    """Keys and values on the topic."""
    return [(record.key, record.value) for record in bench.broker.records(TOPIC)]


async def test_records_go_out_in_their_order_and_once(bench: LedgerBench, connection: AsyncConnection) -> None:
    """With their headers; a second round sends nothing."""
    await put(connection, figure("a", 1), figure("b", 1))
    await put(connection, figure("a", 2))
    relay = Relay(connection, await owned_log(bench))
    assert (await relay.send(), await relay.send()) == (Counter({TOPIC: 3}), Counter())
    assert told(bench) == [(b"a", b"1"), (b"b", b"1"), (b"a", b"2")]
    assert bench.broker.records(TOPIC)[0].headers == (("made-by", b"test"),)


async def test_a_transaction_that_fails_publishes_nothing(bench: LedgerBench, connection: AsyncConnection) -> None:
    """What its records told did not come to be."""
    with suppress(ZeroDivisionError):
        async with connection.transaction(), connection.cursor() as cursor:
            await enqueue(cursor, [figure("a", 1)])
            raise ZeroDivisionError
    await Relay(connection, await owned_log(bench)).send()
    assert told(bench) == []


async def test_who_dies_before_the_mark_sends_again(bench: LedgerBench, connection: AsyncConnection) -> None:
    """Acknowledged and not marked: at least once, and in order, so the newest of each key is the newest."""

    def die(effect: str) -> None:
        if effect == "committed":
            raise KeyboardInterrupt

    await put(connection, figure("a", 1), figure("a", 2))
    bench.broker.before_effect = die
    with pytest.raises(KeyboardInterrupt):
        await Relay(connection, await owned_log(bench)).send()
    bench.broker.before_effect = lambda effect: None
    await put(connection, figure("a", 3))
    await Relay(connection, await owned_log(bench)).send()
    assert [value for _, value in told(bench)] == [b"1", b"2", b"1", b"2", b"3"]


async def test_a_former_relay_is_shut_out(bench: LedgerBench, connection: AsyncConnection) -> None:
    """It slept with records in its hand; it must not put them behind the newer ones of its successor."""
    former = Relay(connection, await owned_log(bench))
    await owned_log(bench)
    await put(connection, figure("a", 1))
    with pytest.raises(Fenced):
        await former.send()
    assert told(bench) == []


async def test_of_what_was_sent_the_newest_record_of_a_key_stays(
    bench: LedgerBench, connection: AsyncConnection
) -> None:
    """The table does not grow with every snapshot, and a publication can ask what readers know."""
    relay = Relay(connection, await owned_log(bench))
    for number in range(3):
        await put(connection, figure("a", number), figure("b", number))
        await relay.send()
    await put(connection, figure("b", 3))
    assert bench.rows("SELECT count(*), count(*) FILTER (WHERE sent_at IS NULL) FROM outbound") == [(3, 1)]
    async with connection.cursor() as cursor:
        assert await newest(cursor, TOPIC) == {b"a": b"2", b"b": b"3"}


async def test_a_record_says_what_the_ledger_had_read(bench: LedgerBench, connection: AsyncConnection) -> None:
    """The newest append time of the log, not the clock of the database."""
    bench.put(outbound(dossier(1, 1), timestamp=1_750_000_123_456))
    await bench.settle()
    await put(connection, figure("a", 1))
    assert bench.value("SELECT (extract(epoch FROM known_at) * 1000)::bigint FROM outbound") == 1_750_000_123_456


async def test_a_record_without_key_is_refused(connection: AsyncConnection) -> None:
    """Readers keep the newest record of a key; a partition of one's own would break the order of the key."""
    with pytest.raises(ValueError, match="must have a key"):
        await put(connection, OutboundRecord(TOPIC, None, b"1"))
    with pytest.raises(ValueError, match="neither partition"):
        await put(connection, OutboundRecord(TOPIC, b"a", b"1", partition=3))


async def test_ids_are_committed_in_their_order(bench: LedgerBench, connection: AsyncConnection) -> None:
    """Who enqueues while another's transaction is open waits: else its record could be sent before an older one."""
    async with await connect(bench.dsn, bench.prefix) as other:
        async with connection.transaction(), connection.cursor() as cursor:
            await enqueue(cursor, [figure("a", 1)])
            waiting = asyncio.create_task(put(other, figure("a", 2)))
            done, _ = await asyncio.wait({waiting}, timeout=0.2)
            assert not done
        await waiting
    assert bench.rows("SELECT value FROM outbound ORDER BY id") == [(b"1",), (b"2",)]


class Heard:
    """An observer that remembers, and stops the work once something was sent."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.stop = stop
        self.turns: list[tuple[str, int, Instant]] = []
        self.out: Counter[str] = Counter()

    def active(self, is_active: bool) -> None:
        """Nothing."""

    def published(self, name: str, records: int, now: Instant) -> None:
        """A turn."""
        self.turns.append((name, records, now))

    def sent(self, records: Counter[str], unsent: int) -> None:
        """Something went out."""
        self.out += records
        self.stop.set()


class CountOfCases:
    """A publication: how many cases there are. ``meanwhile`` happens between its two looks."""

    def __init__(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._meanwhile = meanwhile
        self.seen: list[int] = []

    async def publish(self, cursor: Cursor, now: Instant) -> Sequence[OutboundRecord]:
        """One record."""
        for _ in range(2):
            await cursor.execute("SELECT count(*) FROM case_row")
            self.seen.append(int((await cursor.fetchone() or (0,))[0]))
            if len(self.seen) == 1:
                await self._meanwhile()
        return [figure("cases", self.seen[-1])]


async def test_a_publication_sees_one_snapshot(bench: LedgerBench, connection: AsyncConnection) -> None:
    """A batch that is committed between two of its queries is not seen by the second."""

    async def take_a_record() -> None:
        bench.put(outbound(dossier(1, 1)))
        await bench.settle()

    publication, stop = CountOfCases(take_a_record), asyncio.Event()
    heard = Heard(stop)
    relay = Relay(connection, await owned_log(bench))
    await Publishing(connection, relay, [Scheduled("cases", publication, 60.0)], heard, clock=lambda: 7).run(stop)
    assert publication.seen == [0, 0]
    assert bench.value("SELECT count(*) FROM case_row") == 1
    assert (heard.turns, heard.out, told(bench)) == ([("cases", 1, 7)], Counter({TOPIC: 1}), [(b"cases", b"0")])


class Failing:
    """A publication that writes something and fails."""

    async def publish(self, cursor: Cursor, now: Instant) -> Sequence[OutboundRecord]:
        """Fail."""
        await cursor.execute("DELETE FROM position")
        raise ZeroDivisionError


async def test_a_publication_that_fails_ends_the_work_and_leaves_nothing(
    bench: LedgerBench, connection: AsyncConnection
) -> None:
    """Nothing of its transaction stays; a supervisor starts the process again."""
    bench.put(outbound(dossier(1, 1)))
    await bench.settle()
    stop = asyncio.Event()
    relay = Relay(connection, await owned_log(bench))
    with pytest.raises(ZeroDivisionError):
        await Publishing(connection, relay, [Scheduled("failing", Failing(), 60.0)], Heard(stop)).run(stop)
    assert bench.value("SELECT count(*) FROM position") == len(bench.partitions)


async def test_a_second_process_stands_by_until_the_first_is_gone(
    bench: LedgerBench, connection: AsyncConnection
) -> None:
    """The lock goes with the session that holds it; a stop ends the waiting."""
    stop = asyncio.Event()
    assert await stand_by(connection, stop)
    async with await connect(bench.dsn, bench.prefix) as second:
        waiting = asyncio.create_task(stand_by(second, stop))
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done
        await connection.close()
        assert await waiting
        async with await connect(bench.dsn, bench.prefix) as third:
            stopped = asyncio.create_task(stand_by(third, stop))
            await asyncio.wait({stopped}, timeout=0.2)
            stop.set()
            assert not await stopped


async def test_a_holder_that_says_nothing_is_ended(bench: LedgerBench, connection: AsyncConnection) -> None:
    """A frozen process keeps its session; nobody waits for it for ever."""
    stop = asyncio.Event()
    assert await stand_by(connection, stop)
    async with await connect(bench.dsn, bench.prefix) as second:
        assert await stand_by(second, stop, silence_s=0.0)
    with pytest.raises(OperationalError):
        await connection.execute("SELECT 1")
