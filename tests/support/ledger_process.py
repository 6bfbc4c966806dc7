"""A ledger sink as a process that may kill itself between two effects: ``python -m tests.support.ledger_process``.

Arguments: bootstrap, DSN, prefix, and optionally a point and at which of its occurrences to die there. With
``--freeze`` it stands still there instead. ``--losing`` gives it a client that loses records now and then.
``--without-fence`` and ``--without-start`` take a protection out, so that a storm can show that it would notice.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lienthong_consumers.ledger import app
from lienthong_consumers.ledger.app import LedgerOptions, run_ledger
from lienthong_consumers.ledger.batch import Applied, Batch, Move
from lienthong_consumers.ledger.exact_start import ExactStart, Run, SeekBack
from lienthong_consumers.ledger.store import LedgerStore
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_infra.kafka.membership import GroupTimes, KafkaMembership
from lienthong_infra.ports import Record, TopicPartition
from tests.support.faulty import Loses, LosingMembership
from tests.support.process_end import run_to_the_end

POINTS: Final = ("letters-sent", "fenced", "written", "committed")
"""After the dead letters are acknowledged; after the positions moved; before the commit; before memory knows of it."""
TIMES: Final = GroupTimes(session_s=6.0, rebalance_s=10.0)
"""Shorter than in production, so that a storm takes minutes; a broker allows no shorter session."""


class MortalStore(LedgerStore):
    """Kills its process at a point."""

    point = ""
    left = 0
    how = signal.SIGKILL

    @classmethod
    def reach(cls, point: str) -> None:
        """Die here, if it is time."""
        if point == cls.point:
            cls.left -= 1
            if cls.left == 0:
                os.kill(os.getpid(), cls.how)

    async def apply(self, batch: Batch) -> Applied:
        """One batch."""
        self.reach("letters-sent")
        applied = await super().apply(batch)
        self.reach("committed")
        return applied

    async def _fence(self, cursor: Cursor, moves: Mapping[TopicPartition, Move]) -> None:
        await super()._fence(cursor, moves)
        self.reach("fenced")

    async def _write(self, cursor: Cursor, batch: Batch, applied: Applied) -> None:
        await super()._write(cursor, batch, applied)
        self.reach("written")


class UnfencedStore(MortalStore):
    """Moves the positions wherever they stand: two sinks may take the same records."""

    async def _fence(self, cursor: Cursor, moves: Mapping[TopicPartition, Move]) -> None:
        for partition, move in sorted(moves.items()):
            await cursor.execute(
                "UPDATE position SET next_offset = %s, updated_known_at = to_timestamp(%s)"
                " WHERE topic = %s AND partition = %s",
                (move.next_offset, move.known_at / 1_000_000, *partition),
            )
        self.reach("fenced")


class AnyStart(ExactStart):
    """Takes whatever does not lie below the position, as a usual consumer does."""

    def judge(
        self, partition: TopicPartition, position: int, records: Sequence[Record], *, gapless: bool
    ) -> Run | SeekBack | None:
        """All that is new."""
        wanted = [one for one in records if one.offset >= position]
        return Run(wanted) if wanted else None


def first_half_now_and_then() -> Loses:
    """Loses the first half of every fifth fetch of several records; no record twice."""
    fetches: Counter[TopicPartition] = Counter()
    lost: set[tuple[TopicPartition, int]] = set()

    def loses(partition: TopicPartition, records: Sequence[Record]) -> Sequence[Record]:
        fetches[partition] += len(records) > 1
        if fetches[partition] % 5 != 1 or (partition, records[0].offset) in lost:
            return records
        lost.update((partition, record.offset) for record in records[: len(records) // 2])
        return records[len(records) // 2 :]

    return loses


def _losing(*arguments: Any, **named: Any) -> LosingMembership:
    return LosingMembership(KafkaMembership(*arguments, **named), first_half_now_and_then())


def main(bootstrap: str, dsn: str, prefix: str, *words: Any) -> int:
    """Run the sink; returns the exit code that the command would end with."""
    flags, point = {one for one in words if one.startswith("--")}, [one for one in words if not one.startswith("--")]
    if point:
        MortalStore.point, MortalStore.left = point[0], int(point[1])
    if "--freeze" in flags:
        MortalStore.how = signal.SIGSTOP
    if "--losing" in flags:
        vars(app)["KafkaMembership"] = _losing
    options = LedgerOptions(
        bootstrap=bootstrap,
        dsn=dsn,
        prefix=prefix,
        times=TIMES,
        make_store=UnfencedStore if "--without-fence" in flags else MortalStore,
        make_start=AnyStart if "--without-start" in flags else ExactStart,
    )
    return run_to_the_end(run_ledger, options)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
