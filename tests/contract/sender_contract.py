"""What outbox, forwarder, ticker and importer must do on every broker. Bound to brokers in ``test_sender.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import Publisher, Record
from lienthong_producers.domain.municipal_log import days
from lienthong_producers.forwarder import Forwarder
from lienthong_producers.importer import MunicipalImport
from lienthong_producers.municipal_file import municipal_events
from lienthong_producers.outbox import Outbox
from lienthong_producers.outbox_queue import OutboxQueue
from lienthong_producers.ticker import Ticker
from lienthong_schemas.case_event import CASE_TOPICS, CaseEvent, read_case_event
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import instant_of_milliseconds
from lienthong_schemas.records import Heartbeat, Tick, heartbeat, tick
from tests.support.brokers import BrokerKit, records_of
from tests.support.senders import OFFICE, dossier

BOOK = SchemaBook()
PARTITIONS = 3
CREATE_TIME = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}


async def bus(kit: BrokerKit) -> None:
    """Make the topics that senders write to or read."""
    for topic in CASE_TOPICS:
        await kit.create_topic(topic, PARTITIONS if topic == "dossier.v1" else 1, CREATE_TIME)
    for topic in ("heartbeat.v1", "tick.v1", "reference.v1", "heartbeat-dead-letter.v1"):
        await kit.create_topic(topic, 1, CREATE_TIME)


def connecting(kit: BrokerKit) -> Callable[[], Awaitable[Publisher]]:
    """How a forwarder gets a publisher here."""

    async def connect() -> Publisher:
        return kit.publisher()

    return connect


async def dossier_records(kit: BrokerKit) -> list[Record]:
    """All records of dossiers, partition by partition."""
    return [record for number in range(PARTITIONS) for record in await records_of(kit, "dossier.v1", number)]


def events_of(records: Sequence[Record]) -> list[CaseEvent]:
    """The events in records; each must keep the contract."""
    return [read_case_event(BOOK, each.topic, each.key, each.value or b"")[0] for each in records]


async def ticks_of(kit: BrokerKit) -> list[Tick]:
    """All ticks."""
    return [tick(BOOK.decode("tick.v1", each.value or b"")) for each in await records_of(kit, "tick.v1")]


async def heartbeats_of(kit: BrokerKit) -> list[Heartbeat]:
    """All heartbeats."""
    return [heartbeat(BOOK.decode("heartbeat.v1", each.value or b"")) for each in await records_of(kit, "heartbeat.v1")]


class SenderContract:
    """The suite. A subclass has a fixture ``kit``."""

    @pytest.fixture
    async def kit(self) -> BrokerKit:
        """The broker under test."""
        raise AssertionError("a subclass says which broker")

    async def test_accepted_events_arrive_in_order_where_murmur2_says(self, kit: BrokerKit, tmp_path: Path) -> None:
        """Every event once, each case whole on one partition and in its order, with the headers of CloudEvents."""
        await bus(kit)
        with Outbox(tmp_path / "o.db") as outbox, OutboxQueue(tmp_path / "o.db") as queue:
            receipts = outbox.accept_all([dossier(f"A-{number % 11}") for number in range(700)])
            await Forwarder(queue, connecting(kit)).drain()
        records = await dossier_records(kit)
        assert Counter(dict(each.headers)["ce_id"].decode() for each in records) == Counter(
            receipt.event_id for receipt in receipts
        )
        assert all(each.partition == partition_of(each.key or b"", PARTITIONS) for each in records)
        numbers: dict[str, list[int]] = {}
        for event in events_of(records):
            numbers.setdefault(event.case_id, []).append(event.seq)
        assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())

    async def test_marks_say_where_the_events_lie(self, kit: BrokerKit, tmp_path: Path) -> None:
        """The place that the outbox notes for an event is where a reader finds it."""
        await bus(kit)
        with Outbox(tmp_path / "o.db") as outbox, OutboxQueue(tmp_path / "o.db") as queue:
            outbox.accept_all([dossier(f"A-{number % 5}") for number in range(40)])
            await Forwarder(queue, connecting(kit)).drain()
            noted = queue.sent_places()
        found = {dict(r.headers)["ce_id"].decode(): (r.partition, r.offset) for r in await dossier_records(kit)}
        assert noted == found

    async def test_a_tick_believes_a_heartbeat_only_up_to_its_own_ends(self, kit: BrokerKit, tmp_path: Path) -> None:
        """After a drained outbox and its heartbeat, the next tick covers every event the heartbeat vouches for."""
        await bus(kit)
        ticker = Ticker(kit.reader(), kit.publisher())
        await ticker.start()
        with Outbox(tmp_path / "o.db", offices=[OFFICE]) as outbox, OutboxQueue(tmp_path / "o.db") as queue:
            outbox.accept_all([dossier(f"A-{number}") for number in range(20)])
            forwarder = Forwarder(queue, connecting(kit))
            await forwarder.drain(vouch=True)
        written = await ticker.tick()
        (beat,) = await heartbeats_of(kit)
        (record,) = await records_of(kit, "heartbeat.v1")
        assert written.complete_through == {
            OFFICE: min(beat.complete_through, instant_of_milliseconds(record.timestamp))
        }
        assert sum(written.case_ends[f"dossier.v1/{number}"] for number in range(PARTITIONS)) == 20
        assert await ticks_of(kit) == [written]

    async def test_an_import_has_its_own_time(self, kit: BrokerKit) -> None:
        """Records and ticks bear the time of the log; below a tick's ends lie exactly the events up to its time."""
        await bus(kit)
        log = list(days(municipal_events()))[:20]
        done = await MunicipalImport(kit.publisher(), kit.reader()).run(log)
        records = await dossier_records(kit)
        events = events_of(records)
        assert done.events == len(events) == sum(len(day.events) for day in log)
        assert [instant_of_milliseconds(each.timestamp) for each in records] == [event.accepted_at for event in events]
        ticks = await ticks_of(kit)
        assert [each.bus_time for each in ticks] == [day.tick_at for day in log]
        for each in ticks:
            below = [record.offset < each.case_ends[f"dossier.v1/{record.partition}"] for record in records]
            assert below == [event.accepted_at <= each.bus_time for event in events]

    async def test_an_import_run_again_adds_only_duplicates(self, kit: BrokerKit) -> None:
        """The same bytes at new offsets, and a time that does not go back."""
        await bus(kit)
        log = list(days(municipal_events()))[:10]
        for _ in range(2):
            await MunicipalImport(kit.publisher(), kit.reader()).run(log)
        values = Counter(record.value for record in await dossier_records(kit))
        times = [each.bus_time for each in await ticks_of(kit)]
        assert set(values.values()) == {2}
        assert times == [*(day.tick_at for day in log), log[-1].tick_at]
