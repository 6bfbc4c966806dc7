"""What the sink tells Prometheus about itself. Labels are topics of the catalogue and closed lists, so bounded.

Lag, dead letters by state and problems of sequences are the exporter's: it sees them also while no sink runs.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lienthong_consumers.ledger.batch import Applied, Batch
from lienthong_infra.ports import TopicPartition

_SECONDS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Up to the limit of a transaction."""


class SinkMetrics:
    """An observer of the sink that counts for Prometheus."""

    def __init__(self, bus: str, registry: CollectorRegistry) -> None:
        self._bus = bus
        self._records = Counter(
            "lienthong_ledger_records",
            "Records taken, by what became of them: fresh, duplicate, refused (a dead letter).",
            ("bus", "topic", "outcome"),
            registry=registry,
        )
        self._batches = Histogram(
            "lienthong_ledger_batch_seconds",
            "Time of one batch: dead letters acknowledged and the transaction committed.",
            ("bus",),
            registry=registry,
            buckets=_SECONDS,
        )
        self._irregular = Counter(
            "lienthong_ledger_irregularities",
            "Gaps, conflicts, held events and corrections that came up.",
            ("bus", "kind"),
            registry=registry,
        )
        self._again = Counter(
            "lienthong_ledger_reads_again",
            "Runs that did not begin at the stored position and were read again (also once for each control marker).",
            ("bus", "topic"),
            registry=registry,
        )
        self._parked = Gauge(
            "lienthong_ledger_parked_partitions",
            "Partitions that wait for a schema nobody has published yet.",
            ("bus",),
            registry=registry,
        )
        self._over_limit = Gauge(
            "lienthong_ledger_offices_over_letter_limit",
            "Offices with more open dead letters than the limit of a sender.",
            ("bus",),
            registry=registry,
        )

    def applied(self, batch: Batch, applied: Applied, seconds: float) -> None:
        """A batch is committed."""
        self._batches.labels(self._bus).observe(seconds)
        for partition in batch.moves:
            fresh = applied.fresh[partition]
            for outcome, count in (
                ("fresh", fresh),
                ("duplicate", batch.taken[partition] - fresh),
                ("refused", batch.refusals[partition]),
            ):
                self._records.labels(self._bus, partition.topic, outcome).inc(count)
        for kind in ("gaps", "conflicts", "held", "corrections"):
            self._irregular.labels(self._bus, kind).inc(getattr(applied, kind))

    def read_again(self, partition: TopicPartition) -> None:
        """A run did not begin at the position and is read again."""
        self._again.labels(self._bus, partition.topic).inc()

    def parked(self, partitions: Collection[TopicPartition]) -> None:
        """These partitions wait for a schema."""
        self._parked.labels(self._bus).set(len(partitions))

    def over_limit(self, offices: int) -> None:
        """So many offices have more open dead letters than a sender may."""
        self._over_limit.labels(self._bus).set(offices)
