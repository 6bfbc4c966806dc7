"""The host of the live totals: reads the partial figures of a whole bus, adds them up, writes ``totals.v1``.

One process writes; others may stand by (``totals_shift``). At its start it shuts a former one out (``fence``), reads
``totals.v1`` for what is said already, ``reference.v1`` for the fields of procedures and ``totals-partial.v1`` to its
present end; only then it writes, first what is missing or otherwise, then what changes. It keeps nothing of its own: to
start again is to read again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from lienthong_infra.dead_letter import letter_of_error
from lienthong_infra.ports import OutboundRecord, PartitionLog, Reader, Record, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import DecodeError
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_schemas.partial_totals import TOPIC, partial_totals
from lienthong_schemas.totals import LIVE_TOPIC
from lienthong_streams.barriers import Barriers
from lienthong_streams.domain.merging import Merger
from lienthong_streams.totals import TotalsTopic

CONSUMER: Final = "totals"
"""Who writes the dead letters of this stage; also names the transactional id."""
PARTIALS: Final = TopicPartition(TOPIC, 0)
TOTALS: Final = TopicPartition(LIVE_TOPIC, 0)
REFERENCE: Final = TopicPartition("reference.v1", 0)
EVERY_S: Final = 0.25
"""Seconds between two transactions: with the workers' own second a total is less than two seconds old."""
AT_ONCE: Final = 2_000
"""Totals in one transaction at most."""
FIELDS_EVERY: Final = 60 * MICROSECONDS_PER_SECOND
"""Microseconds after which fields are looked up again: one may apply from an instant that has come meanwhile."""
_READ_AT_ONCE: Final = 5_000
_WAIT_S: Final = 0.5
"""Seconds one read waits; news wake it at once."""


class TotalsObserver(Protocol):
    """Hears what the host does, for metrics. Must return at once and never raise."""

    def read(self, outcome: str) -> None:
        """A partial snapshot was read: ``taken``, ``stale`` (a newer one is known) or ``refused``."""
        ...

    def written(self, totals: int) -> None:
        """So many totals were written in one transaction."""
        ...

    def current(self, position: int, at: Instant) -> None:
        """At an instant all stands on ``totals.v1`` that was read of the partials, up to an offset."""
        ...


@dataclass(frozen=True, slots=True)
class TotalsPorts:
    """What the host works with. ``log`` is the one of the input partition; its changelog is never used."""

    log: PartitionLog
    reader: Reader
    now: Callable[[], Instant]
    observer: TotalsObserver


class TotalsHost:
    """Adds up the partial figures of one bus. Raises whatever goes wrong; the process must end then."""

    def __init__(self, ports: TotalsPorts, *, every_s: float = EVERY_S) -> None:
        self._ports = ports
        self._every = round(every_s * MICROSECONDS_PER_SECOND)
        self._book = SchemaBook()
        self._references = Barriers(self._book)
        self._merger = Merger()
        self._topic = TotalsTopic(self._book, self._merger)
        self._letters: list[OutboundRecord] = []
        self._position = 0
        self._last: Instant = 0
        self._fields_of: tuple[int, Instant] = (-1, 0)
        self.stands: int | None = None
        """Offset of the partials below which everything stands on the topic; None: not yet known."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        await self.catch_up()
        while not stop.is_set():
            await self.step()

    async def catch_up(self) -> None:
        """Become the writer, read all that there is, and write what is not said yet."""
        ports = self._ports
        await ports.log.fence()
        async for record in read_to_end(ports.reader, TOTALS):
            self._topic.read(record)
        async for record in read_to_end(ports.reader, REFERENCE):
            self._references.add_reference(record)
        async for record in read_to_end(ports.reader, PARTIALS):
            self._take(record)
        await ports.reader.assign({PARTIALS: self._position, REFERENCE: self._references.reference_position})
        self._use_fields()
        while self._waits:
            await self._write()
        self._tell()

    async def step(self) -> None:
        """Read what has come, and write what has changed once the interval is over."""
        ports = self._ports
        found = await ports.reader.read(timeout=self._patience_s(), limit=_READ_AT_ONCE)
        for record in found.get(REFERENCE, ()):
            self._references.add_reference(record)
        for record in found.get(PARTIALS, ()):
            self._take(record)
        self._use_fields()
        if self._waits and self._patience_s() == 0:
            await self._write()
        if not self._waits:
            self._tell()

    def _tell(self) -> None:
        """All that was read stands on the topic."""
        self.stands = self._position
        self._ports.observer.current(self._position, self._ports.now())

    @property
    def _waits(self) -> bool:
        return bool(self._letters) or self._topic.waits

    def _patience_s(self) -> float:
        """How long the next read may wait: where something is to be written, until the interval is over."""
        if not self._waits:
            return _WAIT_S
        passed = self._ports.now() - self._last
        left = self._every - passed if passed >= 0 else 0  # also where the clock was put back
        return max(0, left) / MICROSECONDS_PER_SECOND

    def _take(self, record: Record) -> None:
        """Count one partial snapshot. One that cannot be read becomes a dead letter."""
        self._position = record.offset + 1
        if record.value is None:
            return  # nobody deletes here: an emptied cell is a snapshot of zeros
        try:
            snapshot = partial_totals(self._book.decode(TOPIC, record.value))
        except DecodeError as error:
            self._letters.append(letter_of_error(record, error, consumer=CONSUMER))
            self._ports.observer.read("refused")
            return
        self._ports.observer.read("taken" if self._merger.take(snapshot) else "stale")

    def _use_fields(self) -> None:
        """Look fields up again where the reference data have changed, or some time has passed."""
        now, end = self._ports.now(), self._references.reference_position
        known, since = self._fields_of
        if known == end and 0 <= now - since < FIELDS_EVERY:
            return
        self._fields_of = end, now
        book = self._references.reference(end)
        self._merger.use_fields(lambda selector: book.field_of(selector, now))

    async def _write(self) -> None:
        """One transaction: dead letters, then a portion of the totals that have changed."""
        self._last = self._ports.now()
        letters, self._letters = self._letters, []
        outputs = self._topic.outputs(AT_ONCE)
        if letters or outputs:
            await self._ports.log.commit([*letters, *outputs], ())
            self._ports.observer.written(len(outputs))
