"""The municipal log the whole way, over Kafka, worker and ledger: its facts at the end and at earlier dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from lienthong.municipal import import_municipal_days
from lienthong_consumers.ledger.recount import differences
from lienthong_consumers.ledger.summary import settled, summary
from lienthong_producers.domain.municipal_log import days
from lienthong_producers.municipal_file import municipal_events
from lienthong_schemas.instants import instant_of
from tests.support.municipal_recount import LAST_EVENT, recount
from tests.support.whole_bus import whole_bus

pytestmark = pytest.mark.broker

FACTS = {
    "dossiers": 1434,
    "source_rows": 8577,
    "events": 9906,
    "ended": 1329,
    "open": 105,
    "ended_late": 377,
    "ended_late_by_date": 309,
    "breached": 416,
    "met": 952,
    "met_late": 377,
}


def test_the_recount_gives_the_published_facts() -> None:
    """What the other tests compare with is right where it can be checked."""
    assert recount(LAST_EVENT) == FACTS


@pytest.mark.parametrize("until", [LAST_EVENT.isoformat(), "2011-03-31T23:59:59+02:00", "2011-09-15T12:00:00+02:00"])
async def test_ledger_and_settled_clocks_say_what_was_known(
    until: str, kafka_bootstrap: str, ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """Cut off anywhere, ledger and clocks give the figures of the rows known then, and the totals add up."""
    horizon = datetime.fromisoformat(until)
    at = instant_of(horizon)
    log = list(days(municipal_events(until=at), at))
    dsn = ledger_dsn_factory()
    async with whole_bus(kafka_bootstrap, dsn, unique_prefix, reference="municipal", imported=True) as bus:
        await import_municipal_days(kafka_bootstrap, unique_prefix, log)
        await bus.at_rest()
        with bus.ledger() as connection:
            figures = {**summary(connection, "dossier")._asdict(), **settled(connection)._asdict()}
            assert differences(connection) == []
    assert figures == recount(horizon)
