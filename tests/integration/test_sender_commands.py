"""The verbs of the sender's side on a real Kafka, run as their users run them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lienthong_infra import exit_codes
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import Record, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.records import tick
from tests.support.senders import OFFICE, plain

BOOK = SchemaBook()
LIMIT_S = 60.0


class Office:
    """A person at a terminal, with settings that lead to one bus."""

    def __init__(self, bootstrap: str, prefix: str, folder: Path) -> None:
        self.bootstrap, self.prefix, self.outbox = bootstrap, prefix, str(folder / "outbox.db")
        self._environ = {**os.environ, "LIENTHONG_BOOTSTRAP": bootstrap, "LIENTHONG_PREFIX": prefix}

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start the command in the background."""
        command = [sys.executable, "-m", "lienthong.cli.main", *arguments]
        return subprocess.Popen(
            command, env=self._environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(self, *arguments: str, given: bytes = b"") -> tuple[int, str, str]:
        """Run the command; return exit code, output and errors."""
        running = self.start(*arguments)
        output, errors = running.communicate(given, timeout=LIMIT_S)
        return running.returncode, output.decode(), errors.decode()

    async def records(self, topic: str) -> list[Record]:
        """Return all records of a topic."""
        reader = KafkaReader(self.bootstrap, self.prefix)
        try:
            count = await reader.partitions(topic)
            return [each for n in range(count) async for each in read_to_end(reader, TopicPartition(topic, n))]
        finally:
            await reader.close()

    async def until(self, topic: str, condition: Callable[[list[Record]], bool]) -> list[Record]:
        """Return the records of a topic once a condition holds for them."""
        deadline = time.monotonic() + LIMIT_S
        while not condition(found := await self.records(topic)):
            assert time.monotonic() < deadline, f"waited in vain for {topic}"
        return found


@pytest.fixture
async def office(kafka_bootstrap: str, unique_prefix: str, tmp_path: Path) -> Office:
    """An office on a bus with all topics."""
    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as admin:
        await admin.apply(load_catalogue())
    return Office(kafka_bootstrap, unique_prefix, tmp_path)


def end(running: "subprocess.Popen[bytes]", how: signal.Signals) -> tuple[int, float]:
    """End a process with a signal; return its exit code and how long that took, in seconds."""
    begun = time.monotonic()
    running.send_signal(how)
    running.communicate(timeout=LIMIT_S)
    return running.returncode, time.monotonic() - begun


@pytest.mark.broker
async def test_publish_and_send(office: Office) -> None:
    """`publish --send` hands in, sends, and ends; the events are on the bus."""
    lines = b"".join(json.dumps(plain(status=status)).encode() + b"\n" for status in ("2", "4", "9"))
    code, _, errors = office.run("publish", "--outbox", office.outbox, "--send", given=lines)
    assert code == exit_codes.GOOD
    assert f"sent 3 events to the bus {office.prefix}" in errors
    statuses = [BOOK.decode("dossier.v1", each.value or b"")["status"] for each in await office.records("dossier.v1")]
    assert statuses == ["2", "4", "9"]


@pytest.mark.broker
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_forward_and_ticker_until_told_to_end(office: Office, how: signal.Signals) -> None:
    """A running forwarder sends and vouches, a running ticker tells it; both end cleanly within ten seconds."""
    forwarder = office.start("forward", "--outbox", office.outbox, "--office", OFFICE, "--heartbeat", "0.2")
    ticker = office.start("ticker", "--interval", "0.1")
    try:
        code, _, _ = office.run("publish", "--outbox", office.outbox, given=json.dumps(plain()).encode())
        assert code == exit_codes.GOOD
        await office.until("dossier.v1", lambda found: len(found) == 1)
        await office.until("tick.v1", _vouched_behind_the_event)
        for running in (forwarder, ticker):
            code, took = end(running, how)
            assert code == exit_codes.GOOD
            assert took < 10
    finally:
        for running in (forwarder, ticker):
            running.kill()
            running.communicate()


def _vouched_behind_the_event(ticks: list[Record]) -> bool:
    """Whether a tick covers the event and believes the office."""
    read = [tick(BOOK.decode("tick.v1", each.value or b"")) for each in ticks]
    return any(sum(each.case_ends.values()) == 1 and OFFICE in each.complete_through for each in read)


@pytest.mark.broker
async def test_a_running_forwarder_sends_for_publish(office: Office) -> None:
    """`publish --send` beside a forwarder leaves the sending to it; a second forwarder is refused."""
    forwarder = office.start("forward", "--outbox", office.outbox, "--office", OFFICE, "--heartbeat", "0.2")
    try:
        await office.until("heartbeat.v1", lambda found: len(found) > 0)
        code, _, errors = office.run("publish", "--outbox", office.outbox, "--send", given=json.dumps(plain()).encode())
        assert code == exit_codes.GOOD
        assert "a forwarder is at work" in errors
        code, _, errors = office.run("forward", "--outbox", office.outbox)
        assert (code, "one file has one forwarder" in errors) == (exit_codes.TEMPORARY_FAILURE, True)
        await office.until("dossier.v1", lambda found: len(found) == 1)
    finally:
        forwarder.kill()
        forwarder.communicate()


@pytest.mark.parametrize("verb", ["forward", "ticker"])
def test_a_bus_that_is_away_at_the_start(tmp_path: Path, verb: str) -> None:
    """One clear line for each attempt, then exit code 69, no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening: nobody answers there
        away = Office(f"127.0.0.1:{taken.getsockname()[1]}", "h27", tmp_path)
        outbox = ["--outbox", away.outbox] if verb == "forward" else []
        code, _, errors = away.run(verb, *outbox, "--give-up", "1")
    lines = errors.splitlines()
    assert code == exit_codes.UNAVAILABLE
    assert any("broker-unavailable" in line and "attempt=1" in line for line in lines)
    assert lines[-1].startswith("lienthong: ")
    assert "Traceback" not in errors


@pytest.mark.broker
async def test_a_bus_without_topics_is_told(kafka_bootstrap: str, unique_prefix: str, tmp_path: Path) -> None:
    """A prefix without topics ends with 78 and what to do."""
    bare = Office(kafka_bootstrap, unique_prefix, tmp_path)
    code, _, errors = bare.run("ticker")
    assert (code, "lienthong topics apply" in errors) == (exit_codes.CONFIGURATION_WRONG, True)


@pytest.mark.broker
async def test_import_of_the_municipal_log(kafka_bootstrap: str, unique_prefix: str, tmp_path: Path) -> None:
    """On a bare prefix the verb makes topics and reference data, then imports what was known at the end of a date."""
    bare = Office(kafka_bootstrap, unique_prefix, tmp_path)
    wanted = ("import", "municipal-log", "--prefix", unique_prefix, "--until", "2010-10-31")
    code, output, _ = bare.run(*wanted)
    assert code == exit_codes.GOOD
    records = await bare.records("dossier.v1")
    assert f"imported {len(records)} events" in output
    horizon = 1_288_566_000_000_000  # 2010-11-01T00:00+01:00
    assert len(records) == 82
    assert max(each.timestamp for each in records) * 1000 < horizon
    ticks = [tick(BOOK.decode("tick.v1", each.value or b"")) for each in await bare.records("tick.v1")]
    assert ticks[-1].bus_time == horizon
    assert ticks[-1].reference_end == len(await bare.records("reference.v1")) > 0


def test_a_wrong_date_is_a_wrong_call(tmp_path: Path) -> None:
    """A date that is none ends with 2 and an example."""
    code, _, errors = Office("127.0.0.1:1", "h27", tmp_path).run("import", "municipal-log", "--until", "31.10.2010")
    assert (code, "2011-06-30" in errors) == (exit_codes.WRONG_CALL, True)
