"""How new a broker is, as far as it tells: brokers name the requests they know, not their version."""

from __future__ import annotations

from typing import Final

from aiokafka.protocol.admin import ApiVersionRequest

from lienthong_infra.kafka.admin_client import AdminClient
from lienthong_infra.kafka.connection import Patience, discard, started
from lienthong_infra.kafka.errors import translating

_END_TRANSACTION: Final = 26
_NEW_TRANSACTIONS: Final = 5
"""Version of EndTxn that came with the transactions of Kafka 4.0 (KIP-890), in which an old producer cannot write into
the transaction of its successor."""


async def has_new_transactions(bootstrap: str, *, patience: Patience | None = None) -> bool:
    """Whether the cluster has the transactions of Kafka 4.0. Raises UnavailableError."""
    client = await started(
        lambda: AdminClient(bootstrap_servers=bootstrap),
        bootstrap=bootstrap,
        doing="asking for versions",
        patience=patience,
    )
    try:
        with translating("asking for versions"):
            answer = await client._send_request(ApiVersionRequest())
    finally:
        await discard(client)
    highest = {key: newest for key, _, newest in answer.api_versions}
    return bool(highest.get(_END_TRANSACTION, 0) >= _NEW_TRANSACTIONS)
