"""The instants around a due time: the latest for an apology, the levels of warning and of escalation.

Sources: an apology is out at the latest one day before the time expires (Decision 2916/QĐ-UBND of Hà Tĩnh, 2025);
systems of provinces call "near due" what falls due within 24 hours. Shares of the time and escalation are each office's
choice.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from lienthong_schemas.calendar_table import WORKING_DAY, WorkingCalendar
from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_due import DueTime, Pauses, joined
from lienthong_schemas.policy_parts import Span


def before(span: Span, calendar: WorkingCalendar, due: Instant) -> Instant:
    """The latest instant that lies so long before a due time.

    Days keep the hour; calendar days that would lead to a day off lead to the closing time before it, for by then
    somebody must have done it.
    """
    if span.unit == "working_day":
        whole, part = _days(span)
        start = calendar.subtract(due, part)
        if not whole:
            return start
        day = calendar.working_day_before(calendar.date_of(start), whole)
        return calendar.within_hours(day, calendar.same_time_on(day, start))
    if span.is_working:
        return calendar.subtract(due, span.microseconds)
    if span.unit != "calendar_day":
        return due - span.microseconds
    day = calendar.date_of(due) - timedelta(days=int(span.amount))
    if calendar.is_working_day(day):
        return calendar.same_time_on(day, due)
    return calendar.end_of_working_day(calendar.working_day_before(day, 1))


def after(span: Span, calendar: WorkingCalendar, due: Instant) -> Instant:
    """The instant that lies so long after a due time. Days keep the hour."""
    if span.unit == "working_day":
        whole, part = _days(span)
        start = calendar.add(due, part)
        if not whole:
            return start
        day = calendar.working_day_after(calendar.date_of(start), whole)
        return calendar.within_hours(day, calendar.same_time_on(day, start))
    if span.is_working:
        return calendar.add(due, span.microseconds)
    if span.unit != "calendar_day":
        return due + span.microseconds
    return calendar.same_time_on(calendar.date_of(due) + timedelta(days=int(span.amount)), due)


def share_reached(
    share: Decimal, calendar: WorkingCalendar, due: DueTime, pauses: Pauses = (), total: int | None = None
) -> Instant:
    """The instant at which a share of the time is used up, pauses not counted. ``pauses`` as for ``due_time``;
    ``total``: the time to be used, where it is not what the policy gives.
    """
    used = int((due.total if total is None else total) * share)
    at = calendar.add(due.counted_from, used) if due.working else due.counted_from + used
    for opened, closed in joined(pauses):
        begin = max(opened, due.counted_from)
        if closed > due.counted_from and begin < at:
            at = calendar.add(at, calendar.between(begin, closed)) if due.working else at + closed - begin
    return at


def _days(span: Span) -> tuple[int, int]:
    """Whole days, and the working time of the part of a day."""
    whole = int(span.amount)
    return whole, span.microseconds - whole * WORKING_DAY
