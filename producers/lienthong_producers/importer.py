"""The importer: publishes events of the past in their own time, with the ticks of that time between them.

It writes to a prefix of its own whose topics take the writer's timestamps (CreateTime). Day by day: the events of the
day, each stamped with its own time; when all are acknowledged, the tick that ends the day. So a day's tick can name the
ends of the case topics, and every office is complete up to it. The same log always gives the same events, byte for
byte: importing again adds duplicates, which count once, and repairs an import that broke off.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from lienthong_infra.ports import OutboundRecord, Publisher, Reader
from lienthong_producers.domain.municipal_log import AUTHORITY, PROCEDURE, Day, MunicipalEvent
from lienthong_producers.import_time import ImportTime
from lienthong_producers.schema_book import schema_book
from lienthong_schemas.case_event import content_digest
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.headers import event_headers
from lienthong_schemas.identity import parse_case_id
from lienthong_schemas.instants import Instant, datetime_of, milliseconds_of
from lienthong_schemas.models import Dossier, case_record

_FIRST_EPOCH: Final = 1

AfterDay = Callable[[Day], Awaitable[None]]
"""Called when a day and its tick are on the bus: shows progress, or slows the import down."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import wrote; ``horizon`` is the time of its last tick."""

    dossiers: int
    events: int
    ticks: int
    horizon: Instant


class MunicipalRecords:
    """Turns events of the municipal log, in their order, into records of ``dossier.v1``."""

    def __init__(self, book: SchemaBook) -> None:
        self._book = book
        self._previous: dict[str, str] = {}

    def record(self, event: MunicipalEvent) -> OutboundRecord:
        """The record of an event, stamped with the event's own time."""
        state = Dossier(
            authority=AUTHORITY,
            local=parse_case_id(event.case_id).local,
            office=event.office,
            occurred_at=datetime_of(event.at),
            status=event.status,
            received_at=datetime_of(event.received_at),
            due_at=datetime_of(event.due_at),
            ended_at=None if event.ended_at is None else datetime_of(event.ended_at),
            source_ref=event.source_ref,
            procedure=PROCEDURE,
            channel=event.channel,
            step=event.step,
        )
        content = case_record(
            state,
            epoch=_FIRST_EPOCH,
            seq=event.seq,
            seq_by="gateway",
            accepted_at=event.at,
            previous=self._previous.get(event.case_id),
        )
        value = self._book.encode(state.topic, content)
        self._previous[event.case_id] = content_digest(value).hex()
        return OutboundRecord(
            state.topic,
            event.case_id.encode(),
            value,
            event_headers(state.topic, content),
            timestamp=milliseconds_of(event.at),
        )


class MunicipalImport:
    """One run of the import, over ports."""

    def __init__(self, publisher: Publisher, reader: Reader) -> None:
        self._book = schema_book()
        self._time = ImportTime(publisher, reader, self._book)

    async def run(self, log: Iterable[Day], after_day: AfterDay | None = None) -> Imported:
        """Publish the days. Raises PublishError or UnavailableError; running again then completes the import."""
        await self._time.find_place()
        records = MunicipalRecords(self._book)
        offices: set[str] = set()
        cases: set[str] = set()
        events = 0
        day: Day | None = None
        for day in log:
            await self._time.publish([records.record(event) for event in day.events])
            offices.update(event.office for event in day.events)
            cases.update(event.case_id for event in day.events)
            events += len(day.events)
            await self._time.reach(day.tick_at, dict.fromkeys(sorted(offices), day.tick_at))
            if after_day is not None:
                await after_day(day)
        if day is not None and self._time.ticks == 0:  # an import done before
            await self._time.again(dict.fromkeys(sorted(offices), self._time.now))
        return Imported(len(cases), events, self._time.ticks, self._time.now)
