"""The client that administrates a cluster."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient


class AdminClient(AIOKafkaAdminClient):  # type: ignore[misc]  # the client has no types
    """The client under the name for closing that all other clients have."""

    async def stop(self) -> None:
        """Close it."""
        await self.close()
