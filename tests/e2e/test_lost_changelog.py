"""The changelogs of the deadline worker are lost: the rebuild is silent, then the difference is said (design §5)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from lienthong_infra.kafka.naming import full_name
from lienthong_schemas.case_event import CASE_TOPICS
from tests.support.handwritten import MINUTE, OFFICE, Scribe
from tests.support.whole_bus import WholeBus, wall_clock, whole_bus

pytestmark = pytest.mark.broker

GONE_LIMIT_S = 30.0


async def lose_changelogs(bus: WholeBus) -> None:
    """Delete the changelogs as an operator's mistake would; returns once they are gone."""
    names = [full_name(bus.prefix, f"deadlines-changelog-{topic}") for topic in CASE_TOPICS]
    admin = AIOKafkaAdminClient(bootstrap_servers=bus.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics(names)
        async with asyncio.timeout(GONE_LIMIT_S):
            while set(names) & set(await admin.list_topics()):  # noqa: ASYNC110 - the broker sets no event
                await asyncio.sleep(0.1)
    finally:
        await admin.close()


def kinds(records: Sequence[dict[str, object]]) -> Counter[object]:
    """How often each kind of clock event was said."""
    return Counter(each["kind"] for each in records)


async def test_a_lost_changelog_costs_no_announcement_twice(
    kafka_bootstrap: str, postgres_dsn: str, unique_prefix: str
) -> None:
    """A breach stands, the changelogs go, and meanwhile the office says that it had ended in time."""
    begins = wall_clock() - 60 * MINUTE
    async with whole_bus(kafka_bootstrap, postgres_dsn, unique_prefix) as bus:
        scribe = Scribe(bus.book, begins)
        await bus.publish(*scribe.course("LATE", ("2", 1.0)), *scribe.course("DONE", ("2", 1.0), ("9", 20.0)))
        await bus.heard(OFFICE, through=scribe.minute(45.0))
        await bus.tick(scribe.minute(45.0))
        await bus.at_rest()
        before = await bus.decoded("sla.v1")
    assert kinds(before) == {"started": 2, "breached": 1, "met": 1}
    await lose_changelogs(bus)
    async with whole_bus(kafka_bootstrap, postgres_dsn, unique_prefix) as bus:
        await bus.publish(scribe.record(scribe.dossier("LATE", "9", 25.0, ended=True), 2))
        await bus.tick(scribe.minute(50.0))
        await bus.at_rest()
        after = await bus.decoded("sla.v1")
    assert kinds(after) - kinds(before) == {"cleared": 1, "met": 1}
    assert max(Counter(each["event_id"] for each in after).values()) == 1
