"""A storm over a forwarder on a real Kafka: an office system writes on while the forwarder is ended again and again."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_producers.outbox_queue import OutboxQueue
from lienthong_schemas.codec import SchemaBook
from tests.support.forwarder_process import POINTS
from tests.support.waiting import wait_until

START_LIMIT_S = 60.0
FINISH_LIMIT_S = 240.0


@dataclass
class Log:
    """What lies on the topic: the first copies of each case's events in their order, and how many copies too many."""

    numbers: dict[str, list[int]] = field(default_factory=dict)
    copies: int = 0
    different: int = 0
    """Copies that are not the same bytes as the first."""


@dataclass(frozen=True)
class Bus:
    """Where the storm takes place."""

    bootstrap: str
    prefix: str
    outbox: Path

    def python(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a module as a process of its own."""
        return subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE)

    def forwarder(self, point: str = "", number: int = 0) -> subprocess.Popen[bytes]:
        """Start a forwarder; with a point it kills itself there, without one it is the product's own process."""
        if point:
            arguments = (self.bootstrap, self.prefix, str(self.outbox), point, str(number))
            return self.python("tests.support.forwarder_process", *arguments)
        given = ("--outbox", str(self.outbox), "--bootstrap", self.bootstrap, "--prefix", self.prefix)
        return self.python("lienthong_producers", *given)

    def sent(self) -> int:
        """How many events the outbox knows to be acknowledged; looks without being a forwarder."""
        with sqlite3.connect(f"file:{self.outbox}?mode=ro", uri=True) as sql:
            (count,) = sql.execute("SELECT count(*) FROM entry WHERE sent_at IS NOT NULL").fetchone()
        return int(count)


class OfficeSystem:
    """An office system that writes in the background until it is told to end."""

    def __init__(self, bus: Bus, events: int, cases: int) -> None:
        self._process = bus.python("tests.support.outbox_writer", str(bus.outbox), str(events), str(cases))
        self._line()

    def _line(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline().removeprefix(b"accepted "))

    def end(self) -> int:
        """Let it end when it has accepted enough; return how many it was told are accepted."""
        self._process.terminate()
        accepted = self._line()
        self._process.communicate(timeout=FINISH_LIMIT_S)
        assert self._process.returncode == 0
        return accepted

    def __enter__(self) -> OfficeSystem:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def end_randomly(bus: Bus, how: signal.Signals, chance: random.Random) -> int:
    """Start the product's forwarder, end it with a signal some moments after it began to send; return its exit code."""
    running = bus.forwarder()
    before = bus.sent()
    wait_until(lambda: bus.sent() > before, timeout_s=START_LIMIT_S, what="a forwarder that sends")
    time.sleep(chance.uniform(0, 0.3))
    running.send_signal(how)
    begun = time.monotonic()
    running.communicate(timeout=START_LIMIT_S)
    assert time.monotonic() - begun < 10, "it took too long to end"
    return running.returncode


def end_at_points(bus: Bus, times: int, chance: random.Random) -> list[int]:
    """Let so many forwarders kill themselves, at each named point in turn; return their exit codes."""
    codes = []
    for number in range(times):
        dying = bus.forwarder(POINTS[number % len(POINTS)], chance.randint(1, 5))
        dying.communicate(timeout=START_LIMIT_S)
        codes.append(dying.returncode)
    return codes


def finish(bus: Bus, events: int) -> None:
    """Let a forwarder send the rest, and end it."""
    running = bus.forwarder()
    wait_until(lambda: bus.sent() == events, timeout_s=FINISH_LIMIT_S, what="the rest of the events")
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=START_LIMIT_S)
    assert running.returncode == 0
    with OutboxQueue(bus.outbox) as queue:
        assert queue.pending(1) == []


async def read_log(bus: Bus) -> Log:
    """Read the whole topic."""
    reader, book, log = KafkaReader(bus.bootstrap, bus.prefix), SchemaBook(), Log()
    values: dict[tuple[str, int], bytes] = {}
    try:
        for number in range(await reader.partitions("dossier.v1")):
            async for record in read_to_end(reader, TopicPartition("dossier.v1", number)):
                value = record.value or b""
                content = book.decode("dossier.v1", value)
                key = (content["case_id"], content["seq"])
                if key in values:
                    log.copies += 1
                    log.different += values[key] != value
                    continue
                values[key] = value
                log.numbers.setdefault(content["case_id"], []).append(content["seq"])
    finally:
        await reader.close()
    return log


def expected_numbers(events: int, cases: int) -> dict[str, list[int]]:
    """What the office system wrote: the events in turn for each case."""
    counts: Sequence[int] = [events // cases + (number < events % cases) for number in range(cases)]
    return {f"dossier:H27.16:A-{number}": list(range(1, count + 1)) for number, count in enumerate(counts)}
