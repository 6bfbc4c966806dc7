"""Reading what a collector of Prometheus metrics says."""

from __future__ import annotations

import urllib.request

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from lienthong_infra.embedded.ports import LOOPBACK

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


def served_at(port: int) -> dict[str, float]:
    """Every series that is served on a port, by its name with labels; empty while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return {}
    series = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, value in series}
