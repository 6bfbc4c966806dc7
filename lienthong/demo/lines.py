"""The line between an office of the demo and the bus: it can be cut, and it can lose an acknowledgement."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from lienthong_infra.errors import PublishError, UnavailableError
from lienthong_infra.ports import OutboundRecord, Publisher, Written
from lienthong_schemas.case_event import CASE_TOPICS


class Line:
    """One office's line. ``connect`` makes a publisher that is ready to use; ``lost`` hears of a lost answer."""

    def __init__(self, connect: Callable[[], Awaitable[Publisher]], lost: Callable[[], None]) -> None:
        self.down = False
        self.loses_next_answer = False
        """The next events arrive, but the office does not hear so; its forwarder then sends them once more."""
        self.repeated = 0
        """Events that were sent once more for that."""
        self._connect, self._lost = connect, lost

    async def connect(self) -> Publisher:
        """A publisher over this line. Raises UnavailableError while it is down."""
        self.check()
        return _Connection(self, await self._connect())

    def lose_answer(self, events: int) -> None:
        """Count events that the office will send once more. Raises PublishError, as a lost answer does."""
        self.loses_next_answer = False
        self.repeated += events
        self._lost()
        raise PublishError("the answer was lost on the line of this office")

    def check(self) -> None:
        """Raises UnavailableError while the line is down."""
        if self.down:
            raise UnavailableError("the line of this office is down")


class _Connection:
    """A publisher that works only while the line does."""

    def __init__(self, line: Line, publisher: Publisher) -> None:
        self._line, self._publisher = line, publisher

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
        """Write, unless the line is down. Raises UnavailableError or PublishError."""
        self._line.check()
        written = await self._publisher.publish(records)
        events = sum(record.topic in CASE_TOPICS for record in records)
        if events and self._line.loses_next_answer:
            self._line.lose_answer(events)
        return written

    async def close(self) -> None:
        """Close the publisher."""
        await self._publisher.close()
