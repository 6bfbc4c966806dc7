"""Form II.06 of Circular 01/2020/TT-VPCP: dossiers received, resolved and pending in a period, each counted once.

Columns: received (new online, new direct or by post, carried over), resolved (early, on time, late), pending (in time,
late). Rules of the form as systems of provinces implement it: days are compared, not instants; no due time or a
withdrawal counts as on time; a dossier that waits for papers, a payment or a decision is pending in time. One that was
refused before its receipt was never received; one that is refused after it (papers that never came, say) is resolved
by that, and how many there are is told beside the form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final, Literal, NamedTuple

from lienthong_schemas.instants import Instant

Counting = Literal["day", "instant"]
"""``day``: as the form counts. ``instant``: late to the second, as the clocks of the bus do."""

ONLINE: Final = "online"
REFUSED: Final = "3"
WITHDRAWN: Final = "7"
PAUSED: Final = ("5", "6", "8")
"""Statuses of a dossier that waits: supplement, financial duty, suspended."""

DayOf = Callable[[Instant], date]
"""The day of an instant in the time zone of the province."""


class Period(NamedTuple):
    """A reporting period: its days, and the instants at which the first begins and the last is over."""

    name: str
    first_day: date
    last_day: date
    begin: Instant
    end: Instant


class Countable(NamedTuple):
    """What of a dossier the form asks for: its dates, and the state by which a period is judged (``period_course``)."""

    office: str
    commune: str
    selector: str
    channel: str
    status: str
    received_at: Instant | None
    due_at: Instant | None
    ended_at: Instant | None
    """When it was over: at the end that it states; refused after its receipt, which states none, when the refusal was
    accepted. None: it is not."""


class Cell(NamedTuple):
    """What every way to cut a form can be made from: who holds the dossier, for which commune, by which procedure."""

    office: str
    commune: str
    selector: str


class Line(NamedTuple):
    """A line of the form; the three totals follow from its eight counts, so that they cannot disagree."""

    online: int = 0
    direct: int = 0
    carried_over: int = 0
    early: int = 0
    on_time: int = 0
    late: int = 0
    pending_in_time: int = 0
    pending_late: int = 0
    refused: int = 0
    """Of the resolved: refused after they had been received. No column of the form; it is told beside it."""
    taken_over: int = 0
    """Of those carried over: pending in another line at the end of the period before. Told beside the form, too."""
    handed_over: int = 0
    """Pending in this line at the end of the period before, and carried over in another one. Told beside the form, so
    that carried over = pending of the period before + taken over - handed over."""

    @property
    def received(self) -> int:
        """Column 2: new and carried over."""
        return self.online + self.direct + self.carried_over

    @property
    def resolved(self) -> int:
        """Column 6."""
        return self.early + self.on_time + self.late

    @property
    def pending(self) -> int:
        """Column 10."""
        return self.pending_in_time + self.pending_late

    @property
    def columns(self) -> tuple[int, ...]:
        """Columns 2 to 12, in the order of the form."""
        return (
            self.received, self.online, self.direct, self.carried_over,
            self.resolved, self.early, self.on_time, self.late,
            self.pending, self.pending_in_time, self.pending_late,
        )  # fmt: skip

    def plus(self, other: Line) -> Line:
        """The sum, count by count."""
        return Line(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def minus(self, other: Line) -> Line:
        """The difference, count by count."""
        return Line(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


NOTHING: Final = Line()
COUNTS: Final = Line._fields[:9]
"""What is counted dossier by dossier; how many came from and went to other lines depends on what lines are about."""


def line_of(case: Countable, period: Period, day_of: DayOf, counting: Counting = "day") -> Line | None:
    """What one dossier counts as in a period: once received and once resolved or pending; None: not in it."""
    received, ended = case.received_at, case.ended_at
    if received is None or received >= period.end:
        return None
    if received >= period.begin:
        coming = Line(online=1) if case.channel == ONLINE else Line(direct=1)
    elif ended is None or ended >= period.begin:
        coming = Line(carried_over=1)
    else:
        return None
    if ended is not None and ended < period.end:
        return coming.plus(_resolved(case, ended, day_of, counting))
    return coming.plus(_pending(case, period, day_of, counting))


def _resolved(case: Countable, ended: Instant, day_of: DayOf, counting: Counting) -> Line:
    flag = int(case.status == REFUSED)
    if case.due_at is None or case.status == WITHDRAWN:
        return Line(on_time=1, refused=flag)
    end_day, due_day = day_of(ended), day_of(case.due_at)
    is_late = end_day > due_day if counting == "day" else ended > case.due_at
    if is_late:
        return Line(late=1, refused=flag)
    return Line(early=1, refused=flag) if end_day < due_day else Line(on_time=1, refused=flag)


def _pending(case: Countable, period: Period, day_of: DayOf, counting: Counting) -> Line:
    if case.due_at is None or case.status in PAUSED:
        return Line(pending_in_time=1)
    is_late = day_of(case.due_at) < period.last_day if counting == "day" else case.due_at < period.end
    return Line(pending_late=1) if is_late else Line(pending_in_time=1)


def sum_of(lines: Iterable[Line]) -> Line:
    """The bottom line."""
    total = NOTHING
    for line in lines:
        total = total.plus(line)
    return total
