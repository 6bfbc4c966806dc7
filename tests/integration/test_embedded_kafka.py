"""The embedded broker: a real Kafka keeps what it has confirmed, and ends with its parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition

from lienthong_infra.embedded.kafka import EmbeddedKafka
from lienthong_infra.embedded.servers import embedded_kafka
from lienthong_infra.settings import load_settings
from tests.support.servers import settings_with_home, temporary_home
from tests.support.waiting import wait_until

pytestmark = pytest.mark.broker
MOST_MEMORY_BYTES = 320_000_000
"""A one-node broker took 175-195 MB when measured; this leaves room for another allocator or kernel."""


@pytest.fixture
def broker() -> Iterator[EmbeddedKafka]:
    """A broker of this test's own: it gets killed."""
    kafka = embedded_kafka(settings_with_home(temporary_home()))
    yield kafka
    kafka.reset()


async def write(bootstrap: str, topic: str, values: list[bytes]) -> None:
    """Make a topic of one partition and write these values, confirmed."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def read(bootstrap: str, topic: str) -> list[bytes | None]:
    """Return every value of the topic's only partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        values: list[bytes | None] = []
        while len(values) < end:
            values.append((await consumer.getone()).value)
        return values
    finally:
        await consumer.stop()


async def test_confirmed_records_survive_a_kill_of_the_broker(broker: EmbeddedKafka) -> None:
    """kill -9, start again on the same port: everything confirmed is there."""
    bootstrap = broker.start(tied=True)
    await write(bootstrap, "kept", [b"one", b"two"])
    os.kill(broker.status().pid, signal.SIGKILL)
    wait_until(lambda: not broker.status().running, what="the end of the killed broker")
    assert (broker.start(tied=True), await read(bootstrap, "kept")) == (bootstrap, [b"one", b"two"])


async def test_records_survive_a_stop_of_the_broker(broker: EmbeddedKafka) -> None:
    """The data stay between starts."""
    bootstrap = broker.start(tied=True)
    await write(bootstrap, "kept", [b"one"])
    broker.stop()
    broker.start(tied=True)
    assert await read(bootstrap, "kept") == [b"one"]


def test_the_broker_is_small(broker: EmbeddedKafka) -> None:
    """It must fit beside everything else on an office machine."""
    broker.start(tied=True)
    assert psutil.Process(broker.status().pid).memory_info().rss < MOST_MEMORY_BYTES


def test_the_broker_listens_on_loopback_alone(broker: EmbeddedKafka) -> None:
    """It asks nobody for a password, so nobody else may reach it."""
    broker.start(tied=True)
    listening = [
        each for each in psutil.Process(broker.status().pid).net_connections("inet") if each.status == "LISTEN"
    ]
    assert {each.laddr.ip.removeprefix("::ffff:") for each in listening} == {"127.0.0.1"}


def test_the_broker_ends_with_a_killed_parent() -> None:
    """A killed test run or demo leaves no Java behind."""
    order = [
        sys.executable,
        "-m",
        "tests.support.tied_parent",
        "kafka",
        str(temporary_home()),
        str(load_settings().cache),
    ]
    with subprocess.Popen(order, stdout=subprocess.PIPE, text=True, env=_with_path()) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_until(lambda: not psutil.pid_exists(pid), what="the end of the broker")


def test_the_verbs_start_show_and_stop_the_broker(tmp_path: Path) -> None:
    """`lienthong broker`: exit code 0 while it runs, 1 when not; it outlives the command that started it."""

    def lienthong(verb: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "lienthong.cli.main", "broker", *verb.split()],
            capture_output=True,
            text=True,
            env=_with_path() | {"LIENTHONG_HOME": str(tmp_path), "LIENTHONG_CACHE": str(load_settings().cache)},
            check=False,
        )
        return done.returncode, done.stdout.strip()

    before, (started, address), running = lienthong("status"), lienthong("start"), lienthong("status --json")
    stopped, after, deleted = lienthong("stop"), lienthong("status"), lienthong("reset --yes")
    assert [before[0], started, running[0], stopped, after[0], deleted] == [1, 0, 0, (0, "stopped"), 1, (0, "deleted")]
    assert f'"address": "{address}"' in running[1]


def _with_path() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(sys.path)}
