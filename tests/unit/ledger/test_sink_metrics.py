"""What the sink tells Prometheus: counts by topic and outcome, and nothing whose labels could grow."""

from __future__ import annotations

from collections import Counter

from prometheus_client import CollectorRegistry

from lienthong_consumers.ledger.batch import Applied, Batch, Move
from lienthong_consumers.ledger.sink_metrics import SinkMetrics
from lienthong_infra.ports import TopicPartition

PARTITION = TopicPartition("dossier.v1", 2)


def test_a_batch_is_counted_by_what_became_of_its_records() -> None:
    """Five taken, of which three were new; one refused; two gaps."""
    registry = CollectorRegistry()
    metrics = SinkMetrics("h27", registry)
    batch = Batch(moves={PARTITION: Move(0, 6, 0)}, taken=Counter({PARTITION: 5}), refusals=Counter({PARTITION: 1}))
    metrics.applied(batch, Applied(fresh=Counter({PARTITION: 3}), gaps=2), 0.03)
    found = {
        outcome: registry.get_sample_value(
            "lienthong_ledger_records_total", {"bus": "h27", "topic": "dossier.v1", "outcome": outcome}
        )
        for outcome in ("fresh", "duplicate", "refused")
    }
    assert found == {"fresh": 3, "duplicate": 2, "refused": 1}
    assert registry.get_sample_value("lienthong_ledger_irregularities_total", {"bus": "h27", "kind": "gaps"}) == 2
    assert registry.get_sample_value("lienthong_ledger_batch_seconds_count", {"bus": "h27"}) == 1


def test_what_waits_and_who_sends_too_many_bad_records_are_gauges() -> None:
    """They go down again."""
    registry = CollectorRegistry()
    metrics = SinkMetrics("h27", registry)
    metrics.parked([PARTITION])
    metrics.over_limit(3)
    metrics.parked([])
    metrics.read_again(PARTITION)
    found = [
        registry.get_sample_value(name, labels)
        for name, labels in (
            ("lienthong_ledger_parked_partitions", {"bus": "h27"}),
            ("lienthong_ledger_offices_over_letter_limit", {"bus": "h27"}),
            ("lienthong_ledger_reads_again_total", {"bus": "h27", "topic": "dossier.v1"}),
        )
    ]
    assert found == [0, 3, 1]
