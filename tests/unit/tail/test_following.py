"""What is there now, then what comes: nothing is left out between the two, nothing comes twice."""

from __future__ import annotations

from lienthong.tail.following import coming, ends_of, present
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord


def numbered(*numbers: int) -> list[OutboundRecord]:
    """Records with numbers as keys."""
    return [OutboundRecord("sla.v1", b"%d" % number, b"") for number in numbers]


async def test_records_are_shown_to_the_ends_and_followed_from_there() -> None:
    """What is written while the present is read belongs to what comes."""
    broker = MemoryBroker()
    broker.create_topic("sla.v1", partitions=3)
    publisher, reader = broker.publisher(), broker.reader()
    await publisher.publish(numbered(*range(20)))
    ends = await ends_of(reader, "sla.v1")
    await publisher.publish(numbered(*range(20, 25)))
    now = [record.key async for record in present(reader, ends)]
    later: list[bytes | None] = []
    async for record in coming(reader, ends):
        later.append(record.key)
        if len(later) == 5:
            break
    assert len(now) == 20
    assert (set(now), set(later)) == ({b"%d" % number for number in range(20)}, {b"%d" % n for n in range(20, 25)})


async def test_an_empty_topic_has_no_present() -> None:
    """The verb ends at once."""
    broker = MemoryBroker()
    broker.create_topic("sla.v1", partitions=2)
    reader = broker.reader()
    assert [record async for record in present(reader, await ends_of(reader, "sla.v1"))] == []
