"""A run of records begins exactly at the stored position, or nothing of it is taken (design §7).

After a rebalance a client may hand out records that it had fetched from somewhere else; "not below the position" is
not enough then: 63 events were jumped over in a measured storm. So a run that begins later is read again from the
position. The same jump seen twice lies in the log itself: a control marker, an aborted transaction, compaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lienthong_infra.ports import Record, TopicPartition


class Run(NamedTuple):
    """Records that may be taken now, in order."""

    records: Sequence[Record]


class SeekBack(NamedTuple):
    """Take nothing; read again from here."""

    offset: int


class ExactStart:
    """Judges what a client fetched against the stored positions."""

    def __init__(self) -> None:
        self._jumps: dict[TopicPartition, tuple[int, int]] = {}
        self.jumps = 0
        """How often records had to be read again."""

    def judge(
        self, partition: TopicPartition, position: int, records: Sequence[Record], *, gapless: bool
    ) -> Run | SeekBack | None:
        """What to do with fetched records; None where all of them lie below the position.

        ``gapless``: the topic is never written in transactions nor compacted, so a run also ends before a jump inside.
        """
        wanted = records if records[0].offset >= position else [one for one in records if one.offset >= position]
        if not wanted:
            return None
        first = wanted[0].offset
        if first > position and self._jumps.get(partition) != (position, first):
            self._jumps[partition] = position, first
            self.jumps += 1
            return SeekBack(position)
        self._jumps.pop(partition, None)
        return Run(_without_jump(wanted) if gapless else wanted)

    def forget(self, partition: TopicPartition) -> None:
        """The partition was given away or is read from elsewhere."""
        self._jumps.pop(partition, None)


def _without_jump(records: Sequence[Record]) -> Sequence[Record]:
    if records[-1].offset - records[0].offset == len(records) - 1:
        return records
    end = next(at for at in range(1, len(records)) if records[at].offset != records[at - 1].offset + 1)
    return records[:end]
