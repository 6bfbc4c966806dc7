"""A whole bus in memory, as far as one sees it from outside: all topics, ticks, heartbeats, positions."""

from __future__ import annotations

from collections.abc import Mapping

from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import MICROSECONDS_PER_MILLISECOND, MICROSECONDS_PER_SECOND, Instant
from lienthong_schemas.records import Heartbeat, Tick
from lienthong_streams.position import POSITION_KEY, Position, encode_position

CATALOGUE = load_catalogue()
SECOND = MICROSECONDS_PER_SECOND


class BusLog:
    """Topics of a bus in a memory broker, whose clock stands at ``now`` (microseconds UTC) until it is moved."""

    def __init__(self, now: Instant = 1_000_000 * SECOND) -> None:
        self.now = now
        self.book = SchemaBook()
        self.broker = MemoryBroker(clock=lambda: self.now // MICROSECONDS_PER_MILLISECOND)
        for spec in CATALOGUE.topics.values():
            self.broker.create_topic(spec.name, spec.config.partitions)

    def case_records(self, topic: str, partition: int, count: int) -> None:
        """Put records on a case topic; nobody looks into them."""
        self.broker.write([OutboundRecord(topic, b"case", b"value", partition=partition)] * count)

    def tick(self, bus_time: Instant, heard: Mapping[str, Instant] | None = None) -> None:
        """Put a tick on its topic."""
        value = self.book.encode("tick.v1", Tick(bus_time, {}, 0, heard or {})._asdict())
        self.broker.write([OutboundRecord("tick.v1", None, value, partition=0)])

    def heartbeat(
        self, office: str, *, sender: str = "outbox-1", through: Instant | None = None, pending: int = 0
    ) -> None:
        """Put a heartbeat on its topic, heard now and complete through now unless told otherwise."""
        one = Heartbeat(office, sender, self.now, self.now if through is None else through, 10, pending)
        value = self.book.encode("heartbeat.v1", one._asdict())
        self.broker.write([OutboundRecord("heartbeat.v1", f"{office}/{sender}".encode(), value)])

    def applied(self, topic: str, partition: int, position: Position, *, states: int = 1) -> None:
        """A transaction of the deadline worker: changed states, then the position."""
        changelog = f"deadlines-changelog-{topic}"
        keys = [f"dossier:H27:{number}".encode() for number in range(states)]
        records = [OutboundRecord(changelog, key, b"state", partition=partition) for key in keys]
        records.append(OutboundRecord(changelog, POSITION_KEY, encode_position(position), partition=partition))
        self.broker.write(records, transactional=True)
