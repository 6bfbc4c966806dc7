"""Who is a member of the bus's groups, asked from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError

from lienthong_infra.kafka.connection import Patience, discard, started
from lienthong_infra.kafka.errors import translating
from lienthong_infra.kafka.naming import group_name

_NOT_YET: Final = (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError, GroupLoadInProgressError)
"""A cluster that has had no group yet says one of these for a while."""


class GroupState(NamedTuple):
    """A group as its coordinator sees it: ``state`` is Kafka's word, ``members`` their number."""

    state: str
    members: int


class _Client(AIOKafkaAdminClient):  # type: ignore[misc]  # the client has no types
    """The client under the name for closing that all other clients have."""

    async def stop(self) -> None:
        await self.close()


async def group_states(
    bootstrap: str, prefix: str, applications: Sequence[str], *, patience: Patience | None = None
) -> dict[str, GroupState]:
    """The group of each application; one that never was is ``Dead`` and has no members. Raises UnavailableError."""
    client = await started(
        lambda: _Client(bootstrap_servers=bootstrap), bootstrap=bootstrap, doing="asking for groups", patience=patience
    )
    try:
        with translating("asking for groups"):
            return {each: await _state(client, group_name(prefix, each)) for each in applications}
    finally:
        await discard(client)


async def _state(client: _Client, group: str) -> GroupState:
    try:
        (response,) = await client.describe_consumer_groups([group])
    except _NOT_YET:
        return GroupState("Dead", 0)
    (found,) = response.to_object()["groups"]
    return GroupState(found["state"], len(found["members"]))
