"""``explain`` from the log and from the ledger: the same answer, on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from lienthong.explain.compose import document_of
from lienthong.explain.from_ledger import read_ledger
from lienthong.explain.from_log import read_log
from lienthong.explain.material import Material, UnknownCase, explained
from lienthong.simulation import prepare_simulated_bus, publish_simulation, simulation_of
from lienthong_infra.memory import MemoryReader
from lienthong_producers.domain.simulation.options import Disorder, Flaws, Outage, Size
from lienthong_producers.schema_book import schema_book
from lienthong_schemas.identity import parse_case_id
from lienthong_schemas.instants import Instant, milliseconds_of
from tests.support.commands import lienthong
from tests.support.ledger_log import dossier, outbound
from tests.support.recorded_log import recorded
from tests.support.whole_bus import WholeBus

pytestmark = pytest.mark.broker

SIZE = Size(seed=5, days=6, dossiers_per_day=25, communes=5)
FLAWS = Flaws(conflicts=0.02, lost=0.02)
DISORDER = Disorder(duplicates=0.1, out_of_order=0.2, held=0.02, outages=(Outage("H27.40.2", 2),))
AT_MOST = 40
"""Cases that are compared: of each kind of trouble some, then any."""
TROUBLE = ("conflict", "gap", "held", "correction")
"""Tables of the ledger that name cases with something wrong."""


@dataclass
class Scene:
    """A province at rest: its bus, the log as it was recorded, the cases that are looked at."""

    bus: WholeBus
    log: MemoryReader
    cases: list[str]
    middle: Instant


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(kafka_bootstrap: str, ledger_dsn_factory: Callable[[], str]) -> AsyncIterator[Scene]:
    """A scrambled province with more flaws than usual, worked through by deadline worker and ledger."""
    prefix, stop = f"t-{os.urandom(5).hex()}", asyncio.Event()
    simulation = simulation_of(SIZE, FLAWS, DISORDER)
    await prepare_simulated_bus(kafka_bootstrap, prefix, simulation.province)
    bus = WholeBus(kafka_bootstrap, ledger_dsn_factory(), prefix)
    begin = milliseconds_of(simulation.begin)
    held = [dossier("HELD", 1), dossier("HELD", 1, "9", epoch=2)]
    await bus.publish(*(outbound(record, timestamp=begin) for record in held))
    items = simulation.delivery(DISORDER, book=schema_book(), tick_minutes=180)
    await publish_simulation(kafka_bootstrap, prefix, items)
    try:
        bus.start(stop)
        await bus.at_rest()
        yield Scene(bus, await recorded(bus.reader), chosen(bus), (simulation.begin + simulation.horizon) // 2)
    finally:
        await bus.close(stop)


def chosen(bus: WholeBus) -> list[str]:
    """Some cases of each kind of trouble, opened and handed over ones, those with a withdrawal, then any."""
    queries = [f"SELECT DISTINCT case_id FROM {table} ORDER BY 1 LIMIT 6" for table in TROUBLE]
    queries += [
        f"SELECT DISTINCT case_id FROM case_event WHERE change = '{change}' ORDER BY 1 LIMIT 4"
        for change in ("opening", "handover")
    ]
    queries += [
        "SELECT DISTINCT case_id FROM clock_event WHERE kind = 'cleared' ORDER BY 1 LIMIT 4",
        "SELECT DISTINCT case_id FROM finding WHERE code = 'reopened' ORDER BY 1 LIMIT 2",
        f"SELECT case_id FROM case_row ORDER BY 1 LIMIT {AT_MOST}",
    ]
    cases = dict.fromkeys(case for query in queries for (case,) in bus.rows(query))
    return list(cases)[:AT_MOST]


def told(material: Material, case: str, as_of: Instant | None = None) -> dict[str, Any]:
    """The JSON of an explanation without the word where it was read; empty where nothing was known yet."""
    try:
        found = document_of(explained(material, case, as_of)).model_dump(mode="json")
    except UnknownCase:
        return {}
    return {name: value for name, value in found.items() if name != "source"}


async def test_log_and_ledger_give_the_same_answer(scene: Scene) -> None:
    """Case by case, now and as of the middle of the time; among them every kind of trouble."""
    differing, seen = [], defaultdict[str, int](int)
    with scene.bus.ledger() as connection:
        for case in scene.cases:
            identity = parse_case_id(case)
            log, ledger = await read_log(scene.log, identity), read_ledger(connection, identity)
            now = told(log, case)
            if now != told(ledger, case) or told(log, case, scene.middle) != told(ledger, case, scene.middle):
                differing.append(case)
            for feature in features(now, log):
                seen[feature] += 1
    wanted = ("late", "paused", "copies", "conflict", "held", "hole", "handover", "opening", "reopened", "withdrawn")
    assert (differing, [each for each in wanted if not seen[each]]) == ([], [])


def features(told_now: dict[str, Any], log: Material) -> set[str]:
    """What is special about a case."""
    found = {each["standing"] for each in told_now["events"]} | {each["change"] for each in told_now["events"]}
    found |= {each["code"] for each in told_now["findings"]}
    found |= {each["state"] for clock in told_now["clocks"] for each in clock["intervals"]}
    if any(clock["breached"] for clock in told_now["clocks"]):
        found.add("late")
    if any(each["withdrawn_by"] for each in told_now["announcements"]):
        found.add("withdrawn")
    if len(log.history) > len(told_now["events"]):
        found.add("copies")
    return found


async def test_what_stands_announced_is_what_is_explained(scene: Scene) -> None:
    """A clock is late if and only if a breach of it stands; firm or not. ``sync`` is announced only when late."""
    wrong = []
    with scene.bus.ledger() as connection:
        for case in scene.cases:
            found = told(read_ledger(connection, parse_case_id(case)), case)
            late = {(one["name"], one["episode"]) for one in found["clocks"] if one["breached"]}
            announced = {
                (one["clock"], one["episode"])
                for one in found["announcements"]
                if one["kind"] == "breached" and one["withdrawn_by"] is None and one["clock"] != "sync"
            }
            if late != announced:
                wrong.append((case, late ^ announced))
    assert wrong == []


@pytest.mark.parametrize("source", ["log", "ledger"])
def test_the_verb_reads_either_source(scene: Scene, source: str) -> None:
    """From a shell, on the real log and the real tables: the same document but for the name of the source."""
    case = scene.cases[0]
    environment = {
        **os.environ,
        "LIENTHONG_BOOTSTRAP": scene.bus.bootstrap,
        "LIENTHONG_LEDGER_DSN": scene.bus.dsn,
        "LIENTHONG_PREFIX": scene.bus.prefix,
    }
    command = lienthong("explain", case, "--from", source)
    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    with scene.bus.ledger() as connection:
        expected = told(read_ledger(connection, parse_case_id(case)), case)
    assert (found.pop("source"), found) == (source, expected)
