"""What a stream worker tells Prometheus about the cases it keeps; asked when the metrics are read, never counted along.

Labels are topics of the catalogue and partitions, so bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakSet

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from lienthong_streams.partition import DeadlinePartition

_HERE = ("bus", "topic", "partition")


class CaseMetrics(Collector):
    """Gauges over the partitions that this worker owns now."""

    def __init__(self, bus: str, registry: CollectorRegistry) -> None:
        self._bus = bus
        self._partitions: WeakSet[DeadlinePartition] = WeakSet()
        registry.register(self)

    def watch(self, partition: DeadlinePartition) -> DeadlinePartition:
        """Tell about a partition for as long as its owner keeps it; gives it back."""
        self._partitions.add(partition)
        return partition

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The metrics as they stand."""
        cases = GaugeMetricFamily(
            "lienthong_stream_cases",
            "Cases that a worker keeps: open or closed in memory, or closed on its disk.",
            labels=(*_HERE, "kept"),
        )
        weight = GaugeMetricFamily(
            "lienthong_stream_cases_memory_bytes",
            "Keys and values of the cases in memory; the process needs about a third more.",
            labels=_HERE,
        )
        unfinished = GaugeMetricFamily(
            "lienthong_stream_unfinished",
            "1 while cases wait for a later run: many fell due at once, or reference data have changed.",
            labels=_HERE,
        )
        for partition in list(self._partitions):
            here = (self._bus, partition.source.topic, str(partition.source.partition))
            tally = partition.cases.tally()
            for kept, count in (("open", tally.open), ("closed", tally.closed), ("disk", tally.cold)):
                cases.add_metric((*here, kept), count)
            weight.add_metric(here, tally.memory_bytes)
            unfinished.add_metric(here, partition.standing.unfinished)
        yield from (cases, weight, unfinished)
