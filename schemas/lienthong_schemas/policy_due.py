"""``due_time``: from a policy, a calendar and the start of a clock to its due time, with every step of the way.

Pure; each rule is one entry of ``RULES`` with its source. The order: what comes outside office hours or after the
cut-off counts from the next session or working day; the time is counted from there; pauses move what was counted; what
would fall due on a day off moves to the next working day; forms that count by day are due at closing time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from lienthong_schemas.calendar_hours import instant_at, minute_of
from lienthong_schemas.calendar_table import HOUR, MINUTE, WORKING_DAY, WorkingCalendar
from lienthong_schemas.errors import NothingToCount
from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.policy_parts import DAY_UNITS, CutOff, Span


class Rule(NamedTuple):
    """A rule of counting in words, and where it comes from."""

    text: str
    vietnamese: str
    source: str


_PROVINCES: Final = "practice of the systems of provinces"
_BY_DAY: Final = "Circular 01/2020/TT-VPCP, form II.06, as provinces count it: by date"

RULES: Final[Mapping[str, Rule]] = {
    "started": Rule(
        "the clock starts once the case is complete and valid",
        "Bắt đầu tính khi hồ sơ đầy đủ, hợp lệ",
        _PROVINCES,
    ),
    "cut-off": Rule(
        "after the cut-off: it counts from the next working day",
        "Nhận sau giờ chốt: tính từ ngày làm việc tiếp theo",
        "Decree 63/2024/NĐ-CP, Art. 7(2), and the decree of the procedure: see the policy",
    ),
    "next-session": Rule(
        "outside office hours: it counts from the next session",
        "Nhận ngoài giờ hành chính: tính từ buổi làm việc tiếp theo",
        _PROVINCES,
    ),
    "working-time": Rule(
        "counted in working time, 8 hours to the day",
        "Tính theo giờ làm việc, 1 ngày bằng 8 giờ",
        "Decision 663/QĐ-TTPVHCC of Hà Nội (steps in working hours)",
    ),
    "working-days": Rule(
        "counted in working days from the day after receipt, to the same hour",
        "Tính theo ngày làm việc kể từ ngày tiếp theo ngày nhận, cùng giờ",
        _PROVINCES,
    ),
    "within-the-day": Rule(
        "within the day from which it counts",
        "Giải quyết ngay trong ngày",
        "Law on civil status 60/2014/QH13 and Decree 23/2015/NĐ-CP, as procedures apply them (from memory)",
    ),
    "calendar-days": Rule(
        "counted in days of the calendar from the day after receipt, to the same hour",
        "Tính theo ngày, kể cả ngày nghỉ, kể từ ngày tiếp theo ngày nhận, cùng giờ",
        _PROVINCES,
    ),
    "elapsed": Rule("counted by the clock, day and night", "Tính liên tục theo giờ đồng hồ", "the policy"),
    "pauses": Rule(
        "moved by the length of the pauses",
        "Cộng thêm thời gian tạm dừng",
        "the policy (supplement mode pause, financial duty)",
    ),
    "kept-within-hours": Rule(
        "on that day the hour lies outside office hours: the end of the work before it, or the opening",
        "Giờ hẹn ngoài giờ hành chính của ngày đó: lấy lúc kết thúc buổi trước hoặc lúc mở cửa",
        "this project: a result is handed over while somebody works",
    ),
    "moved-from-day-off": Rule(
        "not due on a day off: the next working day",
        "Không hẹn trả vào ngày nghỉ: chuyển sang ngày làm việc tiếp theo",
        _PROVINCES,
    ),
    "closing-time": Rule("due at closing time of that day", "Đến hạn vào cuối giờ làm việc của ngày đó", _BY_DAY),
}


class Step(NamedTuple):
    """A rule that was applied, where the count stood after it, and what is worth knowing about it."""

    rule: str
    at: Instant
    detail: str = ""


class DueTime(NamedTuple):
    """A due time and how it was found."""

    instant: Instant
    """The due time, as it stands on the slip: what ends by then is in time."""
    last_in_time: Instant
    """The last instant that is in time: the due time or, where forms count by day, the last microsecond of its day."""
    day: date
    """The local date of the due time."""
    counted_from: Instant
    total: int
    """Microseconds to be used, pauses not among them: of working time or of the clock, as ``working`` says."""
    working: bool
    steps: tuple[Step, ...]


class _Terms(NamedTuple):
    """How one clock of a policy is counted."""

    span: Span
    by_dates: bool
    office_hours: bool
    cut_off: CutOff | None
    by_day: bool


class _Settled(NamedTuple):
    """A due time after the last rules."""

    instant: Instant
    last_in_time: Instant
    day: date
    steps: tuple[Step, ...]


Pauses = Sequence[tuple[Instant, Instant]]
"""From and to, in order, none overlapping another."""


def due_time(
    policy: ClockPolicy,
    calendar: WorkingCalendar,
    started_at: Instant,
    *,
    clock: str = "",
    pauses: Pauses = (),
) -> DueTime:
    """The due time of a clock that starts at an instant.

    ``clock``: one of ``policy.spans()``; left out: the policy's own. ``pauses``: closed ones; one that opened after the
    last instant in time moves nothing. Raises NothingToCount where the policy has no time for the clock, and
    BeyondCalendar where the calendar does not reach so far.
    """
    terms = _terms(policy, clock or policy.clock)
    steps = [Step("started", started_at)]
    counted_from = _counted_from(terms, calendar, started_at, steps)
    nominal = _counted(terms, calendar, counted_from, steps)
    settled = _settled(terms, calendar, nominal)
    paused = 0
    for opened, closed in joined(pauses):
        if closed > counted_from and opened <= settled.last_in_time:
            paused += _measured(terms, calendar, max(opened, counted_from), closed)
            settled = _settled(terms, calendar, _shifted(terms, calendar, nominal, paused))
    if paused:
        steps.append(Step("pauses", _shifted(terms, calendar, nominal, paused), f"{paused / HOUR:g} h"))
    return DueTime(
        settled.instant,
        settled.last_in_time,
        settled.day,
        counted_from,
        _measured(terms, calendar, counted_from, nominal),
        terms.span.is_working,
        (*steps, *settled.steps),
    )


def counted_from(policy: ClockPolicy, calendar: WorkingCalendar, started_at: Instant, *, clock: str = "") -> Instant:
    """From when the time of a clock counts that starts at an instant: what ``due_time`` says of it, without the rest.

    Raises NothingToCount and BeyondCalendar.
    """
    return _counted_from(_terms(policy, clock or policy.clock), calendar, started_at, [])


def joined(pauses: Pauses) -> Pauses:
    """The pauses, those made one that follow one another without a moment between."""
    found: list[tuple[Instant, Instant]] = []
    for opened, closed in pauses:
        if found and found[-1][1] == opened:
            opened = found.pop()[0]
        found.append((opened, closed))
    return found


def _terms(policy: ClockPolicy, clock: str) -> _Terms:
    found: _Terms | None = policy.worked_out.get(clock)
    if found is None:
        found = policy.worked_out[clock] = _new_terms(policy, clock)
    return found


def _new_terms(policy: ClockPolicy, clock: str) -> _Terms:
    own = clock == policy.clock
    step = clock.startswith("step/")
    span = policy.span if own else policy.spans().get(clock)
    if span is None:
        raise NothingToCount(f"the policy for {policy.case_kind} {policy.selector} gives no time to the clock {clock}")
    days = (policy.days if own else None) or ("hours" if step else "dates")
    intake = (policy.intake if own else None) or (
        "always" if span.unit.endswith(("hour", "minute")) else "office-hours"
    )
    return _Terms(
        span,
        by_dates=span.unit == "working_day" and days == "dates",
        office_hours=span.is_working or intake == "office-hours",
        cut_off=policy.cut_off if own else None,
        by_day=policy.due_precision == "day" and span.unit in DAY_UNITS and (own or not step),
    )


def _counted_from(terms: _Terms, calendar: WorkingCalendar, at: Instant, steps: list[Step]) -> Instant:
    """The instant from which the time counts."""
    cut_off = terms.cut_off
    day = calendar.date_of(at)
    if cut_off is not None and calendar.is_working_day(day) and _too_late(cut_off, calendar, at, day):
        counted_from = _opening(cut_off, calendar, calendar.working_day_after(day, 1))
        steps.append(Step("cut-off", counted_from, cut_off.at or f"{cut_off.before_closing_minutes} min"))
        return counted_from
    if not terms.office_hours or _in_session(calendar, at):
        return at
    counted_from = calendar.next_working(at)
    next_day = calendar.date_of(counted_from)
    if next_day != day:
        counted_from = _opening(cut_off, calendar, next_day)
    steps.append(Step("next-session", counted_from))
    return counted_from


def _in_session(calendar: WorkingCalendar, at: Instant) -> bool:
    """Whether something comes in time for a session: up to closing time, but midnight belongs to the day after."""
    if not calendar.is_open(at):
        return False
    return not calendar.begins_day(at) or calendar.begins_session(at)


def _too_late(cut_off: CutOff, calendar: WorkingCalendar, at: Instant, day: date) -> bool:
    if cut_off.at is not None:
        return at > instant_at(day, minute_of(cut_off.at), calendar.zone)
    return at >= calendar.end_of_working_day(day) - (cut_off.before_closing_minutes or 0) * MINUTE


def _opening(cut_off: CutOff | None, calendar: WorkingCalendar, day: date) -> Instant:
    """When a day begins to count."""
    if cut_off is None or cut_off.counts_from is None:
        return calendar.start_of_working_day(day)
    return calendar.within_hours(day, instant_at(day, minute_of(cut_off.counts_from), calendar.zone))


def _counted(terms: _Terms, calendar: WorkingCalendar, at: Instant, steps: list[Step]) -> Instant:
    """The end of the time that counts from an instant."""
    span = terms.span
    text = span.text()
    if terms.by_dates:
        return _counted_in_dates(span, calendar, at, steps)
    if span.is_working:
        steps.append(Step("working-time", calendar.add(at, span.microseconds), text))
    elif span.unit == "calendar_day":
        day = calendar.date_of(at) + timedelta(days=int(span.amount))
        steps.append(Step("calendar-days", calendar.same_time_on(day, at), text))
    else:
        steps.append(Step("elapsed", at + span.microseconds, text))
    return steps[-1].at


def _counted_in_dates(span: Span, calendar: WorkingCalendar, at: Instant, steps: list[Step]) -> Instant:
    """Working days by date; a part of a day is counted first, in working hours, as the systems of provinces do."""
    whole = int(span.amount)
    part = span.microseconds - whole * WORKING_DAY
    start = calendar.add(at, part)
    if not whole:
        steps.append(Step("working-time" if part else "within-the-day", start, span.text()))
        return start
    day = calendar.working_day_after(_working_date(calendar, start), whole)
    if _is_midnight_closing(calendar, start):
        wanted = due = calendar.end_of_working_day(day)
    else:
        wanted = calendar.same_time_on(day, start)
        due = calendar.within_hours(day, wanted)
    steps.append(Step("working-days", wanted, span.text()))
    if due != wanted:
        steps.append(Step("kept-within-hours", due))
    return due


def _is_midnight_closing(calendar: WorkingCalendar, at: Instant) -> bool:
    """Whether work ends at an instant that the wall clock gives to the day after."""
    return calendar.begins_day(at) and not calendar.begins_session(at)


def _working_date(calendar: WorkingCalendar, at: Instant) -> date:
    """The date of the work that an instant begins, continues or ends."""
    return calendar.date_of(at - 1 if _is_midnight_closing(calendar, at) else at)


def _measured(terms: _Terms, calendar: WorkingCalendar, earlier: Instant, later: Instant) -> int:
    return calendar.between(earlier, later) if terms.span.is_working else later - earlier


def _shifted(terms: _Terms, calendar: WorkingCalendar, nominal: Instant, paused: int) -> Instant:
    """What was counted, moved by pauses; the beginning of a session stays one: a day's pause moves it by a day."""
    if not terms.span.is_working:
        return nominal + paused
    shifted = calendar.add(nominal, paused)
    return calendar.next_working(shifted) if terms.by_dates and calendar.begins_session(nominal) else shifted


def _settled(terms: _Terms, calendar: WorkingCalendar, nominal: Instant) -> _Settled:
    """The due time from what was counted: not on a day off, and at closing time where forms count by day."""
    day = _working_date(calendar, nominal) if terms.span.is_working else calendar.date_of(nominal)
    due, steps = nominal, []
    if terms.span.unit == "calendar_day" and not calendar.is_working_day(day):
        day = calendar.next_working_day(day)
        due = calendar.same_time_on(day, nominal)
        steps.append(Step("moved-from-day-off", due))
    if not terms.by_day:
        return _Settled(due, due, day, tuple(steps))
    due = calendar.end_of_working_day(day)
    steps.append(Step("closing-time", due))
    return _Settled(due, max(due, calendar.end_of_day(day)), day, tuple(steps))
