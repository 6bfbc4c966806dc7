"""Records as the client has them, turned into ours, and partitions into the client's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import aiokafka

from lienthong_infra.kafka.naming import full_name, logical_name
from lienthong_infra.ports import Record, TopicPartition

_new = tuple.__new__  # what a named tuple's own constructor does, at half its cost


def to_client(prefix: str, partition: TopicPartition) -> aiokafka.TopicPartition:
    """A partition by its name on the cluster."""
    return aiokafka.TopicPartition(full_name(prefix, partition.topic), partition.partition)


def from_client(prefix: str, partition: Any) -> TopicPartition:
    """A partition by its name inside the bus."""
    return TopicPartition(logical_name(prefix, partition.topic), partition.partition)


def records_in(ones: Iterable[Any], topic: str, partition: int) -> list[Record]:
    """The client's records of one partition."""
    return [
        _new(Record, (topic, partition, one.offset, one.key, one.value, one.timestamp, tuple(one.headers)))
        for one in ones
    ]


def fetched(prefix: str, batches: Mapping[Any, Sequence[Any]]) -> dict[TopicPartition, Sequence[Record]]:
    """What a consumer fetched."""
    found: dict[TopicPartition, Sequence[Record]] = {}
    for each, records in batches.items():
        if records:
            here = from_client(prefix, each)
            found[here] = records_in(records, *here)
    return found
