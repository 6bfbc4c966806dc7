"""What a stream worker tells Prometheus about ticks and reference data that it could not read."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from lienthong_streams.barriers import Barriers


class BarrierMetrics(Collector):
    """A counter by what is wrong, so bounded; asked when the metrics are read."""

    def __init__(self, bus: str, barriers: Barriers, registry: CollectorRegistry) -> None:
        self._bus = bus
        self._barriers = barriers
        registry.register(self)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The metric as it stands."""
        refused = CounterMetricFamily(
            "lienthong_stream_barriers_refused",
            "Records of tick.v1 and reference.v1 that this worker left out, by what is wrong; its log says which.",
            labels=("bus", "code"),
        )
        for code, count in sorted(self._barriers.refused.items()):
            refused.add_metric((self._bus, code), count)
        yield refused
