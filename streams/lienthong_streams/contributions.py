"""The seam between the clocks of the cases and the live figures of a partition.

Every case adds something to the figures: its contribution, a few bytes in the header of its state that only the figures
understand. Whenever a case is folded, the figures make its new contribution and hear what it replaces; at the end of a
run they may write records, in the transaction of the run. After a restore they read all contributions again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.instants import Instant
from lienthong_streams.case_state import CaseState
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.progress import Progress
from lienthong_streams.position import Position


class Contributions(Protocol):
    """The live figures of one partition."""

    def restored(self, contributions: Iterable[bytes], position: Position) -> None:
        """The contributions of all cases, after the changelog was read."""
        ...

    def contribution(self, state: CaseState, progress: Progress, outcome: Fold) -> bytes:
        """What a case adds, from how far it has come and what holds about it; at most some tens of bytes."""
        ...

    def changed(self, before: bytes, after: bytes) -> None:
        """A case adds something else now; ``before`` is empty where it was not known."""
        ...

    def tells_other_share(self, before: bytes, after: bytes) -> bool:
        """Whether a case has ended by another share of the regulated time than it was counted with before."""
        ...

    def outputs(self, position: Position, now: Instant) -> Sequence[OutboundRecord]:
        """What a run writes about the figures, at its end. ``now``: the machine's time."""
        ...

    def checksum(self, below: int, position: Position) -> Sequence[OutboundRecord]:
        """What is counted of all records below an offset and of no other, to be compared with the ledger's count."""
        ...

    @property
    def waits(self) -> bool:
        """Whether something is left for a later run to write, which must come also without news."""
        ...


class NoContributions:
    """No live figures."""

    def restored(self, contributions: Iterable[bytes], position: Position) -> None:
        """Nothing to rebuild."""

    def contribution(self, state: CaseState, progress: Progress, outcome: Fold) -> bytes:
        """Nothing."""
        return b""

    def changed(self, before: bytes, after: bytes) -> None:
        """Nothing to count."""

    def tells_other_share(self, before: bytes, after: bytes) -> bool:
        """Nobody counts shares."""
        return False

    def outputs(self, position: Position, now: Instant) -> Sequence[OutboundRecord]:
        """Nothing to write."""
        return ()

    def checksum(self, below: int, position: Position) -> Sequence[OutboundRecord]:
        """Nothing to compare."""
        return ()

    @property
    def waits(self) -> bool:
        """Never."""
        return False
