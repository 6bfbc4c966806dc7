"""What every host must do, whatever it is built on: with a tiny processor, against a plain loop over the log.

Bound to the reference host on the memory broker and on a real Kafka in ``test_runtime.py``.
"""

from __future__ import annotations

import asyncio

import pytest

from lienthong_infra.errors import Fenced, PositionLost
from lienthong_infra.ports import Record, TopicPartition
from lienthong_streams.position import POSITION_KEY, Position, encode_position
from lienthong_streams.runtime.doubt import DEATHS_ALLOWED
from tests.support.brokers import records_of
from tests.support.counting import LETTERS, CountingProcessor, Restless
from tests.support.faulty import Crash, CrashingLog, CrashPlan, HeldLog, LosingMembership, now_and_then
from tests.support.stage import INPUT, LogOf, Stage

HERE = TopicPartition(INPUT, 0)


def crashing(stage: Stage, plan: CrashPlan) -> LogOf:
    """Makes partition logs that follow a plan."""

    def log_of(source: TopicPartition) -> CrashingLog:
        return CrashingLog(stage.kit.partition_log(source), plan)

    return log_of


class _Staged:
    """What both halves of the suite need."""

    @pytest.fixture
    async def stage(self) -> Stage:
        """The stage under test."""
        raise AssertionError("a subclass says which broker")


class RuntimeInPeace(_Staged):
    """Membership, time, positions: what takes a second or two for each test."""

    async def test_positions_are_shown_to_those_who_look_from_outside(self, stage: Stage) -> None:
        """As the group's offsets, each with a remark made of the committed position record."""
        await stage.write(50)
        async with stage.running() as host:
            await stage.until_said(host)
            expected = {
                each: (owned.position, f"position={encode_position(Position(owned.position)).decode()}")
                for each, owned in host.host.owned.items()
            }
            assert sum(position for position, _ in expected.values()) == 50
            async with asyncio.timeout(20):
                while await stage.kit.shown() != expected:  # noqa: ASYNC110 - a group sets no event
                    await asyncio.sleep(0.1)

    async def test_a_hole_of_the_log_is_passed_over(self, stage: Stage) -> None:
        """Control markers are offsets without records: a jump that is seen twice, accepted, and counted."""
        await stage.write_in_transactions(transactions=6, count=10)
        async with stage.running() as host:
            await stage.until_said(host)
            for _ in range(3):
                await stage.write_in_transactions(transactions=1, count=10)
                await stage.until_said(host)
        assert host.seen.counts["holes"] > 0
        await stage.assert_exact()

    async def test_partitions_change_hands_without_a_trace(self, stage: Stage) -> None:
        """Others come and go while records flow: all is said once, in order."""
        await stage.write(300)
        async with stage.running() as first:
            await stage.until(lambda: len(first.seen.owned) == 2, first)
            async with stage.running() as second:
                await stage.write(300)
                await stage.until(lambda: len(first.seen.owned) == len(second.seen.owned) == 1, first, second)
                await stage.write(300)
                await stage.until_said(first, second)
            await stage.write(100)
            await stage.until_said(first)
        assert second.seen.counts["taken"] > 0
        await stage.assert_exact()

    async def test_a_partition_that_waits_does_not_hold_up_the_other(self, stage: Stage) -> None:
        """A processor that stops early is asked again after a while; meanwhile the other partition goes on."""
        processors: dict[TopicPartition, CountingProcessor] = {}

        def waiting(source: TopicPartition) -> CountingProcessor:
            processors[source] = CountingProcessor(source)
            processors[source].waits_at = 15 if source == HERE else None
            return processors[source]

        await stage.write(200)
        async with stage.running(processor_of=waiting) as host:
            await stage.until(lambda: host.seen.counts["waits"] > 1, host)
            expected = await stage.expected()
            await stage.until(lambda: processors[TopicPartition(INPUT, 1)].position == len(expected[1]), host)
            assert processors[HERE].position == 15
            processors[HERE].waits_at = None
            await stage.until_said(host)
        await stage.assert_exact()

    async def test_ticks_reach_partitions_without_records(self, stage: Stage) -> None:
        """News on the tick topic runs idle partitions too; their position is committed, though not for each tick."""
        async with stage.running() as host:
            await stage.until(lambda: len(host.seen.owned) == 2, host)
            for _ in range(20):
                await stage.tick()
            await stage.until(lambda: len(host.barriers.ticks) == 20, host)
            await stage.until(lambda: host.seen.counts["idle-commits"] >= 2, host)
        assert host.seen.counts["idle-commits"] < 40
        changelog = await records_of(stage.kit, f"deadlines-changelog-{INPUT}", 0)
        assert {each.key for each in changelog} == {POSITION_KEY}

    async def test_what_the_last_tick_changed_is_committed_in_the_end(self, stage: Stage) -> None:
        """Also where it came too soon after a commit, and nothing comes after it."""
        async with stage.running(processor_of=Restless) as host:
            await stage.until(lambda: len(host.seen.owned) == 2, host)
            await stage.tick()
            await stage.until(lambda: host.seen.counts["idle-commits"] == 2, host)
            await stage.tick()
            await stage.until(lambda: len(host.barriers.ticks) == 2, host)
            await stage.until(lambda: host.seen.counts["idle-commits"] >= 4, host)
        assert host.seen.counts["idle-commits"] >= 4

    async def test_a_partition_that_comes_later_hears_of_ticks_from_before(self, stage: Stage) -> None:
        """Its former owner may have died before it committed the last tick, and no other tick may follow for long."""
        await stage.tick()
        async with stage.running(processor_of=Restless) as first:
            await stage.until(lambda: first.seen.counts["idle-commits"] >= 2, first)
            before = first.seen.counts["idle-commits"]
            async with stage.running(processor_of=Restless) as second:
                await stage.until(lambda: len(first.seen.owned) == len(second.seen.owned) == 1, first, second)
                await stage.until(lambda: first.seen.counts["idle-commits"] > before, first, second)
                await stage.until(lambda: second.seen.counts["idle-commits"] > 0, first, second)
        assert first.seen.counts["idle-commits"] > before
        assert second.seen.counts["idle-commits"] > 0

    async def test_ticks_from_before_the_start_are_known_at_the_start(self, stage: Stage) -> None:
        """Nothing is taken over before the tick topic has been read to its end."""
        for _ in range(3):
            await stage.tick()
        async with stage.running() as host:
            await stage.until(lambda: len(host.seen.owned) == 2, host)
            assert host.barriers.ticks == [0, 1, 2]

    async def test_a_position_behind_the_end_stops_the_host(self, stage: Stage) -> None:
        """The input is not the log that was read before: say so, do not wait until it has grown that long."""
        log = stage.kit.partition_log(HERE)
        await log.fence()
        await log.commit([], [(POSITION_KEY, encode_position(Position(1000)))])
        await stage.write(10)
        host = await stage.start()
        assert isinstance(await host.death(), PositionLost)


class RuntimeUnderFire(_Staged):
    """Deaths, losses, second lives: what takes longer."""

    async def test_work_goes_on_at_the_position(self, stage: Stage) -> None:
        """A second life begins where the first one ended: nothing is left out, nothing is done twice."""
        for _ in range(2):
            await stage.write(100)
            async with stage.running() as host:
                await stage.until_said(host)
        await stage.assert_exact()

    async def test_the_offsets_of_the_group_do_not_matter(self, stage: Stage) -> None:
        """Positions come from the changelogs; what the group shows may be behind or ahead."""
        await stage.write(100)
        async with stage.running() as host:
            await stage.until_said(host)
        for lie in (0, 40):
            async with stage.running() as host:
                await stage.until(lambda: len(host.seen.owned) == 2, host)
                await host.membership.show({HERE: (lie, ""), TopicPartition(INPUT, 1): (lie, "")})
            await stage.write(30)
            async with stage.running() as host:
                await stage.until_said(host)
        await stage.assert_exact()

    async def test_records_that_the_client_loses_are_read_again(self, stage: Stage) -> None:
        """A run begins exactly at the position: what was fetched and lost comes back."""
        await stage.write(600)
        losing = LosingMembership(stage.kit.membership(), now_and_then())
        async with stage.running(membership=losing) as host:
            for _ in range(5):
                await stage.write(40)
                await stage.until_said(host)
        assert host.seen.counts["jumps"] > 0
        assert host.seen.counts["holes"] == 0
        await stage.assert_exact()

    async def test_death_between_any_two_effects_changes_nothing(self, stage: Stage) -> None:
        """Each life dies one effect later than the one before: fences, reads, commits, and after commits."""
        await stage.write(700)
        died_before = set()
        for at in range(1, 11):
            plan = CrashPlan(at)
            host = await stage.start(log_of=crashing(stage, plan))
            assert isinstance(await host.death(), Crash)
            await stage.kit.expel(host.membership)
            died_before.add(plan.died_before)
        assert died_before == {"fence", "changelog", "commit", "after-commit"}
        async with stage.running() as host:
            await stage.until_said(host)
        await stage.assert_exact()

    async def test_a_frozen_owner_is_shut_out(self, stage: Stage) -> None:
        """Frozen in the middle of a run, taken for dead, woken up: its commit is refused and it ends."""
        logs: list[HeldLog] = []

        def held(source: TopicPartition) -> HeldLog:
            logs.append(HeldLog(stage.kit.partition_log(source)))
            return logs[-1]

        frozen = await stage.start(log_of=held)
        await stage.until(lambda: len(frozen.seen.owned) == 2, frozen)
        for log in logs:
            log.held = True
        await stage.write(200)
        await asyncio.wait(
            [asyncio.create_task(log.reached.wait()) for log in logs], return_when=asyncio.FIRST_COMPLETED
        )
        await stage.take_for_dead(frozen)
        async with stage.running() as heir:
            await stage.until_said(heir)
            for log in logs:
                log.go_on.set()
            assert isinstance(await frozen.death(), Fenced)
            await stage.write(50)
            await stage.until_said(heir)
        await stage.assert_exact()

    async def test_a_record_that_kills_is_set_aside_and_the_others_go_on(self, stage: Stage) -> None:
        """Some restarts later the guilty record, and only that one, is a letter."""
        await stage.write(100)
        guilty = (await records_of(stage.kit, INPUT, 0))[33].value or b""

        def deadly(record: Record) -> None:
            if record.value == guilty:
                raise Crash("this record")

        lives = 0
        while True:
            host = await stage.start(processor_of=lambda source: CountingProcessor(source, deadly))
            lives += 1
            said = asyncio.create_task(stage.until_said(letters=1))
            await asyncio.wait({host.task, said}, return_when=asyncio.FIRST_COMPLETED)
            if not host.task.done():
                break
            said.cancel()
            assert isinstance(await host.death(), Crash)
            await stage.kit.expel(host.membership)
            assert lives < 3 * DEATHS_ALLOWED
        await host.leave()
        assert [(each.value) for each in await records_of(stage.kit, LETTERS)] == [b"%d" % DEATHS_ALLOWED]
        assert await stage.outputs() == await stage.expected(without=[guilty])


class RuntimeContract(RuntimeInPeace, RuntimeUnderFire):
    """The whole suite. A subclass has a fixture ``stage``."""
