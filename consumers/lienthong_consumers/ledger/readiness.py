"""Whether a ledger can take all that its bus has: topics that are new since it began have to be begun by a person.

To start a topic from 0 by itself could hide a loss, so the ledger does not. Until it is begun no tick counts as
reached, for ticks count its records too: no official figure is judged anew and no period is closed. So it is said
wherever one looks.
"""

from __future__ import annotations

from collections.abc import Collection

from psycopg import AsyncConnection

from lienthong_infra.errors import WrongCallError
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.catalogue import load_catalogue

_TICK_BEYOND = """
    SELECT DISTINCT split_part(wanted, '/', 1) AS topic
    FROM tick, jsonb_object_keys(case_ends) AS wanted
    LEFT JOIN position AS at ON at.topic || '/' || at.partition = wanted
    WHERE at.topic IS NULL ORDER BY topic
"""


def ledger_topics() -> list[str]:
    """The topics that the catalogue gives to the ledger."""
    topics = load_catalogue().topics.values()
    return [spec.name for spec in topics if "ledger" in spec.consumers and not spec.reserved]


def refuse_strange(topics: Collection[str]) -> None:
    """Raises WrongCallError for topics that no ledger reads."""
    known = ledger_topics()
    strange = [topic for topic in topics if topic not in known]
    if strange:
        raise WrongCallError([f"--begin {topic}: the catalogue does not give it to the ledger" for topic in strange])


def not_begun(existing: Collection[TopicPartition], positions: Collection[TopicPartition]) -> list[str]:
    """The ledger's topics that exist and in which it has no position at all; none of a ledger that is empty."""
    known = {one.topic for one in positions}
    if not known:
        return []
    return sorted({one.topic for one in existing} & set(ledger_topics()) - known)


def begin_command(topics: Collection[str]) -> str:
    """What to run once, so that the ledger reads these topics from their beginning."""
    return " ".join(("lienthong ledger migrate", *(f"--begin {topic}" for topic in topics)))


async def topics_that_ticks_miss(connection: AsyncConnection) -> list[str]:
    """The topics that the newest tick counts and the ledger has no position in: no such tick is ever reached."""
    async with connection.cursor() as cursor:
        await cursor.execute(_TICK_BEYOND)
        return [topic for (topic,) in await cursor.fetchall()]
