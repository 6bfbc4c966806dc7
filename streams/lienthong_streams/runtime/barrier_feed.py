"""Reads the tick topic and the reference topic whole, without a group, for all partitions of the process."""

from __future__ import annotations

import asyncio
from typing import Final

from lienthong_infra.ports import Reader, TopicPartition
from lienthong_streams.runtime.ports import BarrierSink

TICKS: Final = TopicPartition("tick.v1", 0)
REFERENCE: Final = TopicPartition("reference.v1", 0)
TICKS_BEFORE_END: Final = 2_000
"""Ticks read from before the present end. Ticks decide when something is announced, never whether it holds, so an older
one has nothing to add."""
_WAIT_S: Final = 0.5
"""Seconds one read waits; news wake it at once."""


class BarrierFeed:
    """Keeps a ``BarrierSink`` up to date. ``follow`` must run for ``catch_up`` to return."""

    def __init__(self, reader: Reader, sink: BarrierSink) -> None:
        self.moved = asyncio.Event()
        """Set at every news; whoever has taken note clears it."""
        self._reader = reader
        self._sink = sink
        self._positions: dict[TopicPartition, int] = {}
        self._progress = asyncio.Event()

    async def follow(self) -> None:
        """Read for ever. Raises UnknownTopic, or UnavailableError where the broker cannot be reached at the start."""
        ends = await self._reader.ends([TICKS, REFERENCE])
        await self._reader.assign({TICKS: max(0, ends[TICKS] - TICKS_BEFORE_END), REFERENCE: 0})
        await self._note_positions()
        while True:
            found = await self._reader.read(timeout=_WAIT_S)
            for record in found.get(REFERENCE, ()):
                self._sink.add_reference(record)
            for record in found.get(TICKS, ()):
                self._sink.add_tick(record)
            await self._note_positions()
            if found:
                self.moved.set()

    async def _note_positions(self) -> None:
        self._positions = dict(await self._reader.positions())
        self._sink.set_reference_position(self._positions[REFERENCE])
        self._progress.set()
        self._progress = asyncio.Event()

    async def catch_up(self) -> None:
        """Return once all is read that both topics hold now."""
        ends = await self._reader.ends([TICKS, REFERENCE])
        while any(self._positions.get(each, -1) < end for each, end in ends.items()):
            await self._progress.wait()

    async def close(self) -> None:
        """Release the connection."""
        await self._reader.close()
