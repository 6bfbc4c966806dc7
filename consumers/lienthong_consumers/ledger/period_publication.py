"""The publication of period reports: closes what is due, and says again what was corrected since.

Corrections are collected for an hour of the bus's time, so that a day of late events makes some versions and not
hundreds. All is in the transaction of the records: after a kill either nothing happened or everything did. Figures are
those of one snapshot. First the corrections of what was closed, then new closings, in the order of time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from lienthong_consumers.domain.entry import Entry
from lienthong_consumers.domain.period_report import DayOf, Period
from lienthong_consumers.domain.restatement import Correction, before_of, corrections_of, deltas_of, steps_of
from lienthong_consumers.ledger.period_records import Version, record_of, reports_of
from lienthong_consumers.ledger.period_rows import day_of, days_in_zone
from lienthong_consumers.ledger.summary import CALENDAR
from lienthong_consumers.ledger.tables import period_news as news
from lienthong_consumers.ledger.tables import period_reports as table
from lienthong_consumers.ledger.tables.cases import read_history
from lienthong_consumers.ledger.tables.completeness import (
    heard_incomplete,
    incomplete_offices,
    keep_incomplete,
    kept_incomplete,
)
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_consumers.ledger.tables.period_reports import Closed
from lienthong_consumers.ledger.tables.references import read_references
from lienthong_consumers.ledger.tables.ticks import judgement
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant, datetime_of, instant_of
from lienthong_schemas.period_reports import AT_CLOSING, CORRECTED, RECOUNTED
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.report_form import DOSSIER_FORM, ReportForm
from lienthong_schemas.reporting_period import period_days, periods_ending_on

log = logging.getLogger(__name__)

PERIODS_AT_ONCE: Final = 20
"""Periods that are closed in one turn, roughly: a bus that slept for a year needs some turns, each of them short."""
_HOUR: Final = 3_600_000_000
"""Microseconds."""


class PeriodReports:
    """Publishes form II.06 of each period that is over, version by version."""

    def __init__(self, codec: SchemaBook, form: str = DOSSIER_FORM) -> None:
        self._codec = codec
        self._form = form

    async def publish(self, cursor: Cursor, now: Instant) -> Sequence[OutboundRecord]:
        """The records that are due. ``now`` is not asked: periods close by the time of the bus."""
        references = await read_references(cursor)
        book = ReferenceBook(references, len(references))
        reached = (await judgement(cursor)).at
        if reached is None or book.calendar(CALENDAR, reached) is None or not book.report_form(self._form, reached):
            return []
        known_at = await table.newest_dossier(cursor)
        due, records = await self._due(cursor, book, reached), []
        last: Instant | None = None
        if due or await table.begin_restating(cursor, self._form, reached):
            records.append(await self._restate(cursor, book, known_at))
        for day, periods in due:
            for period in periods:
                records.append(await self._close(cursor, book, period, reached, known_at))
                last = period.end
            await table.close_through(cursor, self._form, day)
        if last is not None:
            await news.remember_counted(cursor, last)
        return [record for many in records for record in many]

    async def _due(self, cursor: Cursor, book: ReferenceBook, reached: Instant) -> list[tuple[date, list[Period]]]:
        """The next days that are over with their grace, and the periods that end on each."""
        closed = await table.closed_through(cursor, self._form)
        first = await table.first_known(cursor) if closed is None else None
        if closed is None and first is None:
            return []
        day = closed + timedelta(days=1) if closed else day_of(_zone(book, first or 0))(first or 0)
        found: list[tuple[date, list[Period]]] = []
        while sum(len(periods) for _, periods in found) < PERIODS_AT_ONCE:
            end = days_in_zone(day.isoformat(), day, day, _zone(book, _noon(day))).end
            form = book.report_form(self._form, end - 1)
            periods = [] if form is None else list(_ending_on(book, self._form, form, day))
            if end > reached or not (form is None or await _may_close(cursor, form, end, periods, reached)):
                break
            found.append((day, periods))
            day += timedelta(days=1)
        return found

    async def _close(
        self, cursor: Cursor, book: ReferenceBook, period: Period, reached: Instant, known_at: Instant | None
    ) -> list[OutboundRecord]:
        closed = Closed(period, _zone(book, period.end - 1).key, reached, 1)
        counts = await table.write_close(cursor, self._form, closed)
        reports = reports_of(counts, period, book)
        await table.write_version(cursor, self._form, closed, known_at, reports)
        incomplete = await incomplete_offices(cursor, period.begin, period.end)
        await keep_incomplete(cursor, self._form, period.name, incomplete)
        extra = {"form": self._form, "period": period.name, "reports": len(reports), "incomplete": len(incomplete)}
        log.info("period-closed", extra=extra)
        version = Version(self._form, closed, AT_CLOSING, known_at, book.end, (), tuple(incomplete))
        return [record_of(self._codec, book, version, shown, lines) for shown, lines in reports.items()]

    async def _restate(self, cursor: Cursor, book: ReferenceBook, known_at: Instant | None) -> list[OutboundRecord]:
        """New versions of the closed periods in which a dossier counts differently since they were published."""
        closed = {one.period.name: one for one in await table.closed_periods(cursor, self._form)}
        if not closed:
            await news.forget_news(cursor)
            return []
        last = max(one.period.end for one in closed.values())
        if any(one.rule != table.RULE for one in closed.values()):
            return await self._count_anew(cursor, book, list(closed.values()), known_at)
        corrections = await self._corrections(cursor, closed, last)
        await news.remember_counted(cursor, last)
        deltas = deltas_of(corrections)
        versions = {name: closed[name].version + 1 for name in deltas}
        await table.write_corrections(cursor, self._form, corrections, versions)
        records: list[OutboundRecord] = []
        for name, counts in deltas.items():
            await table.add_counts(cursor, self._form, name, counts)
            await table.raise_version(cursor, self._form, name, versions[name])
            own = [one for one in corrections if one.period == name]
            one = closed[name]._replace(version=versions[name])
            version = Version(self._form, one, CORRECTED, known_at, book.end, own)
            records += await self._say_again(cursor, book, version)
        return records

    async def _count_anew(
        self, cursor: Cursor, book: ReferenceBook, closed: Sequence[Closed], known_at: Instant | None
    ) -> list[OutboundRecord]:
        """New versions of the periods that an older bus counted by another rule: once, and not dossier by dossier."""
        records: list[OutboundRecord] = []
        for one in closed:
            await table.count_anew(cursor, self._form, one)
            newer = one._replace(version=one.version + 1)
            said = await self._say_again(cursor, book, Version(self._form, newer, RECOUNTED, known_at, book.end, ()))
            if said:
                await table.raise_version(cursor, self._form, one.period.name, newer.version)
            records += said
        await news.remember_counted(cursor, max(one.period.end for one in closed))
        return records

    async def _corrections(self, cursor: Cursor, closed: dict[str, Closed], last: Instant) -> list[Correction]:
        changed = await news.changed_cases(cursor, last)
        history: dict[str, list[Entry]] = {case_id: [] for case_id in changed}
        for entry in await read_history(cursor, list(changed)):
            history[entry.case_id].append(entry)
        days: dict[str, DayOf] = {name: day_of(ZoneInfo(one.zone)) for name, one in closed.items()}
        periods = [one.period for one in closed.values()]
        return [
            correction
            for case_id, remembered in changed.items()
            for correction in corrections_of(
                case_id,
                before_of(remembered, history[case_id]),
                steps_of(remembered, history[case_id]),
                periods,
                days,
            )
        ]

    async def _say_again(self, cursor: Cursor, book: ReferenceBook, version: Version) -> list[OutboundRecord]:
        """The reports that a version changes."""
        closed, name = version.closed, version.closed.period.name
        before = await table.newest_lines(cursor, self._form, name)
        now = reports_of(await table.read_counts(cursor, self._form, name), closed.period, book)
        changed = {shown: lines for shown, lines in now.items() if lines != before.get(shown)}
        changed |= {shown: {} for shown in before.keys() - now.keys() if before[shown]}
        await table.write_version(cursor, self._form, closed, version.known_at, changed)
        extra = {"form": self._form, "period": name, "version": closed.version, "cause": version.cause}
        log.info("period-restated", extra={**extra, "corrections": len(version.corrections)})
        version = version._replace(incomplete=await kept_incomplete(cursor, self._form, name))
        return [record_of(self._codec, book, version, shown, lines) for shown, lines in changed.items()]


async def _may_close(
    cursor: Cursor, form: ReportForm, end: Instant, periods: Sequence[Period], reached: Instant
) -> bool:
    """Whether the periods that ended then may be closed: their grace is over, or everybody is complete before that."""
    if end + form.grace_hours * _HOUR <= reached:
        return True
    if not form.wait_for_complete or await heard_incomplete(cursor, end):
        return False
    begin = min((period.begin for period in periods), default=end)
    return not await incomplete_offices(cursor, begin, end)


def _ending_on(book: ReferenceBook, code: str, form: ReportForm, day: date) -> Iterator[Period]:
    """The periods of the form that end on a day, the shortest first."""
    closing = book.closing_day(code)
    zone = _zone(book, _noon(day))
    for name in periods_ending_on(day, form.periods, closing):
        first = day if name == day.isoformat() else period_days(name, closing)[0]
        yield days_in_zone(name, first, day, zone)


def _noon(day: date) -> Instant:
    return instant_of(datetime.combine(day, time(12), datetime_of(0).tzinfo))


def _zone(book: ReferenceBook, at: Instant) -> ZoneInfo:
    """The zone of the days; before the first calendar that of the first."""
    found = book.calendar(CALENDAR, at) or book.calendar(CALENDAR, book.changes()[-1])
    return ZoneInfo(found[1].time_zone if found else "UTC")
