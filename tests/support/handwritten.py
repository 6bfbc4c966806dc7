"""Case events written by hand: numbers, times and bytes as a test wants them, past every outbox."""

from __future__ import annotations

from datetime import timedelta

from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.headers import event_headers
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, datetime_of, instant_of
from lienthong_schemas.models import CaseState, Dossier, case_record

OFFICE = "H27.16"
MINUTE = 60 * MICROSECONDS_PER_SECOND


class Scribe:
    """Writes dossiers of OFFICE; times are minutes after ``begins``."""

    def __init__(self, book: SchemaBook, begins: Instant) -> None:
        self.book, self.begins = book, begins

    def minute(self, number: float) -> Instant:
        """The instant so many minutes after the beginning."""
        return self.begins + round(number * MINUTE)

    def dossier(self, local: str, status: str, at: float, *, due: float = 30.0, ended: bool = False) -> Dossier:
        """A dossier in a state; received at the beginning."""
        start = datetime_of(self.begins)
        moment = start + timedelta(minutes=at)
        return Dossier(
            authority=OFFICE,
            local=local,
            office=OFFICE,
            commune="18073",
            occurred_at=moment,
            status=status,
            received_at=start,
            due_at=start + timedelta(minutes=due),
            ended_at=moment if ended else None,
            procedure="1.005129",
            channel="online",
        )

    def record(self, state: CaseState, seq: int, *, accepted: float | None = None, epoch: int = 1) -> OutboundRecord:
        """The record of a state under a number; accepted when it occurred unless told otherwise."""
        at = instant_of(state.occurred_at) if accepted is None else self.minute(accepted)
        content = case_record(state, epoch=epoch, seq=seq, seq_by="holder", accepted_at=at, previous=None)
        value = self.book.encode(state.topic, content)
        return OutboundRecord(state.topic, state.case_id.encode(), value, event_headers(state.topic, content))

    def course(self, local: str, *steps: tuple[str, float], due: float = 30.0) -> list[OutboundRecord]:
        """A dossier's events, numbered from 1: (state, minute); state 9 ends it."""
        return [
            self.record(self.dossier(local, status, at, due=due, ended=status == "9"), seq)
            for seq, (status, at) in enumerate(steps, start=1)
        ]
