"""The addresses everything connects to: the configured ones, or the embedded servers, started if need be."""

from lienthong_infra.embedded.kafka import EmbeddedKafka
from lienthong_infra.embedded.postgres import EmbeddedPostgres
from lienthong_infra.settings import Settings


def embedded_kafka(settings: Settings) -> EmbeddedKafka:
    """Return the embedded broker of these settings, running or not."""
    return EmbeddedKafka(settings.home, settings.cache, mirror=settings.maven_repository)


def embedded_postgres(settings: Settings) -> EmbeddedPostgres:
    """Return the embedded database of these settings, running or not."""
    return EmbeddedPostgres(settings.home)


def bootstrap(settings: Settings, *, tied: bool = False) -> str:
    """Return the brokers to connect to. The embedded broker is started if none is configured and it does not run.

    `tied`: one started here ends with this process. Raises `EmbeddedServerError`.
    """
    return settings.bootstrap or embedded_kafka(settings).start(tied=tied)


def ledger_dsn(settings: Settings, *, tied: bool = False) -> str:
    """Return the DSN of the ledger's database, with its password. The embedded server is started as for `bootstrap`."""
    return settings.ledger_dsn or embedded_postgres(settings).start_with_database(tied=tied)
