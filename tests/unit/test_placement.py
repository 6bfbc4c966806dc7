"""A case event must lie in the partition of its key (design §4: another client's default partitioner differs)."""

from __future__ import annotations

import pytest

from lienthong_infra.dead_letter import RULE, letter_of_error, read_letter
from lienthong_infra.partitioning import partition_of
from lienthong_infra.placement import Placement, WrongPartition
from lienthong_infra.ports import Record
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import load_catalogue

KEY = b"dossier:H27.16:000.00.16.H27-250701-0001"
RIGHT = partition_of(KEY, 4)


def lying_in(partition: int, topic: str = "dossier.v1", key: bytes | None = KEY) -> Record:
    """A record in a partition."""
    return Record(topic, partition, 7, key, b"", 0)


def accepts(placement: Placement, record: Record) -> bool:
    """Whether it has nothing against the record's partition."""
    try:
        placement.check(record)
    except WrongPartition:
        return False
    return True


def test_a_record_in_the_partition_of_its_key_is_accepted() -> None:
    """For as many partitions as the catalogue gives to the topic."""
    assert accepts(Placement.of(load_catalogue()), lying_in(RIGHT))


@pytest.mark.parametrize("partition", sorted({0, 1, 2, 3} - {RIGHT}))
def test_a_record_in_any_other_partition_is_refused(partition: int) -> None:
    """The problem names both partitions and what to set."""
    with pytest.raises(WrongPartition, match=f"belongs to {RIGHT} of 4, it lies in {partition}; .*murmur2"):
        Placement.of(load_catalogue()).check(lying_in(partition))


def test_every_case_topic_is_judged() -> None:
    """By the number of its own partitions."""
    placement = Placement.of(load_catalogue())
    refused = []
    for topic in CASE_TOPICS:
        partitions = load_catalogue().topics[topic].config.partitions
        with pytest.raises(WrongPartition):
            placement.check(lying_in((partition_of(KEY, partitions) + 1) % partitions, topic))
        refused.append(topic)
    assert refused == list(CASE_TOPICS)


def test_other_topics_and_records_without_a_key_are_not_judged_here() -> None:
    """Ticks have one partition; a missing key is a broken rule of its own."""
    placement = Placement({"dossier.v1": 4})
    assert accepts(placement, lying_in(3, "tick.v1"))
    assert accepts(placement, lying_in(3, key=None))


def test_the_letter_has_a_code_of_its_own() -> None:
    """So that a list of letters shows a sender with another partitioner at once."""
    wrong = lying_in((RIGHT + 1) % 4)
    with pytest.raises(WrongPartition) as refused:
        Placement({"dossier.v1": 4}).check(wrong)
    written = letter_of_error(wrong, refused.value, consumer="ledger")
    read = read_letter(Record(written.topic, 0, 0, written.key, written.value, 0, written.headers))
    assert (read.stage, read.code) == (RULE, "wrong-partition")
