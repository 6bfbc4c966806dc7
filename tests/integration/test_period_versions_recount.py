"""Period reports published over a simulated month: every version is a recount, corrections explain every change.

The log of the month has an office that is three days late, recalls after the closing and a merged commune. A turn of
the publication every day, by the bus's time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from psycopg.rows import namedtuple_row

from lienthong_consumers.domain.period_report import Line
from lienthong_consumers.ledger.batch import Batch
from lienthong_consumers.ledger.database import connect, connect_now
from lienthong_consumers.ledger.period_publication import PeriodReports
from lienthong_consumers.ledger.tables.outbound import enqueue
from lienthong_infra.ports import Record
from lienthong_producers.domain.simulation.options import Disorder, Outage, Size
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import instant_of
from lienthong_schemas.records import Tick
from lienthong_schemas.reporting_period import period_days
from tests.support.form_recount import Change, Columns, Days, lines, moved
from tests.support.ledger_log import reference
from tests.support.log_recount import History, histories
from tests.support.province_ledger import ProvinceLedger, apply_all, calendar, on_log, words
from tests.support.province_log import Truth, truth
from tests.support.simulations import BOOK

pytestmark = pytest.mark.broker

MONTH = Size(days=21, dossiers_per_day=12, communes=8, start=date(2026, 4, 27))
"""Most of the month that ends on 14 May and the days in which it is closed and restated."""
LATE = Disorder(outages=(Outage("H27.40.5", 3),))
FORM = {"name": "II.06", "closing_day": 14, "periods": ["day", "week", "month"], "grace_hours": 24, "source": "test"}
BY = ("office", "commune", "procedure")


class Published(NamedTuple):
    """What the bus said of a period: of each version when it was known, and its lines, by what they are about."""

    cases: Mapping[str, History]
    versions: dict[str, dict[int, int]]
    """By period and version, the newest record it stands on."""
    reports: dict[tuple[str, str], dict[int, dict[str, Columns]]]
    """By period and what the lines are about, the reports that a version brought."""
    corrections: list[Any]


@pytest.fixture(scope="module")
def published(ledger_dsn_factory: Callable[[], str]) -> Published:
    """A month of turns."""
    happened = truth(MONTH)
    log, ledger = happened.log(LATE), ProvinceLedger(ledger_dsn_factory(), "t-versions")
    asyncio.run(_live(happened, log, ledger))
    return _read(ledger, histories(BOOK, log))


async def _live(happened: Truth, log: list[Record], ledger: ProvinceLedger) -> None:
    """Day after day: what arrived, a tick, a turn."""
    begin, end, codec = happened.simulation.begin, happened.simulation.horizon, SchemaBook()
    day = (end - begin) // MONTH.days
    async with ledger.store() as store, await connect(ledger.dsn, ledger.prefix) as connection:
        told = [calendar(), reference("report-form", "II.06", FORM)]
        await apply_all(store, [on_log(one, offset) for offset, one in enumerate(told)])
        for now in range(begin + day, end + 3 * day, day):
            await apply_all(store, [one for one in log if now - day <= one.timestamp * 1_000 < now])
            await store.apply(Batch(tick=Tick(now, {}, 0, {})))
            async with connection.transaction(), connection.cursor() as cursor:
                await cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                await enqueue(cursor, await PeriodReports(codec).publish(cursor, now))


def _read(ledger: ProvinceLedger, cases: Mapping[str, History]) -> Published:
    found = Published(cases, {}, {}, [])
    with connect_now(ledger.dsn, ledger.prefix) as connection, connection.cursor(row_factory=namedtuple_row) as cursor:
        row: Any
        for row in cursor.execute("SELECT * FROM period_report WHERE unit = '' ORDER BY version"):
            found.versions.setdefault(row.period, {})[row.version] = instant_of(row.known_at)
            report = {code: words(Line(*counts)) for code, *counts in row.lines}
            found.reports.setdefault((row.period, row.by), {})[row.version] = {
                code: columns for code, columns in report.items() if columns
            }
        found.corrections.extend(cursor.execute("SELECT * FROM period_correction ORDER BY id").fetchall())
    return found


def days_of(period: str) -> Days:
    """The days of a period by its name."""
    if len(period) == len("2026-04-13"):
        return Days(date.fromisoformat(period), date.fromisoformat(period))
    return Days(*period_days(period, 14))


def at_version(published: Published, period: str, by: str, version: int) -> dict[str, Columns]:
    """The lines of a report as they stand in a version: those of the last version that changed them."""
    reports = published.reports[period, by]
    return reports[max(number for number in reports if number <= version)]


def test_every_period_that_was_over_is_published_and_many_are_restated(published: Published) -> None:
    """Each day, each week and the month; the late office and recalls make further versions."""
    days = {(MONTH.start + timedelta(days=number)).isoformat() for number in range(MONTH.days + 1)}
    assert published.versions.keys() == days | {"2026-M05", "2026-W18", "2026-W19", "2026-W20"}
    assert sum(len(versions) > 1 for versions in published.versions.values()) > 10
    assert len(published.versions["2026-W18"]) > 2


@pytest.mark.parametrize("by", BY)
def test_each_version_is_a_recount_of_what_was_known(published: Published, by: str) -> None:
    """The log up to the newest record that a version stands on, counted by other code, gives its lines."""
    wrong = [
        (period, version)
        for period, versions in published.versions.items()
        if by == "office" or period[5] in "MW"  # the days would only take their time
        for version, known in versions.items()
        if at_version(published, period, by, version) != lines(published.cases, days_of(period), by, known)
    ]
    assert wrong == []


def test_the_newest_version_is_a_recount_of_all_that_is_known(published: Published) -> None:
    """Nothing that came after a closing was left out of every version."""
    wrong = [
        period
        for period, versions in published.versions.items()
        if at_version(published, period, "office", max(versions)) != lines(published.cases, days_of(period))
    ]
    assert wrong == []


def test_corrections_explain_exactly_what_changed_from_version_to_version(published: Published) -> None:
    """The lines before, moved by the corrections of a version, are its lines: by office, commune and procedure."""
    wrong = []
    for period, versions in published.versions.items():
        for before, after in pairwise(sorted(versions)):
            for by in BY:
                said = moves(published, period, after, by)
                expected = plain(at_version(published, period, by, after))
                if plain(moved(plain(at_version(published, period, by, before)), said)) != expected:
                    wrong.append((period, after, by))
    assert wrong == []


def moves(published: Published, period: str, version: int, by: str) -> list[Change]:
    """The corrections of a version."""
    name = {"procedure": "selector"}.get(by, by)

    def side(one: Any, when: str) -> tuple[str, tuple[str, ...]]:
        names = getattr(one, f"received_{when}"), getattr(one, f"outcome_{when}")
        return getattr(one, f"{name}_{when}"), tuple(each for each in names if each)

    own = [one for one in published.corrections if (one.period, one.version) == (period, version)]
    return [Change(one.case_id, one.event_id, 0, side(one, "before"), side(one, "after")) for one in own]


def plain(report: Mapping[str, Columns]) -> dict[str, Columns]:
    """The columns of the form alone: what is told beside it is not in a correction."""
    beside = ("refused", "taken_over", "handed_over")
    shown = {code: Counter({name: n for name, n in one.items() if name not in beside}) for code, one in report.items()}
    return {code: +one for code, one in shown.items() if +one}


def test_a_correction_names_an_event_that_came_after_the_version_before(published: Published) -> None:
    """Its cause is on the log, of that dossier, and was not known when the version before was made."""
    events = {one.said["event_id"]: one for history in published.cases.values() for one in history}
    for one in published.corrections:
        versions = published.versions[one.period]
        known, previous = instant_of(one.known_at), versions[one.version - 1]
        assert events[one.event_id].case_id == one.case_id
        assert previous < known <= versions[one.version]
