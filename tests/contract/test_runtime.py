"""The runtime contract, bound to the reference host in memory and on a real Kafka, and to Faust on a real Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.runtime_contract import RuntimeContract, RuntimeInPeace, RuntimeUnderFire
from tests.support.brokers import KafkaKit, MemoryKit
from tests.support.faust_kit import FaustKit
from tests.support.stage import Stage


class TestReferenceHostInMemory(RuntimeContract):
    """The reference host on the memory broker."""

    @pytest.fixture
    async def stage(self) -> Stage:
        """Topics on a memory broker of the test's own."""
        return await Stage(MemoryKit()).prepare()


@pytest.mark.broker
class TestReferenceHostOnKafka(RuntimeContract):
    """The reference host on a real Kafka."""

    @pytest.fixture
    async def stage(self, kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[Stage]:
        """Topics of the test's own on a real Kafka."""
        kit = KafkaKit(kafka_bootstrap, unique_prefix)
        yield await Stage(kit).prepare()
        await kit.close()


class OnFaust:
    """A stage whose hosts get their partitions from Faust."""

    @pytest.fixture
    async def stage(self, kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[Stage]:
        """Topics of the test's own on a real Kafka."""
        kit = FaustKit(kafka_bootstrap, unique_prefix)
        yield await Stage(kit).prepare()
        await kit.close()


@pytest.mark.broker
class TestFaustHost(OnFaust, RuntimeInPeace):
    """The host on Faust; no test of the suite is left out for it, but half of them take too long for every day."""


@pytest.mark.broker
@pytest.mark.faults
class TestFaustHostUnderFire(OnFaust, RuntimeUnderFire):
    """The other half."""
