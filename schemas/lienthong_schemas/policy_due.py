"""``due_time``: from a policy, a calendar and the start of a clock to its due time, with every step of the way.

Pure; each rule is one entry of ``RULES`` with its source. The order: what comes outside office hours or after the
cut-off counts from the next session or working day; the time is counted from there; pauses move what was counted; what
would fall due on a day off moves to the next working day; forms that count by day are due at closing time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from lienthong_schemas.calendar_hours import minute_of
from lienthong_schemas.calendar_table import HOUR, MINUTE, WORKING_DAY, WorkingCalendar
from lienthong_schemas.errors import NothingToCount
from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.policy_parts import DAY_UNITS


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


class DueTime:
    """A due time and how it was found. A plain class, and what is seldom asked for is worked out then: the engine finds
    a due time for nearly every event that moves a clock."""

    __slots__ = (
        "_calendar",
        "_nominal",
        "_paused",
        "_started_at",
        "_way",
        "counted_from",
        "day",
        "instant",
        "last_in_time",
    )

    def __init__(self, way: _Way, calendar: WorkingCalendar, started_at: Instant, pauses: Pauses) -> None:
        self._way = way
        self._calendar = calendar
        self._started_at = started_at
        self.counted_from: Instant = _counted_from(way, calendar, started_at, None)
        self._nominal = _counted(way, calendar, self.counted_from, None)
        instant, last_in_time, day = _settled(way, calendar, self._nominal, None)
        paused = 0
        for opened, closed in joined(pauses) if pauses else ():
            if closed > self.counted_from and opened <= last_in_time:
                paused += _measured(way, calendar, max(opened, self.counted_from), closed)
                moved = _shifted(way, calendar, self._nominal, paused)
                instant, last_in_time, day = _settled(way, calendar, moved, None)
        self._paused = paused
        self.instant: Instant = instant
        """The due time, as it stands on the slip: what ends by then is in time."""
        self.last_in_time: Instant = last_in_time
        """The last instant that is in time: the due time or, where forms count by day, the last of its day."""
        self.day: date = day
        """The local date of the due time."""

    @property
    def total(self) -> int:
        """Microseconds to be used, pauses not among them: of working time or of the clock, as ``working`` says."""
        return _measured(self._way, self._calendar, self.counted_from, self._nominal)

    @property
    def working(self) -> bool:
        """Whether working time is counted."""
        return self._way.is_working

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step of the way."""
        way, calendar = self._way, self._calendar
        steps = [Step("started", self._started_at)]
        moved = _counted(way, calendar, _counted_from(way, calendar, self._started_at, steps), steps)
        if self._paused:
            moved = _shifted(way, calendar, self._nominal, self._paused)
            steps.append(Step("pauses", moved, f"{self._paused / HOUR:g} h"))
        _settled(way, calendar, moved, steps)
        return tuple(steps)


class _Way:
    """How one clock of a policy is counted, as far as that is the same for all cases."""

    __slots__ = (
        "by_dates", "by_day", "calendar_days", "counts_from", "cut_off", "cut_off_at", "cut_off_text", "is_working",
        "length", "office_hours", "part", "text", "whole",
    )  # fmt: skip

    def __init__(self, policy: ClockPolicy, clock: str) -> None:
        """Raises NothingToCount."""
        own = clock == policy.clock
        step = clock.startswith("step/")
        span = policy.span if own else policy.spans().get(clock)
        if span is None:
            name = f"{policy.case_kind} {policy.selector}"
            raise NothingToCount(f"the policy for {name} gives no time to the clock {clock}")
        days = (policy.days if own else None) or ("hours" if step else "dates")
        intake = (policy.intake if own else None) or (
            "always" if span.unit.endswith(("hour", "minute")) else "office-hours"
        )
        cut_off = policy.cut_off if own else None
        self.is_working: bool = span.is_working
        self.calendar_days: bool = span.unit == "calendar_day"
        self.length: int = span.microseconds
        self.whole = int(span.amount)
        """Whole units."""
        self.part: int = span.microseconds - self.whole * WORKING_DAY
        """Of working days: microseconds of working time beside the whole ones."""
        self.text: str = span.text()
        self.by_dates: bool = span.unit == "working_day" and days == "dates"
        self.office_hours: bool = span.is_working or intake == "office-hours"
        self.by_day: bool = policy.due_precision == "day" and span.unit in DAY_UNITS and (own or not step)
        self.cut_off: bool = cut_off is not None
        self.cut_off_at = _NEVER
        """Minutes after midnight; below zero: before closing time."""
        self.counts_from = _NEVER
        """Minutes after midnight on the next working day, if it is not the opening."""
        self.cut_off_text = ""
        if cut_off is not None:
            minutes = cut_off.before_closing_minutes or 0
            self.cut_off_at = -minutes if cut_off.at is None else minute_of(cut_off.at)
            self.counts_from = _NEVER if cut_off.counts_from is None else minute_of(cut_off.counts_from)
            self.cut_off_text = cut_off.at or f"{minutes} min"


_NEVER: Final = -24 * 60
"""Minutes: no time of a day."""

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
    return DueTime(_way(policy, clock or policy.clock), calendar, started_at, pauses)


def counted_from(policy: ClockPolicy, calendar: WorkingCalendar, started_at: Instant, *, clock: str = "") -> Instant:
    """From when the time of a clock counts that starts at an instant: what ``due_time`` says of it, without the rest.

    Raises NothingToCount and BeyondCalendar.
    """
    return _counted_from(_way(policy, clock or policy.clock), calendar, started_at, None)


def joined(pauses: Pauses) -> Pauses:
    """The pauses, those made one that follow one another without a moment between."""
    found: list[tuple[Instant, Instant]] = []
    for opened, closed in pauses:
        if found and found[-1][1] == opened:
            opened = found.pop()[0]
        found.append((opened, closed))
    return found


def _way(policy: ClockPolicy, clock: str) -> _Way:
    found: _Way | None = policy.worked_out.get(clock)
    if found is None:
        found = policy.worked_out[clock] = _Way(policy, clock)
    return found


def _counted_from(way: _Way, calendar: WorkingCalendar, at: Instant, steps: list[Step] | None) -> Instant:
    """The instant from which the time counts. Steps are noted here and below where somebody wants them."""
    day = calendar.date_of(at)
    if way.cut_off and calendar.is_working_day(day) and _too_late(way, calendar, at, day):
        counted_from = _opening(way, calendar, calendar.working_day_after(day, 1))
        if steps is not None:
            steps.append(Step("cut-off", counted_from, way.cut_off_text))
        return counted_from
    if not way.office_hours or _in_session(calendar, at):
        return at
    counted_from = calendar.next_working(at)
    next_day = calendar.date_of(counted_from)
    if next_day != day:
        counted_from = _opening(way, calendar, next_day)
    if steps is not None:
        steps.append(Step("next-session", counted_from))
    return counted_from


def _in_session(calendar: WorkingCalendar, at: Instant) -> bool:
    """Whether something comes in time for a session: up to closing time, but midnight belongs to the day after."""
    if not calendar.is_open(at):
        return False
    return not calendar.begins_day(at) or calendar.begins_session(at)


def _too_late(way: _Way, calendar: WorkingCalendar, at: Instant, day: date) -> bool:
    if way.cut_off_at >= 0:
        return at > calendar.time_on(day, way.cut_off_at)
    return at >= calendar.end_of_working_day(day) + way.cut_off_at * MINUTE


def _opening(way: _Way, calendar: WorkingCalendar, day: date) -> Instant:
    """When a day begins to count."""
    if way.counts_from < 0:
        return calendar.start_of_working_day(day)
    return calendar.within_hours(day, calendar.time_on(day, way.counts_from))


def _counted(way: _Way, calendar: WorkingCalendar, at: Instant, steps: list[Step] | None) -> Instant:
    """The end of the time that counts from an instant."""
    if way.by_dates:
        return _counted_in_dates(way, calendar, at, steps)
    if way.is_working:
        rule, due = "working-time", calendar.add(at, way.length)
    elif way.calendar_days:
        rule, due = "calendar-days", calendar.same_time_on(calendar.date_of(at) + timedelta(days=way.whole), at)
    else:
        rule, due = "elapsed", at + way.length
    if steps is not None:
        steps.append(Step(rule, due, way.text))
    return due


def _counted_in_dates(way: _Way, calendar: WorkingCalendar, at: Instant, steps: list[Step] | None) -> Instant:
    """Working days by date; a part of a day is counted first, in working hours, as the systems of provinces do."""
    start = calendar.add(at, way.part)
    if not way.whole:
        if steps is not None:
            steps.append(Step("working-time" if way.part else "within-the-day", start, way.text))
        return start
    day = calendar.working_day_after(_working_date(calendar, start), way.whole)
    if _is_midnight_closing(calendar, start):
        wanted = due = calendar.end_of_working_day(day)
    else:
        wanted = calendar.same_time_on(day, start)
        due = calendar.within_hours(day, wanted)
    if steps is not None:
        steps.append(Step("working-days", wanted, way.text))
        if due != wanted:
            steps.append(Step("kept-within-hours", due))
    return due


def _is_midnight_closing(calendar: WorkingCalendar, at: Instant) -> bool:
    """Whether work ends at an instant that the wall clock gives to the day after."""
    return calendar.begins_day(at) and not calendar.begins_session(at)


def _working_date(calendar: WorkingCalendar, at: Instant) -> date:
    """The date of the work that an instant begins, continues or ends."""
    return calendar.date_of(at - 1 if _is_midnight_closing(calendar, at) else at)


def _measured(way: _Way, calendar: WorkingCalendar, earlier: Instant, later: Instant) -> int:
    return calendar.between(earlier, later) if way.is_working else later - earlier


def _shifted(way: _Way, calendar: WorkingCalendar, nominal: Instant, paused: int) -> Instant:
    """What was counted, moved by pauses; the beginning of a session stays one: a day's pause moves it by a day."""
    if not way.is_working:
        return nominal + paused
    shifted = calendar.add(nominal, paused)
    return calendar.next_working(shifted) if way.by_dates and calendar.begins_session(nominal) else shifted


def _settled(
    way: _Way, calendar: WorkingCalendar, nominal: Instant, steps: list[Step] | None
) -> tuple[Instant, Instant, date]:
    """The due time from what was counted, the last instant in time and the date: not on a day off, and at closing time
    where forms count by day.
    """
    day = _working_date(calendar, nominal) if way.is_working else calendar.date_of(nominal)
    due = nominal
    if way.calendar_days and not calendar.is_working_day(day):
        day = calendar.next_working_day(day)
        due = calendar.same_time_on(day, nominal)
        if steps is not None:
            steps.append(Step("moved-from-day-off", due))
    if not way.by_day:
        return due, due, day
    due = calendar.end_of_working_day(day)
    if steps is not None:
        steps.append(Step("closing-time", due))
    return due, max(due, calendar.end_of_day(day)), day
