"""What the topic catalogue asks of a cluster, and where a cluster differs from it. Pure: no broker is needed.

Names of topics here are full names, with the bus's prefix. Partitions of an existing topic are never changed: the key
decides the partition, so another number would tear cases apart; that needs a new version of the topic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from lienthong_schemas.catalogue import Catalogue
from lienthong_schemas.topic_spec import TopicSpec

SAFE_REPLICAS: Final = 3
"""Copies of each partition where the cluster has as many brokers: one may be down and one may fail at the same time."""
FOREVER_MS: Final = "-1"
CENTURY_MS: Final = str(100 * 365 * 24 * 60 * 60 * 1000)
"""A segment of an import is closed by its size alone: by time, a broker would close one for each week of the past, and
a fetch brings records of one segment at most."""
_STAMPS: Final[Mapping[str, str]] = {"append": "LogAppendTime", "create": "CreateTime"}

Remedy = Literal["create", "repair", "by-hand"]


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as a cluster has it; ``config`` holds effective values, ``overrides`` those set on the topic itself."""

    name: str
    partitions: int
    replicas: int
    without_leader: int
    config: Mapping[str, str]
    overrides: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WantedTopic:
    """A topic as the catalogue asks for it, under one prefix."""

    name: str
    partitions: int
    replicas: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between catalogue and cluster, and what to do about it."""

    topic: str
    setting: str
    """``topic``, ``partitions`` or the name of a broker setting."""
    wanted: str
    found: str
    remedy: Remedy

    @property
    def advice(self) -> str:
        """What to do, as a sentence."""
        if self.remedy == "create":
            return "create it with `lienthong topics apply`"
        if self.remedy == "repair":
            return "set it right with `lienthong topics apply`"
        if self.setting == "partitions":
            return (
                "never change it: the key decides the partition; make a new version of the topic, or use a new prefix"
            )
        return "no file of the catalogue names it; find out who made it, then delete it or write its file"


def wanted_config(spec: TopicSpec, *, imported: bool, replicas: int) -> dict[str, str]:
    """Settings of the broker for a topic; in an import the writer's time counts and nothing is old enough to go."""
    retention = -1 if imported else spec.config.retention_ms
    config = {
        "cleanup.policy": spec.config.cleanup,
        "retention.ms": str(retention),
        "message.timestamp.type": _STAMPS["create" if imported else spec.config.timestamps],
        "max.message.bytes": str(spec.config.max_message_bytes),
        "min.insync.replicas": str(max(1, replicas - 1)),
    }
    if imported:
        config["segment.ms"] = CENTURY_MS
    if spec.config.segment_bytes is not None:
        config["segment.bytes"] = str(spec.config.segment_bytes)
    return config


def wanted_topics(catalogue: Catalogue, *, prefix: str, imported: bool, brokers: int) -> list[WantedTopic]:
    """All topics of the catalogue under a prefix, for a cluster of so many brokers."""
    replicas = SAFE_REPLICAS if brokers >= SAFE_REPLICAS else 1
    return [
        WantedTopic(
            f"{prefix}.{spec.name}",
            spec.config.partitions,
            replicas,
            wanted_config(spec, imported=imported, replicas=replicas),
        )
        for spec in catalogue.topics.values()
    ]


def differences(wanted: Sequence[WantedTopic], existing: Mapping[str, TopicState]) -> list[Difference]:
    """Everything in which a cluster's topics of one prefix differ from what is wanted, by topic."""
    found: list[Difference] = []
    for topic in wanted:
        state = existing.get(topic.name)
        if state is None:
            found.append(Difference(topic.name, "topic", f"{topic.partitions} partitions", "missing", "create"))
        else:
            found.extend(_drift(topic, state))
    names = {topic.name for topic in wanted}
    found.extend(
        Difference(name, "topic", "not in the catalogue", "present", "by-hand")
        for name in sorted(set(existing) - names)
    )
    return found


def _drift(topic: WantedTopic, state: TopicState) -> list[Difference]:
    found = []
    if state.partitions != topic.partitions:
        count = str(topic.partitions), str(state.partitions)
        found.append(Difference(topic.name, "partitions", *count, "by-hand"))
    # A topic made while the cluster had fewer brokers keeps its number of copies, and what goes with it.
    config = {**topic.config, "min.insync.replicas": str(max(1, state.replicas - 1))}
    found.extend(
        Difference(topic.name, setting, value, state.config.get(setting, ""), "repair")
        for setting, value in config.items()
        if state.config.get(setting, "") != value
    )
    return found
