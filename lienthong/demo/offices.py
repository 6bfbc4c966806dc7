"""The offices of the demo at work: an outbox file and a forwarder for each, as a real office system has them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from lienthong.demo.cases import HandIn, Office
from lienthong.demo.lines import Line
from lienthong.demo.province import SILENT, Wave
from lienthong_infra.ports import OutboundRecord, Publisher
from lienthong_producers.forwarder import Forwarder, Pace
from lienthong_producers.outbox import Outbox
from lienthong_producers.outbox_queue import OutboxQueue

PACE: Final = Pace(poll=0.1, heartbeat=0.5, first_pause=0.3, longest_pause=0.6, grace=2.0)
"""As an office has it, but hastier: due times here lie seconds ahead, not days."""
_SENT_TWICE: Final = "gets no answer and sends its event again: it counts once"
_SEND_LIMIT_S: Final = 5.0
_MANY: Final = 10_000
_GARBLED: Final = b'{"maHoSo": "H27.16-0001", "trangThai": 2}'
"""What a system sends that does not use the SDK: its own JSON, which is no value of the contract."""
_GARBLED_KEY: Final = b"dossier:H27.16:H27.16-0001"


@dataclass(slots=True)
class _Desk:
    """One office at work."""

    outbox: Outbox
    queue: OutboxQueue
    line: Line
    forwarding: asyncio.Task[None]


class Offices:
    """All offices. ``failed`` raises what brought a forwarder down."""

    def __init__(
        self,
        offices: Sequence[Office],
        folder: Path,
        connect: Callable[[], Awaitable[Publisher]],
        tell: Callable[[str, str], None],
    ) -> None:
        """``tell`` hears (office, what happens there) of what goes wrong on purpose."""
        self.accepted = 0
        """Events that an outbox said were accepted."""
        self.garbled = 0
        """Records put on a case topic that nobody can read."""
        self._offices, self._folder, self._connect, self._tell = offices, folder, connect, tell
        self._desks: dict[str, _Desk] = {}
        self._stop = asyncio.Event()

    def open(self) -> None:
        """Open every outbox and begin to forward it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for office in self._offices:
            path = self._folder / f"{office.code}.outbox"
            vouched_for = () if office.code == SILENT else (office.code,)
            outbox, line = (
                Outbox(path, offices=vouched_for),
                Line(self._connect, partial(self._tell, office.code, _SENT_TWICE)),
            )
            queue = OutboxQueue(path)
            forwarder = Forwarder(queue, line.connect, pace=PACE)
            forwarding = asyncio.create_task(forwarder.run(self._stop), name=f"forwarder {office.code}")
            self._desks[office.code] = _Desk(outbox, queue, line, forwarding)

    async def failed(self) -> None:
        """Wait until a forwarder ends, and raise why."""
        done, _ = await asyncio.wait(
            [desk.forwarding for desk in self._desks.values()], return_when=asyncio.FIRST_COMPLETED
        )
        for each in done:
            each.result()

    async def play(self, wave: Wave) -> None:
        """Hand in what the wave says, each thing at its time, and cut and repair the line as it says.

        Returns when the last event is handed in; the line that was cut stays down until ``repair``.
        """
        clock = asyncio.get_running_loop().time
        begins = clock()
        steps: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (each.at, partial(self._hand_in, each)) for each in wave.hand_ins
        ]
        steps.append((0.0, partial(self._lose_an_answer, wave.repeated_by)))
        steps.append((wave.outage.begins, partial(self._cut, wave.outage.office)))
        steps.append((2.5, partial(self._garble, wave.garbled_by)))
        for at, step in sorted(steps, key=lambda each: each[0]):
            await asyncio.sleep(begins + at - clock())
            await step()

    async def _hand_in(self, each: HandIn) -> None:
        await asyncio.to_thread(self._desks[each.office].outbox.accept, each.state)
        self.accepted += 1

    async def _cut(self, office: str) -> None:
        """Cut the line once all that was handed in before has gone out, so that the bus knows of these cases."""
        desk = self._desks[office]
        with suppress(TimeoutError):
            async with asyncio.timeout(_SEND_LIMIT_S):
                while desk.queue.pending(1):  # noqa: ASYNC110 - what is waited for lies in a file
                    await asyncio.sleep(0.05)
        desk.line.down = True
        self._tell(office, "loses its line; its events wait in its outbox")

    async def _lose_an_answer(self, office: str) -> None:
        self._desks[office].line.loses_next_answer = True

    async def _garble(self, office: str) -> None:
        """A system beside the SDK writes straight to the topic."""
        publisher = await self._connect()
        try:
            await publisher.publish([OutboundRecord("dossier.v1", _GARBLED_KEY, _GARBLED)])
        finally:
            await publisher.close()
        self.garbled += 1
        self._tell(office, "sends what nobody can read: a dead letter, all else goes on")

    def repair(self) -> None:
        """Bring every line back."""
        for office in self.down():
            self._desks[office].line.down = False
            self._tell(office, f"has its line again: {len(self._desks[office].queue.pending(_MANY))} events arrive now")

    @property
    def repeated(self) -> int:
        """Events that were sent once more because their acknowledgement was lost."""
        return sum(desk.line.repeated for desk in self._desks.values())

    def waiting(self) -> dict[str, int]:
        """By office, events that are accepted and not yet acknowledged."""
        return {code: len(desk.queue.pending(_MANY)) for code, desk in self._desks.items()}

    def down(self) -> frozenset[str]:
        """The offices without a line."""
        return frozenset(code for code, desk in self._desks.items() if desk.line.down)

    async def close(self) -> None:
        """End the forwarders and close the files."""
        self._stop.set()
        await asyncio.gather(*(desk.forwarding for desk in self._desks.values()), return_exceptions=True)
        for desk in self._desks.values():
            desk.queue.close()
            desk.outbox.close()
