"""One owned partition: exact start, holes, dropping, restoring, and being of no use after a failure."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lienthong_infra.errors import Fenced, RecordTooLarge, UnavailableError
from lienthong_infra.memory import MemoryBroker, MemoryPartitionLog
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_infra.record_size import MAX_RECORD_BYTES
from lienthong_schemas.instants import Instant
from lienthong_streams.position import POSITION_KEY, Position, encode_position
from lienthong_streams.runtime.doubt import DEATHS_ALLOWED, DOUBT_KEY, decode_marker
from lienthong_streams.runtime.owned import NotAsLogged, OwnedPartition
from lienthong_streams.runtime.ports import Advance, Effects
from tests.support.counting import LETTERS, OUTPUT, CountingProcessor

SOURCE = TopicPartition("in.v1", 0)
CHANGELOG = "deadlines-changelog-in.v1"


def broker() -> MemoryBroker:
    """A broker with the topics of a partition."""
    found = MemoryBroker()
    for topic in (OUTPUT, CHANGELOG, LETTERS):
        found.create_topic(topic)
    return found


def records(first: int, last: int) -> list[Record]:
    """Records with these offsets, both included."""
    return [Record("in.v1", 0, offset, b"key", b"%d" % offset, 0) for offset in range(first, last + 1)]


async def taken_over(found: MemoryBroker, processor: CountingProcessor | None = None) -> OwnedPartition:
    """The partition, ours."""
    owned = OwnedPartition(SOURCE, found.partition_log(SOURCE), processor or CountingProcessor(SOURCE))
    await owned.take_over()
    return owned


async def advance(owned: OwnedPartition, run: Sequence[Record], *, idle_commit: bool = False) -> Advance:
    """One step."""
    return await owned.advance(run, now=0, idle_commit=idle_commit)


async def test_a_run_at_the_position_is_committed_with_position_last() -> None:
    """Outputs, then changes, then the position."""
    found = broker()
    step = await advance(await taken_over(found), records(0, 4))
    assert (step.taken, step.outputs, step.committed, step.seek_to) == (5, (OUTPUT,) * 5, True, None)
    assert len(found.records(OUTPUT)) == 5
    last = found.records(CHANGELOG)[-1]
    assert (last.key, last.value) == (POSITION_KEY, encode_position(Position(5)))


async def test_records_below_the_position_are_dropped() -> None:
    """All of them, or those of a fetch that reaches over the position."""
    owned = await taken_over(broker())
    await advance(owned, records(0, 9))
    assert await advance(owned, records(3, 8)) == Advance()
    assert (await advance(owned, records(5, 12))).taken == 3


async def test_a_jump_is_fetched_again_from_the_position() -> None:
    """Nothing is processed and nothing is committed."""
    found = broker()
    owned = await taken_over(found)
    step = await advance(owned, records(7, 9))
    assert (step.seek_to, step.jumped, step.taken) == (0, True, 0)
    assert found.records(OUTPUT) == []


async def test_the_same_jump_seen_twice_is_a_hole() -> None:
    """The log itself has nothing there: go on behind it."""
    owned = await taken_over(broker())
    await advance(owned, records(0, 2))
    await advance(owned, records(7, 9))
    step = await advance(owned, records(7, 9))
    assert (step.hole, step.taken, owned.position) == (4, 3, 10)


async def test_two_different_jumps_are_no_hole() -> None:
    """From the same position to another offset: still something that was lost on the way."""
    owned = await taken_over(broker())
    await advance(owned, records(7, 9))
    assert (await advance(owned, records(5, 9))).seek_to == 0
    assert (await advance(owned, records(7, 9))).seek_to == 0


async def test_a_jump_is_forgotten_once_records_come_at_the_position() -> None:
    """A later jump from elsewhere is a first one again."""
    owned = await taken_over(broker())
    await advance(owned, records(7, 9))
    await advance(owned, records(0, 4))
    assert (await advance(owned, records(7, 9))).seek_to == 5


async def test_a_second_life_begins_where_the_first_ended() -> None:
    """State and position come from the changelog."""
    found = broker()
    await advance(await taken_over(found), records(0, 9))
    processor = CountingProcessor(SOURCE)
    owned = await taken_over(found, processor)
    assert (owned.position, processor.counts[b"key"]) == (10, 10)


async def test_it_cannot_be_used_before_it_is_restored() -> None:
    """Position 0 of an empty memory is not the position."""
    owned = OwnedPartition(SOURCE, broker().partition_log(SOURCE), CountingProcessor(SOURCE))
    with pytest.raises(NotAsLogged):
        await advance(owned, records(0, 0))


async def test_after_a_failed_commit_it_refuses_to_go_on() -> None:
    """Memory is ahead of the log: whoever catches the error must not use it again."""
    found = broker()
    owned = await taken_over(found)
    await advance(owned, records(0, 4))
    await found.partition_log(SOURCE).fence()
    with pytest.raises(Fenced):
        await advance(owned, records(5, 9))
    with pytest.raises(NotAsLogged):
        await advance(owned, records(5, 9))


async def test_what_is_not_urgent_is_committed_only_when_it_is_time() -> None:
    """An idle partition that hears a tick writes nothing, unless it is allowed to; it says that something is left."""
    found = broker()
    owned = await taken_over(found)
    assert await advance(owned, (), idle_commit=False) == Advance(kept_back=True)
    assert found.records(CHANGELOG) == []
    assert (await advance(owned, (), idle_commit=True)).committed
    assert [each.key for each in found.records(CHANGELOG)] == [POSITION_KEY]


async def test_a_processor_that_stops_early_is_asked_again_from_there() -> None:
    """What it took is committed; the rest is fetched again, after a while."""
    found = broker()
    processor = CountingProcessor(SOURCE)
    processor.waits_at = 3
    step = await advance(await taken_over(found, processor), records(0, 9))
    assert (step.taken, step.seek_to, step.waiting) == (3, 3, True)
    assert len(found.records(OUTPUT)) == 3


class Death(Exception):
    """The process dies."""


def killed_by(*offsets: int) -> CountingProcessor:
    """A processor that dies at some records."""

    def deadly(record: Record) -> None:
        if record.offset in offsets:
            raise Death

    return CountingProcessor(SOURCE, deadly)


async def lives(found: MemoryBroker, make: CountingProcessor, run: Sequence[Record]) -> int:
    """Live again and again until a whole run is taken; returns the number of deaths."""
    for deaths in range(100):
        owned = await taken_over(found, CountingProcessor(SOURCE, make.interference))
        try:
            while owned.position <= run[-1].offset:
                await advance(owned, [each for each in run if each.offset >= owned.position])
        except Death:
            continue
        return deaths
    raise AssertionError("it never ends")


async def test_records_that_kill_are_set_aside_one_by_one() -> None:
    """Two guilty ones among forty: two letters; all others are counted, once, in order."""
    found = broker()
    deaths = await lives(found, killed_by(11, 30), records(0, 39))
    assert len(found.records(LETTERS)) == 2
    assert [each.value for each in found.records(OUTPUT)] == [
        b"in.v1/0@%d=%d" % (offset, count)
        for count, offset in enumerate([offset for offset in range(40) if offset not in (11, 30)], 1)
    ]
    assert deaths <= 2 * (DEATHS_ALLOWED + 1)


async def test_the_guilty_of_a_large_run_are_found_in_a_few_deaths() -> None:
    """In pieces, then in the piece that does not end; all others are counted, once, in order."""
    found, guilty = broker(), (0, 1_234, 1_235, 3_999)
    deaths = await lives(found, killed_by(*guilty), records(0, 3_999))
    assert len(found.records(LETTERS)) == len(guilty)
    said = [each.value or b"" for each in found.records(OUTPUT)]
    innocent = [offset for offset in range(4_000) if offset not in guilty]
    assert said == [b"in.v1/0@%d=%d" % (offset, count) for count, offset in enumerate(innocent, 1)]
    assert deaths <= len(guilty) * (DEATHS_ALLOWED + 3)


async def test_a_death_without_a_guilty_record_costs_few_transactions() -> None:
    """A worker that was killed in a backlog is soon behind its suspects: they are taken in pieces, not one by one."""
    found = broker()
    with pytest.raises(Death):
        await advance(await taken_over(found, killed_by(3_000)), records(0, 3_999))
    effects: list[str] = []
    found.before_effect = effects.append
    owned = await taken_over(found)
    while owned.position < 4_000:
        await advance(owned, records(owned.position, 3_999))
    assert len([each for each in effects if each == "commit"]) <= 70
    assert found.records(LETTERS) == []
    assert len(found.records(OUTPUT)) == 4_000


@pytest.mark.parametrize("old", [b'{"position":0,"through":9,"deaths":1}', b'{"position":0,"through":9,"deaths":4}'])
async def test_a_marker_of_an_older_program_is_understood(old: bytes) -> None:
    """It says nothing of pieces: its suspects are looked at again, and nobody is condemned by it alone."""
    found = broker()
    log = found.partition_log(SOURCE)
    await log.fence()
    await log.commit((), ((DOUBT_KEY, old), (POSITION_KEY, encode_position(Position(0)))))
    owned = await taken_over(found)
    while owned.position < 10:
        await advance(owned, records(owned.position, 9))
    assert found.records(LETTERS) == []
    assert len(found.records(OUTPUT)) == 10


class NoOutputs(MemoryPartitionLog):
    """The broker of the output partition is away, that of the changelog is not."""

    async def commit(self, outputs: Sequence[OutboundRecord], changes: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Fail where there are outputs."""
        if outputs:
            raise UnavailableError("no answer")
        await super().commit(outputs, changes)


async def test_a_death_that_is_not_the_records_fault_condemns_nothing() -> None:
    """The commit fails for as long as a broker is away, however often: no record is set aside."""
    found = broker()
    for _ in range(4 * DEATHS_ALLOWED):
        owned = OwnedPartition(SOURCE, NoOutputs(found, "deadlines", SOURCE), CountingProcessor(SOURCE))
        await owned.take_over()
        with pytest.raises(UnavailableError):
            await advance(owned, records(0, 9))
    await advance(await taken_over(found), records(0, 9))
    assert found.records(LETTERS) == []
    assert len(found.records(OUTPUT)) == 10


class Swelling(CountingProcessor):
    """One of its records makes an output that no broker takes."""

    def run(self, records: Sequence[Record], *, now: Instant) -> Effects:
        """Swell at offset 5."""
        effects = super().run(records, now=now)
        if any(each.offset == 5 for each in records):
            swollen = OutboundRecord(OUTPUT, b"k", b"x" * MAX_RECORD_BYTES, (), 0)
            return Effects((*effects.outputs, swollen), effects.changes, effects.urgent)
        return effects


async def test_a_record_whose_effects_are_too_large_is_set_aside() -> None:
    """That would happen for ever: the next lives find the record and write a letter."""
    found = broker()
    for _ in range(3):
        owned = await taken_over(found, Swelling(SOURCE))
        try:
            while owned.position < 10:
                await advance(owned, records(owned.position, 9))
        except RecordTooLarge:
            continue
    assert len(found.records(LETTERS)) == 1
    said = [each.value or b"" for each in found.records(OUTPUT)]
    assert [each.split(b"@")[1] for each in said] == [
        b"%d=%d" % (o, n) for n, o in enumerate([0, 1, 2, 3, 4, 6, 7, 8, 9], 1)
    ]


async def test_the_marker_of_doubt_keeps_the_position_last() -> None:
    """Whoever reads only the end of a changelog finds the position there, whatever else was written."""
    found = broker()
    await advance(await taken_over(found), records(0, 4))
    with pytest.raises(Death):
        await advance(await taken_over(found, killed_by(7)), records(5, 9))
    marker, last = found.records(CHANGELOG)[-2:]
    assert (marker.key, decode_marker(marker.value)) == (DOUBT_KEY, (5, 9, 1, 0))
    assert (last.key, last.value) == (POSITION_KEY, encode_position(Position(5)))


async def test_what_the_state_stands_on_is_read_between_changelog_and_state() -> None:
    """The former owner may have read further than we: first its changelog, then our reading up to there."""
    found = broker()
    order: list[str] = []
    found.before_effect = order.append
    owned = OwnedPartition(SOURCE, MemoryPartitionLog(found, "deadlines", SOURCE), CountingProcessor(SOURCE))

    async def read_up() -> None:
        order.append("read-up")

    await owned.take_over(before_restored=read_up)
    assert order == ["fence", "changelog", "read-up"]
