"""The outbox: what an office system hands in is numbered and kept on disk before "accepted" is said.

Number and event are written in one transaction, so the events of a case are numbered without a gap and in the order
of acceptance, whatever is killed when. A forwarder (``lienthong forward``) brings them to the bus.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lienthong_infra.ports import OutboundRecord
from lienthong_infra.record_size import record_bytes
from lienthong_producers.clock import Clock, wall_clock
from lienthong_producers.errors import EventTooLarge, NotNumberedHere, OutboxFull
from lienthong_producers.outbox_file import OutboxFile, headers_text
from lienthong_producers.schema_book import schema_book
from lienthong_schemas.case_event import content_digest
from lienthong_schemas.errors import InvalidCase
from lienthong_schemas.headers import event_headers
from lienthong_schemas.identity import normalise_office, parse_case_id
from lienthong_schemas.instants import Instant
from lienthong_schemas.models import CaseState, SeqBy, case_record

DEFAULT_MAX_BYTES: Final = 1 << 30
"""1 GiB: about a million events of a kilobyte; a commune makes a few hundred a day."""
WARN_AT: Final = 80
"""Percent of the bound from which every further percent is logged as a warning."""
MAX_EVENT_BYTES: Final = 500_000
"""Bytes of key, value and headers. Case topics take batches of 524,288 (see the catalogue)."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The receipt of an event that is safely on disk; ``event_id`` is its identity on the bus."""

    case_id: str
    epoch: int
    seq: int
    event_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an event was not accepted; every problem."""

    problems: tuple[str, ...]


KeepIf = Callable[[Sequence["Accepted | Refused"]], bool]


def _always(_: Sequence[Accepted | Refused]) -> bool:
    return True


class _NotKept(Exception):
    """Ends a transaction whose outcome is not wanted."""


@dataclass(frozen=True, slots=True)
class _Numbering:
    """The last number given in a case; ``digest`` is that event's content digest in hexadecimal."""

    epoch: int = 1
    seq: int = 0
    digest: str | None = None
    successor: str | None = None
    next_epoch: int | None = None


class Outbox:
    """An outbox file as an office system uses it. Threads may share one; processes open their own on the same file."""

    def __init__(
        self,
        path: str | Path,
        *,
        offices: Iterable[str] = (),
        max_bytes: int = DEFAULT_MAX_BYTES,
        seq_by: SeqBy = "holder",
        clock: Clock = wall_clock,
        connection_class: type[sqlite3.Connection] = sqlite3.Connection,
    ) -> None:
        """Open or make the file at ``path`` on a local disk.

        ``offices`` are the agency codes whose only outbox this is: the forwarder vouches for them in heartbeats. They
        are kept in the file, so it is enough to name them once. ``max_bytes`` bounds the file's size.
        Raises OutboxDamaged, OutboxVersion, IdentityError.
        """
        codes = sorted({normalise_office(office) for office in offices})
        self._file = OutboxFile(Path(path), connection_class=connection_class)
        self._max_bytes, self._seq_by, self._clock = max_bytes, seq_by, clock
        self._book = schema_book()
        self._warned_at = 0
        if codes:
            with self._file.writing() as sql:
                sql.executemany("INSERT OR IGNORE INTO office VALUES (?)", [(code,) for code in codes])

    def accept(self, state: CaseState) -> Accepted:
        """Number the event and keep it; when this returns, it survives a power cut.

        Raises OutboxFull, EventTooLarge, NotNumberedHere or InvalidCase; then nothing was accepted.
        """
        return self.accept_all([state])[0]

    def accept_all(self, states: Sequence[CaseState]) -> list[Accepted]:
        """Accept all of these in this order, or none of them. Raises as ``accept``."""
        with self._file.writing() as sql:
            accepted = [self._accept(sql, state) for state in states]
            self._bound(self._file.used_bytes())
        return accepted

    def accept_each(self, states: Sequence[CaseState], *, keep_if: KeepIf = _always) -> list[Accepted | Refused]:
        """Accept those of these that can be accepted, in one transaction, if ``keep_if`` says so of the outcome.

        Raises OutboxFull; then, and where ``keep_if`` says no, nothing was accepted.
        """
        outcome: list[Accepted | Refused] = []
        with suppress(_NotKept), self._file.writing() as sql:
            for state in states:
                try:
                    outcome.append(self._accept(sql, state))
                except (InvalidCase, EventTooLarge, NotNumberedHere) as error:
                    outcome.append(Refused(error.problems if isinstance(error, InvalidCase) else (str(error),)))
            self._bound(self._file.used_bytes())
            if not keep_if(outcome):
                raise _NotKept
        return outcome

    def take_over(self, case: str, *, epoch: int, after: int = 0) -> None:
        """Number this case from now on: in the epoch that a handover names, where the next event has number 1.

        In place of an outbox that was lost: in its epoch, ``after`` the last number that arrived on the bus.
        Raises NotNumberedHere where this outbox itself numbers the case, or has numbered it in that epoch or later.
        """
        parse_case_id(case)
        if epoch < 1 or after < 0:
            raise NotNumberedHere(f"{case}: epochs begin at 1 and numbers at 1; not epoch {epoch} after number {after}")
        with self._file.writing() as sql:
            known = self._numbering(sql, case)
            if known is not None and (known.successor is None or known.epoch >= epoch):
                held = "is still numbered here" if known.successor is None else "was already numbered here"
                raise NotNumberedHere(f"{case}: it {held} in epoch {known.epoch}; epoch {epoch} cannot be taken over")
            self._keep(sql, case, _Numbering(epoch, after))

    def fill(self) -> float:
        """How full the outbox is: bytes in use against the bound, 1.0 = full."""
        return self._file.used_bytes() / self._max_bytes

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Outbox:
        """The outbox itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def _accept(self, sql: sqlite3.Connection, state: CaseState) -> Accepted:
        case = state.case_id
        last = self._numbering(sql, case) or _Numbering()
        if last.successor is not None:
            raise NotNumberedHere(
                f"{case}: it was handed over to {last.successor}, which numbers it from epoch {last.next_epoch} on;"
                " hand the event in there"
            )
        record = case_record(
            state,
            epoch=last.epoch,
            seq=last.seq + 1,
            seq_by=self._seq_by,
            accepted_at=self._accepted_at(sql),
            previous=last.digest,
        )
        value = self._book.encode(state.topic, record)
        headers = event_headers(state.topic, record)
        size = record_bytes(OutboundRecord(state.topic, case.encode(), value, headers))
        if size > MAX_EVENT_BYTES:
            raise EventTooLarge(f"{case}: the event has {size} bytes; at most {MAX_EVENT_BYTES} are allowed")
        receipt = Accepted(case, record["epoch"], record["seq"], record["event_id"])
        sql.execute(
            "INSERT INTO entry (event_id, topic, case_id, epoch, seq, accepted_at, value, headers)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                receipt.event_id,
                state.topic,
                case,
                receipt.epoch,
                receipt.seq,
                record["accepted_at"],
                value,
                headers_text(headers),
            ),
        )
        handover = record["handover"] or {}
        following = (handover.get("successor"), handover.get("next_epoch"))
        self._keep(sql, case, _Numbering(receipt.epoch, receipt.seq, content_digest(value).hex(), *following))
        return receipt

    def _accepted_at(self, sql: sqlite3.Connection) -> Instant:
        """The present, but never before what was accepted or vouched for already, even if the clock steps back."""
        (not_before,) = sql.execute("SELECT not_before FROM outbox").fetchone()
        at: Instant = max(self._clock(), not_before)
        sql.execute("UPDATE outbox SET not_before = ?", (at,))
        return at

    def _bound(self, used: int) -> None:
        if used > self._max_bytes:
            raise OutboxFull(
                f"outbox {self._file.path}: it would hold {used} bytes and is bound to {self._max_bytes}; nothing was"
                " accepted. Look why the forwarder is behind (`lienthong forward`), or raise the bound"
            )
        percent = 100 * used // self._max_bytes
        if percent >= WARN_AT and percent != self._warned_at:
            _log.warning("outbox-filling", extra={"outbox": str(self._file.path), "percent": percent})
        self._warned_at = percent

    def _numbering(self, sql: sqlite3.Connection, case: str) -> _Numbering | None:
        row = sql.execute(
            "SELECT epoch, seq, digest, successor, next_epoch FROM numbering WHERE case_id = ?", (case,)
        ).fetchone()
        return None if row is None else _Numbering(*row)

    def _keep(self, sql: sqlite3.Connection, case: str, now: _Numbering) -> None:
        sql.execute(
            "INSERT OR REPLACE INTO numbering VALUES (?, ?, ?, ?, ?, ?)",
            (case, now.epoch, now.seq, now.digest, now.successor, now.next_epoch),
        )
