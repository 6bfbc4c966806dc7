"""The JSON form of an explanation: the model that ``lienthong explain --json`` prints, and what people are told from.

Instants are ISO 8601 in UTC. Seconds are whole numbers unless there is a fraction. Nothing personal is in it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Seconds = int | float


class Part(BaseModel):
    """A part of an explanation; its fields are documented where they stand."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class VersionPart(Part):
    """A record of reference data that was used."""

    record: str
    """Its id: `kind/key/version`."""
    valid_from: datetime
    """From when it applies."""
    source: str
    """The law, decision or form that it comes from."""
    name: str
    """What people call the procedure, where the policy says so."""


class EventPart(Part):
    """An event of the case."""

    cause: str
    """Its number, `epoch.seq`; other parts refer to it."""
    office: str
    """Who held the case after it."""
    status: str
    """The state that it stated."""
    label: str
    """What the table of states calls it."""
    change: str
    """`changed`, `opening` or `handover`."""
    step: str
    """The internal step, where one was stated."""
    occurred_at: datetime
    """When it happened, by the office's word."""
    accepted_at: datetime
    """When the office's outbox took it."""
    known_at: datetime
    """When the bus knew it (append time of the log)."""
    due_at: datetime | None
    """The due time that it stated."""
    standing: Literal["applies", "conflict", "held"]
    """Whether it has a say, lost against another with its number, or waits for a handover."""


class HolePart(Part):
    """Events that are missing in the sequence."""

    epoch: int
    """The epoch."""
    first: int
    """The first missing number."""
    last: int
    """The last missing number."""


class IntervalPart(Part):
    """A stretch of time in which a clock ran or stood still. Those of a clock follow one another without a gap."""

    since: datetime
    """Its beginning."""
    until: datetime
    """Its end: the beginning of the next, the end of the clock, or `as_of`."""
    state: Literal["running", "paused"]
    """Whether the clock ran."""
    rule: str
    """Why: `started`, `brought` (before the bus came; what had stood still is an instant of its own), `resumed`,
    `restarted`, `held` (came to this office), `paused`, or the reason of the pause: `supplement`, `financial-duty`,
    `suspended`."""
    cause: str
    """The event with which it began."""
    status: str
    """The state that this event stated."""
    label: str
    """What the table of states calls it."""
    office: str
    """Who held the case."""
    seconds: Seconds
    """What was counted: working time or time of the clock, as `working` of the clock says."""


class DaysOffPart(Part):
    """Days in a row on which nobody works."""

    first: date
    """The first."""
    last: date
    """The last."""
    name: str
    """What the calendar calls them; empty where there are just no office hours."""


class ReasonPart(Part):
    """A step on the way to the due time."""

    rule: str
    """The rule that was applied."""
    at: datetime
    """Where the count or the due time stood after it."""
    detail: str
    """The time, the cut-off, or the reason of a pause."""
    cause: str
    """The event that brought it about; empty where the policy did."""
    moved_seconds: Seconds
    """By how much a pause moved the due time."""
    days_off: tuple[DaysOffPart, ...]
    """The days off that it jumped."""
    source: str
    """Where the rule comes from."""


class SharePart(Part):
    """What the clock ran at an office."""

    office: str
    """The office."""
    seconds: Seconds
    """The time, as the clock counts."""


class ClockPart(Part):
    """A clock of the case."""

    name: str
    """`processing`, `acceptance`, `supplement`, `apology`, `step/…`."""
    episode: int
    """1, and one more each time that the case is reopened (or papers are asked for again)."""
    state: Literal["running", "paused", "ended", "stopped"]
    """How it stands at `as_of`."""
    breached: bool
    """Whether it is or was late."""
    working: bool
    """Whether its time is working time."""
    started_at: datetime
    """When it started; after a restart, when it began again."""
    ended_at: datetime | None
    """When it ended."""
    stated_due_at: datetime | None
    """The due time as the office stated it last."""
    due_at: datetime | None
    """The due time that counts."""
    last_in_time: datetime | None
    """The last instant that is in time: the due time or, where forms count by day, the end of its day."""
    span: str
    """The time that the policy gives, such as `5 working_day`; empty where the due time is only stated."""
    used_seconds: Seconds
    """What it has run."""
    paused_seconds: Seconds
    """What it has stood still."""
    late_seconds: Seconds
    """How far the end, or `as_of`, is behind the due time; 0 where the clock is in time."""
    shares: tuple[SharePart, ...]
    """`used_seconds` by office."""
    policy: VersionPart | None
    """The policy that it counts by."""
    calendar: VersionPart | None
    """The calendar that it counts by; none where time runs day and night by the stated due time."""
    intervals: tuple[IntervalPart, ...]
    """What ran and what stood still."""
    reasons: tuple[ReasonPart, ...]
    """How the due time came about; the last one stands at `due_at`."""
    by_policy: tuple[ReasonPart, ...]
    """Where a stated due time counts: how the policy would have computed it."""


class FindingPart(Part):
    """Something wrong in the data of the case."""

    code: str
    """See findings.md."""
    cause: str
    """The event."""
    detail: str
    """More about it."""
    office: str
    """Whose event it is."""


class AnnouncementPart(Part):
    """Something that was said on `sla.v1`."""

    event_id: str
    """Its id."""
    announced_at: datetime
    """When it was said, in the time of the bus."""
    clock: str
    """The clock."""
    episode: int
    """Its episode."""
    kind: str
    """What: `started`, `breached`, `met`, …; `cleared` withdraws and `confirmed` makes firm what `refers_to` names."""
    level: str
    """The level of a warning or an escalation."""
    cause: str
    """Why: the event, or the due time where time itself is the cause."""
    firmness: str
    """`firm`, or why it was provisional."""
    happened_at: datetime
    """When what it says happened."""
    due_at: datetime | None
    """The due time by then."""
    refers_to: str | None
    """The announcement that it is about."""
    withdrawn_by: str | None
    """The announcement that withdrew this one."""


class Document(Part):
    """Why the clocks of a case stand as they do."""

    case_id: str
    """The case."""
    kind: str
    """The kind of case."""
    as_of: datetime
    """The instant for which all this holds: the last tick, or the one asked for."""
    source: Literal["log", "ledger"]
    """Where it was read; nothing else depends on it."""
    time_zone: str
    """The zone in which people read the times."""
    selector: str
    """Procedure, category, form or document type."""
    status: str
    """The state of the case."""
    label: str
    """What the table of states calls it."""
    office: str
    """Who holds the case."""
    states: VersionPart | None
    """The table of states."""
    clocks: tuple[ClockPart, ...]
    """Its clocks."""
    findings: tuple[FindingPart, ...]
    """What is wrong in its data."""
    announcements: tuple[AnnouncementPart, ...]
    """What was said about its clocks up to `as_of`, oldest first."""
    events: tuple[EventPart, ...]
    """Its events that were known by `as_of`, by number."""
    holes: tuple[HolePart, ...]
    """Events that are missing."""
