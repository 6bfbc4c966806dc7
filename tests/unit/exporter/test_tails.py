"""Reading the ends of logs without reading what lies before them."""

from __future__ import annotations

from lienthong_consumers.exporter.tails import FIRST_WINDOW, newest, read_ranges
from lienthong_infra.memory import MemoryBroker, MemoryReader
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition

LOG = TopicPartition("log", 0)


def broker_with(values: list[bytes]) -> MemoryBroker:
    """A broker with one partition that holds these values."""
    broker = MemoryBroker()
    broker.create_topic(LOG.topic)
    broker.write([OutboundRecord(LOG.topic, b"key", value, partition=0) for value in values])
    return broker


def marked(record: Record) -> bytes | None:
    """The value of a record that begins with a mark."""
    return record.value if record.value and record.value.startswith(b"mark") else None


class CountingReader(MemoryReader):
    """Counts the records that were read."""

    count = 0

    async def read(self, *, timeout: float, limit: int = 1000) -> dict[TopicPartition, list[Record]]:
        """As the reader does."""
        found = await super().read(timeout=timeout, limit=limit)
        self.count += sum(map(len, found.values()))
        return {each: list(records) for each, records in found.items()}


async def test_the_newest_record_of_a_kind_is_found_behind_others() -> None:
    """Also where others lie behind it, and behind a control marker."""
    broker = broker_with([b"mark 1", b"other", b"mark 2", b"other"])
    broker.write([OutboundRecord(LOG.topic, b"key", b"other", partition=0)], transactional=True)
    assert await newest(broker.reader(), {LOG: (0, 6)}, marked) == {LOG: b"mark 2"}


async def test_the_search_goes_back_as_far_as_it_must() -> None:
    """A record far from the end is found too."""
    broker = broker_with([b"mark 1", *[b"other"] * (FIRST_WINDOW * 40)])
    end = broker.log(LOG).end
    assert await newest(broker.reader(), {LOG: (0, end)}, marked) == {LOG: b"mark 1"}


async def test_the_search_does_not_go_back_behind_its_range() -> None:
    """What an earlier look has seen is not read again."""
    broker = broker_with([b"mark 1", b"other"])
    assert await newest(broker.reader(), {LOG: (1, 2)}, marked) == {}


async def test_a_long_log_is_not_read() -> None:
    """The position lies at the end of a changelog that may hold millions of records."""
    broker = broker_with([*[b"other"] * 10_000, b"mark 1"])
    reader = CountingReader(broker)
    assert await newest(reader, {LOG: (0, broker.log(LOG).end)}, marked) == {LOG: b"mark 1"}
    assert reader.count <= FIRST_WINDOW


async def test_what_is_written_while_reading_is_left_for_the_next_time() -> None:
    """A range has an end, so that a busy log does not hold a look up for ever."""
    broker = broker_with([b"mark 1", b"mark 2", b"mark 3"])
    read = [record.value async for record in read_ranges(broker.reader(), {LOG: (0, 2)})]
    assert read == [b"mark 1", b"mark 2"]


async def test_an_empty_range_needs_no_broker() -> None:
    """Nothing is assigned, so a topic that is not there does not matter."""
    read = [record async for record in read_ranges(MemoryBroker().reader(), {LOG: (3, 3)})]
    assert read == []
