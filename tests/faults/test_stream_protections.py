"""Each protection of the runtime taken out, the race it is against forced: only with it is the result right.

The mutants live here, as subclasses; the product has no switch that turns a protection off.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from operator import attrgetter

import pytest

from lienthong_infra.errors import Fenced
from lienthong_infra.ports import Change, PartitionLog, Record, TopicPartition
from lienthong_streams.runtime import host as host_module
from lienthong_streams.runtime.owned import OwnedPartition
from lienthong_streams.runtime.ports import Advance
from tests.support.brokers import BrokerKit, KafkaKit, MemoryKit, changes_of, records_of
from tests.support.counting import CountingProcessor
from tests.support.faulty import LosingMembership, now_and_then
from tests.support.faust_kit import FaustKit
from tests.support.stage import INPUT, Stage

HERE = TopicPartition(INPUT, 0)


ON_FAUST = pytest.param("faust", marks=[pytest.mark.broker, pytest.mark.faults])


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.broker), ON_FAUST])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Topics, in memory and on a real Kafka, with either host."""
    kit: BrokerKit = MemoryKit()
    if request.param != "memory":
        of_kind = {"kafka": KafkaKit, "faust": FaustKit}[request.param]
        kit = of_kind(request.getfixturevalue("kafka_bootstrap"), request.getfixturevalue("unique_prefix"))
    yield await Stage(kit).prepare()
    await kit.close()


class AnyStart(OwnedPartition):
    """Mutant: a run may begin anywhere above the position."""

    def fit(self, records: Sequence[Record]) -> tuple[Sequence[Record], int]:
        """All records from the position on, jump or not."""
        return records[bisect_left(records, self.position, key=attrgetter("offset")) :], 0


async def work_with_losses(stage: Stage) -> None:
    """A host whose client loses fetched records now and then; done when the last record was said."""
    await stage.write(600)
    last = {number: (await records_of(stage.kit, INPUT, number))[-1].offset for number in range(2)}
    losing = LosingMembership(stage.kit.membership(), now_and_then())
    async with stage.running(membership=losing) as host:
        await stage.until(lambda: len(host.host.owned) == 2, host)
        owned = dict(host.host.owned)
        await stage.until(
            lambda: all(owned[TopicPartition(INPUT, n)].position == at + 1 for n, at in last.items()), host
        )


async def test_with_the_exact_start_a_lossy_client_loses_nothing(stage: Stage) -> None:
    """The right one: jumps are seen, and read again."""
    await work_with_losses(stage)
    await stage.assert_exact()


async def test_without_the_exact_start_records_are_lost(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: outputs are missing and states are wrong, so the rule is needed, and the suite sees it."""
    monkeypatch.setattr(host_module, "OwnedPartition", AnyStart)
    await work_with_losses(stage)
    outputs, expected = await stage.outputs(), await stage.expected()
    assert sum(map(len, outputs.values())) < sum(map(len, expected.values()))
    assert await stage.states() != await stage.expected_states()


class FenceLast(OwnedPartition):
    """Mutant: reads the changelog first, and becomes the owner only then."""

    def __init__(self, source: TopicPartition, log: PartitionLog, processor: CountingProcessor) -> None:
        self._late = LateFence(log)
        super().__init__(source, self._late, processor)

    async def freeze_before_fence(self) -> None:
        """Read the changelog, and stop there."""
        await self._late.read()


class LateFence:
    """A partition log whose changelog was read before the fence."""

    def __init__(self, log: PartitionLog) -> None:
        self._log = log
        self._read: Sequence[Change] = ()
        self.commit = log.commit
        self.close = log.close
        self.fence = log.fence

    async def read(self) -> None:
        """Read it now."""
        self._read = await changes_of(self._log)

    async def changelog(self) -> AsyncGenerator[Sequence[Change], None]:
        """What was read before."""
        yield self._read


async def advance(owned: OwnedPartition, records: Sequence[Record]) -> Advance:
    """One step."""
    return await owned.advance(records, now=0, idle_commit=True)


async def two_halves(stage: Stage) -> tuple[Sequence[Record], Sequence[Record]]:
    """The input of one partition, in two halves."""
    await stage.write(100)
    log = await records_of(stage.kit, INPUT)
    return log[: len(log) // 2], log[len(log) // 2 :]


async def outputs_and_truth(stage: Stage) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    """What was said about the partition, and what should have been."""
    return (await stage.outputs())[0], (await stage.expected())[0]


async def test_with_the_fence_first_an_heir_sees_all_that_counts(stage: Stage) -> None:
    """The right one: what the old owner still wants to commit after the fence is refused; the heir says it, once."""
    first, second = await two_halves(stage)
    old = OwnedPartition(HERE, stage.kit.partition_log(HERE), CountingProcessor(HERE))
    await old.take_over()
    await advance(old, first)
    heir = OwnedPartition(HERE, stage.kit.partition_log(HERE), CountingProcessor(HERE))
    await heir.take_over()
    with pytest.raises(Fenced):
        await advance(old, second)
    await advance(heir, second)
    said, truth = await outputs_and_truth(stage)
    assert said == truth


async def test_with_the_fence_last_an_heir_says_things_twice(stage: Stage) -> None:
    """The mutant, frozen between changelog and fence while the old owner commits: the heir's memory is of yesterday."""
    first, second = await two_halves(stage)
    old = OwnedPartition(HERE, stage.kit.partition_log(HERE), CountingProcessor(HERE))
    await old.take_over()
    await advance(old, first)
    heir = FenceLast(HERE, stage.kit.partition_log(HERE), CountingProcessor(HERE))
    await heir.freeze_before_fence()
    await advance(old, second)
    await heir.take_over()
    assert heir.position == len(first)
    await advance(heir, second)
    said, truth = await outputs_and_truth(stage)
    assert len(said) == len(truth) + len(second)
