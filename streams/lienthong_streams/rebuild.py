"""A rebuild is silent: where a partition has no changelog, what was announced about its cases is read back first.

The announcements on ``sla.v1`` and ``quality.v1`` say what stands. The new owner takes the log from its beginning
without a word, and at its end says the difference between what stands and what holds (design §5). It takes as long as
the log is; a crash on the way goes on where it was, for the position says up to where nothing is said.

Announcements that an owner committed in its last moments can still be hidden behind another owner's open transaction,
some seconds long; they would be said again under the same ids, which every consumer drops.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from itertools import islice
from typing import Any, Final

from lienthong_infra.errors import UnknownTopic
from lienthong_infra.ports import Change, OutboundRecord, PartitionLog, Reader, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import DecodeError
from lienthong_schemas.partial_totals import TOPIC as LIVE_FIGURES
from lienthong_schemas.records import FIRM
from lienthong_streams.announce import CLOCK_EVENTS, FINDINGS
from lienthong_streams.case_state import CaseState, encode_state
from lienthong_streams.position import POSITION_KEY, Position, decode_position, encode_position

STANDING_KEY: Final = b"\x00standing\x00"
"""Before a case id: what stands about a case of which the changelog holds nothing."""
_WITHDRAWALS: Final = ("cleared", "withdrawn")
_CONFIRMED: Final = "confirmed"
_PORTION: Final = 5_000
"""Cases given out at once."""


class Announced:
    """What stands about the cases of one partition, by the announcements on the bus, each topic in its order."""

    def __init__(self, source: TopicPartition) -> None:
        self.generation = 0
        """The highest under which live figures were published."""
        self._source = source
        self._standing: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._withdrawals: defaultdict[str, dict[str, str]] = defaultdict(dict)

    def take(self, topic: str, record: dict[str, Any]) -> None:
        """Take a decoded record of a topic that the workers write."""
        if (record["source_topic"], record["source_partition"]) != self._source:
            return
        if topic == LIVE_FIGURES:
            self.generation = max(self.generation, record["generation"])
            return
        case_id: str = record["case_id"]
        key = record["settled_key"].removeprefix(f"{case_id}|")
        standing = self._standing[case_id]
        if record["kind"] in _WITHDRAWALS:
            standing.pop(key, None)
            self._withdrawals[case_id][key] = record["event_id"]
        elif record["kind"] == _CONFIRMED:
            standing[key] = FIRM
        else:
            standing[key] = record.get("firmness", FIRM)

    def states(self) -> Iterator[Change]:
        """A record for each case of which something was said, as a changelog has it: no timeline, what stands."""
        for case_id, standing in self._standing.items():
            state = CaseState(case_id)
            state.standing, state.withdrawals = standing, self._withdrawals[case_id]
            yield STANDING_KEY + case_id.encode(), encode_state(state)


class RebuildingLog:
    """A PartitionLog whose changelog, where there is none or a rebuild was not finished, begins with what stands."""

    def __init__(
        self, log: PartitionLog, source: TopicPartition, book: SchemaBook, make_reader: Callable[[], Reader]
    ) -> None:
        self._log = log
        self._source = source
        self._book = book
        self._make_reader = make_reader

    async def fence(self) -> None:
        """Become the owner."""
        await self._log.fence()

    async def changelog(self) -> AsyncGenerator[Sequence[Change], None]:
        """The changelog and, for a rebuild, what stands; the position is the last of all."""
        last: bytes | None = None
        async with aclosing(self._log.changelog()) as portions:
            async for portion in portions:
                last = next((value for key, value in reversed(portion) if key == POSITION_KEY), last)
                yield portion
        position = Position() if last is None else decode_position(last)
        if last is not None and position.next_offset >= position.silent_until:
            return
        reader = self._make_reader()
        try:
            announced, end = await self._announced(reader), (await reader.ends([self._source]))[self._source]
        finally:
            await reader.close()
        found, states = False, announced.states()
        while portion := list(islice(states, _PORTION)):
            found = True
            yield portion
        if last is None and (found or announced.generation):
            position = Position(generation=announced.generation, silent_until=end)
        if last is not None or position != Position():
            yield [(POSITION_KEY, encode_position(position))]

    async def _announced(self, reader: Reader) -> Announced:
        announced = Announced(self._source)
        for topic in (CLOCK_EVENTS, FINDINGS, LIVE_FIGURES):
            try:
                partitions = await reader.partitions(topic)
            except UnknownTopic:
                continue  # nothing can have been announced there; the first output will say that the topic is missing
            for number in range(partitions):
                async for record in read_to_end(reader, TopicPartition(topic, number)):
                    try:
                        announced.take(topic, self._book.decode(topic, record.value or b""))
                    except DecodeError:
                        continue  # somebody else's; the ledger writes its letter
        return announced

    async def commit(self, outputs: Sequence[OutboundRecord], changes: Sequence[Change]) -> None:
        """One transaction."""
        await self._log.commit(outputs, changes)

    async def close(self) -> None:
        """Release the connection."""
        await self._log.close()
