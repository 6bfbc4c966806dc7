"""A tiny processor for the runtime's own tests: counts records per key, and says each count.

The truth it must reach is a plain loop over the log, ``expected_outputs``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_schemas.instants import Instant
from lienthong_streams.position import POSITION_KEY, Position, decode_position, encode_position
from lienthong_streams.runtime.ports import Effects

OUTPUT = "out.v1"
LETTERS = "letters.v1"

Interference = Callable[[Record], None]
"""Called with each record before it is counted; what it raises is the processor's death."""


def _no_interference(_: Record) -> None:
    return None


def said(source: TopicPartition, record_key: bytes, offset: int, count: int) -> tuple[bytes, bytes]:
    """Key and value of the output for one record."""
    return record_key, b"%s/%d@%d=%d" % (source.topic.encode(), source.partition, offset, count)


def expected_outputs(source: TopicPartition, log: Iterable[Record]) -> list[tuple[bytes, bytes]]:
    """What must have been said about a log, in order: the plain loop."""
    counts: Counter[bytes] = Counter()
    outputs = []
    for record in log:
        key = record.key or b""
        counts[key] += 1
        outputs.append(said(source, key, record.offset, counts[key]))
    return outputs


class CountingProcessor:
    """Counts records per key. All outputs go to the output partition with the number of the input partition."""

    def __init__(self, source: TopicPartition, interference: Interference = _no_interference) -> None:
        self.source = source
        self.counts: Counter[bytes] = Counter()
        self.waits_at: int | None = None
        self._position = 0
        self.interference = interference
        self._changed: set[bytes] = set()

    @property
    def position(self) -> int:
        """Next input offset."""
        return self._position

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the changelog."""
        if key == POSITION_KEY:
            self._position = decode_position(value or b"").next_offset
        else:
            self.counts[key] = int(value or b"")

    def restored(self) -> None:
        """Nothing is derived."""

    def run(self, records: Sequence[Record], *, now: Instant) -> Effects:
        """Count; stop before the offset ``waits_at``."""
        outputs = []
        for record in records:
            if record.offset == self.waits_at:
                break
            self.interference(record)
            key = record.key or b""
            self.counts[key] += 1
            self._changed.add(key)
            text = said(self.source, key, record.offset, self.counts[key])
            outputs.append(OutboundRecord(OUTPUT, *text, (), self.source.partition))
            self._position = record.offset + 1
        return self._effects(outputs, urgent=bool(outputs))

    def skip_hole(self, offset: int) -> None:
        """Go on behind the hole."""
        self._position = offset

    def set_aside(self, record: Record, *, deaths: int, now: Instant) -> Effects:
        """Write the record down as a letter."""
        self._position = record.offset + 1
        return self._effects([OutboundRecord(LETTERS, record.key, b"%d" % deaths, (), 0)], urgent=True)

    def _effects(self, outputs: list[OutboundRecord], *, urgent: bool) -> Effects:
        changes: list[tuple[bytes, bytes | None]] = [(key, b"%d" % self.counts[key]) for key in sorted(self._changed)]
        changes.append((POSITION_KEY, encode_position(Position(self._position))))
        self._changed = set()
        return Effects(tuple(outputs), tuple(changes), urgent)


class Restless(CountingProcessor):
    """Each run changes its position record, as a tick does for a partition that waits for its time."""

    def __init__(self, source: TopicPartition) -> None:
        super().__init__(source)
        self._runs = 0

    def run(self, records: Sequence[Record], *, now: Instant) -> Effects:
        """Count, and write the position in another way each time."""
        self._runs += 1
        effects = super().run(records, now=now)
        key, value = effects.changes[-1]
        return Effects(
            effects.outputs, (*effects.changes[:-1], (key, b" " * self._runs + (value or b""))), effects.urgent
        )
