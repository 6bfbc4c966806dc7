"""Where a bus's servers are, for those who only look: nothing is started for their sake."""

from typing import Final

from lienthong_infra.errors import UnavailableError
from lienthong_infra.kafka.connection import Patience
from lienthong_infra.settings import Settings

ONE_TRY: Final = Patience(limit_s=0.0, attempt_s=10.0)
"""Whoever looks says what is away instead of waiting for it."""


def broker_address(settings: Settings) -> str:
    """The configured brokers, or the embedded one if it runs. Raises UnavailableError."""
    if settings.bootstrap:
        return settings.bootstrap
    from lienthong_infra.embedded.servers import embedded_kafka

    status = embedded_kafka(settings).status()
    if not status.running:
        raise UnavailableError(
            "the embedded broker does not run: start it with `lienthong broker start`, or set LIENTHONG_BOOTSTRAP to a "
            "cluster of your own"
        )
    return status.address


def ledger_address(settings: Settings) -> str:
    """The configured DSN, or that of the embedded database if it runs. Raises UnavailableError."""
    if settings.ledger_dsn:
        return settings.ledger_dsn
    from lienthong_infra.embedded.servers import embedded_postgres

    server = embedded_postgres(settings)
    if not server.status().running:
        raise UnavailableError(
            "the embedded ledger database does not run: start it with `lienthong ledger-db start`, or set "
            "LIENTHONG_LEDGER_DSN to a database of your own"
        )
    return server.dsn()
