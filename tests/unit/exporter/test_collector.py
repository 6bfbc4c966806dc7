"""What Prometheus is told: figures while they are fresh, and which source is away."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import pytest

from lienthong_consumers.exporter.bounded import MOST_UNITS
from lienthong_consumers.exporter.metric_catalogue import CATALOGUE, SOURCES
from lienthong_consumers.exporter.service import BusCollector, Identity
from lienthong_consumers.exporter.sightings import (
    AppliedPosition,
    Breaches,
    BrokerSight,
    Comparisons,
    LedgerSight,
    Letters,
    NewestTick,
    OfficeSign,
    Published,
    TotalsSign,
)
from lienthong_consumers.exporter.sources import Rhythm, Source
from lienthong_infra.errors import UnavailableError
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from tests.support.scrape import names_of, series_of
from tests.support.watches import StagedWatch, ledger_sight

SECOND = MICROSECONDS_PER_SECOND
DOSSIERS = TopicPartition("dossier.v1", 0)
PARTIALS = TopicPartition("totals-partial.v1", 0)
LETTERS = TopicPartition("dossier-dead-letter.v1", 0)

BROKER = BrokerSight(
    seen_at=0,
    ends={DOSSIERS: 10, LETTERS: 3, PARTIALS: 41},
    data_ends={DOSSIERS: 10, LETTERS: 2, PARTIALS: 40},
    applied={DOSSIERS: AppliedPosition(7, 90 * SECOND, 2)},
    tick=NewestTick(4, 91 * SECOND, {}),
    offices={"H27.16": OfficeSign(80 * SECOND, 70 * SECOND, 3)},
    unreadable={"tick.v1": 1},
    totals=TotalsSign(members=2, next_offset=38),
)
LEDGER = replace(
    ledger_sight(
        positions={DOSSIERS: 9, LETTERS: 2},
        breaches={"H27.16": Breaches(firm=5, provisional=1)},
        overdue={"18073": Breaches(firm=2, provisional=1)},
        letters={"dossier.v1": Letters(open=1, replayed=2, waived=3)},
    ),
    findings={"no-policy": 4},
    comparisons={"dossier.v1": Comparisons(compared=12, mismatches=2, set_aside=1, differing=1)},
    compared_below={DOSSIERS: 3_000},
    published=Published(85 * SECOND, 4, 801, held=True),
)


def away(_: Instant) -> NoReturn:
    """A source that is away."""
    raise UnavailableError("away")


class Stage:
    """A collector over two staged sources at second 100."""

    def __init__(self, broker: BrokerSight = BROKER, ledger: LedgerSight = LEDGER) -> None:
        self.now = 100 * SECOND
        self.broker = StagedWatch[BrokerSight](lambda _: broker)
        self.ledger = StagedWatch[LedgerSight](lambda _: ledger)
        rhythm = Rhythm(interval_s=10)
        self.sources = (
            Source("broker", self.broker.opener(), clock=lambda: self.now, rhythm=rhythm),
            Source("ledger", self.ledger.opener(), clock=lambda: self.now, rhythm=rhythm),
        )
        self.collector = BusCollector(Identity("h27", "1.2.3"), *self.sources)

    async def look(self) -> None:
        """Look at both sources."""
        for source in self.sources:
            await source.look_once()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lienthong_exporter_info", {("1.2.3",): 1}),
        ("lienthong_source_up", {("broker",): 1, ("ledger",): 1}),
        ("lienthong_source_last_seen_timestamp_seconds", {("broker",): 100, ("ledger",): 100}),
        (
            "lienthong_log_end_offset",
            {("0", "dossier.v1"): 10, ("0", "dossier-dead-letter.v1"): 3, ("0", "totals-partial.v1"): 41},
        ),
        (
            "lienthong_applied_offset",
            {
                ("0", "dossier.v1", "deadlines"): 7,
                ("0", "dossier.v1", "ledger"): 9,
                ("0", "dossier-dead-letter.v1", "ledger"): 2,
                ("0", "totals-partial.v1", "totals"): 38,
            },
        ),
        (
            "lienthong_lag_records",
            {
                ("0", "dossier.v1", "deadlines"): 3,
                ("0", "dossier.v1", "ledger"): 1,
                ("0", "dossier-dead-letter.v1", "ledger"): 0,
                ("0", "totals-partial.v1", "totals"): 2,
            },
        ),
        ("lienthong_group_members", {("totals",): 2}),
        ("lienthong_applied_tick_timestamp_seconds", {("0", "dossier.v1"): 90}),
        ("lienthong_partition_takeovers", {("0", "dossier.v1"): 2}),
        ("lienthong_last_tick_timestamp_seconds", {(): 91}),
        ("lienthong_office_last_heard_timestamp_seconds", {("H27.16",): 80}),
        ("lienthong_office_complete_through_timestamp_seconds", {("H27.16",): 70}),
        ("lienthong_office_pending_events", {("H27.16",): 3}),
        ("lienthong_unreadable_records", {("tick.v1",): 1}),
        ("lienthong_standing_breaches", {("firm", "H27.16"): 5, ("provisional", "H27.16"): 1}),
        ("lienthong_overdue_cases", {("18073", "firm"): 2, ("18073", "provisional"): 1}),
        (
            "lienthong_dead_letters",
            {("open", "dossier.v1"): 1, ("replayed", "dossier.v1"): 2, ("waived", "dossier.v1"): 3},
        ),
        ("lienthong_case_problems", {("gap",): 0, ("conflict",): 0, ("held",): 0}),
        ("lienthong_standing_findings", {("no-policy",): 4}),
        ("lienthong_figures_compared_total", {("dossier.v1",): 12}),
        ("lienthong_figures_mismatch_total", {("letter", "dossier.v1"): 1, ("unknown", "dossier.v1"): 2}),
        ("lienthong_figures_differing_partitions", {("dossier.v1",): 1}),
        ("lienthong_figures_compared_offset", {("0", "dossier.v1"): 3_000}),
        ("lienthong_topics_not_begun", {(): 0}),
        ("lienthong_publisher_held", {(): 1}),
        ("lienthong_official_judged_timestamp_seconds", {(): 85}),
        ("lienthong_unsent_records", {(): 4}),
        ("lienthong_oldest_unsent_number", {(): 801}),
    ],
)
async def test_a_metric_says_what_was_seen(name: str, expected: dict[tuple[str, ...], float]) -> None:
    """Values of labels stand in the order of the labels' names."""
    stage = Stage()
    await stage.look()
    assert expected == series_of(stage.collector, name)


async def test_every_metric_of_the_catalogue_is_served_and_no_other() -> None:
    """The catalogue is what rules and documents rest on."""
    stage = Stage()
    await stage.look()
    assert {spec.name for spec in CATALOGUE} == names_of(stage.collector)


@pytest.mark.parametrize("source", SOURCES)
async def test_without_a_source_none_of_its_metrics_has_a_series(source: str) -> None:
    """And the metric about the sources says which one is away."""
    stage = Stage()
    if source == "broker":
        stage.broker.show = away
    else:
        stage.ledger.show = away
    await stage.look()
    await stage.look()
    gone = {spec.name for spec in CATALOGUE if source in spec.needs}
    assert set() == gone & names_of(stage.collector)
    assert series_of(stage.collector, "lienthong_source_up")[(source,)] == 0


async def test_a_ledger_that_is_away_takes_only_its_own_lag() -> None:
    """The deadline worker's lag comes from the broker alone."""
    stage = Stage()
    stage.ledger.show = away
    await stage.look()
    await stage.look()
    lags = series_of(stage.collector, "lienthong_lag_records")
    assert {worker for *_, worker in lags} == {"deadlines", "totals"}


async def test_a_bus_may_do_without_live_totals_and_publications() -> None:
    """What never ran has no series, so that no alert misses it."""
    stage = Stage(replace(BROKER, totals=None), replace(LEDGER, published=Published(0, 0)))
    await stage.look()
    optional = {"group_members", "publisher_held", "official_judged_timestamp_seconds", "unsent_records"}
    assert not {f"lienthong_{name}" for name in optional} & names_of(stage.collector)
    assert not [each for each in series_of(stage.collector, "lienthong_lag_records") if "totals" in each]


async def test_topics_that_the_ledger_has_not_begun_are_counted() -> None:
    """Those that it reads; what others read is none of its business."""
    new = {TopicPartition(topic, 0): 0 for topic in ("task.v1", "checksum.v1", "totals.v1")}
    stage = Stage(broker=replace(BROKER, ends={**BROKER.ends, **new}))
    await stage.look()
    assert series_of(stage.collector, "lienthong_topics_not_begun") == {(): 2}


async def test_who_publishes_and_has_never_reached_a_tick_is_seen() -> None:
    """Zero is an instant long ago, so the rule about figures that are behind fires."""
    stage = Stage(ledger=replace(LEDGER, published=Published(0, 0, held=True)))
    await stage.look()
    assert series_of(stage.collector, "lienthong_official_judged_timestamp_seconds") == {(): 0}


async def test_old_figures_disappear() -> None:
    """If looking itself has stopped, a scrape still tells the truth."""
    stage = Stage()
    await stage.look()
    stage.now += 31 * SECOND
    assert series_of(stage.collector, "lienthong_source_up") == {("broker",): 0, ("ledger",): 0}
    assert series_of(stage.collector, "lienthong_overdue_cases") == {}


async def test_a_bus_without_a_tick_says_so() -> None:
    """Zero is an instant long ago, so the rule about a silent ticker fires."""
    stage = Stage(broker=replace(BROKER, tick=None))
    await stage.look()
    assert series_of(stage.collector, "lienthong_last_tick_timestamp_seconds") == {(): 0}


async def test_the_number_of_units_is_bounded() -> None:
    """By firm and provisional each."""
    overdue = {f"{number:05}": Breaches(firm=1) for number in range(3 * MOST_UNITS)}
    stage = Stage(ledger=replace(LEDGER, overdue=overdue))
    await stage.look()
    series = series_of(stage.collector, "lienthong_overdue_cases")
    assert (len(series), sum(series.values())) == (2 * MOST_UNITS, 3 * MOST_UNITS)


async def test_the_longest_silent_offices_keep_their_names() -> None:
    """An alert must name them."""
    offices = {f"H{number}": OfficeSign(number * SECOND, 0, 0) for number in range(2 * MOST_UNITS)}
    stage = Stage(broker=replace(BROKER, offices=offices))
    await stage.look()
    series = series_of(stage.collector, "lienthong_office_last_heard_timestamp_seconds")
    assert (series[("H0",)], series[("other",)]) == (0, MOST_UNITS - 1)
