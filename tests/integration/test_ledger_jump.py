"""A client that jumps over records, as one did in a measured storm: the rule finds it, else they are lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import pytest

from lienthong_consumers.ledger.exact_start import ExactStart, Run
from lienthong_infra.errors import Stalled
from lienthong_infra.memory_group import MemoryMembership
from lienthong_infra.ports import Record, TopicPartition
from lienthong_infra.stalls import StallTimes
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import dossier, outbound, recount_log

pytestmark = pytest.mark.broker
LOST = 3
"""Records that the client loses each time."""


class Jumping(MemoryMembership):
    """Loses the first records of a fetch in each partition once, as if a seek had come too late."""

    def __init__(self, bench: LedgerBench) -> None:
        super().__init__(bench.group)
        self.jumps = 0
        self._jumped: set[TopicPartition] = set()

    async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        """At most ``limit`` records, without the lost ones."""
        fetched = await super().fetch(timeout=timeout, limit=limit)
        kept = {}
        for partition, records in fetched.items():
            lose = len(records) > LOST and partition not in self._jumped
            self._jumped |= {partition} if lose else set()
            self.jumps += lose
            kept[partition] = records[LOST:] if lose else records
        return kept


class Trusting(ExactStart):
    """The rule taken out: what does not lie below the position is taken."""

    def judge(
        self, partition: TopicPartition, position: int, records: Sequence[Record], *, gapless: bool
    ) -> Run | None:
        """Take whatever the client hands out."""
        del partition, gapless
        wanted = [record for record in records if record.offset >= position]
        return Run(wanted) if wanted else None


class LosingTheLast(MemoryMembership):
    """Loses the last fetch of each partition: nothing follows that would show the jump."""

    def __init__(self, bench: LedgerBench) -> None:
        super().__init__(bench.group)
        self._lost: set[TopicPartition] = set()

    async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        """Nothing of a partition the first time."""
        fetched = await super().fetch(timeout=timeout, limit=limit)
        kept = {one: records for one, records in fetched.items() if one in self._lost}
        self._lost.update(fetched)
        return kept


@pytest.fixture
def bench(postgres_dsn: str, unique_prefix: str) -> LedgerBench:
    """A ledger whose bus holds 200 events of 40 dossiers."""
    made = LedgerBench(postgres_dsn, unique_prefix)
    made.put(*(outbound(dossier(number, seq)) for seq in range(1, 6) for number in range(40)))
    return made


async def _taken_with(bench: LedgerBench, make_start: Callable[[], ExactStart]) -> int:
    membership = Jumping(bench)
    await bench.settle(membership=membership, start=make_start())
    return membership.jumps


async def test_a_jump_of_the_client_loses_nothing(bench: LedgerBench) -> None:
    """Every partition was jumped in, and the ledger is still a recount of the log."""
    assert await _taken_with(bench, ExactStart) == 4
    assert bench.counted() == recount_log(bench.case_records())


async def test_without_the_rule_the_same_jump_loses_events(bench: LedgerBench) -> None:
    """Proof that the test bites: the lost records are missing, and the fence did not notice."""
    assert await _taken_with(bench, Trusting) == 4
    assert bench.counted().events == recount_log(bench.case_records()).events - 4 * LOST


async def test_what_the_client_lost_at_the_end_of_the_log_is_fetched_again(bench: LedgerBench) -> None:
    """The watch sees records wait while nothing moves, and goes back to the position."""
    await bench.settle(membership=LosingTheLast(bench), stalls=StallTimes(look_s=0.1, nudge_s=0.3))
    assert bench.counted() == recount_log(bench.case_records())


async def test_a_sink_that_stands_still_for_too_long_ends(bench: LedgerBench) -> None:
    """A supervisor starts it anew."""

    class Deaf(MemoryMembership):
        async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
            """Nothing, ever."""
            del limit
            await asyncio.sleep(timeout / 10)
            return {}

    with pytest.raises(Stalled):
        await bench.settle(membership=Deaf(bench.group), stalls=StallTimes(look_s=0.1, nudge_s=0.2, give_up_s=0.5))
