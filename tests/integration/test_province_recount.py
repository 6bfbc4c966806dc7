"""A simulated province in the ledger's tables: every number is a recount of the log, whatever way the log came about.

All kinds of case; a commune merged into another, recalls after the closing (9 to 4), refusals after the receipt (5 to
3), conflicts, holes; brought clean, with 5 % duplicates and 10 % out of order, and with an office three days late.
Invariants: domain facts §5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest

from lienthong_producers.domain.simulation.options import CLEAN, Disorder, Outage
from tests.support.cells_recount import cells
from tests.support.form_recount import BY, Columns, Days, changes, lines, moved, total
from tests.support.log_recount import FOR_EVER, History, differing, histories
from tests.support.province_ledger import (
    LATER,
    ProvinceLedger,
    irregular_again,
    only_known,
    rows_again,
)
from tests.support.province_log import truth
from tests.support.simulations import BOOK

pytestmark = pytest.mark.broker

CUT_OFF = "H27.40.5"
WAYS: Mapping[str, Disorder] = {
    "clean": CLEAN,
    "scrambled": Disorder(),
    "late": Disorder(outages=(Outage(CUT_OFF, 3),)),
}
WEEK = Days(date(2026, 4, 13), date(2026, 4, 19))
NEXT_WEEK = Days(date(2026, 4, 20), date(2026, 4, 26))
MONTH = Days(date(2026, 3, 15), date(2026, 4, 14))
IN_THE_OUTAGE = Days(date(2026, 4, 20), date(2026, 4, 20))
PERIODS = {"2026-W16": WEEK, "2026-W17": NEXT_WEEK, "2026-M04": MONTH, "2026-04-20": IN_THE_OUTAGE}
LEFT = ("online", "direct", "carried_over")
RESOLVED = ("early", "on_time", "late")
PENDING = ("pending_in_time", "pending_late")


class Brought(NamedTuple):
    """A log and the ledger that has taken it."""

    cases: Mapping[str, History]
    ledger: ProvinceLedger


@pytest.fixture(scope="module")
def brought(ledger_dsn_factory: Callable[[], str]) -> dict[str, Brought]:
    """One truth, brought in three ways."""
    happened, dsn = truth(), ledger_dsn_factory()
    found = {}
    for way, disorder in WAYS.items():
        log = happened.log(disorder)
        found[way] = Brought(histories(BOOK, log), ProvinceLedger(dsn, f"t-{way}"))
        found[way].ledger.fill(log)
    return found


def test_the_province_has_what_makes_counting_hard(brought: dict[str, Brought]) -> None:
    """Else the rest would prove little: each feature must be there more than once."""
    cases = brought["late"].cases
    said = [one.said for history in cases.values() for one in history]
    seen = Counter(case.partition(":")[0] for case in cases)
    seen.update(each["change"] for each in said)
    seen["merged"] = sum(each["handover"] is not None and each["handover"]["successor"] == "H27.40.4" for each in said)
    for history in cases.values():
        statuses = [one.said["status"] for one in sorted(history, key=lambda one: one.number)]
        seen["recalled"] += any(pair in (("9", "4"), ("10", "4")) for pair in pairwise(statuses))
        last = max(history, key=lambda one: one.number).said
        seen["refused"] += last["status"] == "3" and last["received_at"] is not None
    seen["again"] = differing(cases)[1]
    seen.update(kind for kind, *_ in irregular_again(cases).elements())
    wanted = ("dossier", "document", "field-report", "periodic-report", "opening", "handover", "merged", "recalled")
    assert {name: seen[name] for name in (*wanted, "refused", "again", "hole", "lost") if seen[name] < 2} == {}


@pytest.mark.parametrize("way", WAYS)
def test_rows_holes_and_conflicts_are_a_recount_of_the_log(brought: dict[str, Brought], way: str) -> None:
    """Which event of each case applies, what is missing, what lost: 0 rows wrong."""
    cases, ledger = brought[way]
    assert ledger.rows() == rows_again(cases)
    assert ledger.irregular() == irregular_again(cases)


@pytest.mark.parametrize("way", WAYS)
def test_every_base_cell_of_the_totals_is_a_recount_of_the_log(brought: dict[str, Brought], way: str) -> None:
    """Kind, partition, office, commune, selector, channel, and every measure: 0 cells wrong."""
    cases, ledger = brought[way]
    assert ledger.cells() == cells(cases)
    assert ledger.events() == differing(cases)[0]


@pytest.mark.parametrize("name", PERIODS)
def test_however_it_was_brought_the_restated_report_is_one_and_a_recount(
    brought: dict[str, Brought], name: str
) -> None:
    """Clean, scrambled and three days late agree in every cell with each other and with the log: by office, commune
    and procedure, by day and by instant."""
    for by, counting in (*((by, "day") for by in BY), ("office", "instant")):
        expected = lines(brought["clean"].cases, PERIODS[name]._replace(counting=counting), by)
        found = {way: each.ledger.form(name, by, counting) for way, each in brought.items()}
        assert found == dict.fromkeys(WAYS, expected)


@pytest.mark.parametrize("way", WAYS)
def test_a_report_as_of_any_time_is_the_report_of_a_log_that_ends_there(brought: dict[str, Brought], way: str) -> None:
    """What was known when: from the whole history, as from the records known by then alone."""
    cases, ledger = brought[way]
    for name, at in moments():
        expected = lines(only_known(cases, at), PERIODS[name])
        assert ledger.form(name, "office", "day", at) == expected


def moments() -> list[tuple[str, int]]:
    """Periods, and instants in the middle of them, at their ends and days later."""
    hour = 3_600_000_000
    return [
        (name, PERIODS[name].over + hours * hour)
        for name, hours in (("2026-W16", -60), ("2026-W16", 0), ("2026-W16", 30), ("2026-W17", -50), ("2026-M04", 100))
    ]


def test_the_versions_on_the_way_tell_what_was_not_known_yet(brought: dict[str, Brought]) -> None:
    """An office that is cut off is behind in the version of that day, the others are not, and it catches up."""
    found = {
        way: brought[way].ledger.form("2026-04-20", "office", "day", IN_THE_OUTAGE.over) for way in ("clean", "late")
    }
    late = {code for code in found["clean"] if found["clean"][code] != found["late"].get(code)}
    assert CUT_OFF in late
    behind = brought["late"].ledger.form("2026-04-20", "office", "day")[CUT_OFF]
    assert behind == brought["clean"].ledger.form("2026-04-20", "office", "day")[CUT_OFF] != found["late"].get(CUT_OFF)


@pytest.mark.parametrize("at", [None, NEXT_WEEK.over], ids=["now", "as-of"])
@pytest.mark.parametrize("counting", ["day", "instant"])
def test_the_sums_of_the_form_hold_in_every_line(brought: dict[str, Brought], counting: str, at: int | None) -> None:
    """Received = resolved + pending; the province = the sum of its communes and departments."""
    ledger = brought["late"].ledger
    week, communes, procedures = (ledger.form("2026-W16", by, counting, at) for by in BY)
    for each in (*week.values(), *communes.values(), *procedures.values()):
        assert added(each, LEFT) == added(each, RESOLVED) + added(each, PENDING)
    assert "" in communes, "the departments' own"
    assert of_form(total(communes)) == of_form(total(week)) == of_form(total(procedures))


@pytest.mark.parametrize("at", [None, NEXT_WEEK.over], ids=["now", "as-of"])
@pytest.mark.parametrize("by", BY)
def test_what_was_pending_is_carried_over_or_was_handed_over(
    brought: dict[str, Brought], by: str, at: int | None
) -> None:
    """In every line: carried over = pending of the week before + taken over - handed over; both weeks as known now, and
    as known at an earlier time. Offices do hand over."""
    ledger = brought["late"].ledger
    week, following = (ledger.form(name, by, "day", at) for name in ("2026-W16", "2026-W17"))
    for line in week.keys() | following.keys():
        before, after = week.get(line, Counter()), following.get(line, Counter())
        assert after["carried_over"] == added(before, PENDING) + after["taken_over"] - after["handed_over"]
    assert total(following)["taken_over"] == total(following)["handed_over"]
    assert by != "office" or total(following)["taken_over"] > 2


def of_form(one: Columns) -> Columns:
    """Its columns, without what lines took from each other."""
    return Counter({name: count for name, count in one.items() if name not in ("taken_over", "handed_over")})


def added(one: Columns, names: tuple[str, ...]) -> int:
    """The sum of some columns."""
    return sum(one[name] for name in names)


@pytest.mark.parametrize("way", WAYS)
def test_what_changed_a_closed_period_explains_the_whole_difference(brought: dict[str, Brought], way: str) -> None:
    """Figures at the closing plus every change by a record known later = the figures of today, in each cell."""
    cases, ledger = brought[way]
    closing = plain(ledger.form("2026-W16", "office", "day", WEEK.over))
    changed = changes(cases, WEEK, WEEK.over)
    assert any(set(RESOLVED) & set(one.before[1]) and set(PENDING) & set(one.after[1]) for one in changed), "a recall"
    assert moved(closing, changed) == plain(ledger.form("2026-W16", "office", "day"))


def plain(report: Mapping[str, Columns]) -> dict[str, Columns]:
    """Its lines, without what they took from each other."""
    return {code: of_form(one) for code, one in report.items() if of_form(one)}


def test_the_recount_reads_a_week_as_a_week() -> None:
    """The periods of this file are those that the report knows by these names."""
    assert [each.last - each.first for each in PERIODS.values()] == [timedelta(days=n) for n in (6, 6, 30, 0)]
    assert LATER < FOR_EVER
