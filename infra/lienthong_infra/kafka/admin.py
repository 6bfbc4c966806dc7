"""The cluster's topics and groups: describe, compare with the catalogue, create, repair; ends and group offsets.

Topics are listed and then picked by prefix, never asked for by name: where a broker creates topics by itself, asking
for a missing one would create it wrongly. The client is pinned, so its two undocumented methods used here are stable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from lienthong_infra.errors import ConfigurationError, LienthongError, UnavailableError
from lienthong_infra.kafka.admin_client import AdminClient
from lienthong_infra.kafka.connection import Patience, started
from lienthong_infra.kafka.errors import translating
from lienthong_infra.kafka.naming import full_name, group_name, logical_name
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import TopicPartition
from lienthong_infra.topic_plan import Difference, TopicState, WantedTopic, differences, wanted_topics
from lienthong_schemas.catalogue import Catalogue

SETTLE_LIMIT_S: Final = 30.0
"""How long a cluster may take to show what it has acknowledged; an embedded broker takes less than a second."""
_ASK_AGAIN_S: Final = 0.05
_OVERRIDE: Final = 1
"""Source of a setting that was set on the topic itself (DescribeConfigs, config source DYNAMIC_TOPIC_CONFIG)."""
_ALREADY_THERE: Final = 36
"""Error TOPIC_ALREADY_EXISTS: somebody else applied the catalogue at the same time."""


class GroupOffset(NamedTuple):
    """A position that a group shows, and the remark beside it."""

    offset: int
    remark: str


class KafkaAdmin:
    """Administration of the topics of one prefix. Every method raises UnavailableError where no broker answers."""

    def __init__(self, bootstrap: str, prefix: str, *, patience: Patience | None = None) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._patience = patience
        self._client: AdminClient | None = None

    async def start(self) -> None:
        """Connect, with back-off. Raises UnavailableError after the limit."""

        def make() -> AdminClient:
            return AdminClient(bootstrap_servers=self._bootstrap, client_id=f"{self._prefix}-admin")

        self._client = await started(make, bootstrap=self._bootstrap, doing="topics", patience=self._patience)

    async def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def __aenter__(self) -> KafkaAdmin:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def _admin(self) -> AdminClient:
        if self._client is None:
            raise LienthongError("KafkaAdmin: call start() first")
        return self._client

    async def describe(self) -> dict[str, TopicState]:
        """The prefix's topics as the cluster has them, by full name."""
        with translating("describing topics"):
            listed = [topic for topic in await self._admin.describe_topics() if self._ours(topic["topic"])]
            configs = await self._configs([topic["topic"] for topic in listed])
        return {
            topic["topic"]: _state(topic, *configs[topic["topic"]]) for topic in listed if topic["topic"] in configs
        }

    def _ours(self, name: str) -> bool:
        return name.startswith(full_name(self._prefix, ""))

    async def _configs(self, names: Sequence[str]) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
        if not names:
            return {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        found = {}
        for response in await self._admin.describe_configs(resources):
            for code, message, _, name, entries in response.resources:
                if code == 3:  # deleted since it was listed
                    continue
                _raise_for(code, f"settings of {name}: {message}")
                values = {entry[0]: entry[1] or "" for entry in entries}
                overrides = {entry[0]: entry[1] or "" for entry in entries if entry[3] == _OVERRIDE}
                found[name] = (values, overrides)
        return found

    async def wanted(self, catalogue: Catalogue, *, imported: bool = False) -> list[WantedTopic]:
        """What the catalogue asks of this cluster."""
        with translating("describing the cluster"):
            brokers = len((await self._admin.describe_cluster())["brokers"])
        return wanted_topics(catalogue, prefix=self._prefix, imported=imported, brokers=brokers)

    async def plan(self, catalogue: Catalogue, *, imported: bool = False) -> list[Difference]:
        """Every difference between the catalogue and the cluster. Empty: nothing to do."""
        return differences(await self.wanted(catalogue, imported=imported), await self.describe())

    async def apply(
        self, catalogue: Catalogue, *, imported: bool = False, deadline_s: float = SETTLE_LIMIT_S
    ) -> list[Difference]:
        """Create what is missing, set settings right, wait until every broker shows it; returns what was done.

        Differences that need a person stay; ``plan`` goes on listing them. Raises UnavailableError where the cluster
        does not show the result within the deadline.
        """
        wanted = await self.wanted(catalogue, imported=imported)
        existing = await self.describe()
        todo = [each for each in differences(wanted, existing) if each.remedy != "by-hand"]
        by_name = {topic.name: topic for topic in wanted}
        await self._create([by_name[each.topic] for each in todo if each.remedy == "create"])
        await self._repair([each for each in todo if each.remedy == "repair"], existing)
        await self._settled(wanted, deadline_s)
        return todo

    async def _create(self, topics: Sequence[WantedTopic]) -> None:
        if not topics:
            return
        new = [NewTopic(t.name, t.partitions, t.replicas, topic_configs=dict(t.config)) for t in topics]
        with translating("creating topics"):
            response = await self._admin.create_topics(new)
            refused = [
                f"{name}: the broker refuses to create it: {message or for_code(code).__name__}"
                for name, code, message in response.topic_errors
                if code not in (0, _ALREADY_THERE)
            ]
        if refused:
            raise ConfigurationError(refused)

    async def _repair(self, todo: Sequence[Difference], existing: Mapping[str, TopicState]) -> None:
        """The request replaces all settings of a topic, so those that somebody else has set go along unchanged."""
        names = sorted({each.topic for each in todo})
        if not names:
            return
        resources = []
        for name in names:
            ours = {each.setting: each.wanted for each in todo if each.topic == name}
            resources.append(ConfigResource(ConfigResourceType.TOPIC, name, {**existing[name].overrides, **ours}))
        with translating("setting topics right"):
            for response in await self._admin.alter_configs(resources):
                for code, message, _, name in response.resources:
                    _raise_for(code, f"settings of {name}: {message}")

    async def _settled(self, wanted: Sequence[WantedTopic], deadline_s: float) -> None:
        """Wait until every broker names a leader for every partition, and settings read as they were set."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + deadline_s
        while missing := {*await self._incomplete(wanted), *await self._unset(wanted)}:
            if clock() > deadline:
                names = ", ".join(sorted(missing))
                raise UnavailableError(f"after {deadline_s:g} s the cluster does not show these topics ready: {names}")
            await asyncio.sleep(_ASK_AGAIN_S)

    async def _unset(self, wanted: Sequence[WantedTopic]) -> list[str]:
        left = differences(wanted, await self.describe())
        return [each.topic for each in left if each.remedy != "by-hand"]

    async def _incomplete(self, wanted: Sequence[WantedTopic]) -> list[str]:
        """The topics that some broker does not know, or knows with a partition that has no leader."""
        missing: list[str] = []
        with translating("waiting for topics"):
            for broker in (await self._admin.describe_cluster())["brokers"]:
                answer = await self._admin._send_request_to_node(broker["node_id"], MetadataRequest(None))
                ready = {
                    t["topic"] for t in answer.to_object()["topics"] if _without_leader(t) == 0 and t["partitions"]
                }
                missing.extend(topic.name for topic in wanted if topic.name not in ready)
        return missing

    async def log_ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """The end of every partition of topics (logical names), as a reader of committed records sees it.

        Raises UnknownTopic.
        """
        reader = KafkaReader(self._bootstrap, self._prefix, patience=self._patience)
        try:
            partitions = [TopicPartition(topic, n) for topic in topics for n in range(await reader.partitions(topic))]
            return dict(await reader.ends(partitions))
        finally:
            await reader.close()

    async def group_offsets(
        self, application: str, *, deadline_s: float = SETTLE_LIMIT_S
    ) -> dict[TopicPartition, GroupOffset]:
        """What the group of an application shows, by partition; for displays, as positions are kept elsewhere."""
        group = group_name(self._prefix, application)
        with translating(f"asking for the offsets of {group}"):
            async with asyncio.timeout(deadline_s):
                found = await self._group_offsets(group)
        return {
            TopicPartition(logical_name(self._prefix, each.topic), each.partition): GroupOffset(at.offset, at.metadata)
            for each, at in found.items()
            if self._ours(each.topic)
        }

    async def _group_offsets(self, group: str) -> Mapping[Any, Any]:
        """A cluster that has had no group yet makes its topic of offsets when first asked; until then it refuses."""
        while True:
            try:
                return dict(await self._admin.list_consumer_group_offsets(group))
            except (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError, GroupLoadInProgressError):
                await asyncio.sleep(_ASK_AGAIN_S)

    async def delete(self, names: Collection[str]) -> None:
        """Delete topics by full name, for trials and tests; what is not there is no fault."""
        with translating("deleting topics"):
            await self._admin.delete_topics(list(names))


def _raise_for(code: int, doing: str) -> None:
    if code:
        with translating(doing):
            raise for_code(code)


def _without_leader(topic: Mapping[str, Any]) -> int:
    return sum(partition["leader"] < 0 or partition["error_code"] != 0 for partition in topic["partitions"])


def _state(topic: Mapping[str, Any], config: Mapping[str, str], overrides: Mapping[str, str]) -> TopicState:
    partitions = topic["partitions"]
    replicas = min((len(partition["replicas"]) for partition in partitions), default=0)
    return TopicState(topic["topic"], len(partitions), replicas, _without_leader(topic), config, overrides)
