"""What the publishing process tells Prometheus. Labels are names of publications and topics of the catalogue."""

from __future__ import annotations

from collections import Counter as Tally

from prometheus_client import CollectorRegistry, Counter, Gauge

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant


class PublishMetrics:
    """An observer of the publishing process that counts for Prometheus."""

    def __init__(self, bus: str, registry: CollectorRegistry) -> None:
        self._bus = bus
        self._active = Gauge(
            "lienthong_publisher_active",
            "1: this process publishes; 0: it stands by.",
            ("bus",),
            registry=registry,
        )
        self._last = Gauge(
            "lienthong_publisher_last_publication_timestamp_seconds",
            "When a publication had its last turn.",
            ("bus", "publication"),
            registry=registry,
        )
        self._records = Counter(
            "lienthong_publisher_records",
            "Records that publications made.",
            ("bus", "publication"),
            registry=registry,
        )
        self._sent = Counter(
            "lienthong_publisher_sent",
            "Records that the broker acknowledged.",
            ("bus", "topic"),
            registry=registry,
        )
        self._unsent = Gauge(
            "lienthong_publisher_unsent",
            "Records that wait to be sent.",
            ("bus",),
            registry=registry,
        )

    def active(self, is_active: bool) -> None:
        """This process is the one that publishes, or it stands by."""
        self._active.labels(self._bus).set(is_active)

    def published(self, name: str, records: int, now: Instant) -> None:
        """A publication had its turn and enqueued so many records."""
        self._last.labels(self._bus, name).set(now / MICROSECONDS_PER_SECOND)
        self._records.labels(self._bus, name).inc(records)

    def sent(self, records: Tally[str], unsent: int) -> None:
        """So many records went out, by topic, and so many wait still."""
        for topic, count in records.items():
            self._sent.labels(self._bus, topic).inc(count)
        self._unsent.labels(self._bus).set(unsent)
