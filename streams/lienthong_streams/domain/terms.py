"""The terms of a clock: by which policy and calendar its time is counted.

Without a computed policy the due time is the stated one and pauses move it by elapsed time, as in the first form of the
bus. With one, time is counted in its unit, and where no due time is stated the computed one counts.
"""

from __future__ import annotations

from typing import NamedTuple

from lienthong_schemas.calendar_table import WorkingCalendar
from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.policy_due import DueTime, Pauses, due_time
from lienthong_schemas.policy_parts import DAY_UNITS


class Terms(NamedTuple):
    """How one clock is counted. ``policy`` and ``calendar`` are both there or both None (the stated due time)."""

    policy_id: str
    clock: str
    policy: ClockPolicy | None = None
    calendar: WorkingCalendar | None = None

    @property
    def is_working(self) -> bool:
        """Whether working time is counted."""
        return self.policy is not None and self.policy.span is not None and self.policy.span.is_working

    @property
    def restarts(self) -> bool:
        """Whether the time begins again after a supplement."""
        supplement = None if self.policy is None else self.policy.supplement
        return supplement is not None and supplement.mode == "restart"

    def pauses_for(self, reason: str) -> bool:
        """Whether a pause for this reason stops the clock."""
        return reason != "financial-duty" or self.policy is None or self.policy.financial_duty_pause

    def measured(self, earlier: Instant, later: Instant) -> int:
        """Microseconds between two instants, in the time that is counted; never negative."""
        if later <= earlier:
            return 0
        if self.calendar is not None and self.is_working:
            return self.calendar.between(earlier, later)
        return later - earlier

    def moved(self, due: Instant, opened: Instant, closed: Instant) -> Instant:
        """A due time moved by a pause."""
        length = self.measured(opened, closed)
        if self.calendar is not None and self.is_working:
            return self.calendar.add(due, length)
        return due + length

    def computed(self, started_at: Instant, pauses: Pauses = ()) -> DueTime | None:
        """The due time that follows from the policy; None where the due time is only stated."""
        if self.policy is None or self.calendar is None or self.policy.span is None:
            return None
        return due_time(self.policy, self.calendar, started_at, pauses=pauses)

    def last_in_time(self, due: Instant) -> Instant:
        """The last instant that is in time for a stated due time: where forms count by day, the end of its day."""
        policy, calendar = self.policy, self.calendar
        if policy is None or calendar is None or policy.due_precision != "day":
            return due
        if policy.unit not in DAY_UNITS:
            return due
        return max(due, calendar.end_of_day(calendar.date_of(due)))

    def same_due(self, stated: Instant, computed: DueTime) -> bool:
        """Whether a stated and a computed due time say the same, as precisely as the policy counts."""
        if self.calendar is not None and self.policy is not None and self.policy.due_precision == "day":
            return self.calendar.date_of(stated) == computed.day
        return stated == computed.instant
