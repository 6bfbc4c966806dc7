"""A simulated province on a real Kafka: topics, reference data, and all that arrives, as the delivery has it."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter

import pytest

from lienthong.simulation import prepare_simulated_bus, publish_simulation, simulation_of
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import Record, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_infra.reference_log import read_reference
from lienthong_producers.domain.simulation.options import Disorder, Flaws, Outage, Size
from lienthong_producers.schema_book import schema_book
from lienthong_schemas.case_event import CASE_TOPICS, read_case_event
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.instants import milliseconds_of
from lienthong_schemas.records import Tick, tick
from lienthong_schemas.reference import ReferenceBook
from tests.support.commands import lienthong
from tests.support.simulations import arrivals, beats, marks

pytestmark = pytest.mark.broker

SIZE = Size(seed=3, days=4, dossiers_per_day=30, communes=6)
DISORDER = Disorder(outages=(Outage("H27.40.2", 2),))


async def records_of(reader: KafkaReader, topic: str) -> list[Record]:
    """All records of a topic."""
    found = []
    for number in range(await reader.partitions(topic)):
        found.extend([record async for record in read_to_end(reader, TopicPartition(topic, number))])
    return found


async def test_a_simulation_arrives_whole_and_in_its_own_time(kafka_bootstrap: str, unique_prefix: str) -> None:
    """Every copy of every event with the time of its arrival; ticks name ends of the log that fit these times."""
    simulation = simulation_of(SIZE, Flaws(), DISORDER)
    items = list(simulation.delivery(DISORDER, book=schema_book(), tick_minutes=180))
    await prepare_simulated_bus(kafka_bootstrap, unique_prefix, simulation.province)
    done = await publish_simulation(kafka_bootstrap, unique_prefix, items)
    reader = KafkaReader(kafka_bootstrap, unique_prefix)
    try:
        found = {topic: await records_of(reader, topic) for topic in (*CASE_TOPICS, "heartbeat.v1", "tick.v1")}
        reference = await read_reference(reader)
    finally:
        await reader.close()
    events = [record for topic in CASE_TOPICS for record in found[topic]]
    assert Counter((record.key, record.value, record.timestamp) for record in events) == Counter(
        (item.event.case.case_id.encode(), item.event.value, milliseconds_of(item.at)) for item in arrivals(items)
    )
    for record in events[::20]:
        read_case_event(schema_book(), record.topic, record.key, record.value or b"")
    assert (done.events, done.heartbeats, len(found["heartbeat.v1"])) == (
        len(events),
        len(beats(items)),
        done.heartbeats,
    )
    ticks = [tick(schema_book().decode("tick.v1", record.value or b"")) for record in found["tick.v1"]]
    assert [each.bus_time for each in ticks] == [mark.at for mark in marks(items)]
    assert [wrong for each in ticks for wrong in misplaced(each, events)] == []
    assert {each.reference_end for each in ticks} == {reference.end}
    book = ReferenceBook(reference.records)
    assert book.problems == []
    assert book.clock_policy("dossier", "1.904003", simulation.begin) != book.clock_policy(
        "dossier", "unknown", simulation.begin
    )


def misplaced(each: Tick, events: list[Record]) -> list[Record]:
    """Records that lie on the wrong side of a tick's ends by their times."""
    return [
        record
        for record in events
        if (record.offset < each.case_ends[f"{record.topic}/{record.partition}"])
        is not (record.timestamp <= milliseconds_of(each.bus_time))
    ]


async def test_another_province_is_not_put_on_top(kafka_bootstrap: str, unique_prefix: str) -> None:
    """The reference data of another seed contradict what is there; nothing is published."""
    for seed in (1, 2):
        simulation = simulation_of(Size(seed=seed, communes=20), Flaws(), Disorder())
        if seed == 1:
            await prepare_simulated_bus(kafka_bootstrap, unique_prefix, simulation.province)
        else:
            with pytest.raises(CatalogueError, match="published with other content"):
                await prepare_simulated_bus(kafka_bootstrap, unique_prefix, simulation.province)


def test_the_verb_publishes_and_says_what(kafka_bootstrap: str, unique_prefix: str) -> None:
    """From a shell, with the bus named by its prefix; again, it adds copies and one tick."""
    command = lienthong("simulate", "--days", "2", "--dossiers-per-day", "10", "--communes", "4")
    environment = {**os.environ, "LIENTHONG_BOOTSTRAP": kafka_bootstrap}
    told = []
    for _ in range(2):
        done = subprocess.run(
            [*command, "--prefix", unique_prefix], env=environment, capture_output=True, text=True, check=True
        )
        told.append(" ".join(done.stdout.split()))
    first, again = (
        re.search(r"published (\d+) events, (\d+) heartbeats and (\d+) ticks to the bus (\S+), up to (\S+)", text)
        for text in told
    )
    assert first is not None
    assert again is not None
    assert first.groups()[2:] == ("48", unique_prefix, "2026-04-14T17:00:00Z")
    assert again.groups() == (*first.groups()[:2], "1", *first.groups()[3:])
