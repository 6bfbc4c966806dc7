"""Short ways to write entries of the ledger's history, and to keep a ledger in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import TypeVar

from lienthong_consumers.domain.changes import CaseIdentity, Changes, by_case, changes_of
from lienthong_consumers.domain.entry import CurrentRow, Entry
from lienthong_consumers.domain.figures import ZERO, Cell, Figures, Unit, by_unit
from lienthong_consumers.domain.settlement import Conflict, Gap, Held
from lienthong_schemas.identity import event_id

Row = TypeVar("Row")

CASE = "dossier:H27.16:0001"
HOUR = 3_600 * 1_000_000
"""Microseconds."""
START = 1_750_000_000 * 1_000_000
"""An instant in June 2025 from which tests count hours."""


def hour(number: float) -> int:
    """The instant so many hours after START."""
    return START + round(number * HOUR)


def entry(seq: int, status: str = "4", **changes: object) -> Entry:
    """Event ``seq`` of CASE, received at START, due at hour 100; other fields by name."""
    plain = Entry(
        case_id=CASE,
        epoch=1,
        seq=seq,
        digest=b"",
        kind="dossier",
        topic="dossier.v1",
        partition=0,
        offset=seq,
        known_at=hour(seq),
        office="H27.16",
        commune="18073",
        selector="1.005129",
        channel="direct",
        change="changed",
        status=status,
        occurred_at=hour(seq),
        accepted_at=hour(seq),
        received_at=START,
        due_at=hour(100),
        ended_at=None,
        next_epoch=None,
        last_seq=None,
        source_ref=None,
        event_id="",
        urgency=None,
        rating=None,
        fee_paid=None,
        digitised=None,
        signature=None,
        duplicate_of=None,
        value=b"value",
    )
    made = plain._replace(**changes)  # type: ignore[arg-type]
    content = made._replace(accepted_at=0, known_at=0, partition=0, offset=0)
    digest = made.digest or sha256(repr(content).encode()).digest()[:16]
    return made._replace(digest=digest, event_id=event_id(made.office, made.case_id, made.epoch, made.seq))


def handover(seq: int, *, next_epoch: int, last_seq: int | None = None) -> Entry:
    """A handover as event ``seq`` of CASE."""
    last = seq if last_seq is None else last_seq
    return entry(seq, change="handover", next_epoch=next_epoch, last_seq=last)


class LedgerInMemory:
    """The tables of the ledger as plain sets and dictionaries, kept by the changes of each batch."""

    def __init__(self) -> None:
        self.history: dict[CaseIdentity, Entry] = {}
        self.duplicates: Counter[CaseIdentity] = Counter()
        self.rows: dict[str, CurrentRow] = {}
        self.totals: dict[Cell, Figures] = {}
        self.gaps: set[tuple[str, Gap]] = set()
        self.conflicts: set[tuple[str, Conflict]] = set()
        self.held: set[tuple[str, Held]] = set()

    def apply(self, batch: Sequence[Entry]) -> Changes:
        """Take one batch, as the sink does."""
        cases = by_case(batch)
        histories = {case: [one for one in self.history.values() if one.case_id == case] for case in cases}
        changes = changes_of(cases, self.rows, histories)
        for one in changes.entries:
            identity = (one.case_id, *one.identity)
            assert identity not in self.history
            self.history[identity] = one
        for identity, (accepted_at, known_at) in changes.earlier.items():
            self.history[identity] = self.history[identity]._replace(accepted_at=accepted_at, known_at=known_at)
        self.duplicates.update(changes.duplicates)
        self.rows.update(changes.rows)
        for cell, delta in changes.totals.changes().items():
            self.totals[cell] = self.totals.get(cell, ZERO).plus(delta)
        _move(self.gaps, changes.gaps_opened, changes.gaps_closed)
        _move(self.conflicts, changes.conflicts_opened, changes.conflicts_closed)
        _move(self.held, changes.held, changes.released)
        return changes

    def counted(self) -> dict[Cell, Figures]:
        """The totals without cells that have nothing."""
        return {cell: figures for cell, figures in self.totals.items() if figures != ZERO}

    def by_unit(self) -> dict[Unit, Figures]:
        """The totals of each office and kind."""
        return by_unit(self.totals)


def _move(rows: set[Row], opened: Iterable[Row], closed: Iterable[Row]) -> None:
    for one in closed:
        rows.remove(one)
    for one in opened:
        assert one not in rows
        rows.add(one)
