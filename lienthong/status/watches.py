"""The two ways of looking at a bus from outside, bound to the servers that the settings name."""

from collections.abc import Collection

from lienthong.status.addresses import ONE_TRY, broker_address, ledger_address
from lienthong.status.positions import position_of
from lienthong_consumers.exporter.broker_watch import BrokerWatch
from lienthong_consumers.exporter.ledger_watch import LedgerWatch
from lienthong_infra.kafka.groups import KafkaGroups
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.settings import Settings
from lienthong_schemas.catalogue import load_catalogue


async def open_broker_watch(settings: Settings, *, without: Collection[str] = ()) -> BrokerWatch:
    """A connected look at the broker. Raises UnavailableError at once where none answers."""
    address = broker_address(settings)
    reader = KafkaReader(address, settings.prefix, patience=ONE_TRY)
    groups = KafkaGroups(address, settings.prefix, patience=ONE_TRY)
    await reader.start()
    await groups.start()
    return BrokerWatch(reader, catalogue=load_catalogue(), position_of=position_of, groups=groups, without=without)


async def open_ledger_watch(settings: Settings) -> LedgerWatch:
    """A look at the ledger. Raises UnavailableError where there is no database to connect to."""
    return LedgerWatch(ledger_address(settings), settings.prefix)
