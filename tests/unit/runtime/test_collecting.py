"""What one step takes: all that is there, at once where it is much or nothing came lately, and never with a gap."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from lienthong_infra.memory import MemoryBroker
from lienthong_infra.memory_group import MemoryGroup, MemoryMembership
from lienthong_infra.ports import Record, TopicPartition
from lienthong_streams.runtime.collecting import FIRST_RECORDS, LEAST_RECORDS, LONG_STEP_S, Collector, joined
from lienthong_streams.runtime.times import HostTimes

HERE = TopicPartition("in.v1", 0)
THERE = TopicPartition("in.v1", 1)
LONG_S = 3_600.0
LIMIT_S = 20.0


class ScriptedMembership(MemoryMembership):
    """Answers as a client does that has fetched ahead: what the script says, one answer after another."""

    def __init__(self, *answers: Mapping[TopicPartition, Sequence[Record]]) -> None:
        super().__init__(MemoryGroup(MemoryBroker()))
        self.answers = list(answers)
        self.limits: list[int] = []

    async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        self.limits.append(limit)
        return self.answers.pop(0) if self.answers else {}


def records(first: int, last: int, partition: TopicPartition = HERE) -> list[Record]:
    """Records with these offsets, both included."""
    return [Record(*partition, offset, b"key", b"%d" % offset, 0) for offset in range(first, last + 1)]


async def collected(collector: Collector) -> dict[TopicPartition, list[int]]:
    """The offsets that one step would take."""
    async with asyncio.timeout(LIMIT_S):
        return {each: [one.offset for one in found] for each, found in (await collector.collect()).items()}


async def test_what_the_client_has_not_fetched_ahead_is_taken_too() -> None:
    """The first answers hold what came just after the last fetch, here and there; the last all that came later."""
    membership = ScriptedMembership(
        {HERE: records(0, 1)}, {THERE: records(0, 0, THERE)}, {HERE: records(2, 9), THERE: records(1, 5, THERE)}
    )
    assert await collected(Collector(membership, HostTimes())) == {HERE: [*range(10)], THERE: [*range(6)]}


async def test_a_lone_record_is_taken_at_once() -> None:
    """Nothing was done lately, so there is nothing to be spared."""
    membership = ScriptedMembership({HERE: records(0, 0)})
    assert await collected(Collector(membership, HostTimes(pace_s=LONG_S))) == {HERE: [0]}


async def test_many_records_are_taken_at_once() -> None:
    """Also just after another step: in a backlog nothing waits."""
    membership = ScriptedMembership({HERE: records(0, 9)}, {HERE: records(10, 19)})
    collector = Collector(membership, HostTimes(pace_s=LONG_S, small_fetch_records=10))
    collector.step_begins()
    assert await collected(collector) == {HERE: [*range(10)]}


async def test_few_records_wait_until_the_pace_since_the_last_step_is_over() -> None:
    """Else each of them would cost a transaction of its own."""
    collector = Collector(ScriptedMembership({HERE: records(0, 0)}), HostTimes(pace_s=0.2))
    clock = asyncio.get_running_loop().time
    begun = clock()
    collector.step_begins()
    await collected(collector)
    assert clock() - begun >= 0.2


async def test_nothing_is_nothing() -> None:
    """Without records the answer comes after one fetch: ticks and waiting partitions have their turn."""
    membership = ScriptedMembership({}, {HERE: records(0, 0)})
    assert await collected(Collector(membership, HostTimes(pace_s=LONG_S))) == {}


def test_after_long_steps_less_is_taken_and_after_short_ones_more_again() -> None:
    """A step that computes beyond its time limit ends the process, and the next owner would begin the same step."""
    collector = Collector(ScriptedMembership(), HostTimes(fetch_records=1_000))
    collector.took(0.0)
    assert collector.limit == 1_000
    for _ in range(2):
        collector.took(LONG_STEP_S + 1)
    assert collector.limit == 250
    for _ in range(9):
        collector.took(LONG_STEP_S + 1)
    assert collector.limit == LEAST_RECORDS
    collector.took(LONG_STEP_S / 2)
    assert collector.limit == LEAST_RECORDS
    for _ in range(9):
        collector.took(0.0)
    assert collector.limit == 1_000


async def test_a_fetch_is_no_larger_than_the_steps_allow() -> None:
    """What is known of the steps reaches the client."""
    membership = ScriptedMembership({HERE: records(0, 249)})
    collector = Collector(membership, HostTimes(fetch_records=4_000))
    collector.took(LONG_STEP_S + 1)
    await collected(collector)
    assert membership.limits == [250]


async def test_the_first_step_of_a_life_is_small() -> None:
    """Nobody knows yet how fast the machine is; a step that is too large is the last one, in every life again."""
    membership = ScriptedMembership({HERE: records(0, FIRST_RECORDS - 1)})
    await collected(Collector(membership, HostTimes(fetch_records=4_000)))
    assert membership.limits == [FIRST_RECORDS]


async def test_what_a_client_gives_beyond_the_limit_waits_for_the_next_steps() -> None:
    """A client of another make fetches by a setting of its own: nothing of that is lost, and steps stay small."""
    membership = ScriptedMembership({HERE: records(0, 6), THERE: records(0, 6, THERE)}, {HERE: records(7, 8)})
    collector = Collector(membership, HostTimes(fetch_records=5, small_fetch_records=5))
    steps = [await collected(collector) for _ in range(4)]
    assert steps == [
        {HERE: [0, 1, 2, 3, 4]},
        {HERE: [5, 6], THERE: [0, 1, 2]},
        {THERE: [3, 4, 5, 6]},
        {HERE: [7, 8]},
    ]


async def test_what_is_fetched_again_is_not_kept() -> None:
    """After a seek or a change of owner the rest of an older fetch would come out of turn."""
    membership = ScriptedMembership({HERE: records(0, 6), THERE: records(0, 6, THERE)})
    collector = Collector(membership, HostTimes(fetch_records=5, small_fetch_records=5))
    await collected(collector)
    collector.forget(HERE)
    assert await collected(collector) == {THERE: [0, 1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("more", "taken"),
    [
        pytest.param(records(3, 5), [0, 1, 2, 3, 4, 5], id="goes-on"),
        pytest.param(records(4, 5), [0, 1, 2], id="gap"),
        pytest.param(records(1, 5), [0, 1, 2], id="fetched-again"),
    ],
)
def test_fetches_are_joined_only_without_a_gap(more: Sequence[Record], taken: list[int]) -> None:
    """A run is taken as it is behind its first record: a gap in it that is no hole of the log would lose events."""
    assert [each.offset for each in joined(records(0, 2), more)] == taken
