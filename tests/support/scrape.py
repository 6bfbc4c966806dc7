"""Reading what a collector of Prometheus metrics says."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

Series = dict[tuple[str, ...], float]
"""By the values of the labels behind ``bus``, in the order of their names."""


def series_of(collector: Collector, name: str) -> Series:
    """All series of one metric."""
    registry = CollectorRegistry()
    registry.register(collector)
    found: Series = {}
    for family in registry.collect():
        for sample in family.samples:
            if sample.name == name:
                labels = tuple(value for label, value in sorted(sample.labels.items()) if label != "bus")
                found[labels] = sample.value
    return found


def names_of(collector: Collector) -> set[str]:
    """Names of all metrics that have a series."""
    registry = CollectorRegistry()
    registry.register(collector)
    return {sample.name for family in registry.collect() for sample in family.samples}
