"""A bus that was made before some of today's topics: who says what is missing, and that the command it names mends it.

The older shape: topics and rows of ``position`` as they were when there were neither tasks nor checksums.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from typing import LiteralString

import pytest

from lienthong.status.gather import gather
from lienthong.status.judge import Problem, problems
from lienthong_consumers.ledger.app import LedgerOptions, run_ledger
from lienthong_consumers.ledger.database import connect, connect_now
from lienthong_consumers.ledger.readiness import ledger_topics, topics_that_ticks_miss
from lienthong_consumers.ledger.tables.positions import add_topic
from lienthong_consumers.ledger.tables.ticks import judgement
from lienthong_infra.errors import ConfigurationError, UnknownTopic
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.ports import OutboundRecord
from lienthong_infra.settings import Settings, load_settings
from lienthong_schemas.catalogue import Catalogue, load_catalogue
from lienthong_schemas.instants import datetime_of
from lienthong_schemas.records import Tick
from tests.support.commands import lienthong
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import dossier, hour, outbound

pytestmark = pytest.mark.broker

LATER = ["checksum-dead-letter.v1", "checksum.v1", "task-dead-letter.v1", "task.v1"]
NEW = sorted(set(LATER) & set(ledger_topics()))
"""Those of the later topics that the ledger reads."""
COMMAND = "lienthong ledger migrate " + " ".join(f"--begin {topic}" for topic in NEW)
POSITION: LiteralString = "INSERT INTO position (topic, partition, next_offset) VALUES (%s, %s, 0)"
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def dsn(ledger_dsn_factory: Callable[[], str]) -> str:
    """One database; each test has a schema of its own in it."""
    return ledger_dsn_factory()


async def topics_applied(bootstrap: str, prefix: str, catalogue: Catalogue) -> None:
    """Make the topics of a catalogue."""
    async with KafkaAdmin(bootstrap, prefix) as admin:
        await admin.apply(catalogue)


def settings_of(environment: dict[str, str]) -> Settings:
    """What the verbs work with."""
    return load_settings({**os.environ, **environment})


def ran(environment: dict[str, str], *verb: str) -> str:
    """Run a verb that must succeed; what it printed."""
    whole = {**os.environ, **environment}
    done = subprocess.run(lienthong(*verb), check=True, capture_output=True, text=True, timeout=LIMIT_S, env=whole)
    return done.stdout


async def of_the_ledger(settings: Settings) -> list[Problem]:
    """What the status says about topics and the ledger."""
    return [one for one in problems(await gather(settings)) if one.subject in ("broker", "ledger")]


async def test_what_is_missing_is_said_at_once_with_the_command_that_mends_it(
    kafka_bootstrap: str, unique_prefix: str, dsn: str
) -> None:
    """First the topics, then the ledger's positions: by the ledger's process and by the status, until nothing is."""
    whole = load_catalogue()
    old = Catalogue({name: spec for name, spec in whole.topics.items() if name not in LATER})
    environment = {
        "LIENTHONG_BOOTSTRAP": kafka_bootstrap,
        "LIENTHONG_LEDGER_DSN": dsn,
        "LIENTHONG_PREFIX": unique_prefix,
    }
    settings = settings_of(environment)
    options = LedgerOptions(bootstrap=kafka_bootstrap, dsn=dsn, prefix=unique_prefix)
    await topics_applied(kafka_bootstrap, unique_prefix, old)
    with pytest.raises(UnknownTopic, match="lienthong topics apply") as missing:
        await run_ledger(options, asyncio.Event())
    (problem,) = [one for one in await of_the_ledger(settings) if one.subject == "broker"]
    assert [topic for topic in NEW if topic not in str(missing.value) or topic not in problem.what] == []

    await topics_applied(kafka_bootstrap, unique_prefix, whole)
    with connect_now(dsn, unique_prefix) as connection:
        for topic in set(ledger_topics()) - set(NEW):
            for number in range(whole.topics[topic].config.partitions):
                connection.execute(POSITION, (topic, number))
    with pytest.raises(ConfigurationError, match="no period is closed") as not_begun:
        await run_ledger(options, asyncio.Event())
    said = [one for one in await of_the_ledger(settings) if "has not begun" in one.what]
    assert (COMMAND in str(not_begun.value), [COMMAND in one.what for one in said]) == (True, [True])

    done = await asyncio.to_thread(ran, environment, *COMMAND.split()[1:])
    assert "will be read from the beginning" in done
    stop = asyncio.Event()
    stop.set()
    await run_ledger(options, stop)
    assert [one for one in await of_the_ledger(settings) if "has not begun" in one.what] == []


async def test_a_topic_that_was_not_begun_keeps_every_tick_from_being_reached(dsn: str, unique_prefix: str) -> None:
    """The publisher says which; once it is begun, the same tick is reached."""
    bench = LedgerBench(dsn, unique_prefix)
    bench.put(outbound(dossier(1, 1, "2")))
    await bench.settle()
    bench.rows("DELETE FROM position WHERE topic = ANY(%s) RETURNING 1", NEW)
    (source,) = bench.broker.write([OutboundRecord("task.v1", b"task", b"no task", partition=0)])
    tick = Tick(hour(1), {"task.v1/0": source.offset + 1}, 0, {})
    maps = json.dumps(tick.case_ends), json.dumps(tick.complete_through)
    bench.rows("INSERT INTO tick VALUES (true, %s, %s, %s) RETURNING 1", datetime_of(tick.bus_time), *maps)
    connection = await connect(dsn, unique_prefix)
    async with connection, connection.cursor() as cursor:
        assert (await topics_that_ticks_miss(connection), (await judgement(cursor)).at) == (["task.v1"], None)
        await add_topic(cursor, [one for one in bench.partitions if one.topic in NEW])
        await connection.commit()
        await bench.settle()
        assert (await topics_that_ticks_miss(connection), (await judgement(cursor)).at) == ([], hour(1))
