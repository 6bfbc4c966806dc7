"""What is taken in whole batches is what ``getmany`` gives, and what is used of the client is as it was."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as ClientPartition
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException, RecordTooLargeError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from lienthong_infra.kafka.batch_fetch import BatchFetch, _next_batch
from lienthong_infra.kafka.naming import full_name
from lienthong_infra.kafka.records import fetched
from lienthong_infra.ports import Record
from tests.support.brokers import KafkaKit
from tests.support.client_parts import ClientLog, fingerprint_of

TOPIC = "in.v1"
PARTITIONS = 2
LIMIT_S = 30.0
FINGERPRINTS = {
    "aiokafka.consumer.consumer:AIOKafkaConsumer.getmany": "bc6d248e42a4e9d9",
    "aiokafka.consumer.fetcher:FetchResult": "d7db13f06de8248c",
    "aiokafka.consumer.fetcher:PartitionRecords": "94aa0da0dbec8d1b",
    "aiokafka.consumer.fetcher:Fetcher.fetched_records": "be4348896b9b66af",
    "aiokafka.consumer.fetcher:Fetcher.seek_to": "f0ba6aba6c22ef83",
    "aiokafka.consumer.fetcher:Fetcher._fetch_requests_routine": "2a8ec5932644c9b0",
    "aiokafka.consumer.fetcher:Fetcher._get_actions_per_node": "1dab2cf937d165d0",
    "aiokafka.consumer.fetcher:Fetcher._proc_fetch_request": "59bf948fff47eed5",
    "aiokafka.consumer.fetcher:Fetcher._create_fetch_waiter": "61d840568746477e",
    "aiokafka.consumer.fetcher:Fetcher._notify": "d3a30d94f34fd3a0",
    "aiokafka.consumer.subscription_state:SubscriptionState.fetch_context": "ff2a654dca239cfe",
    "aiokafka.consumer.subscription_state:SubscriptionState.wait_for_assignment": "7f09ce46a80d23d8",
}
"""Of the source of what is called, and of what is done here instead of it."""


@pytest.mark.parametrize("part", FINGERPRINTS)
def test_the_client_is_as_it_was_read(part: str) -> None:
    """Fails with any change, also a harmless one: read the new source, decide, then write the new fingerprint."""
    assert fingerprint_of(part) == FINGERPRINTS[part]


def test_the_release_is_the_one_it_was_written_for() -> None:
    """Batches are read by compiled code of the client, whose source is not installed."""
    assert version("aiokafka") == "0.14.0"


class Log(ClientLog):
    """Two partitions on a real Kafka, and consumers of them."""

    def __init__(self, kit: KafkaKit) -> None:
        super().__init__(kit)
        self.name = full_name(kit.prefix, TOPIC)
        self.places = [ClientPartition(self.name, number) for number in range(PARTITIONS)]

    async def consumer(self) -> AIOKafkaConsumer:
        """A consumer at the beginning of all partitions."""
        made = AIOKafkaConsumer(
            bootstrap_servers=self.kit.bootstrap, isolation_level="read_committed", fetch_max_wait_ms=50
        )
        await made.start()
        self._clients.append(made)
        made.assign(self.places)
        for each in self.places:
            made.seek(each, 0)
        return made

    async def write(self, producer: AIOKafkaProducer, name: str, records: int, partition: int) -> None:
        """Write one batch and wait until it lies in the log."""
        batch = producer.create_batch()
        for number in range(records):
            headers = [("name", name.encode()), ("nothing", b"")] if number % 3 == 0 else []
            value = None if number % 7 == 6 else b"%s %d" % (name.encode(), number)
            key = None if number % 5 == 4 and value else b"key %d" % number
            assert batch.append(key=key, value=value, timestamp=1_700_000_000_000 + number, headers=headers)
        await (await producer.send_batch(batch, self.name, partition=partition))

    async def fill(self) -> None:
        """Batches of all sizes, plain, packed and in transactions that end well or not, one within another."""
        plain, packed = await self.producer(), await self.producer(compression="gzip")
        one, two = await self.producer("one"), await self.producer("two")
        for partition in range(PARTITIONS):
            for number in range(12):
                await self.write(
                    packed if number % 4 == 3 else plain, f"plain {number}", 1 + number * 7 % 40, partition
                )
        for number in range(8):
            await two.begin_transaction()
            await self.write(two, f"outer {number}", 5, number % PARTITIONS)
            await one.begin_transaction()
            await self.write(one, f"inner {number}", 3 + number, number % PARTITIONS)
            await (one.abort_transaction() if number % 3 == 0 else one.commit_transaction())
            await self.write(plain, f"between {number}", 2, number % PARTITIONS)
            await (two.abort_transaction() if number % 2 == 0 else two.commit_transaction())
        await plain.send_and_wait(self.name, b"the last", partition=0)
        await plain.send_and_wait(self.name, b"the last", partition=1)


@pytest.fixture
async def log(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[Log]:
    """Partitions of the test's own."""
    kit = KafkaKit(kafka_bootstrap, unique_prefix)
    await kit.create_topic(TOPIC, PARTITIONS)
    one = Log(kit)
    yield one
    await one.close()
    await kit.close()


async def by_getmany(log: Log) -> dict[ClientPartition, list[Record]]:
    """All that a consumer gives by itself."""
    consumer, found = await log.consumer(), {each: list[Record]() for each in log.places}
    async with asyncio.timeout(LIMIT_S):
        while not ended(found):
            for records in fetched(log.kit.prefix, await consumer.getmany(timeout_ms=100)).values():
                found[ClientPartition(log.name, records[0].partition)] += records
    return found


def ended(found: dict[ClientPartition, list[Record]]) -> bool:
    """Whether the last record of each partition is there."""
    return all(records and records[-1].value == b"the last" for records in found.values())


@pytest.mark.broker
@pytest.mark.parametrize("limit", [1, 7, 40, 10_000])
async def test_what_is_taken_is_what_getmany_gives(log: Log, limit: int) -> None:
    """Whatever lies in the log and however little is taken at once; the client's position is behind what was taken."""
    await log.fill()
    consumer, found = await log.consumer(), {each: list[Record]() for each in log.places}
    batches = BatchFetch(consumer, log.kit.prefix)
    async with asyncio.timeout(LIMIT_S):
        while not ended(found):
            taken = await batches.take(timeout=0.1, limit=limit)
            assert sum(map(len, taken.values())) <= limit
            for place, records in taken.items():
                found[place] += records
                assert records[-1].offset < await consumer.position(place)
    assert found == await by_getmany(log)


@pytest.mark.broker
async def test_a_seek_counts_at_once_also_within_a_batch(log: Log) -> None:
    """What is left of a batch that was begun belongs to the place before the seek, and to no other partition."""
    await log.fill()
    expected, consumer, chance = await by_getmany(log), await log.consumer(), random.Random(1)
    batches = BatchFetch(consumer, log.kit.prefix)
    async with asyncio.timeout(LIMIT_S):
        for _ in range(60):
            place = chance.choice(log.places)
            at = chance.randrange(len(expected[place]))
            consumer.seek(place, expected[place][at].offset)
            taken = await batches.take([place], timeout=10.0, limit=chance.choice([1, 3, 30]))
            assert taken == {place: expected[place][at : at + len(taken[place])]}


@pytest.mark.broker
async def test_a_partition_that_pauses_gives_nothing_and_loses_nothing(log: Log) -> None:
    """Also what is in hand of it stays where it is; the others go on."""
    await log.fill()
    expected, consumer = await by_getmany(log), await log.consumer()
    here, there = log.places
    batches = BatchFetch(consumer, log.kit.prefix)
    async with asyncio.timeout(LIMIT_S):
        begun = (await batches.take([here], timeout=10.0, limit=3))[here]
        consumer.pause(here)
        others: list[Record] = []
        while not others or others[-1].value != b"the last":
            taken = await batches.take(timeout=0.1, limit=50)
            assert here not in taken
            others += taken.get(there, [])
        consumer.resume(here)
        while begun[-1].value != b"the last":
            begun += (await batches.take(timeout=0.1, limit=50)).get(here, [])
    assert (begun, others) == (expected[here], expected[there])


@pytest.mark.broker
async def test_an_error_of_the_client_is_raised_once(log: Log) -> None:
    """As ``getmany`` does it: what else is in hand is given first, then the partition is fetched again."""
    await log.fill()
    consumer = await log.consumer()
    batches = BatchFetch(consumer, log.kit.prefix)
    here, there = log.places
    async with asyncio.timeout(LIMIT_S):
        consumer.pause(here)
        while there not in consumer._fetcher._records:  # noqa: ASYNC110 - the client tells nobody
            await asyncio.sleep(0.01)
        consumer._fetcher._records.pop(here, None)
        consumer._fetcher._set_error(here, RecordTooLargeError("as the client says it"))
        assert list(await batches.take(limit=10_000)) == [there]
        with pytest.raises(RecordTooLargeError):
            await batches.take(limit=10_000)
        consumer.resume(here)
        assert (await batches.take([here], timeout=10.0, limit=1))[here][0].offset == 0


@pytest.mark.broker
async def test_nothing_comes_after_the_time(log: Log) -> None:
    """An empty partition keeps nobody waiting longer than was asked for, and what comes meanwhile is given at once."""
    consumer, clock = await log.consumer(), asyncio.get_running_loop().time
    batches, plain = BatchFetch(consumer, log.kit.prefix), await log.producer()
    begun = clock()
    assert await batches.take(timeout=0.2, limit=10) == {}
    assert clock() - begun >= 0.2
    taking = asyncio.create_task(batches.take(timeout=LIMIT_S, limit=10))
    await plain.send_and_wait(log.name, b"news", partition=1)
    assert [each.value for each in (await taking)[log.places[1]]] == [b"news"]


def held(data: bytes) -> Any:
    """What the client holds of a partition after a fetch from offset 0."""
    return PartitionRecords(ClientPartition("t", 0), MemoryRecords(data), [], 0, None, None, True, 1)


def test_a_damaged_batch_is_refused() -> None:
    """A record that differs in one bit must not become an event."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000)
    builder.append(0, 0, b"key", b"value", [])
    data = bytearray(builder.build())
    assert [each.value for each in _next_batch(held(bytes(data)), "t", 0)] == [b"value"]
    data[-2] ^= 1
    with pytest.raises(CorruptRecordException):
        _next_batch(held(bytes(data)), "t", 0)
