"""Whether a case event lies in the partition that its key belongs to.

A client whose default partitioner is not murmur2 spreads the events of one case over partitions, and their order is
lost; two workers would each count half of the case. So such a record is refused by all readers (design §4). Sent again
with the bus's own client, as a replay of its letter does, it lands where it belongs.
"""

from __future__ import annotations

from collections.abc import Mapping

from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import Record
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import Catalogue
from lienthong_schemas.errors import BrokenRule


class WrongPartition(BrokenRule):
    """A case event lies in another partition than its key belongs to."""

    code = "wrong-partition"


class Placement:
    """Checks where records of case topics lie; ``partitions`` is the number of partitions by topic."""

    def __init__(self, partitions: Mapping[str, int]) -> None:
        self._partitions = dict(partitions)

    @classmethod
    def of(cls, catalogue: Catalogue) -> Placement:
        """The partitions that the catalogue gives to the case topics; they are fixed for a version of a topic."""
        return cls({topic: catalogue.topics[topic].config.partitions for topic in CASE_TOPICS})

    def check(self, record: Record) -> None:
        """Raises WrongPartition. A topic without a number, and a record without a key, are not judged here."""
        partitions = self._partitions.get(record.topic)
        if partitions is None or record.key is None:
            return
        expected = partition_of(record.key, partitions)
        if record.partition != expected:
            raise WrongPartition(
                (
                    f"partition: by its key the record belongs to {expected} of {partitions}, it lies in "
                    f"{record.partition}; send with the partitioner murmur2 (Java: the default; librdkafka: "
                    "partitioner=murmur2_random)",
                )
            )
