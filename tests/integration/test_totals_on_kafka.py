"""The processes of the live totals on a real Kafka: killed and frozen, another takes over; all ends in a recount."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest

from lienthong_infra import exit_codes
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_schemas.catalogue import Catalogue, load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.partial_totals import TOPIC, PartialTotals, key_of
from lienthong_schemas.totals import LIVE_TOPIC, Totals, is_newer, totals
from tests.support.fleet import Fleet
from tests.support.merged import added_up, plain_totals, snapshot

pytestmark = pytest.mark.broker
BOOK = SchemaBook()
TOPICS = (TOPIC, LIVE_TOPIC, "reference.v1", "totals-partial-dead-letter.v1")
LIMIT_S = 60.0


class Figures:
    """The topics of one bus: owners of partitions publish, and somebody reads the totals."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.bootstrap, self.prefix = bootstrap, prefix
        self.published: list[PartialTotals] = []
        self.publisher, self.reader = KafkaPublisher(bootstrap, prefix), KafkaReader(bootstrap, prefix)

    async def publish(self, *, generation: int, received: int) -> None:
        """Two owners publish three cells each; one of them is empty."""
        made = [
            snapshot(
                {"received": received * kept, "in_process": received * kept, "pending_in_time": received * kept},
                generation=generation,
                position=received,
                source_partition=partition,
                office=office,
            )
            for partition in (0, 1)
            for office, kept in (("H27.16", 1), ("H27.17", 1), ("H27.18", received % 2))
        ]
        await self.publisher.publish([OutboundRecord(TOPIC, key_of(one), BOOK.encode(TOPIC, one)) for one in made])
        self.published += made

    async def standing(self) -> list[Totals]:
        """The newest total of each key. No record may be older than the one before it."""
        newest: dict[bytes, Totals] = {}
        async for record in read_to_end(self.reader, TopicPartition(LIVE_TOPIC, 0)):
            total, key = totals(BOOK.decode(LIVE_TOPIC, record.value or b"")), record.key or b""
            assert key not in newest or is_newer(total, newest[key])
            newest[key] = total
        return list(newest.values())

    async def settle(self) -> None:
        """Wait until the totals are those of a recount."""
        expected = {
            (*name[:4], "" if name[0] == "unit-field" else name[4]): figures
            for name, figures in added_up(self.published).items()
        }
        found: dict[tuple[str, str, str, str, str], Counter[str]] = {}
        try:
            async with asyncio.timeout(LIMIT_S):
                while (found := plain_totals(await self.standing())) != expected:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
        except TimeoutError:
            assert found == expected


@pytest.fixture
async def figures(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[Figures]:
    """A bus with the topics of the totals alone."""
    catalogue = load_catalogue()
    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as admin:
        await admin.apply(Catalogue({name: catalogue.topics[name] for name in TOPICS}))
    found = Figures(kafka_bootstrap, unique_prefix)
    yield found
    await found.publisher.close()
    await found.reader.close()


@pytest.fixture
def fleet(figures: Figures, tmp_path: Path) -> Iterator[Fleet]:
    """Processes of the totals, as a user starts them."""
    arguments = ("stream", "totals", "--prefix", figures.prefix, "--every", "0.05", "--session-timeout", "6")
    found = Fleet("lienthong.cli.main", arguments, tmp_path, {"LIENTHONG_BOOTSTRAP": figures.bootstrap})
    yield found
    found.close()


async def on_duty(fleet: Fleet, *names: str) -> str:
    """Wait until exactly one of them says that it is its turn."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            at_work = [name for name in names if in_turn(fleet, name)]
            if len(at_work) == 1:
                return at_work[0]
            await asyncio.sleep(0.2)


def in_turn(fleet: Fleet, name: str) -> bool:
    """Whether the last that a process said is that its turn has begun."""
    return fleet.times_said(name, "totals-turn-begun") > fleet.times_said(name, "totals-turn-ended")


async def test_killed_and_frozen_another_takes_over_and_the_totals_are_a_recount(
    figures: Figures, fleet: Fleet
) -> None:
    """kill -9 and SIGSTOP of the one whose turn it is; woken up behind its successor it writes nothing that stands."""
    await figures.publish(generation=1, received=1)
    fleet.start("a")
    await figures.settle()
    fleet.start("b")
    await fleet.has_said("b", "stream-worker-started")
    killed = await on_duty(fleet, "a", "b")
    for received in range(2, 20):
        await figures.publish(generation=1, received=received)
        if received == 10:
            await fleet.kill(killed)
    await figures.settle()
    survivor = "b" if killed == "a" else "a"
    fleet.start("c")
    frozen = await on_duty(fleet, survivor, "c")
    fleet.signal(frozen, SIGSTOP)
    await figures.publish(generation=2, received=20)
    await figures.settle()
    fleet.signal(frozen, SIGCONT)
    for received in range(21, 24):
        await figures.publish(generation=2, received=received)
    await figures.settle()
    for name in (survivor, "c"):
        if fleet.alive(name):
            await fleet.leave(name)
    assert {code for _, code in fleet.exits} <= {-SIGKILL, exit_codes.TEMPORARY_FAILURE, exit_codes.GOOD}
    await figures.settle()
