"""How many partitions a topic has, asked so that a topic that does not exist is told from a broker that is away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code

from lienthong_infra.errors import UnknownTopic
from lienthong_infra.kafka.connection import Patience, discard, started
from lienthong_infra.kafka.errors import translated, translating
from lienthong_infra.kafka.naming import full_name, logical_name

_NO_ERROR: Final = 0


class _AdminClient(AIOKafkaAdminClient):  # type: ignore[misc]  # the client has no types
    """The client under the name for closing that all other clients have."""

    async def stop(self) -> None:
        await self.close()


async def topic_partitions(bootstrap: str, names: Sequence[str], patience: Patience | None = None) -> dict[str, int]:
    """How many partitions the topics with these full names have. Raises UnknownTopic or UnavailableError."""
    listed = await _listed(bootstrap, patience)
    return {name: _count(listed, name) for name in names}


async def _listed(bootstrap: str, patience: Patience | None) -> dict[str, Mapping[str, Any]]:
    """All topics of the cluster by their full names: a broker that makes topics by itself would make one that is
    asked for by its name."""
    admin = await started(
        lambda: _AdminClient(bootstrap_servers=bootstrap),
        bootstrap=bootstrap,
        doing="asking for topics",
        patience=patience,
    )
    try:
        with translating("asking for topics"):
            return {each["topic"]: each for each in await admin.describe_topics()}
    finally:
        await discard(admin)


def _count(listed: Mapping[str, Mapping[str, Any]], name: str) -> int:
    if name not in listed:
        raise UnknownTopic(name)
    if listed[name]["error_code"] != _NO_ERROR:
        raise translated(for_code(listed[name]["error_code"])(), f"asking for the topic {name}")
    return len(listed[name]["partitions"])


class PartitionCounts:
    """How many partitions topics have, by their names without prefix; asked once, for the number never changes."""

    def __init__(self, bootstrap: str, prefix: str, patience: Patience | None = None) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._patience = patience
        self._known: dict[str, int] = {}

    async def of(self, topics: Iterable[str]) -> Mapping[str, int]:
        """The counts of these topics, and of others of the bus. Raises UnknownTopic or UnavailableError."""
        wanted = list(topics)
        if any(topic not in self._known for topic in wanted):
            listed = await _listed(self._bootstrap, self._patience)
            self._known.update({topic: _count(listed, full_name(self._prefix, topic)) for topic in wanted})
            ours = [name for name in listed if name.startswith(full_name(self._prefix, ""))]
            good = [name for name in ours if listed[name]["error_code"] == _NO_ERROR]
            # One list names them all, so the next question about another topic needs none.
            self._known.update({logical_name(self._prefix, name): _count(listed, name) for name in good})
        return self._known
