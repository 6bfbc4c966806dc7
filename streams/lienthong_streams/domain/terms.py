"""The terms of a clock: by which policy and calendar its time is counted.

Without a computed policy the due time is the stated one and pauses move it by elapsed time, as in the first form of the
bus. With one, time is counted in its unit, and where no due time is stated the computed one counts.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple
from zlib import crc32

from lienthong_schemas.calendar_table import WorkingCalendar
from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.policy_due import DueTime, Pauses, counted_from, due_time
from lienthong_schemas.policy_parts import DAY_UNITS
from lienthong_streams.domain.outlook import ENDLESS, Limit


class Terms:
    """How one clock is counted. ``policy`` and ``calendar`` are both there or both None (the stated due time).

    One object serves all cases under the same policy, so what follows from the policy alone is worked out once.
    """

    def __init__(
        self,
        policy_id: str,
        clock: str,
        policy: ClockPolicy | None = None,
        calendar: tuple[str, WorkingCalendar] | None = None,
    ) -> None:
        """``calendar``: the id of its record, and the table."""
        self.changes: tuple[Change, ...] = ()
        """Reference data that changed while clocks under these terms ran, in order."""
        self.base: Terms | None = None
        """The terms of the start, where these are of a later version that moves clocks which run."""
        self.not_before: Instant | None = None
        """From when these terms apply: no due time is moved to before."""
        self.policy_id = policy_id
        self.clock = clock
        self.policy = policy
        self.calendar_id = "" if calendar is None else calendar[0]
        self.calendar = None if calendar is None else calendar[1]
        self.mark = crc32(f"{policy_id}|{self.calendar_id}".encode())
        """Another number under another policy or calendar, or another version of them."""
        self.clocks = frozenset(() if policy is None else policy.spans())
        """The clocks to which the policy gives a time."""
        self._working = frozenset(() if policy is None else (k for k, one in policy.spans().items() if one.is_working))
        self.has_steps = any(clock.startswith("step/") for clock in self.clocks)
        self.has_levels = policy is not None and bool(policy.warnings or policy.escalations)
        """Whether there are levels of warning or escalation."""
        self.has_shares = policy is not None and any(level.share is not None for level in policy.warnings)
        """Whether any of them comes at a share of the time."""
        self.is_working = policy is not None and policy.span is not None and policy.span.is_working
        """Whether working time is counted."""
        supplement = None if policy is None else policy.supplement
        computes = policy is not None and calendar is not None and policy.span is not None
        self.restarts = computes and supplement is not None and supplement.mode == "restart"
        """Whether the time begins again after a supplement; what is only stated has nothing to begin again."""
        self._last_computed: DueTime | None = None
        self._computed_for: Instant = 0
        self._last_began: Instant = 0
        self._began_clock = ""
        self._began_for: Instant = 0
        """The last answers, and what they are answers to: a verdict asks the same several times."""
        self._by_day = policy is not None and policy.due_precision == "day"
        self._to_end_of_day = policy is not None and self._by_day and (policy.unit is None or policy.unit in DAY_UNITS)

    @property
    def counts(self) -> bool:
        """Whether there are a policy and a calendar to count by."""
        return self.policy is not None and self.calendar is not None

    def moved_by(self, policy_id: str, policy: ClockPolicy, valid_from: Instant) -> Terms:
        """The terms under a later version of the policy that moves clocks which run."""
        calendar = None if self.calendar is None else (self.calendar_id, self.calendar)
        moved = Terms(policy_id, self.clock, policy, calendar)
        moved.base, moved.not_before = self, valid_from
        return moved

    @cached_property
    def stated_alone(self) -> Terms:
        """The same clock where the calendar does not reach: the stated due time counts."""
        return Terms(self.policy_id, self.clock)

    def pauses_for(self, reason: str) -> bool:
        """Whether a pause for this reason stops the clock."""
        return reason != "financial-duty" or self.policy is None or self.policy.financial_duty_pause

    def counts_work(self, clock: str) -> bool:
        """Whether a clock of the policy counts working time; each has a unit of its own."""
        return clock in self._working if clock in self.clocks else self.is_working

    def measured(self, earlier: Instant, later: Instant, clock: str = "") -> int:
        """Microseconds between two instants, in the time that a clock (left out: this one) counts; never negative."""
        if later <= earlier:
            return 0
        if self.calendar is not None and (self.counts_work(clock) if clock else self.is_working):
            return self.calendar.between(earlier, later)
        return later - earlier

    def reach(self, begin: Instant, clock: str = "") -> Instant:
        """The last instant up to which time that began at ``begin`` can be measured for a clock."""
        if self.calendar is None or not (self.counts_work(clock) if clock else self.is_working):
            return ENDLESS
        return self.calendar.ends if begin >= self.calendar.begins else begin

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
        if pauses:
            return due_time(self.policy, self.calendar, started_at, pauses=pauses)
        if self._last_computed is None or self._computed_for != started_at:
            self._last_computed = due_time(self.policy, self.calendar, started_at)
            self._computed_for = started_at
        return self._last_computed

    def limit_of(self, clock: str, since: Instant, pauses: Pauses = ()) -> Limit | None:
        """Until when another clock of the policy may run, if it has one. Raises CalendarError."""
        if self.policy is None or self.calendar is None or clock not in self.clocks:
            return None
        due = due_time(self.policy, self.calendar, since, clock=clock, pauses=pauses)
        return Limit(due.instant, due.last_in_time)

    def surely_in_time(self, clock: str, since: Instant, until: Instant) -> bool:
        """Whether so short a time is in time wherever it lies. False: ask when it is due."""
        span = None if self.policy is None else self.policy.spans().get(clock)
        whole = 0 if span is None or span.unit == "calendar_day" else span.microseconds
        return until - since <= whole

    def runs_from(self, clock: str, since: Instant) -> Instant:
        """From when a clock runs that started at an instant."""
        if self.policy is None or self.calendar is None or clock not in self.clocks:
            return since
        return self._begin(self.policy, self.calendar, clock, since)

    def counted_from(self, started_at: Instant) -> Instant | None:
        """From when the time counts of a clock that started at an instant; None where the due time is only stated."""
        if self.policy is None or self.calendar is None or self.policy.span is None:
            return None
        if self._last_computed is not None and self._computed_for == started_at:
            return self._last_computed.counted_from
        return self._begin(self.policy, self.calendar, self.clock, started_at)

    def _begin(self, policy: ClockPolicy, calendar: WorkingCalendar, clock: str, since: Instant) -> Instant:
        if self._began_for != since or self._began_clock != clock:
            self._last_began = counted_from(policy, calendar, since, clock=clock)
            self._began_for, self._began_clock = since, clock
        return self._last_began

    def last_in_time(self, due: Instant) -> Instant:
        """The last instant that is in time for a stated due time: where forms count by day, the end of its day."""
        if self.calendar is None or not self._to_end_of_day:
            return due
        return max(due, self.calendar.end_of_day(self.calendar.date_of(due)))

    def same_due(self, stated: Instant, computed: DueTime) -> bool:
        """Whether a stated and a computed due time say the same, as precisely as the policy counts."""
        if self.calendar is not None and self._by_day:
            return self.calendar.date_of(stated) == computed.day
        return stated == computed.instant


class Change(NamedTuple):
    """A record that changes how a clock is counted while it runs."""

    at: Instant
    """From when it is valid or, for a correction, when the bus was told."""
    record_id: str
    before: Terms
    after: Terms
    moves_running: bool
    """A later version that says so; False: a correction, which counts from the start."""
