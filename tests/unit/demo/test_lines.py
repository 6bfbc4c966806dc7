"""The line of an office in the demo: down, and an answer that gets lost."""

from __future__ import annotations

import pytest

from lienthong.demo.lines import Line
from lienthong_infra.errors import PublishError, UnavailableError
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord, Publisher

EVENT = OutboundRecord("dossier.v1", b"dossier:H27.16:1", b"value")
HEARTBEAT = OutboundRecord("heartbeat.v1", b"H27.16/outbox", b"value")


class Stage:
    """A line to a broker in memory."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        for topic in ("dossier.v1", "heartbeat.v1"):
            self.broker.create_topic(topic)
        self.lost = 0
        self.line = Line(self._connect, self._count)

    async def _connect(self) -> Publisher:
        return self.broker.publisher()

    def _count(self) -> None:
        self.lost += 1


async def test_a_line_that_is_down_lets_nothing_through() -> None:
    """Neither new connections nor those that stand; afterwards it works again."""
    stage = Stage()
    connection = await stage.line.connect()
    stage.line.down = True
    with pytest.raises(UnavailableError):
        await connection.publish([EVENT])
    with pytest.raises(UnavailableError):
        await stage.line.connect()
    stage.line.down = False
    await connection.publish([EVENT])
    assert len(stage.broker.records("dossier.v1")) == 1


async def test_a_lost_answer_leaves_the_event_on_the_bus() -> None:
    """The office hears of a failure and will send it again; that happens once, and never to heartbeats."""
    stage = Stage()
    stage.line.loses_next_answer = True
    connection = await stage.line.connect()
    await connection.publish([HEARTBEAT])
    with pytest.raises(PublishError):
        await connection.publish([EVENT, HEARTBEAT])
    await connection.publish([EVENT])
    assert len(stage.broker.records("dossier.v1")) == 2
    assert (stage.line.repeated, stage.lost) == (1, 1)
