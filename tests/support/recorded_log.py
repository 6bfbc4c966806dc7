"""A copy of a bus's log in memory, so that a test can read it many times in no time."""

from __future__ import annotations

from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.memory import MemoryBroker, MemoryReader
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_schemas.case_event import CASE_TOPICS

TOPICS = (*CASE_TOPICS, "sla.v1", "reference.v1", "tick.v1")
"""What an explanation reads."""


async def recorded(reader: KafkaReader) -> MemoryReader:
    """A reader of the copy: keys, values, time stamps and partitions as on the bus, without control markers."""
    broker = MemoryBroker()
    for topic in TOPICS:
        count = await reader.partitions(topic)
        broker.create_topic(topic, count)
        for number in range(count):
            async for record in read_to_end(reader, TopicPartition(topic, number)):
                copy = OutboundRecord(topic, record.key, record.value, record.headers, number, record.timestamp)
                broker.write([copy])
    return broker.reader()
