"""How far behind the workers are: log ends against what was applied, from outside."""

from __future__ import annotations

from typing import Final

from lienthong_consumers.exporter.sightings import BrokerSight, LedgerSight
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.case_event import CASE_TOPICS

DEADLINES: Final = "deadlines"
LEDGER: Final = "ledger"
TOTALS: Final = "totals"
PARTIALS: Final = TopicPartition("totals-partial.v1", 0)
"""What the live totals are added up from."""


def deadline_lags(sight: BrokerSight) -> dict[TopicPartition, int]:
    """Records that the deadline worker has not applied; a partition that it never owned lags by all of its log."""
    lags: dict[TopicPartition, int] = {}
    for each, end in sight.ends.items():
        if each.topic in CASE_TOPICS:
            applied = sight.applied.get(each)
            lags[each] = max(0, end - (applied.next_offset if applied else 0))
    return lags


def ledger_lags(broker: BrokerSight, ledger: LedgerSight) -> dict[TopicPartition, int]:
    """Records that the ledger has not applied, of the partitions it reads; without a position it lags by all of it."""
    lags: dict[TopicPartition, int] = {}
    for each in broker.ends:
        position = ledger.positions.get(each)
        if position is not None or each.topic in CASE_TOPICS:
            lags[each] = max(0, broker.data_ends.get(each, 0) - (position.next_offset if position else 0))
    return lags


def totals_lags(sight: BrokerSight) -> dict[TopicPartition, int]:
    """Partial figures that the live totals do not hold; none on a bus without live totals."""
    if sight.totals is None:
        return {}
    return {PARTIALS: max(0, sight.data_ends.get(PARTIALS, 0) - sight.totals.next_offset)}
