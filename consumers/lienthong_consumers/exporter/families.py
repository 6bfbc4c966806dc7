"""From sightings to metric families. What was not seen lately has no series: better none than an old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import add
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from lienthong_consumers.exporter import metric_catalogue as catalogue
from lienthong_consumers.exporter.bounded import bounded
from lienthong_consumers.exporter.lags import (
    DEADLINES,
    LEDGER,
    PARTIALS,
    TOTALS,
    deadline_lags,
    ledger_lags,
    totals_lags,
)
from lienthong_consumers.exporter.metric_catalogue import MetricSpec
from lienthong_consumers.exporter.sightings import (
    Breaches,
    BrokerSight,
    Comparisons,
    LedgerSight,
    OfficeSign,
    Published,
    TotalsSign,
)
from lienthong_consumers.ledger.readiness import not_begun
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant

FIRM: Final = "firm"
PROVISIONAL: Final = "provisional"
LETTER: Final = "letter"
UNKNOWN: Final = "unknown"
Family = GaugeMetricFamily | CounterMetricFamily


def _seconds(instant: Instant) -> float:
    return instant / MICROSECONDS_PER_SECOND


class Families:
    """Metric families of one bus, one for each entry of the catalogue that has a series."""

    def __init__(self, bus: str) -> None:
        self._bus = bus
        self._families: dict[str, Family] = {}

    def add(self, spec: MetricSpec, value: float, *labels: object) -> None:
        """Add one series."""
        family = self._families.get(spec.name)
        if family is None:
            make = CounterMetricFamily if spec.counts else GaugeMetricFamily
            family = make(spec.name, spec.text, labels=("bus", *spec.labels))
            self._families[spec.name] = family
        family.add_metric([self._bus, *map(str, labels)], value)

    def __iter__(self) -> Iterator[Family]:
        return iter(self._families.values())


def add_broker(families: Families, sight: BrokerSight) -> None:
    """All that comes from the broker alone."""
    for partition, end in sight.ends.items():
        families.add(catalogue.LOG_END, end, *partition)
    for partition, applied in sight.applied.items():
        families.add(catalogue.APPLIED, applied.next_offset, DEADLINES, *partition)
        families.add(catalogue.HORIZON, _seconds(applied.horizon), *partition)
        families.add(catalogue.GENERATION, applied.generation, *partition)
    for partition, lag in deadline_lags(sight).items():
        families.add(catalogue.LAG, lag, DEADLINES, *partition)
    if sight.totals is not None:
        _add_totals(families, sight.totals)
    for partition, lag in totals_lags(sight).items():
        families.add(catalogue.LAG, lag, TOTALS, *partition)
    families.add(catalogue.TICK, _seconds(sight.tick.bus_time) if sight.tick else 0)
    for topic, count in sight.unreadable.items():
        families.add(catalogue.UNREADABLE, count, topic)
    offices = bounded(sight.offices, rank=lambda sign: -sign.last_heard, merge=OfficeSign.together)
    for office, sign in offices.items():
        families.add(catalogue.OFFICE_HEARD, _seconds(sign.last_heard), office)
        families.add(catalogue.OFFICE_COMPLETE, _seconds(sign.complete_through), office)
        families.add(catalogue.OFFICE_PENDING, sign.pending, office)


def _add_totals(families: Families, sign: TotalsSign) -> None:
    families.add(catalogue.MEMBERS, sign.members, TOTALS)
    families.add(catalogue.APPLIED, sign.next_offset, TOTALS, *PARTIALS)


def add_ledger(families: Families, sight: LedgerSight) -> None:
    """All that comes from the ledger alone."""
    for partition, position in sight.positions.items():
        families.add(catalogue.APPLIED, position.next_offset, LEDGER, *partition)
    _add_breaches(families, catalogue.BREACHES, sight.breaches)
    _add_breaches(families, catalogue.OVERDUE, sight.overdue)
    for topic, letters in sight.letters.items():
        for state, count in letters._asdict().items():
            families.add(catalogue.LETTERS, count, topic, state)
    for problem, count in sight.problems.items():
        families.add(catalogue.CASE_PROBLEMS, count, problem)
    for code, count in bounded(sight.findings, rank=float, merge=add).items():
        families.add(catalogue.FINDINGS, count, code)
    for topic, found in ledger_comparisons(sight).items():
        families.add(catalogue.FIGURES_COMPARED, found.compared, topic)
        families.add(catalogue.FIGURES_MISMATCH, found.mismatches, topic, UNKNOWN)
        families.add(catalogue.FIGURES_MISMATCH, found.set_aside, topic, LETTER)
        families.add(catalogue.FIGURES_DIFFERING, found.differing, topic)
    for partition, below in sight.compared_below.items():
        families.add(catalogue.FIGURES_COMPARED_OFFSET, below, *partition)
    if sight.published.expected:
        _add_published(families, sight.published)


def _add_published(families: Families, published: Published) -> None:
    families.add(catalogue.PUBLISHER_HELD, published.held)
    families.add(catalogue.JUDGED, _seconds(published.judged_at))
    families.add(catalogue.UNSENT, published.unsent)
    families.add(catalogue.OLDEST_UNSENT, published.oldest_unsent)


def ledger_comparisons(sight: LedgerSight) -> dict[str, Comparisons]:
    """By case topic that the ledger reads, also where nothing was compared yet: a count that begins with 0 is seen to
    rise."""
    topics = {topic for topic, _ in sight.positions if topic in CASE_TOPICS}
    return {topic: sight.comparisons.get(topic, Comparisons()) for topic in sorted(topics)}


def _add_breaches(families: Families, spec: MetricSpec, units: Mapping[str, Breaches]) -> None:
    for unit, breaches in bounded(units, rank=sum, merge=Breaches.plus).items():
        families.add(spec, breaches.firm, unit, FIRM)
        families.add(spec, breaches.provisional, unit, PROVISIONAL)


def add_ledger_lag(families: Families, broker: BrokerSight, ledger: LedgerSight) -> None:
    """What needs both sources."""
    families.add(catalogue.NOT_BEGUN, len(not_begun(broker.ends, ledger.positions)))
    for partition, lag in ledger_lags(broker, ledger).items():
        families.add(catalogue.LAG, lag, LEDGER, *partition)
