"""The bulk reader reads what a consumer of committed records reads, and what it uses of the client is as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.metadata import version

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from lienthong_infra.kafka import bulk
from lienthong_infra.kafka.bulk import BulkReader, committed
from lienthong_infra.kafka.naming import full_name
from lienthong_infra.ports import Change, TopicPartition
from tests.support.brokers import CHANGELOG_CONFIG, KafkaKit, records_of
from tests.support.client_parts import ClientLog, fingerprint_of

HERE = TopicPartition("log.v1", 0)
FINGERPRINTS = {
    "aiokafka.client:AIOKafkaClient.bootstrap": "198943b004e55849",
    "aiokafka.client:AIOKafkaClient.send": "246b277687d7b687",
    "aiokafka.client:AIOKafkaClient.force_metadata_update": "cb7befef21c8f3f9",
    "aiokafka.protocol.fetch:FetchRequest": "ef21d383f1372a25",
    "aiokafka.protocol.offset:OffsetRequest": "d01378a63d0c1062",
    "aiokafka.consumer.fetcher:PartitionRecords": "94aa0da0dbec8d1b",
    "aiokafka.consumer.fetcher:Fetcher._proc_fetch_request": "59bf948fff47eed5",
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
    """One partition on a real Kafka, written by producers with and without transactions."""

    def __init__(self, kit: KafkaKit) -> None:
        super().__init__(kit)
        self._name = full_name(kit.prefix, HERE.topic)

    async def write(self, producer: AIOKafkaProducer, *values: bytes | None) -> None:
        """Write values and wait until they lie in the log."""
        for value in values:
            await producer.send_and_wait(self._name, key=b"key", value=value, partition=0)

    async def transaction(self, producer: AIOKafkaProducer, *values: bytes, commit: bool) -> None:
        """A whole transaction."""
        await producer.begin_transaction()
        await self.write(producer, *values)
        await (producer.commit_transaction() if commit else producer.abort_transaction())

    async def read(self) -> list[Change]:
        """What the bulk reader reads."""
        reader = BulkReader(self.kit.bootstrap, self.kit.prefix, HERE)
        return [each async for portion in reader.portions() for each in portion]

    async def read_by_consumer(self) -> list[Change]:
        """What a consumer of committed records reads."""
        return [(each.key or b"", each.value) for each in await records_of(self.kit, HERE.topic, 0)]


@pytest.fixture
async def log(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[Log]:
    """A partition of the test's own."""
    kit = KafkaKit(kafka_bootstrap, unique_prefix)
    await kit.create_topic(HERE.topic, 1, CHANGELOG_CONFIG)
    one = Log(kit)
    yield one
    await one.close()
    await kit.close()


@pytest.mark.broker
@pytest.mark.parametrize("fetch_bytes", [bulk.FETCH_BYTES, 1], ids=["one-fetch", "a-fetch-a-batch"])
async def test_only_committed_records_are_read(log: Log, monkeypatch: pytest.MonkeyPatch, fetch_bytes: int) -> None:
    """Aborted transactions are left out, also one that reaches over another producer's committed one, over records
    without a transaction and over several fetches; the same producer is heard again in its next transaction."""
    monkeypatch.setattr(bulk, "FETCH_BYTES", fetch_bytes)
    plain, one, two = await log.producer(), await log.producer("one"), await log.producer("two")
    await log.transaction(one, b"1", b"2", commit=True)
    await two.begin_transaction()
    await log.write(two, b"aborted 1", b"aborted 2")
    await log.transaction(one, b"3", commit=True)
    await log.transaction(one, b"aborted 3", commit=False)
    await log.write(plain, b"4", None)
    await log.write(two, b"aborted 4")
    await two.abort_transaction()
    await log.transaction(two, b"5", commit=True)
    await log.transaction(one, b"6", commit=True)
    await log.transaction(one, b"aborted 5", commit=False)
    found = await log.read()
    assert [value for _, value in found] == [b"1", b"2", b"3", b"4", None, b"5", b"6"]
    assert found == await log.read_by_consumer()


@pytest.mark.broker
async def test_nothing_behind_an_open_transaction_is_read(log: Log) -> None:
    """The end is that of what is decided: as a consumer of committed records sees it."""
    plain, one = await log.producer(), await log.producer("one")
    await log.write(plain, b"1")
    await one.begin_transaction()
    await log.write(one, b"open")
    await log.write(plain, b"behind")
    assert [value for _, value in await log.read()] == [b"1"] == [value for _, value in await log.read_by_consumer()]


@pytest.mark.broker
async def test_many_batches_of_every_size_are_read_in_order(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over many fetches, compressed batches among them; an empty log is read, too."""
    assert await log.read() == []
    monkeypatch.setattr(bulk, "FETCH_BYTES", 20_000)
    plain, packed = await log.producer(), await log.producer(compression="gzip")
    expected = []
    for number in range(40):
        values = [b"%d-%d" % (number, at) * (1 + number * at % 50) for at in range(50)]
        producer = packed if number % 3 == 0 else plain
        batch = producer.create_batch()
        for value in values:
            assert batch.append(key=b"key", value=value, timestamp=None) is not None
        await (await producer.send_batch(batch, full_name(log.kit.prefix, HERE.topic), partition=0))
        expected += [(b"key", value) for value in values]
    assert await log.read() == expected == await log.read_by_consumer()


def a_batch() -> bytes:
    """Three records, as they lie in a log from offset 0 on."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000)
    for offset in range(3):
        builder.append(offset, 0, b"key", b"%d" % offset, [])
    return bytes(builder.build())


def test_records_outside_the_bounds_are_left_out() -> None:
    """A batch is fetched whole, wherever the position and the end lie in it."""
    assert next(iter(MemoryRecords(a_batch()).next_batch())).value == b"0"
    assert committed(a_batch(), (), 0, 3) == ([(b"key", b"0"), (b"key", b"1"), (b"key", b"2")], 3)
    assert committed(a_batch(), (), 1, 2) == ([(b"key", b"1")], 3)
    assert committed(a_batch(), (), 0, 2) == ([(b"key", b"0"), (b"key", b"1")], 3)


def test_a_damaged_batch_is_refused() -> None:
    """A state that differs in one bit must not become the truth."""
    damaged = bytearray(a_batch())
    damaged[-2] ^= 1
    with pytest.raises(CorruptRecordException):
        committed(bytes(damaged), (), 0, 3)
