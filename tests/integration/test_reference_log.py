"""Reference data over the ports: published once, read back whole, refused as a whole. Memory broker and real Kafka."""

from collections.abc import AsyncIterator

import pytest

from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord, Publisher, Reader, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_infra.reference_log import apply_reference, read_reference
from lienthong_schemas.catalogue import Catalogue, load_catalogue
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.instants import milliseconds_of
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import load_reference, schema_entries

REFERENCE = TopicPartition("reference.v1", 0)
CATALOGUE = load_catalogue()
ENTRIES = [*load_reference("vn"), *schema_entries(CATALOGUE)]
NOW = 1_793_000_000_000_000


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.broker)])
async def bus(request: pytest.FixtureRequest, unique_prefix: str) -> AsyncIterator[tuple[Reader, Publisher]]:
    """A reader and a publisher of a bus with an empty reference topic, in an import's form (the writer's time)."""
    if request.param == "memory":
        broker = MemoryBroker()
        broker.create_topic(REFERENCE.topic, 1)
        yield broker.reader(), broker.publisher()
        return
    bootstrap = request.getfixturevalue("kafka_bootstrap")
    async with KafkaAdmin(bootstrap, unique_prefix) as admin:
        await admin.apply(Catalogue({REFERENCE.topic: CATALOGUE.topic(REFERENCE.topic)}), imported=True)
        reader, publisher = KafkaReader(bootstrap, unique_prefix), KafkaPublisher(bootstrap, unique_prefix)
        yield reader, publisher
        await publisher.close()
        await reader.close()
        await admin.delete(list(await admin.describe()))


async def test_an_empty_topic_holds_nothing(bus: tuple[Reader, Publisher]) -> None:
    """A bus that nobody has told anything."""
    assert await read_reference(bus[0]) == ((), 0, ())


async def test_what_is_published_is_read_back(bus: tuple[Reader, Publisher]) -> None:
    """All of it, in order, ready for every reader."""
    published = await apply_reference(*bus, ENTRIES, known_from=NOW)
    log = await read_reference(bus[0])
    assert (list(log.records), log.end, log.unreadable) == (published, len(ENTRIES), ())
    assert ReferenceBook(log.records, log.end).problems == []


async def test_to_apply_again_publishes_nothing(bus: tuple[Reader, Publisher]) -> None:
    """The topic holds it already, whenever it was told."""
    await apply_reference(*bus, ENTRIES, known_from=NOW)
    assert await apply_reference(*bus, ENTRIES, known_from=NOW + 1) == []
    assert (await read_reference(bus[0])).end == len(ENTRIES)


async def test_a_contradiction_refuses_everything(bus: tuple[Reader, Publisher]) -> None:
    """Nothing of a set is published while one entry of it is wrong; what is there stays."""
    await apply_reference(*bus, ENTRIES[:1], known_from=NOW)
    wrong = ENTRIES[0]._replace(body="{}")
    with pytest.raises(CatalogueError):
        await apply_reference(*bus, [wrong, *ENTRIES[1:]], known_from=NOW)
    assert [record.body for record in (await read_reference(bus[0])).records] == [ENTRIES[0].body]


async def test_a_record_that_nobody_can_read_is_passed(bus: tuple[Reader, Publisher]) -> None:
    """A newer version of the bus may have written it; the rest is still read."""
    await apply_reference(*bus, ENTRIES[:1], known_from=NOW)
    await bus[1].publish(
        [OutboundRecord(REFERENCE.topic, b"x", b"no schema"), OutboundRecord(REFERENCE.topic, b"x", None)]
    )
    log = await read_reference(bus[0])
    assert (len(log.records), log.end, log.unreadable) == (1, 3, (1, 2))


async def test_in_an_import_records_bear_the_time_from_which_they_apply(bus: tuple[Reader, Publisher]) -> None:
    """The import's own time: a policy of 2020 was known in 2020."""
    published = await apply_reference(*bus, ENTRIES, known_from=None)
    records = [record async for record in read_to_end(bus[0], REFERENCE)]
    assert [record.timestamp for record in records] == [milliseconds_of(one.valid_from) for one in published]
    assert {one.known_from - one.valid_from for one in published} == {0}
