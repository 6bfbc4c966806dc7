"""What every broker behind our ports must do. Bound to the memory broker and to a real Kafka in ``test_broker.py``."""

from __future__ import annotations

import pytest

from lienthong_infra.errors import Fenced, PositionLost, RecordTooLarge, UnknownTopic
from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_infra.record_size import MAX_RECORD_BYTES
from tests.support.brokers import CHANGELOG_CONFIG, BrokerKit, changes_of, records_of

TOPIC = "in.v1"
HERE = TopicPartition(TOPIC, 0)


def numbered(count: int, *, partition: int | None = 0, topic: str = TOPIC) -> list[OutboundRecord]:
    """Records with the values 0, 1, 2, …"""
    return [OutboundRecord(topic, b"key", b"%d" % number, (), partition) for number in range(count)]


def values(records: list[Record]) -> list[bytes | None]:
    """The values of records."""
    return [record.value for record in records]


async def read_some(kit: BrokerKit, start: int, *, partition: TopicPartition = HERE) -> list[Record]:
    """What one reader finds from an offset on, in one read that found something."""
    reader = kit.reader()
    await reader.assign({partition: start})
    for _ in range(20):
        found = await reader.read(timeout=1.0)
        if found:
            return list(found[partition])
    return []


class BrokerContract:
    """The suite. A subclass has a fixture ``kit``."""

    @pytest.fixture
    async def kit(self) -> BrokerKit:
        """The broker under test."""
        raise AssertionError("a subclass says which broker")

    async def test_order_is_kept_per_key(self, kit: BrokerKit) -> None:
        """All records of a key lie on the partition that murmur2 says, in the order of writing."""
        await kit.create_topic(TOPIC, 3)
        keys = [b"dossier:H27.16:%d" % number for number in range(7)]
        records = [OutboundRecord(TOPIC, keys[n % 7], b"%d" % n) for n in range(700)]
        written = await kit.publisher().publish(records)
        found = {n: await records_of(kit, TOPIC, n) for n in range(3)}
        for at, key in enumerate(keys):
            home = partition_of(key, 3)
            expected = [b"%d" % n for n in range(at, 700, 7)]
            assert expected == values([record for record in found[home] if record.key == key])
        assert [found[each.partition][each.offset].value for each in written] == [record.value for record in records]

    async def test_what_was_acknowledged_is_read_as_it_was_written(self, kit: BrokerKit) -> None:
        """Key, value, headers (order and repeats too), stated timestamp and stated partition come back unchanged."""
        await kit.create_topic(TOPIC, 2)
        headers = (("ce_id", b"1"), ("empty", b""), ("ce_id", b"2"))
        sent = OutboundRecord(TOPIC, b"key", bytes(range(256)), headers, 1, 1_600_000_000_123)
        (written,) = await kit.publisher().publish([sent])
        expected = Record(TOPIC, 1, 0, b"key", bytes(range(256)), 1_600_000_000_123, headers)
        assert tuple(written) == (TOPIC, 1, 0)
        assert [expected] == await records_of(kit, TOPIC, 1)

    async def test_a_tombstone_and_a_record_without_key_are_records(self, kit: BrokerKit) -> None:
        """A value may be missing, and so may a key; an empty value is not a missing one."""
        await kit.create_topic(TOPIC)
        sent = [
            OutboundRecord(TOPIC, b"key", None),
            OutboundRecord(TOPIC, None, b"value"),
            OutboundRecord(TOPIC, b"k", b""),
        ]
        await kit.publisher().publish(sent)
        found = [(record.key, record.value) for record in await records_of(kit, TOPIC)]
        assert found == [(b"key", None), (None, b"value"), (b"k", b"")]

    async def test_a_record_too_large_is_refused_and_nothing_of_its_call_is_written(self, kit: BrokerKit) -> None:
        """The largest allowed passes; one byte more is refused before anything is sent, and the publisher goes on."""
        await kit.create_topic(TOPIC)
        publisher = kit.publisher()
        room = MAX_RECORD_BYTES - len(b"key")
        with pytest.raises(RecordTooLarge):
            await publisher.publish([*numbered(1), OutboundRecord(TOPIC, b"key", b"x" * (room + 1))])
        await publisher.publish([OutboundRecord(TOPIC, b"key", b"x" * room)])
        assert [room] == [len(record.value or b"") for record in await records_of(kit, TOPIC)]

    async def test_an_unknown_topic_is_named(self, kit: BrokerKit) -> None:
        """Writing, reading and asking for a topic that does not exist says so; nothing is created."""
        with pytest.raises(UnknownTopic, match=r"nowhere\.v1"):
            await kit.publisher().publish([OutboundRecord("nowhere.v1", b"", b"")])
        with pytest.raises(UnknownTopic, match=r"nowhere\.v1"):
            await kit.reader().assign({TopicPartition("nowhere.v1", 0): 0})
        with pytest.raises(UnknownTopic, match=r"nowhere\.v1"):
            await kit.reader().partitions("nowhere.v1")

    async def test_reading_again_from_an_offset_brings_the_same_records(self, kit: BrokerKit) -> None:
        """A position belongs to the reader: from the same offset on the same records come, as often as one asks."""
        await kit.create_topic(TOPIC)
        await kit.publisher().publish(numbered(10))
        first, second = await read_some(kit, 4), await read_some(kit, 4)
        assert [b"%d" % n for n in range(4, 10)] == values(first)
        assert first == second

    async def test_a_reader_can_be_set_to_another_place(self, kit: BrokerKit) -> None:
        """Assigning again seeks, forwards and back; limits are kept and nothing is left out between two reads."""
        await kit.create_topic(TOPIC)
        await kit.publisher().publish(numbered(10))
        reader = kit.reader()
        seen: list[list[bytes | None]] = []
        for start in (7, 2):
            await reader.assign({HERE: start})
            found: list[Record] = []
            while len(found) < 3:
                more = (await reader.read(timeout=1.0, limit=2)).get(HERE, ())
                assert len(more) <= 2
                found.extend(more)
            seen.append(values(found)[:3])
        assert seen == [[b"7", b"8", b"9"], [b"2", b"3", b"4"]]

    async def test_positions_and_ends_meet_when_all_is_read(self, kit: BrokerKit) -> None:
        """The position is the next offset; at the end of the log it equals the end."""
        await kit.create_topic(TOPIC, 2)
        await kit.publisher().publish(numbered(5))
        reader = kit.reader()
        await reader.assign({HERE: 0, TopicPartition(TOPIC, 1): 0})
        read = 0
        while read < 5:
            read += sum(map(len, (await reader.read(timeout=1.0)).values()))
        expected = {HERE: 5, TopicPartition(TOPIC, 1): 0}
        assert expected == await reader.positions()
        assert expected == await reader.ends(list(expected))
        assert await reader.partitions(TOPIC) == 2

    async def test_an_idle_reader_waits_and_then_says_nothing(self, kit: BrokerKit) -> None:
        """Without records a read ends after its time, empty."""
        await kit.create_topic(TOPIC)
        reader = kit.reader()
        await reader.assign({HERE: 0})
        assert await reader.read(timeout=0.05) == {}

    async def test_a_position_behind_the_end_is_an_error(self, kit: BrokerKit) -> None:
        """A log that is shorter than what was read of it is another log; nobody may go on as if it were the same."""
        await kit.create_topic(TOPIC)
        await kit.publisher().publish(numbered(3))
        with pytest.raises(PositionLost, match="17"):
            await read_some(kit, 17)


class TransactionContract:
    """What a PartitionLog must do, on every broker. A subclass has a fixture ``kit``."""

    @pytest.fixture
    async def kit(self) -> BrokerKit:
        """The broker under test."""
        raise AssertionError("a subclass says which broker")

    @pytest.fixture
    async def ready(self, kit: BrokerKit) -> BrokerKit:
        """The broker with input, output and changelog topics."""
        await kit.create_topic("out.v1", 2)
        await kit.create_topic(f"deadlines-changelog-{TOPIC}", 1, CHANGELOG_CONFIG)
        return kit

    async def test_a_transaction_writes_outputs_and_changes(self, ready: BrokerKit) -> None:
        """Outputs go where their keys belong, changes to the changelog partition, both in order."""
        log = ready.partition_log(HERE)
        await log.fence()
        outputs = [OutboundRecord("out.v1", b"k%d" % n, b"%d" % n, (("h", b"1"),)) for n in range(6)]
        await log.commit(outputs, [(b"a", b"1"), (b"b", None), (b"a", b"2")])
        assert await changes_of(log) == [(b"a", b"1"), (b"b", None), (b"a", b"2")]
        for number in range(2):
            expected = [(each.key, each.value) for each in outputs if partition_of(each.key or b"", 2) == number]
            assert expected == [(each.key, each.value) for each in await records_of(ready, "out.v1", number)]

    async def test_who_has_no_state_needs_no_changelog(self, ready: BrokerKit) -> None:
        """The live totals have none: what they say needs only the topic that it is said on."""
        log = ready.partition_log(HERE, application="without")
        await log.fence()
        await log.commit([OutboundRecord("out.v1", b"k", b"said", (), 0)], [])
        assert values(await records_of(ready, "out.v1", 0)) == [b"said"]

    async def test_many_transactions_are_read_in_order_past_their_markers(self, ready: BrokerKit) -> None:
        """Control markers take offsets but are no records; the reader's position passes the last one."""
        log = ready.partition_log(HERE)
        await log.fence()
        for number in range(5):
            await log.commit([], [(b"k", b"%d" % number)])
        assert [(b"k", b"%d" % number) for number in range(5)] == await changes_of(log)
        reader, changelog = ready.reader(), TopicPartition(f"deadlines-changelog-{TOPIC}", 0)
        end = (await reader.ends([changelog]))[changelog]
        assert end == 10
        await reader.assign({changelog: 0})
        while (await reader.positions())[changelog] < end:
            await reader.read(timeout=1.0)

    async def test_a_transaction_that_fails_leaves_nothing(self, ready: BrokerKit) -> None:
        """One output too large: neither the other outputs nor the changes are to be seen, then or later."""
        log = ready.partition_log(HERE)
        await log.fence()
        with pytest.raises(RecordTooLarge):
            await log.commit(
                [OutboundRecord("out.v1", b"k", b"1"), OutboundRecord("out.v1", b"k", b"x" * (MAX_RECORD_BYTES + 1))],
                [(b"a", b"1")],
            )
        await log.commit([], [(b"a", b"2")])
        assert await changes_of(log) == [(b"a", b"2")]
        assert [*await records_of(ready, "out.v1", 0), *await records_of(ready, "out.v1", 1)] == []

    async def test_a_new_owner_shuts_the_old_one_out(self, ready: BrokerKit) -> None:
        """After the new owner's fence the old one's transaction is refused and leaves nothing, again and again."""
        old, new = ready.partition_log(HERE), ready.partition_log(HERE)
        await old.fence()
        await old.commit([OutboundRecord("out.v1", b"k", b"old", (), 0)], [(b"a", b"old")])
        await new.fence()
        assert await changes_of(new) == [(b"a", b"old")]
        for _ in range(2):
            with pytest.raises(Fenced):
                await old.commit([OutboundRecord("out.v1", b"k", b"zombie", (), 0)], [(b"a", b"zombie")])
        await new.commit([OutboundRecord("out.v1", b"k", b"new", (), 0)], [(b"a", b"new")])
        assert await changes_of(new) == [(b"a", b"old"), (b"a", b"new")]
        assert values(await records_of(ready, "out.v1", 0)) == [b"old", b"new"]

    async def test_owners_of_other_partitions_do_not_disturb_each_other(self, ready: BrokerKit) -> None:
        """A fence is for one input partition of one topic of one application."""
        await ready.create_topic("deadlines-changelog-other.v1", 2, CHANGELOG_CONFIG)
        logs = [ready.partition_log(TopicPartition("other.v1", number)) for number in range(2)]
        for number, log in enumerate(logs):
            await log.fence()
            await log.commit([], [(b"a", b"%d" % number)])
        await ready.partition_log(HERE).fence()
        for number, log in enumerate(logs):
            await log.commit([], [(b"b", b"%d" % number)])
            expected = [(b"a", b"%d" % number), (b"b", b"%d" % number)]
            assert expected == await changes_of(log)
