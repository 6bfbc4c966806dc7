"""The broker from outside: log ends, applied positions, the newest tick, heartbeats. It joins no group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple, Protocol

from lienthong_consumers.exporter.lags import PARTIALS, TOTALS
from lienthong_consumers.exporter.sightings import AppliedPosition, BrokerSight, NewestTick, OfficeSign, TotalsSign
from lienthong_consumers.exporter.tails import newest, read_ranges
from lienthong_infra.errors import PositionLost
from lienthong_infra.ports import Reader, Record, TopicPartition
from lienthong_infra.reading import all_partitions
from lienthong_schemas.believed_ticks import read_tick
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import Catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import ContractError, IdentityError
from lienthong_schemas.identity import normalise_office
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, instant_of_milliseconds
from lienthong_schemas.records import heartbeat

HEARTBEATS_AT_START: Final = 50_000
"""Records of ``heartbeat.v1`` read at the first look, newest first: four hours of 100 offices that speak every 30 s.
An office that was silent for longer is known from the ticks."""

OUTBOX_KEPT: Final = 30 * 86_400 * MICROSECONDS_PER_SECOND
"""An outbox that has not spoken for 30 days, the retention of ``heartbeat.v1``, is forgotten: it was taken down."""

HEARTBEAT_TOPIC: Final = TopicPartition("heartbeat.v1", 0)
TICK_TOPIC: Final = TopicPartition("tick.v1", 0)

PositionOf = Callable[[Record], AppliedPosition | None]
"""Reads a record of a changelog: the position in it, or None for any other record. The streams own the format."""


class Groups(Protocol):
    """Tells of groups without being a member."""

    async def members(self, application: str) -> int:
        """How many processes are in a group."""
        ...

    async def shown(self, application: str) -> Mapping[TopicPartition, int]:
        """The positions that a group shows."""
        ...

    async def close(self) -> None:
        """Release the connection."""
        ...


class _Outbox(NamedTuple):
    last_heard: Instant
    complete_through: Instant
    pending: int


class BrokerWatch:
    """Looks at the broker again and again; remembers what need not be read twice.

    ``without`` names outboxes that are gone for good, as for the ticker. Without ``groups`` nothing is said of those
    who show their position in a group only.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        catalogue: Catalogue,
        position_of: PositionOf,
        groups: Groups | None = None,
        without: Collection[str] = (),
    ) -> None:
        self._reader = reader
        self._groups = groups
        self._without = frozenset(without)
        self._book = SchemaBook()
        self._position_of = position_of
        self._topics = [spec.name for spec in catalogue.topics.values() if spec.role != "changelog"]
        self._changelogs = {
            changelog.name: topic for topic in CASE_TOPICS if (changelog := catalogue.changelog_of(topic)) is not None
        }
        self._seen: dict[TopicPartition, int] = {}
        self._known_ends: Mapping[TopicPartition, int] = {}
        self._data_ends: dict[TopicPartition, int] = {}
        self._applied: dict[TopicPartition, AppliedPosition] = {}
        self._tick: NewestTick | None = None
        self._outboxes: dict[tuple[str, str], _Outbox] = {}
        self._unreadable: Counter[str] = Counter()

    async def look(self, now: Instant) -> BrokerSight:
        """What is there now.

        Raises UnavailableError, UnknownTopic for a topic that was not created, PositionLost for one that was made anew
        since the last look; after an error make a new watch.
        """
        ends = await self._ends(self._topics)
        changelogs = await self._ends(list(self._changelogs))
        await self._read_positions(changelogs)
        await self._read_data_ends(ends)
        await self._read_tick(ends[TICK_TOPIC])
        await self._read_heartbeats(ends[HEARTBEAT_TOPIC], now)
        return BrokerSight(
            seen_at=now,
            ends=ends,
            data_ends=dict(self._data_ends),
            applied=dict(self._applied),
            tick=self._tick,
            offices=self._offices(),
            unreadable=dict(self._unreadable),
            totals=await self._totals(),
        )

    async def close(self) -> None:
        """Release the connection."""
        await self._reader.close()
        if self._groups is not None:
            await self._groups.close()

    async def _totals(self) -> TotalsSign | None:
        """The live totals have no changelog: they show their position as their group's offset."""
        if self._groups is None or PARTIALS not in (shown := await self._groups.shown(TOTALS)):
            return None
        return TotalsSign(await self._groups.members(TOTALS), shown[PARTIALS])

    async def _ends(self, topics: list[str]) -> dict[TopicPartition, int]:
        return dict(await self._reader.ends(await all_partitions(self._reader, topics)))

    def _new_range(self, partition: TopicPartition, end: int) -> tuple[int, int]:
        """From where the last look ended. Raises PositionLost where the log has become shorter: it was made anew."""
        seen = self._seen.get(partition, 0)
        if seen > end:
            raise PositionLost(*partition, position=seen, end=end)
        return (seen, end)

    async def _read_positions(self, ends: Mapping[TopicPartition, int]) -> None:
        ranges = {each: self._new_range(each, end) for each, end in ends.items()}
        for changelog, position in (await newest(self._reader, ranges, self._position)).items():
            self._applied[TopicPartition(self._changelogs[changelog.topic], changelog.partition)] = position
        self._seen.update(ends)

    def _position(self, record: Record) -> AppliedPosition | None:
        try:
            return self._position_of(record)
        except (ContractError, ValueError, TypeError):
            self._unreadable[record.topic] += 1
            return None

    async def _read_data_ends(self, ends: Mapping[TopicPartition, int]) -> None:
        """Case topics are never written in transactions, so their ends are enough."""
        cases = {each: end for each, end in ends.items() if each.topic in CASE_TOPICS}
        ranges = {each: (self._known_ends.get(each, 0), end) for each, end in ends.items() if each not in cases}
        self._data_ends.update(cases)
        self._data_ends.update(await newest(self._reader, ranges, lambda record: record.offset + 1))
        self._known_ends = ends

    async def _read_tick(self, end: int) -> None:
        found = await newest(self._reader, {TICK_TOPIC: self._new_range(TICK_TOPIC, end)}, self._tick_of)
        self._tick = found.get(TICK_TOPIC, self._tick)
        self._seen[TICK_TOPIC] = end

    def _tick_of(self, record: Record) -> NewestTick | None:
        try:
            one = read_tick(self._book, record.value, record.timestamp)
        except ContractError:
            self._unreadable[record.topic] += 1
            return None
        return NewestTick(record.offset, one.bus_time, one.complete_through)

    async def _read_heartbeats(self, end: int, now: Instant) -> None:
        first, end = self._new_range(HEARTBEAT_TOPIC, end)
        window = {HEARTBEAT_TOPIC: (max(first, end - HEARTBEATS_AT_START), end)}
        async for record in read_ranges(self._reader, window):
            self._hear(record)
        self._seen[HEARTBEAT_TOPIC] = end
        self._outboxes = {each: one for each, one in self._outboxes.items() if now - one.last_heard < OUTBOX_KEPT}

    def _hear(self, record: Record) -> None:
        try:
            one = heartbeat(self._book.decode(record.topic, record.value or b""))
            if normalise_office(one.office) != one.office:
                raise IdentityError("the office is not in normal form")
        except ContractError:
            self._unreadable[record.topic] += 1
            return
        if one.sender not in self._without:
            heard = instant_of_milliseconds(record.timestamp)
            # An office's clock may run ahead; what it says of the future is not yet true.
            self._outboxes[one.office, one.sender] = _Outbox(heard, min(one.complete_through, heard), one.pending)

    def _offices(self) -> dict[str, OfficeSign]:
        known: dict[str, OfficeSign] = {}
        for (office, _), outbox in self._outboxes.items():
            before = known.get(office)
            sign = OfficeSign(*outbox)
            known[office] = sign if before is None else before.together(sign)
        for office, through in (self._tick.complete_through if self._tick else {}).items():
            # It spoke longer ago than we have read back: at that time at the latest.
            known.setdefault(office, OfficeSign(through, through, 0))
        return known
