"""What a stream worker tells Prometheus about itself. Labels are topics of the catalogue and partitions, so bounded.

Lag and dead letters by state are the exporter's: it sees them also while no worker runs.
"""

from __future__ import annotations

from collections import Counter as Tally
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector

from lienthong_infra.ports import TopicPartition
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND
from lienthong_streams.position import decode_position
from lienthong_streams.runtime.ports import Advance

_HERE: Final = ("bus", "topic", "partition")
_STEPS: Final = (
    ("runs", "Transactions that were committed."),
    ("records", "Records taken, dead letters included."),
    ("jumps", "Fetches that did not begin at the position and were fetched again."),
    ("hole_offsets", "Offsets passed over because the log itself has no records there."),
    ("waits", "Runs that stopped early, for a schema that nobody has published yet."),
    ("set_aside", "Records set aside because they brought the worker down again and again."),
)


class HostMetrics:
    """An observer of a host that counts for Prometheus."""

    def __init__(self, bus: str, registry: CollectorRegistry) -> None:
        self._bus = bus
        self._steps = {
            name: Counter(f"lienthong_stream_{name}", text, _HERE, registry=registry) for name, text in _STEPS
        }
        self._outputs = Counter(
            "lienthong_stream_outputs",
            "Records written, by the topic they went to; dead letters among them.",
            ("bus", "topic"),
            registry=registry,
        )
        self._position = Gauge(
            "lienthong_stream_position_offset",
            "Next input offset of each partition that this worker owns.",
            _HERE,
            registry=registry,
        )
        self._horizon = Gauge(
            "lienthong_stream_horizon_timestamp_seconds",
            "The bus's time up to which this worker has announced, for each partition that it owns.",
            _HERE,
            registry=registry,
        )
        ProcessCollector(registry=registry)  # start of the process, memory, CPU

    def taken_over(self, source: TopicPartition, position: int) -> None:
        """A partition is ours and restored."""
        self._position.labels(self._bus, *source).set(position)

    def advanced(self, source: TopicPartition, step: Advance, position: int, position_value: bytes) -> None:
        """A step was done."""
        amounts = (step.committed, step.taken, step.jumped, step.hole, step.waiting, step.set_aside)
        for (name, _), amount in zip(_STEPS, amounts, strict=True):
            if amount:
                self._steps[name].labels(self._bus, *source).inc(amount)
        for topic, count in Tally(step.outputs).items():
            self._outputs.labels(self._bus, topic).inc(count)
        self._position.labels(self._bus, *source).set(position)
        if position_value:
            horizon = decode_position(position_value).horizon
            self._horizon.labels(self._bus, *source).set(horizon / MICROSECONDS_PER_SECOND)

    def released(self, source: TopicPartition) -> None:
        """A partition is ours no longer: its owner tells about it now."""
        for gauge in (self._position, self._horizon):
            gauge.remove(self._bus, source.topic, str(source.partition))
