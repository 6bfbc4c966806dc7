"""How the due time of a clock came about, step by step, and which days off lay on the way.

The steps of a computed due time are those of ``lienthong_schemas.policy_due``; the others are named here, each with
where it comes from. The last step stands at the due time that counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.calendar_table import WorkingCalendar
from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_due import RULES, DueTime, Step
from lienthong_streams.domain.due import brought_pauses, counted_from, counting_pauses, late_pauses, restarted_by
from lienthong_streams.domain.episode import Episode, Pause, Statement
from lienthong_streams.domain.terms import Terms

_SLIP: Final = "Circular 03/2025/TT-VPCP (receipt and appointment slip): the stated due time counts"
_POLICY: Final = "the policy"
SOURCES: Final[Mapping[str, str]] = {
    **{name: rule.source for name, rule in RULES.items()},
    "stated": _SLIP,
    "extended": "Decree 118/2025/NĐ-CP (apology and new appointment), and the policy",
    "due-changed": _SLIP,
    "stated-after-pause": _SLIP,
    "no-longer-stated": _SLIP,
    "pause": "the policy (supplement mode pause, financial duty)",
    "pause-open": "the policy (supplement mode pause, financial duty)",
    "pause-too-late": "this project: no pause un-breaches",
    "restarted": "the policy (supplement mode restart)",
    "promised": "Decree 118/2025/NĐ-CP (apology and new appointment)",
    "apology-lead": "Decision 2916/QĐ-UBND of Hà Tĩnh, 2025, and the policy",
    "began": _POLICY,
    "due": _POLICY,
}
"""Every rule that a step can name, and its source."""
_JUMPING: Final = frozenset(
    ("cut-off", "next-session", "working-time", "working-days", "pauses", "moved-from-day-off", "pause", "restarted")
)
"""Rules that may jump days off."""
_DAY: Final = timedelta(days=1)


class DaysOff(NamedTuple):
    """Days in a row on which nobody works; no name: the office hours know no work on these weekdays."""

    first: date
    last: date
    name: str


class Reason(NamedTuple):
    """A step of the way to a due time: the rule, where the due time or the count stood after it, and by which event."""

    rule: str
    at: Instant
    detail: str = ""
    cause: str = ""
    moved: int = 0
    """Microseconds by which a pause moved the due time, in the time that is counted."""
    days_off: tuple[DaysOff, ...] = ()


class Days:
    """The days of a calendar, by name."""

    def __init__(self, table: WorkingCalendar, body: Calendar) -> None:
        self._table = table
        self._names = {each.date: each.name for each in (*body.days_off, *body.local_days_off)}

    def jumped(self, earlier: Instant, later: Instant) -> Iterator[DaysOff]:
        """The days off after the day of one instant and before the day of another."""
        day, last = self._table.date_of(earlier) + _DAY, self._table.date_of(later)
        found: DaysOff | None = None
        while day < last:
            if not self._table.is_working_day(day):
                name = self._names.get(day, "")
                if found is not None and (found.last + _DAY, found.name) == (day, name):
                    found = found._replace(last=day)
                else:
                    if found is not None:
                        yield found
                    found = DaysOff(day, day, name)
            day += _DAY
        if found is not None:
            yield found


def reasons_of(episode: Episode, terms: Terms) -> tuple[Reason, ...]:
    """How the due time that counts for an episode came about; empty where there is none."""
    if episode.stated_due_at is None:
        return tuple(_computed(episode, terms))
    return tuple(_stated(episode, terms, episode.stated_due_at))


def steps_as_reasons(due: DueTime | None) -> tuple[Reason, ...]:
    """The steps of a computed due time."""
    return tuple(map(_of_step, () if due is None else due.steps))


def with_days(reasons: Iterable[Reason], days: Days | None) -> tuple[Reason, ...]:
    """The same, each with the days off that it jumped."""
    found: list[Reason] = []
    for reason in reasons:
        if days is not None and found and reason.rule in _JUMPING and found[-1].at < reason.at:
            reason = reason._replace(days_off=tuple(days.jumped(found[-1].at, reason.at)))
        found.append(reason)
    return tuple(found)


def _of_step(step: Step) -> Reason:
    return Reason(step.rule, step.at, step.detail)


def _stated(episode: Episode, terms: Terms, due: Instant) -> Iterator[Reason]:
    for statement in episode.statements:
        yield _of_statement(statement)
    count, late = len(episode.statements), late_pauses(episode, terms)
    again, since = None, list[tuple[Instant, Instant]]()
    for pause in counting_pauses(episode, terms):
        cause, closed = pause.opened_by.cause, _closed(pause, episode)
        if pause.statement < count:
            continue
        if pause in late:
            yield Reason("pause-too-late", due, pause.reason, cause)
            continue
        if closed is None:
            yield Reason("pause-open", due, pause.reason, cause)
            return
        if terms.restarts and pause.reason == "supplement" and pause.closed_by is not None:
            again, since, restart = closed, [], terms.computed(closed)
            yield Reason("restarted", closed, pause.reason, cause)
            yield from steps_as_reasons(restart)
            due = due if restart is None else restart.instant
            continue
        moved = terms.measured(pause.opened_at, closed)
        if again is None:
            due = terms.moved(due, pause.opened_at, closed)
        else:
            since.append((pause.opened_at, closed))
            found = terms.computed(again, since)
            due = due if found is None else found.instant
        yield Reason("pause", due, pause.reason, cause, moved)


def _of_statement(statement: Statement) -> Reason:
    cause = statement.act.cause
    if statement.due_at is None:
        return Reason("no-longer-stated", statement.at if statement.before is None else statement.before, "", cause)
    if statement.before is None:
        rule = "stated"
    elif statement.is_extension:
        rule = "extended"
    else:
        rule = "stated-after-pause" if statement.after_pause else "due-changed"
    return Reason(rule, statement.due_at, "", cause)


def _computed(episode: Episode, terms: Terms) -> Iterator[Reason]:
    start, restart = counted_from(episode, terms), restarted_by(episode, terms)
    if restart is not None:
        yield Reason("restarted", start, restart.reason, (restart.closed_by or restart.opened_by).cause)
    due = terms.computed(start)
    if due is None:
        return
    closed = [] if restart is not None else brought_pauses(episode, terms, due)
    due = (terms.computed(start, closed) if closed else None) or due
    late: list[Pause] = []
    too_late = late_pauses(episode, terms)
    waiting: Pause | None = None
    for pause in counting_pauses(episode, terms):
        end = _closed(pause, episode)
        if pause in too_late:
            late.append(pause)
        elif pause.opened_at >= start and end is None:
            waiting = pause
        elif pause.opened_at >= start and end is not None:
            closed.append((pause.opened_at, end))
            due = terms.computed(start, closed) or due
    moved = sum(terms.measured(max(opened, due.counted_from), end) for opened, end in closed if end > due.counted_from)
    for reason in steps_as_reasons(due):
        yield reason._replace(moved=moved) if reason.rule == "pauses" else reason
    for pause in late:
        yield Reason("pause-too-late", due.instant, pause.reason, pause.opened_by.cause)
    if waiting is not None:
        yield Reason("pause-open", due.instant, waiting.reason, waiting.opened_by.cause)


def _closed(pause: Pause, episode: Episode) -> Instant | None:
    """When a pause ended, with the case at the latest; None while it is open."""
    closed = episode.ended_at if pause.closed_at is None else pause.closed_at
    return None if closed is None else max(pause.opened_at, closed)


def last_of(reasons: Sequence[Reason]) -> Instant | None:
    """Where the way ends."""
    return reasons[-1].at if reasons else None
