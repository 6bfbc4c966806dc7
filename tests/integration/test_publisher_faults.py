"""The publishing process on a real Kafka and PostgreSQL: killed, frozen, followed by another."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path

import pytest
import pytest_asyncio

from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.migrate import migrate
from lienthong_infra import exit_codes
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_schemas.catalogue import load_catalogue
from tests.support.publisher_process import KEYS, TOPIC

pytestmark = pytest.mark.broker

WAIT_S = 60.0
"""Seconds until a test that waits for a process fails."""
NEVER_S = "3600"
"""Silence of a holder that nobody ends."""


class Bus:
    """A bus with a ledger, and publishing processes on it."""

    def __init__(self, bootstrap: str, dsn: str, prefix: str, folder: Path) -> None:
        self.address = (bootstrap, dsn, prefix)
        self._folder = folder
        self._started = 0

    @contextmanager
    def process(self, silence_s: str = NEVER_S, dies_at: int = 0) -> Iterator[subprocess.Popen[bytes]]:
        """A publishing process; it is gone afterwards."""
        self._started += 1
        command = (sys.executable, "-m", "tests.support.publisher_process", *self.address, silence_s, str(dies_at))
        with (self._folder / f"publisher-{self._started}.log").open("wb") as log:
            running = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield running
        finally:
            running.kill()
            running.wait()

    def sent(self) -> int:
        """The newest number that was marked as sent."""
        with connect_now(*self.address[1:]) as connection:
            row = connection.execute(
                "SELECT max(convert_from(value, 'UTF8')::int) FROM outbound WHERE sent_at IS NOT NULL"
            )
            return (row.fetchone() or (0,))[0] or 0

    async def numbers(self) -> dict[bytes, list[int]]:
        """By key, the numbers on the topic."""
        found: dict[bytes, list[int]] = {key: [] for key in KEYS}
        reader = KafkaReader(self.address[0], self.address[2])
        try:
            async for record in read_to_end(reader, TopicPartition(TOPIC, 0)):
                found[record.key or b""].append(int(record.value or b"0"))
        finally:
            await reader.close()
        return found


@pytest_asyncio.fixture
async def bus(kafka_bootstrap: str, postgres_dsn: str, unique_prefix: str, tmp_path: Path) -> AsyncIterator[Bus]:
    """A bus with topics and tables."""
    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as admin:
        await admin.apply(load_catalogue())
    migrate(postgres_dsn, unique_prefix)
    yield Bus(kafka_bootstrap, postgres_dsn, unique_prefix, tmp_path)


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; fail after ``WAIT_S`` seconds."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - what is waited for lies in other processes, which set no event
            await asyncio.sleep(0.05)


def ended(process: subprocess.Popen[bytes], how: signal.Signals) -> int:
    """The exit code after a signal."""
    process.send_signal(how)
    return process.wait(WAIT_S)


def check(numbers: list[int]) -> None:
    """Every number came, none before the one below it was there, and the last one is the newest."""
    news = [number for at, number in enumerate(numbers) if number not in numbers[:at]]
    assert news == list(range(1, max(numbers) + 1))
    assert numbers[-1] == max(numbers)


async def test_a_publisher_that_dies_before_the_mark_sends_again_in_order(bus: Bus) -> None:
    """Killed between acknowledgement and mark: the same records come again, nothing is missing, order holds."""
    with bus.process(dies_at=2) as first:
        await until(lambda: first.poll() is not None)
        assert first.returncode == -signal.SIGKILL
    told = bus.sent()
    with bus.process() as second:
        await until(lambda: bus.sent() > told + 1)
        assert ended(second, signal.SIGTERM) == exit_codes.GOOD
    found = await bus.numbers()
    for numbers in found.values():
        check(numbers)
        assert max(len(list(copies)) for _, copies in groupby(sorted(numbers))) == 2, "nothing was sent again"


@pytest.mark.faults
async def test_of_two_publishers_one_works_and_a_frozen_one_is_replaced(bus: Bus) -> None:
    """The second stands by; the first freezes, loses its lock, wakes up and is shut out."""
    with ExitStack() as processes:
        first = processes.enter_context(bus.process())
        await until(lambda: bus.sent() > 0)
        first.send_signal(signal.SIGSTOP)
        told = bus.sent()
        second = processes.enter_context(bus.process(silence_s="1"))
        await until(lambda: bus.sent() > told + 1)
        first.send_signal(signal.SIGCONT)
        assert first.wait(WAIT_S) == exit_codes.TEMPORARY_FAILURE
        told = bus.sent()
        await until(lambda: bus.sent() > told)
        assert ended(second, signal.SIGTERM) == exit_codes.GOOD
    for numbers in (await bus.numbers()).values():
        check(numbers)
