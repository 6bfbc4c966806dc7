"""Who is a member of the bus's groups, asked from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
    for_code,
)

from lienthong_infra.errors import LienthongError
from lienthong_infra.kafka.admin_client import AdminClient
from lienthong_infra.kafka.connection import Patience, discard, started
from lienthong_infra.kafka.errors import translating
from lienthong_infra.kafka.naming import full_name, group_name, logical_name
from lienthong_infra.ports import TopicPartition

_NOT_YET: Final = (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError, GroupLoadInProgressError)
"""A cluster that has had no group yet says one of these for a while."""


class GroupState(NamedTuple):
    """A group as its coordinator sees it: ``state`` is Kafka's word, ``members`` their number."""

    state: str
    members: int


async def group_states(
    bootstrap: str, prefix: str, applications: Sequence[str], *, patience: Patience | None = None
) -> dict[str, GroupState]:
    """The group of each application; one that never was is ``Dead`` and has no members. Raises UnavailableError."""
    client = await _client(bootstrap, patience)
    try:
        with translating("asking for groups"):
            return {each: await _state(client, group_name(prefix, each)) for each in applications}
    finally:
        await discard(client)


async def _client(bootstrap: str, patience: Patience | None) -> AdminClient:
    return await started(
        lambda: AdminClient(bootstrap_servers=bootstrap),
        bootstrap=bootstrap,
        doing="asking for groups",
        patience=patience,
    )


async def _state(client: AdminClient, group: str) -> GroupState:
    try:
        (response,) = await client.describe_consumer_groups([group])
        (found,) = response.to_object()["groups"]
        if found["error_code"]:
            raise for_code(found["error_code"])(group)
    except _NOT_YET:
        return GroupState("Dead", 0)
    return GroupState(found["state"], len(found["members"]))


class KafkaGroups:
    """Looks at the groups of one bus again and again, over one connection."""

    def __init__(self, bootstrap: str, prefix: str, *, patience: Patience | None = None) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._patience = patience
        self._client: AdminClient | None = None

    async def start(self) -> None:
        """Connect. Raises UnavailableError."""
        self._client = await _client(self._bootstrap, self._patience)

    async def members(self, application: str) -> int:
        """How many processes are in the group of an application. Raises UnavailableError or ConfigurationError."""
        with translating(f"asking for the members of {group_name(self._prefix, application)}"):
            return (await _state(self._connected, group_name(self._prefix, application))).members

    async def shown(self, application: str) -> dict[TopicPartition, int]:
        """The positions that the group of an application shows; none where it never did, or not for weeks."""
        group = group_name(self._prefix, application)
        try:
            with translating(f"asking for the offsets of {group}"):
                found = await self._connected.list_consumer_group_offsets(group)
        except _NOT_YET:
            return {}
        ours = full_name(self._prefix, "")
        return {
            TopicPartition(logical_name(self._prefix, each.topic), each.partition): at.offset
            for each, at in found.items()
            if each.topic.startswith(ours) and at.offset >= 0
        }

    async def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            await discard(client)

    @property
    def _connected(self) -> AdminClient:
        if self._client is None:
            raise LienthongError("KafkaGroups: call start() first")
        return self._client
