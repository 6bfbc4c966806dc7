"""The municipal log the whole way, over Kafka, worker and ledger: its facts at the end and at earlier dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest
from psycopg import Connection

from lienthong.municipal import import_municipal_days
from lienthong.report.fill import Asked, filled
from lienthong_consumers.domain.period_report import Counting
from lienthong_consumers.ledger.recount import differences as recount_differences
from lienthong_consumers.ledger.summary import settled, summary
from lienthong_producers.domain.municipal_log import days
from lienthong_producers.municipal_file import municipal_events
from lienthong_schemas.instants import instant_of
from lienthong_schemas.totals import broken_rules
from lienthong_schemas.totals_comparison import differences
from tests.support.municipal_recount import LAST_EVENT, recount
from tests.support.totals_topics import live_totals, official_totals, province_of
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


EARLIER = ("2011-03-31T23:59:59+02:00", "2011-09-15T12:00:00+02:00")
"""Two dates on the way."""
COUNTINGS: tuple[tuple[Counting, str], ...] = (("day", "ended_late_by_date"), ("instant", "ended_late"))


def facts_of(figures: Mapping[str, int]) -> dict[str, int]:
    """The facts that totals tell; they judge by the instant, days are the form's business."""
    ended = sum(figures[name] for name in ("ended_early", "ended_on_time", "ended_late", "ended_undated"))
    known = figures["waiting"] + figures["declined"] + figures["received"]
    return {
        "dossiers": known,
        "ended": ended,
        "open": known - ended,
        "ended_late": figures["ended_late"],
        "breached": figures["ended_late"] + figures["pending_late"],
    }


def reported(connection: Connection[Any], horizon: datetime) -> dict[str, int]:
    """The facts that form II.06 tells as of an instant, over the years that the log touches."""
    known = instant_of(horizon)
    years = ("2010", "2011", "2012")
    found: Counter[str] = Counter()
    for counting, late in COUNTINGS:
        asked = [Asked(year, counting=counting, as_of=known, running=True) for year in years]
        totals = [filled(connection, one, known).total for one in asked]
        found[late] = sum(one.late for one in totals)
        found["ended"] = sum(one.resolved for one in totals)
        found["dossiers"] = sum(one.online + one.direct for one in totals)
    return dict(found)


@pytest.mark.parametrize("until", [LAST_EVENT.isoformat(), *EARLIER])
async def test_all_who_count_say_what_was_known(
    until: str, kafka_bootstrap: str, ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """Cut off anywhere, ledger, clocks, live and official totals give the figures of the rows known then.

    And from the whole log, form II.06 as of the earlier dates gives theirs.
    """
    horizon = datetime.fromisoformat(until)
    at = instant_of(horizon)
    log = list(days(municipal_events(until=at), at))
    dsn, expected = ledger_dsn_factory(), recount(horizon)
    async with whole_bus(kafka_bootstrap, dsn, unique_prefix, reference="municipal", imported=True) as bus:
        await import_municipal_days(kafka_bootstrap, unique_prefix, log)
        await bus.at_rest()
        official = await official_totals(bus)
        live = await live_totals(bus)
        with bus.ledger() as connection:
            figures = {**summary(connection, "dossier")._asdict(), **settled(connection, "dossier")._asdict()}
            assert recount_differences(connection) == []
            dates = [horizon] if horizon != LAST_EVENT else [horizon, *map(datetime.fromisoformat, EARLIER)]
            forms = {date: reported(connection, date) for date in dates}
    assert figures == expected
    whole = province_of("dossier")
    told = facts_of(official[whole]._asdict())
    assert told == facts_of(live[whole]._asdict()) == {name: expected[name] for name in told}
    assert official.keys() == live.keys()
    assert [found for cell in live for found in differences(live[cell], official[cell])] == []
    assert [one.cell for one in official.values() if one.not_counted] == []
    assert sum(official[whole].shares_of_time) == told["ended"]
    assert [broken_rules(one) for one in official.values() if broken_rules(one)] == []
    assert forms == {date: {name: recount(date)[name] for name in found} for date, found in forms.items()}
