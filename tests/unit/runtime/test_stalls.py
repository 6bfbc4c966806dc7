"""The watch for partitions that do not move."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lienthong_infra.errors import Stalled
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.memory_group import MemoryGroup, MemoryMembership
from lienthong_infra.ports import TopicPartition
from lienthong_infra.stalls import StallTimes, StallWatch

HERE = TopicPartition("in.v1", 0)
TIMES = StallTimes(look_s=1, nudge_s=30, give_up_s=180)


@dataclass
class Standing:
    """A partition at a position."""

    position: int


class Sought(MemoryMembership):
    """A membership that remembers where it was sent."""

    def __init__(self) -> None:
        super().__init__(MemoryGroup(MemoryBroker()))
        self.sought: list[int] = []

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Remember."""
        self.sought.append(offset)


def watch(position: int) -> tuple[StallWatch, Sought, Standing]:
    """A watch over one partition."""
    membership, standing = Sought(), Standing(position)
    return StallWatch(membership, {HERE: standing}, TIMES), membership, standing


def test_a_partition_that_rests_before_the_end_is_nudged_again_and_again() -> None:
    """It is fetched from its position once more, after each thirty seconds."""
    stalls, membership, _ = watch(4)
    for second in range(0, 95, 5):
        stalls.look({HERE: 9}, {HERE: 9}, float(second))
    assert membership.sought == [4, 4, 4]


def test_a_partition_that_moves_or_is_at_the_end_is_left_alone() -> None:
    """However slowly it moves."""
    stalls, membership, standing = watch(0)
    for second in range(0, 1000, 20):
        standing.position = min(second // 20, 30)
        stalls.look({HERE: 30}, {HERE: 30}, float(second))
    assert membership.sought == []


def test_a_partition_from_which_nothing_comes_ends_the_process() -> None:
    """Three minutes before the end of the log, and the client has not fetched what is there."""
    stalls, _, _ = watch(4)
    stalls.look({HERE: 9}, {HERE: 4}, 0.0)
    stalls.look({HERE: 9}, {HERE: 4}, 179.0)
    with pytest.raises(Stalled, match=r"in\.v1/0: at 4 of 9"):
        stalls.look({HERE: 9}, {HERE: 4}, 180.0)


def test_offsets_without_records_at_the_end_are_no_stall() -> None:
    """All has been fetched up to the end: a control marker lies there."""
    stalls, membership, _ = watch(8)
    for second in range(0, 1000, 10):
        stalls.look({HERE: 9}, {HERE: 9}, float(second))
    assert set(membership.sought) == {8}
