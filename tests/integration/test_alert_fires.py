"""From a breach on the bus to a firing alert: ledger, exporter and a real Prometheus."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lienthong_infra.embedded.ports import LOOPBACK, choose_port
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND
from lienthong_schemas.records import Heartbeat, Tick
from tests.support.cases import CASE, event, minute
from tests.support.commands import lienthong, running
from tests.support.log import SOURCE, Log
from tests.support.promtool import tool
from tests.support.scrape import served_at
from tests.support.source_tree import ROOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.broker

RULES = ROOT / "infra" / "deploy" / "prometheus" / "rules" / "lienthong.rules.yml"
LIMIT_S = 60.0


def firing(port: int) -> set[tuple[str, str]]:
    """(alert, commune) of all alerts that a Prometheus says are firing."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/api/v1/alerts", timeout=5) as answer:
            alerts: list[dict[str, Any]] = json.load(answer)["data"]["alerts"]
    except OSError:
        return set()
    return {
        (each["labels"]["alertname"], each["labels"].get("commune", "")) for each in alerts if each["state"] == "firing"
    }


def quick_configuration(folder: Path, exporter_port: int) -> Path:
    """The rules as they are but for their waiting times, and a scrape each second."""
    folder.mkdir()
    rules = re.sub(r"for: \S+", "for: 0s", RULES.read_text(encoding="utf-8"))
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    configuration = folder / "prometheus.yml"
    configuration.write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": ["rules.yml"],
                "scrape_configs": [
                    {"job_name": "exporter", "static_configs": [{"targets": [f"{LOOPBACK}:{exporter_port}"]}]}
                ],
            }
        ),
        encoding="utf-8",
    )
    return configuration


def breached_dossier() -> list[OutboundRecord]:
    """A dossier that is open past its due time, and what the deadline worker says about it."""
    log = Log(SchemaBook(), [event(1, "2", 0, due=60)])
    log.tick(minute(61), 1, {"H27.16": minute(61)})
    case = OutboundRecord(SOURCE.topic, CASE.encode(), log.records[0].value)
    return [case, *log.partition().run(log.records, now=0).outputs]


def signs_of_life() -> list[OutboundRecord]:
    """A tick and a heartbeat of now."""
    book, now = SchemaBook(), time.time_ns() // 1_000
    tick = book.encode("tick.v1", Tick(now, {}, 0, {})._asdict())
    beat = book.encode("heartbeat.v1", Heartbeat("H27.16", "desk-1", now, now, 1, 0)._asdict())
    return [OutboundRecord("tick.v1", None, tick), OutboundRecord("heartbeat.v1", b"H27.16/desk-1", beat)]


@pytest.fixture
async def publisher(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[KafkaPublisher]:
    """A publisher to a bus whose topics are there."""
    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as admin:
        await admin.apply(load_catalogue())
    found = KafkaPublisher(kafka_bootstrap, unique_prefix)
    yield found
    await found.close()


@pytest.fixture
def environment(kafka_bootstrap: str, unique_prefix: str, postgres_dsn: str) -> dict[str, str]:
    """The settings of every process of this bus."""
    return {
        "LIENTHONG_BOOTSTRAP": kafka_bootstrap,
        "LIENTHONG_LEDGER_DSN": postgres_dsn,
        "LIENTHONG_PREFIX": unique_prefix,
    }


@pytest.fixture
def exporter(environment: dict[str, str], tmp_path: Path) -> Iterator[int]:
    """The port of an exporter that looks twice a second."""
    port = choose_port(1)
    command = lienthong("exporter", "--port", str(port), "--interval", "0.5")
    with running(command, tmp_path / "exporter.log", environment):
        yield port


async def test_a_breach_on_the_bus_becomes_a_firing_alert_for_its_commune(
    publisher: KafkaPublisher, environment: dict[str, str], exporter: int, tmp_path: Path
) -> None:
    """And nothing that is well makes one: the office is heard, the ledger keeps up."""
    prometheus = tool("prometheus")
    port = choose_port(1)
    await publisher.publish([*breached_dossier(), *signs_of_life()])
    with ExitStack() as processes:
        processes.enter_context(running(lienthong("ledger", "run"), tmp_path / "ledger.log", environment))
        command = [
            prometheus,
            f"--config.file={quick_configuration(tmp_path / 'prometheus', exporter)}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address={LOOPBACK}:{port}",
        ]
        processes.enter_context(running(command, tmp_path / "prometheus.log"))
        expected = {("LienthongBreach", "18073"), ("LienthongWatchdog", "")}
        seen: list[set[tuple[str, str]]] = []
        well = {"LienthongOfficeSilent", "LienthongSourceAway", "LienthongExporterSilent"}

        def told() -> bool:
            seen.append(firing(port))
            return expected <= seen[-1] and not well & {name for name, _ in seen[-1]}

        # Without waiting times an exporter is silent until its first scrape, and groups of rules are looked at apart.
        wait_until(told, timeout_s=LIMIT_S, what="the alert, and none of what is well")
    assert seen[-1] >= expected


async def test_processes_that_add_up_and_publish_are_missed_when_they_end(
    publisher: KafkaPublisher, environment: dict[str, str], exporter: int, tmp_path: Path
) -> None:
    """Seen from outside: a group without members, and a right to publish that nobody holds."""
    bus, port = environment["LIENTHONG_PREFIX"], choose_port(1)
    series = {f'lienthong_group_members{{bus="{bus}",worker="totals"}}', f'lienthong_publisher_held{{bus="{bus}"}}'}
    await publisher.publish(signs_of_life())
    with ExitStack() as processes:
        processes.enter_context(running(lienthong("ledger", "run"), tmp_path / "ledger.log", environment))
        with ExitStack() as short_lived:
            for verb in (("stream", "totals"), ("ledger", "publish", "--interval", "0.5")):
                short_lived.enter_context(running(lienthong(*verb), tmp_path / f"{verb[1]}.log", environment))
            wait_until(lambda: {served_at(exporter).get(one) for one in series} == {1}, timeout_s=LIMIT_S, what="both")
            judged = f'lienthong_official_judged_timestamp_seconds{{bus="{bus}"}}'
            wait_until(lambda: bool(served_at(exporter).get(judged)), timeout_s=LIMIT_S, what="a first publication")
        command = [
            tool("prometheus"),
            f"--config.file={quick_configuration(tmp_path / 'prometheus', exporter)}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address={LOOPBACK}:{port}",
        ]
        processes.enter_context(running(command, tmp_path / "prometheus.log"))
        missed = {("LienthongTotalsSilent", ""), ("LienthongPublisherSilent", "")}
        seen: list[set[tuple[str, str]]] = []

        def told() -> bool:
            seen.append(firing(port))
            return missed <= seen[-1]

        wait_until(told, timeout_s=LIMIT_S, what="both alerts")
    assert seen[-1] >= missed


async def test_a_ledger_that_goes_away_takes_its_figures_along_and_the_exporter_goes_on(
    publisher: KafkaPublisher, environment: dict[str, str], exporter: int, tmp_path: Path
) -> None:
    """Nobody sees yesterday's figures for today's; what comes from the broker stays."""
    bus = environment["LIENTHONG_PREFIX"]
    overdue = f'lienthong_overdue_cases{{bus="{bus}",commune="18073",firmness="firm"}}'
    ledger = f'lienthong_source_up{{bus="{bus}",source="ledger"}}'
    dossiers = f'lienthong_log_end_offset{{bus="{bus}",partition="0",topic="dossier.v1"}}'
    await publisher.publish(breached_dossier())
    with running(lienthong("ledger", "run"), tmp_path / "ledger.log", environment):
        wait_until(lambda: served_at(exporter).get(overdue) == 1, timeout_s=LIMIT_S, what="the figure")
    import psycopg

    schema = f"ledger_{bus.replace('-', '_')}"
    with psycopg.connect(environment["LIENTHONG_LEDGER_DSN"], autocommit=True) as connection:
        connection.execute(f'ALTER SCHEMA "{schema}" RENAME TO away'.encode())
    wait_until(lambda: served_at(exporter).get(ledger) == 0, timeout_s=LIMIT_S, what="the source to be away")
    served = served_at(exporter)
    assert (overdue in served, dossiers in served) == (False, True)


async def test_the_exporter_sees_a_position_behind_the_end_of_a_real_log(
    publisher: KafkaPublisher, environment: dict[str, str], exporter: int
) -> None:
    """Of a transactional changelog, whose last offset is a control marker."""
    from lienthong_infra.kafka.partition_log import KafkaPartitionLog
    from lienthong_streams.position import POSITION_KEY, Position, encode_position

    bus = environment["LIENTHONG_PREFIX"]
    (written,) = await publisher.publish(breached_dossier()[:1])
    position = Position(written.offset, 0, 5 * MICROSECONDS_PER_SECOND, 0, 3)
    source = TopicPartition(written.topic, written.partition)
    owner = KafkaPartitionLog(environment["LIENTHONG_BOOTSTRAP"], bus, source)
    try:
        await owner.fence()
        await owner.commit([], [(POSITION_KEY, encode_position(position))])
    finally:
        await owner.close()
    where = f'bus="{bus}",partition="{written.partition}",topic="dossier.v1"'
    lag = f'lienthong_lag_records{{{where},worker="deadlines"}}'
    takeovers = f"lienthong_partition_takeovers{{{where}}}"
    wait_until(lambda: served_at(exporter).get(takeovers) == 3, timeout_s=LIMIT_S, what="the position")
    assert served_at(exporter)[lag] == 1
