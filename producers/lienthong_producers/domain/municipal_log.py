"""The municipal log: rows of a real permit process become dossier events, in time order and without hindsight.

The log is "Receipt phase of an environmental permit application process (WABO), CoSeLoG project" (see ``data/``).
Every row repeats the dossier's final attributes, so a row alone knows the future. Here an event says only what was
known at its time; what is stated once and never changes in the log (start, deadline, channel) counts as known at the
first event. The end of a dossier is an event of its own, for no end equals the time of a row.

Mapping: first row → status 2, further rows → 4, the end → 9; a row after the end keeps 9 and the end time. A row
without a group leaves the dossier with the office that held it; before any group is named, that is the municipality.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from lienthong_schemas.errors import ContractError, IdentityError
from lienthong_schemas.identity import case_id, normalise_office
from lienthong_schemas.instants import Instant, datetime_of, instant_of

AUTHORITY: Final = "NL.MUNICIPALITY"
"""The agency whose numbering it is; the source keeps its name secret. Also the office of dossiers nobody holds yet."""
PROCEDURE: Final = "WABO"
TIME_ZONE: Final = ZoneInfo("Europe/Amsterdam")
"""The zone of the source: its offsets are +01:00 in winter and +02:00 in summer."""

RECEIVED: Final = "2"
IN_WORK: Final = "4"
ENDED: Final = "9"

CHANNELS: Final[Mapping[str, str]] = {
    "Internet": "online",
    "e-mail": "online",
    "Desk": "direct",
    "Intern": "direct",
    "Post": "post",
}
"""The source's channels in the contract's words; ``Intern`` (opened by the municipality itself) counts as direct."""

NO_GROUP: Final = frozenset(("", "EMPTY"))
"""How the source says that no group is recorded."""

COLUMNS: Final = (
    "case:channel",
    "case:concept:name",
    "case:deadline",
    "case:enddate",
    "case:startdate",
    "concept:name",
    "org:group",
    "time:timestamp",
)
"""The columns that are read; officers and final holders are not."""

_NOT_IN_A_CODE: Final = re.compile(r"[^0-9A-Z]+")


class MunicipalLogError(ContractError):
    """The rows are no municipal log; ``problems`` lists every fault with its row."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class MunicipalEvent:
    """One event of a dossier with its state after the change. Instants are microseconds UTC."""

    at: Instant
    case_id: str
    seq: int
    status: str
    office: str
    received_at: Instant
    due_at: Instant
    ended_at: Instant | None
    channel: str
    step: str
    source_ref: str


@dataclass(frozen=True, slots=True)
class Day:
    """The events up to a tick, and the time of that tick."""

    events: tuple[MunicipalEvent, ...]
    tick_at: Instant


@dataclass(frozen=True, slots=True)
class _Step:
    """A row, or the end of a dossier where ``number`` is 0."""

    at: Instant
    number: int
    name: str
    office: str


@dataclass(frozen=True, slots=True)
class _Stated:
    """What the source states once for a dossier."""

    case_id: str
    received_at: Instant
    due_at: Instant
    ended_at: Instant | None
    channel: str


def read_municipal_log(rows: Iterable[Mapping[str, str]], until: Instant | None = None) -> list[MunicipalEvent]:
    """All events known at ``until`` (default: all), oldest first; the same rows always give the same events.

    Raises MunicipalLogError with every fault and the number of its row (the first row behind the header is 1).
    """
    problems: list[str] = []
    stated: dict[str, _Stated] = {}
    steps: dict[str, list[_Step]] = {}
    for number, row in enumerate(rows, start=1):
        missing = [name for name in COLUMNS if row.get(name) is None]
        if missing:
            problems.append(f"row {number}: no value for the columns {', '.join(missing)}")
            continue
        local = row["case:concept:name"]
        try:
            attributes = _stated(row)
            step = _Step(_instant(row, "time:timestamp"), number, row["concept:name"], _office(row["org:group"]))
        except (IdentityError, ValueError) as error:
            problems.append(f"row {number}: {error}")
            continue
        if stated.setdefault(local, attributes) != attributes:
            problems.append(f"row {number}: start, deadline, end or channel differ from an earlier row of {local}")
        steps.setdefault(local, []).append(step)
    if problems:
        raise MunicipalLogError(problems)
    events = [event for local, found in steps.items() for event in _events(stated[local], found)]
    return sorted((e for e in events if until is None or e.at <= until), key=lambda e: (e.at, e.case_id, e.seq))


def days(events: Sequence[MunicipalEvent], horizon: Instant | None = None) -> Iterator[Day]:
    """The events by day, each day with the tick that ends it: midnight in the source's zone, at last the horizon.

    Without ``horizon`` the last event's time is taken. Days without events tick as well, for dossiers fall due on
    them. Without events there is no day.
    """
    if not events:
        return
    last = events[-1].at if horizon is None else horizon
    at = 0
    for tick_at in _ticks(events[0].at, last):
        first = at
        while at < len(events) and events[at].at <= tick_at:
            at += 1
        yield Day(tuple(events[first:at]), tick_at)


def _ticks(first: Instant, last: Instant) -> Iterator[Instant]:
    day: date = datetime_of(first).astimezone(TIME_ZONE).date()
    while True:
        day += timedelta(days=1)
        midnight = instant_of(datetime.combine(day, time(), TIME_ZONE))
        if midnight >= last:
            break
        yield midnight
    yield last


def _events(stated: _Stated, steps: Sequence[_Step]) -> Iterator[MunicipalEvent]:
    ended_at = stated.ended_at
    ends = [] if ended_at is None else [_Step(ended_at, 0, "", "")]
    office = AUTHORITY
    for seq, step in enumerate(sorted([*steps, *ends], key=lambda step: (step.at, step.number)), start=1):
        over = ended_at is not None and step.at >= ended_at
        office = step.office or office
        yield MunicipalEvent(
            at=step.at,
            case_id=stated.case_id,
            seq=seq,
            status=ENDED if over else RECEIVED if seq == 1 else IN_WORK,
            office=office,
            received_at=stated.received_at,
            due_at=stated.due_at,
            ended_at=ended_at if over else None,
            channel=stated.channel,
            step=step.name,
            source_ref=f"row:{step.number}" if step.number else f"end:{stated.case_id.rsplit(':', 1)[1]}",
        )


def _stated(row: Mapping[str, str]) -> _Stated:
    channel = CHANNELS.get(row["case:channel"])
    if channel is None:
        known = ", ".join(CHANNELS)
        raise ValueError(f"case:channel: {row['case:channel']!r} is no channel of this log; known: {known}")
    return _Stated(
        case_id=str(case_id("dossier", AUTHORITY, row["case:concept:name"])),
        received_at=_instant(row, "case:startdate"),
        due_at=_instant(row, "case:deadline"),
        ended_at=_instant(row, "case:enddate") if row["case:enddate"] else None,
        channel=channel,
    )


def _instant(row: Mapping[str, str], column: str) -> Instant:
    try:
        return instant_of(datetime.fromisoformat(row[column]))
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from error


def _office(group: str) -> str:
    """``Group 1`` → ``NL.GROUP.1``; empty where the source records none."""
    if group in NO_GROUP:
        return ""
    return normalise_office(f"NL.{_NOT_IN_A_CODE.sub('.', group.upper()).strip('.')}")
