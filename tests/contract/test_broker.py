"""The broker contract, bound to the memory broker and to a real Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.broker_contract import BrokerContract, TransactionContract
from tests.contract.membership_contract import MembershipContract
from tests.support.brokers import BrokerKit, KafkaKit, MemoryKit


class TestMemoryBroker(BrokerContract, TransactionContract, MembershipContract):
    """The memory broker."""

    @pytest.fixture
    async def kit(self) -> BrokerKit:
        """A memory broker of the test's own."""
        return MemoryKit()


@pytest.mark.broker
class TestKafka(BrokerContract, TransactionContract, MembershipContract):
    """A real Kafka."""

    @pytest.fixture
    async def kit(self, kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[BrokerKit]:
        """Topics of the test's own on a real Kafka."""
        kit = KafkaKit(kafka_bootstrap, unique_prefix)
        yield kit
        await kit.close()
