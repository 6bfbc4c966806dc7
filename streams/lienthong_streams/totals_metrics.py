"""What the process of the live totals tells Prometheus about itself."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant

_BUS: Final = ("bus",)


class TotalsMetrics:
    """An observer that counts for Prometheus."""

    def __init__(self, bus: str, registry: CollectorRegistry) -> None:
        self._bus = bus
        self._read = Counter(
            "lienthong_totals_snapshots",
            "Partial snapshots read: taken, stale (a newer one is known) or refused (a dead letter).",
            ("bus", "outcome"),
            registry=registry,
        )
        self._written = Counter(
            "lienthong_totals_written", "Totals written to totals.v1.", _BUS, registry=registry
        ).labels(bus)
        self._position = Gauge(
            "lienthong_totals_position_offset",
            "Offset of totals-partial.v1 below which everything stands on totals.v1.",
            _BUS,
            registry=registry,
        ).labels(bus)
        self._current = Gauge(
            "lienthong_totals_current_timestamp_seconds",
            "When everything that was read last stood on totals.v1.",
            _BUS,
            registry=registry,
        ).labels(bus)
        self._active = Gauge(
            "lienthong_totals_active", "1: this process writes totals.v1; 0: it stands by.", _BUS, registry=registry
        ).labels(bus)
        ProcessCollector(registry=registry)

    def read(self, outcome: str) -> None:
        """A partial snapshot was read."""
        self._read.labels(self._bus, outcome).inc()

    def written(self, totals: int) -> None:
        """So many totals were written."""
        self._written.inc(totals)

    def current(self, position: int, at: Instant) -> None:
        """Everything read stands on the topic."""
        self._position.set(position)
        self._current.set(at / MICROSECONDS_PER_SECOND)

    def active(self, is_active: bool) -> None:
        """This process writes, or it stands by."""
        self._active.set(is_active)
