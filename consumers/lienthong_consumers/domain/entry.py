"""An entry of the history, and the current row of a case, as frozen tuples.

Field names are the columns of the tables ``case_event`` and ``case_row``; instants are microseconds UTC.
"""

from __future__ import annotations

from typing import NamedTuple

from lienthong_schemas.instants import Instant


class Entry(NamedTuple):
    """One event in the history of the ledger. ``known_at`` is the append time of the log."""

    case_id: str
    epoch: int
    seq: int
    digest: bytes
    kind: str
    topic: str
    partition: int
    offset: int
    known_at: Instant
    office: str
    commune: str
    selector: str
    channel: str
    change: str
    status: str
    occurred_at: Instant
    accepted_at: Instant
    received_at: Instant | None
    due_at: Instant | None
    ended_at: Instant | None
    next_epoch: int | None
    """Only in a handover: the epoch that follows."""
    last_seq: int | None
    """Only in a handover: the last number of this epoch."""
    source_ref: str | None
    event_id: str
    urgency: str | None
    rating: int | None
    """Satisfaction of the citizen, 1 to 5."""
    fee_paid: str | None
    digitised: bool | None
    signature: str | None
    duplicate_of: str | None
    value: bytes

    @property
    def number(self) -> tuple[int, int]:
        """Its place in the case: (epoch, seq)."""
        return self.epoch, self.seq

    @property
    def identity(self) -> tuple[int, int, bytes]:
        """What makes two deliveries the same event: (epoch, seq, digest)."""
        return self.epoch, self.seq, self.digest


class CurrentRow(NamedTuple):
    """What holds for a case now: the state of the event that applies with the highest ``(epoch, seq)``.

    ``sealed`` tells that its epoch was handed over, so that a further number of it has no say; ``carried``, that its
    first event is an opening balance.
    """

    case_id: str
    kind: str
    epoch: int
    seq: int
    digest: bytes
    accepted_at: Instant
    office: str
    commune: str
    selector: str
    channel: str
    status: str
    received_at: Instant | None
    due_at: Instant | None
    ended_at: Instant | None
    known_at: Instant
    sealed: bool
    carried: bool
    partition: int
    urgency: str | None
    rating: int | None
    fee_paid: str | None
    digitised: bool | None
    signature: str | None
    duplicate_of: str | None

    @property
    def number(self) -> tuple[int, int]:
        """Place of the event that applies: (epoch, seq)."""
        return self.epoch, self.seq


def row_of(entry: Entry, *, sealed: bool, carried: bool) -> CurrentRow:
    """The current row of a case whose last event that applies is ``entry``."""
    return CurrentRow(
        entry.case_id,
        entry.kind,
        entry.epoch,
        entry.seq,
        entry.digest,
        entry.accepted_at,
        entry.office,
        entry.commune,
        entry.selector,
        entry.channel,
        entry.status,
        entry.received_at,
        entry.due_at,
        entry.ended_at,
        entry.known_at,
        sealed,
        carried,
        entry.partition,
        entry.urgency,
        entry.rating,
        entry.fee_paid,
        entry.digitised,
        entry.signature,
        entry.duplicate_of,
    )
