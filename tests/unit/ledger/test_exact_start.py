"""The exact-start rule: what a client hands out is taken only from exactly the stored position on."""

from __future__ import annotations

from collections.abc import Sequence

from lienthong_consumers.ledger.exact_start import ExactStart, Run, SeekBack
from lienthong_infra.ports import Record, TopicPartition

PARTITION = TopicPartition("dossier.v1", 0)


def records(*offsets: int) -> Sequence[Record]:
    """Records at these offsets."""
    return [Record(*PARTITION, offset, b"k", b"v", 0) for offset in offsets]


def offsets(judged: Run | SeekBack | None) -> list[int]:
    """The offsets of a run."""
    assert isinstance(judged, Run)
    return [record.offset for record in judged.records]


def test_a_run_from_the_position_is_taken() -> None:
    """The plain case."""
    assert offsets(ExactStart().judge(PARTITION, 5, records(5, 6, 7), gapless=True)) == [5, 6, 7]


def test_what_lies_below_the_position_is_dropped() -> None:
    """Fetched before the seek took effect."""
    assert offsets(ExactStart().judge(PARTITION, 6, records(4, 5, 6, 7), gapless=True)) == [6, 7]


def test_nothing_is_left_where_all_lies_below() -> None:
    """An old fetch says nothing about what follows."""
    assert ExactStart().judge(PARTITION, 9, records(4, 5), gapless=True) is None


def test_a_jump_is_read_again_from_the_position() -> None:
    """Going on would skip records, and the fence would not notice."""
    start = ExactStart()
    assert start.judge(PARTITION, 5, records(8, 9), gapless=True) == SeekBack(5)
    assert start.jumps == 1


def test_the_same_jump_seen_twice_is_a_hole_of_the_log() -> None:
    """A control marker or compaction: the run goes on behind it."""
    start = ExactStart()
    start.judge(PARTITION, 5, records(8, 9), gapless=False)
    assert offsets(start.judge(PARTITION, 5, records(8, 9, 10), gapless=False)) == [8, 9, 10]


def test_another_jump_is_read_again_too() -> None:
    """Only the same jump twice counts."""
    start = ExactStart()
    start.judge(PARTITION, 5, records(8), gapless=True)
    assert start.judge(PARTITION, 5, records(7), gapless=True) == SeekBack(5)


def test_a_jump_before_a_good_run_is_forgotten() -> None:
    """It was the client's, not the log's: the next one needs two sights again."""
    start = ExactStart()
    start.judge(PARTITION, 5, records(8), gapless=True)
    start.judge(PARTITION, 5, records(5, 6), gapless=True)
    assert start.judge(PARTITION, 5, records(8), gapless=True) == SeekBack(5)


def test_a_partition_that_was_given_away_starts_anew() -> None:
    """What was seen under another assignment says nothing."""
    start = ExactStart()
    start.judge(PARTITION, 5, records(8), gapless=True)
    start.forget(PARTITION)
    assert start.judge(PARTITION, 5, records(8), gapless=True) == SeekBack(5)


def test_on_a_gapless_topic_a_run_ends_before_a_jump_inside() -> None:
    """A case topic has no markers, so a jump in the middle is suspicious too."""
    assert offsets(ExactStart().judge(PARTITION, 5, records(5, 6, 9, 10), gapless=True)) == [5, 6]


def test_on_a_topic_with_transactions_jumps_inside_are_markers() -> None:
    """They are as many as transactions."""
    assert offsets(ExactStart().judge(PARTITION, 5, records(5, 7, 9), gapless=False)) == [5, 7, 9]
