"""What contracts about the Kafka client's inside share: its source as it was read, and producers of a test's own."""

from __future__ import annotations

import hashlib
import importlib
import inspect
from typing import Any

from aiokafka import AIOKafkaProducer

from tests.support.brokers import KafkaKit


def fingerprint_of(part: str) -> str:
    """The beginning of the hash of a part's source; ``part``: ``module:name`` or ``module:class.method``."""
    module, _, path = part.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return hashlib.sha256(inspect.getsource(found).encode()).hexdigest()[:16]


class ClientLog:
    """A topic on a real Kafka, and the clients that a test has of it."""

    def __init__(self, kit: KafkaKit) -> None:
        self.kit = kit
        self._clients: list[Any] = []

    async def producer(self, name: str = "", compression: str | None = None) -> AIOKafkaProducer:
        """A producer; with a name it writes in transactions."""
        made = AIOKafkaProducer(
            bootstrap_servers=self.kit.bootstrap,
            transactional_id=f"{self.kit.prefix}-{name}" if name else None,
            compression_type=compression,
        )
        await made.start()
        self._clients.append(made)
        return made

    async def close(self) -> None:
        """Close all clients; those with open transactions too."""
        for each in self._clients:
            await each.stop()
