"""The client writes the first request of a transaction within the turns that a host gives it."""

from __future__ import annotations

import asyncio
import logging

import pytest

from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_streams.runtime.host import TURNS
from tests.support.brokers import CHANGELOG_CONFIG, KafkaKit


class Requests(logging.Handler):
    """Notes in which turn of the event loop the client writes a request, by what it says of it in its log."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0
        self.at: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Requests to add partitions to a transaction only."""
        if record.getMessage().startswith("Request") and "AddPartitionsToTxn" in record.getMessage():
            self.at.append(self.turn)

    async def count(self) -> None:
        """Count the turns, for ever."""
        while True:
            self.turn += 1
            await asyncio.sleep(0)


@pytest.mark.broker
async def test_a_transaction_is_on_its_way_after_so_many_turns(kafka_bootstrap: str, unique_prefix: str) -> None:
    """Fewer, and the partitions of a step would compute one after another before any of them is written."""
    kit, requests, log = KafkaKit(kafka_bootstrap, unique_prefix), Requests(), logging.getLogger("aiokafka.conn")
    await kit.create_topic("out.v1")
    await kit.create_topic("deadlines-changelog-in.v1", 1, CHANGELOG_CONFIG)
    owner = kit.partition_log(TopicPartition("in.v1", 0))
    await owner.fence()
    outputs, changes = [OutboundRecord("out.v1", b"key", b"said")], [(b"key", b"state")]
    await owner.commit(outputs, changes)  # the first one asks for the topics as well
    level = log.level
    log.addHandler(requests)
    log.setLevel(logging.DEBUG)
    counting = asyncio.create_task(requests.count())
    try:
        begun = requests.turn
        await owner.commit(outputs, changes)
        assert 0 < requests.at[0] - begun <= TURNS
    finally:
        counting.cancel()
        log.setLevel(level)
        log.removeHandler(requests)
        await kit.close()
