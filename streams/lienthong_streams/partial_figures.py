"""The live figures of one partition on their way to ``totals-partial.v1``: which cells are to be published, and when.

Snapshots go out with the outputs of a run, so in its transaction. What has changed waits for at most the interval; what
waits when an owner dies is published by the next one, which publishes every cell that has a case. A cell that has lost
its last case would be unknown to it, so that one never waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Final

from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_schemas import checksums
from lienthong_schemas.case_event import kind_of_topic
from lienthong_schemas.checksums import TOPIC as CHECKSUMS
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_schemas.partial_totals import TOPIC, PartialTotals, key_of
from lienthong_streams.case_state import CaseState
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.figures import (
    Cell,
    Contribution,
    LiveFigures,
    cell_parts,
    clock_view,
    contribution,
    contribution_of,
    is_carried,
    judged_anew,
    tells_other_share,
)
from lienthong_streams.domain.progress import Progress
from lienthong_streams.office_counts import OfficeCounts
from lienthong_streams.position import Position

EVERY: Final = MICROSECONDS_PER_SECOND
"""Microseconds between two publications by default: so the totals over all partitions can be two seconds old."""
AT_ONCE: Final = 500
"""Snapshots in one transaction at most, so that a take-over of many cells holds no event up; the next run goes on."""


class PartialFigures:
    """Counts the cases of one partition and publishes what has changed."""

    def __init__(self, source: TopicPartition, book: SchemaBook, *, every: int = EVERY) -> None:
        self._source = source
        self._kind = kind_of_topic(source.topic)
        self._book = book
        self._every = every
        self._live = LiveFigures()
        self._queue: dict[Cell, None] = {}
        self._last: Instant | None = None
        self._silent = True
        self._offices = OfficeCounts(source, self._live)
        self._uncounted = False

    @property
    def waits(self) -> bool:
        """Whether something is still to be published: a later run must come, also without news."""
        return bool(self._queue or self._live.changed) and not self._silent

    def restored(self, contributions: Iterable[Contribution], position: Position) -> None:
        """Count the cases that the changelog holds; nobody knows which of their cells were published."""
        for each, number in Counter(contributions).items():
            if each:
                self._live.add(each, number)
            else:  # nothing of it applies, or an older program counted it otherwise: known once all are folded
                # Before the first tick it is the former: no program was at work here long enough to be an older one.
                self._uncounted = position.tick_offset >= 0 and not position.silent_until
        self._live.changed.update(self._live.cells())
        self._silent = position.tick_offset < 0

    def contribution(self, state: CaseState, progress: Progress, outcome: Fold) -> Contribution:
        """What a case adds. Only where an event came out of order its timeline is asked."""
        before, clock = state.header.contribution, clock_view(outcome.processing, progress.passage)
        if before and state.heard_at is None:
            return judged_anew(before, clock)
        newest = state.followed_by
        if before and newest is not None:
            return contribution(newest.event, clock, carried=is_carried(before))
        return contribution_of(state.timeline, progress, clock)

    def changed(self, before: Contribution, after: Contribution) -> None:
        """Count the transition of one case."""
        self._live.move(before, after)

    def tells_other_share(self, before: Contribution, after: Contribution) -> bool:
        """Whether a case has ended by another share of the regulated time than it was counted with before."""
        return tells_other_share(before, after)

    def outputs(self, position: Position, now: Instant) -> list[OutboundRecord]:
        """The snapshots that a run publishes. ``position`` is where it ends, ``now`` the machine's time."""
        live = self._live
        self._silent = position.tick_offset < 0
        if self._silent:  # what is pending is not judged yet, and what a former owner published may be newer
            return []
        cells = list(live.emptied)
        live.emptied.clear()
        self._offices.note(cells)
        for cell in cells:
            live.changed.discard(cell)
            self._queue.pop(cell, None)
        cells += self._due(now)
        return [self._snapshot(cell, position) for cell in sorted(cells)]

    def checksum(self, below: int, position: Position) -> list[OutboundRecord]:
        """What is counted by office. Nothing as long as an older program's cases are not all counted anew."""
        if self._uncounted and (position.unfinished or position.tick_offset < 0):
            return []
        self._uncounted = False
        self._offices.note(self._live.changed)
        written = self._offices.checksum(below)
        return [OutboundRecord(CHECKSUMS, checksums.key_of(written), self._book.encode(CHECKSUMS, written._asdict()))]

    def _due(self, now: Instant) -> list[Cell]:
        """The next cells, once the interval is over: all that have changed until then, a portion in each run."""
        if self._last is None:
            self._last = now
        if not self._queue:
            if not self._live.changed or 0 <= now - self._last < self._every:  # also where the clock was put back
                return []
            self._queue = dict.fromkeys(sorted(self._live.changed))
            self._offices.note(self._live.changed)
            self._live.changed.clear()
            self._last = now
        cells = list(islice(self._queue, AT_ONCE))
        for cell in cells:
            del self._queue[cell]
        return cells

    def _snapshot(self, cell: Cell, position: Position) -> OutboundRecord:
        measures, shares = self._live.snapshot(cell)
        origin = (*self._source, position.generation, position.next_offset, position.horizon)
        snapshot = PartialTotals._make((*origin, self._kind, *cell_parts(cell), *measures, shares))
        return OutboundRecord(TOPIC, key_of(snapshot), self._book.encode(TOPIC, snapshot))
