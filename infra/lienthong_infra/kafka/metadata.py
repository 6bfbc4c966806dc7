"""How many partitions a topic has, asked so that a topic that does not exist is told from a broker that is away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code

from lienthong_infra.errors import UnknownTopic
from lienthong_infra.kafka.connection import Patience, discard, started
from lienthong_infra.kafka.errors import translated, translating
from lienthong_infra.kafka.naming import full_name

_NO_ERROR: Final = 0


class _AdminClient(AIOKafkaAdminClient):  # type: ignore[misc]  # the client has no types
    """The client under the name for closing that all other clients have."""

    async def stop(self) -> None:
        await self.close()


async def topic_partitions(bootstrap: str, names: Sequence[str], patience: Patience | None = None) -> dict[str, int]:
    """How many partitions the topics with these full names have. Raises UnknownTopic or UnavailableError."""
    admin = await started(
        lambda: _AdminClient(bootstrap_servers=bootstrap),
        bootstrap=bootstrap,
        doing="asking for topics",
        patience=patience,
    )
    try:
        with translating("asking for topics"):
            # All of them: a broker that makes topics by itself would make one that is asked for by its name.
            found = {each["topic"]: each for each in await admin.describe_topics()}
    finally:
        await discard(admin)
    counts: dict[str, int] = {}
    for name in names:
        if name not in found:
            raise UnknownTopic(name)
        if found[name]["error_code"] != _NO_ERROR:
            raise translated(for_code(found[name]["error_code"])(), f"asking for the topic {name}")
        counts[name] = len(found[name]["partitions"])
    return counts


class PartitionCounts:
    """How many partitions topics have, by their names without prefix; asked once, for the number never changes."""

    def __init__(self, bootstrap: str, prefix: str, patience: Patience | None = None) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._patience = patience
        self._known: dict[str, int] = {}

    async def of(self, topics: Iterable[str]) -> Mapping[str, int]:
        """The counts of these topics, and of others asked for before. Raises UnknownTopic or UnavailableError."""
        unknown = {full_name(self._prefix, topic): topic for topic in topics if topic not in self._known}
        if unknown:
            found = await topic_partitions(self._bootstrap, list(unknown), self._patience)
            self._known.update({topic: found[name] for name, topic in unknown.items()})
        return self._known
