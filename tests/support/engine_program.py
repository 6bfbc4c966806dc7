"""Random trials for the engine: a policy, a calendar, a history and a horizon from a few bytes.

Hypothesis draws bytes, which is cheap; each byte picks from a list whose first entry is the plainest, so shrinking
towards zero makes a trial plain, and taking a step away makes its history shorter.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from lienthong_schemas.case_event import CaseEvent, Handover, Opening
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference import ReferenceBook
from tests.support.calendar_oracle import OutOfRange
from tests.support.cases import EFFECTS, TRANSITIONS, event, record
from tests.support.engine_calendars import Both, WalkingCalendar, calendar
from tests.support.engine_oracle import courses_of
from tests.support.engine_oracle_case import Rules, Timed, Version

HOUR = 3_600_000_000
DAY = 24 * HOUR
KEY = "dossier/*/*/processing"
REASONS = {"5": "supplement", "6": "financial-duty", "8": "suspended"}
STATES = record(
    "states",
    "dossier",
    {
        "case_kind": "dossier",
        "effects": EFFECTS,
        "transitions": TRANSITIONS,
        "initial": ["1", "2"],
        "pause_reasons": REASONS,
        "source": "test",
    },
)
OFFICES = ("H27.16", "H27.01", "H27.02.3")
POLICY_BYTES = 14
HEAD_BYTES = 2 + POLICY_BYTES + 2
STEP_BYTES = 6


Choice = TypeVar("Choice")


class PooledBook(ReferenceBook):
    """A book whose calendars come from the pool: they are built once for all trials."""

    def __init__(self, records: Sequence[ReferenceRecord], calendars: Sequence[tuple[Instant, Both]]) -> None:
        super().__init__(records, len(records) + len(calendars))
        for number, (since, both) in enumerate(calendars, start=1):
            record_id = f"calendar/default/{number}"
            self._versions["calendar", "default"].append(
                type(self._versions["states", "dossier"][0])(since, number, record_id, both.body, 0)
            )
            self._working[record_id] = both.ours
        if self.problems:
            raise AssertionError(self.problems)


class Trial(NamedTuple):
    """What both engines are given."""

    policies: list[dict[str, Any]]
    rules: Rules
    book: ReferenceBook
    history: list[tuple[CaseEvent, int]]
    """In the order of delivery."""
    horizon: int


def pick(byte: int, choices: Sequence[Choice]) -> Choice:
    """The choice of a byte; 0 is the first."""
    return choices[byte * len(choices) >> 8]


UNITS = [
    "working_hour",
    "working_day",
    "working_day",
    "working_day",
    "calendar_day",
    "calendar_hour",
    "calendar_minute",
    None,
]
AMOUNTS: dict[str, list[float]] = {
    "working_hour": [8, 1, 4, 13, 0.5],
    "working_day": [1, 2, 5, 0, 1.5, 0.5],
    "calendar_day": [1, 2, 7],
    "calendar_hour": [24, 1, 48, 4.25],
    "calendar_minute": [90, 10, 1440],
}
CUT_OFFS = [
    None,
    None,
    {"at": "15:00"},
    {"before_closing_minutes": 60},
    {"at": "17:00", "counts_from": "08:00"},
    {"before_closing_minutes": 30, "counts_from": "14:00"},
]


def policy_of(code: bytes) -> dict[str, Any]:
    """The plain data of a policy."""
    unit = pick(code[0], UNITS)
    data: dict[str, Any] = {"case_kind": "dossier", "source": "test"}
    if unit is None:
        data["mode"] = "stated"
    else:
        data |= {"unit": unit, "amount": pick(code[1], AMOUNTS[unit])}
    if unit in (None, "working_day", "calendar_day") and code[2] > 140:
        data["due_precision"] = "day"
    if data.get("amount") == 0:
        data["due_precision"] = "day"
    if unit == "working_day" and code[3] > 128:
        data["days"] = pick(2 * code[3] - 256, ["hours", "dates"])
    if unit is not None and unit.startswith("calendar"):
        data["intake"] = pick(code[3], ["always", "office-hours"])
    cut_off = pick(code[4], CUT_OFFS)
    if cut_off is not None and unit is not None:
        data["cut_off"] = cut_off
    supplement = pick(code[5], ["pause", "restart", None, "pause", "restart"])
    if supplement is not None:
        data["supplement"] = {"mode": supplement}
        if code[8] > 100:
            data["supplement"] |= {"limit": pick(2 * code[8] - 256, LIMITS), "then_status": "3"}
    if code[6] > 170:
        data["financial_duty_pause"] = False
    if code[9] > 100:
        data["acceptance"] = pick(max(0, 2 * code[9] - 256), LIMITS)
    whole = 99 if unit is None else WHOLE[unit] * data["amount"]
    step = code[10] % 7 * 0.125 + 0.125
    if code[10] > 60 and (2 * step <= whole or not str(unit).startswith("working")):
        data["steps"] = {name: {"amount": step, "unit": "working_hour"} for name in STEPS[1:]}
    if unit is not None:
        data["warnings"] = [{"level": "share", "share": pick(code[11], ["0.5", "0.8", "0.33"])}]
        if whole > 0.3:
            data["warnings"].append({"level": "soon", "before": pick(code[12], BEFORE[unit.startswith("working")])})
    if whole > 0.3:
        data["apology_lead"] = pick(code[13], BEFORE[unit is None or unit.startswith("working")])
    data["escalations"] = [{"level": "1", "after": pick(code[7], AFTER), "tell": ["officer"]}]
    if code[12] % 3 == 0:
        del data["escalations"]
        data.pop("warnings", None)
    if code[13] % 3 == 0:
        data.pop("apology_lead", None)
    return data


STEPS = ("", "appraisal", "signing")
WHOLE = {"working_hour": 1, "working_day": 8, "calendar_day": 24, "calendar_hour": 1, "calendar_minute": 1 / 60}
LIMITS = [
    {"amount": 8, "unit": "working_hour"},
    {"amount": 2, "unit": "working_day"},
    {"amount": 1, "unit": "calendar_day"},
    {"amount": 5, "unit": "calendar_hour"},
    {"amount": 1, "unit": "working_day"},
]
BEFORE = {
    True: [
        {"amount": 0.25, "unit": "working_hour"},
        {"amount": 12, "unit": "calendar_hour"},
        {"amount": 1, "unit": "calendar_day"},
        {"amount": 0.03, "unit": "working_day"},
    ],
    False: [
        {"amount": 9, "unit": "calendar_minute"},
        {"amount": 1, "unit": "working_day"},
        {"amount": 2, "unit": "working_hour"},
    ],
}
AFTER = [
    {"amount": 0, "unit": "working_hour"},
    {"amount": 1, "unit": "working_day"},
    {"amount": 1.5, "unit": "working_day"},
    {"amount": 1, "unit": "calendar_day"},
    {"amount": 30, "unit": "calendar_minute"},
]


class Writer:
    """Writes the history of a case, step by step."""

    def __init__(self, rules: Rules, calendar: WalkingCalendar, first: int) -> None:
        self.rules, self.calendar = rules, calendar
        self.at = first
        self.epoch, self.seq = 1, 0
        self.office, self.step = OFFICES[0], ""
        self.status = ""
        self.due: int | None = None
        self.rows: list[tuple[CaseEvent, int]] = []
        self.gone: set[int] = set()

    def write(self, code: bytes) -> None:
        """One step: go on in time, change what changes, perhaps spoil the delivery."""
        if self.rows:
            self.at = self.next_instant(code[0], code[1])
        self.status = self.next_status(code[2])
        self.seq += 1
        self.due = self.next_due(code[3])
        self.change_holder(code[4])
        self.append(code[5], code[1])

    def next_instant(self, how: int, much: int) -> int:
        """Hours, days, the next edges of office hours, or just the due time."""
        kind = pick(how, ["hours", "same", "edge", "edge", "due", "due", "days", "minutes", "hours", "back"])
        if kind == "same":
            return self.at
        if kind == "minutes":
            return self.at + (much + 1) * HOUR // 60
        if kind == "hours":
            return self.at + (much + 1) * HOUR // 16
        if kind == "days":
            return self.at + (1 + much % 9) * DAY + much * HOUR // 32
        if kind == "back":
            return self.at - much * HOUR // 60
        if kind == "edge":
            edges = self.calendar.edges
            place = bisect_left(edges, self.at)
            return pick(much, edges[place : place + 6]) + much % 3 - 1 if place < len(edges) else self.at
        due = self.known_due()
        return (
            self.at
            if due is None
            else max(self.at, pick(much, [due, due + 1, due - 1, self.close(due), self.close(due) + 1, due - HOUR]))
        )

    def known_due(self) -> int | None:
        """When it is due by all that was written."""
        try:
            found = courses_of(self.rows, self.rules, self.at)
        except OutOfRange:
            return None
        return found[-1].due.at if found and found[-1].due is not None else None

    def close(self, instant: int) -> int:
        """The last instant of a day."""
        slow = self.rules.calendars[0].calendar
        return slow.at(slow.wall(instant).date(), "24:00") - 1

    def next_status(self, code: int) -> str:
        """Mostly one that may follow."""
        if not self.rows:
            return pick(code, ["2", "2", "2", "2", "1", "1", "4", "5", "9"])
        if code >= 224:
            return pick((code - 224) * 8, ["2", "4", "1", "5", "6", "8", "9", "10", "7", "3", "99"])
        usual = {"1": ["2", "2", "2", "5", "3"], "9": ["10", "4", "10", "2"], "10": ["10", "4"], "3": ["2"], "7": ["4"]}
        follows = usual.get(self.status, ["4", "5", "5", "6", "9", "8", "4", "7", "4"])
        if self.status in ("5", "6", "8"):
            follows = ["4", "2", "4", "5", "6", "8", "7", "3", "9"]
        return pick(code * 256 // 224, follows)

    def next_due(self, code: int) -> int | None:
        """Mostly as it was."""
        if not self.rows:
            how = pick(code, ["none", "none", "computed", "computed", "other"])
        else:
            how = pick(code, ["keep"] * 8 + ["later", "computed", "other", "none"])
        if how == "keep":
            return self.due
        if how == "none":
            return None
        if how == "other":
            return self.at + (code % 16) * 5 * HOUR
        if how == "later":
            return (self.at if self.due is None else self.due) + DAY
        computed = self.known_due()
        return self.at + 2 * DAY if computed is None else computed

    def change_holder(self, code: int) -> None:
        """Sometimes another office or step."""
        self.office = pick(code, [self.office] * 5 + list(OFFICES))
        if code % 4 == 3:
            self.step = STEPS[code // 4 % 3]

    def append(self, code: int, more: int) -> None:
        """The event as it is delivered; holes, copies, conflicts, handovers, late news."""
        how = pick(
            code,
            ["plain"] * 12
            + ["hole", "copy", "conflict", "late", "handover", "opening", "received", "ended", "ahead", "held"],
        )
        ended = self.at if self.status in ("7", "9", "10", "3") else None
        changes: dict[str, Any] = {
            "epoch": self.epoch,
            "office": self.office,
            "step": self.step,
            "due_at": self.due,
            "ended_at": ended,
            "occurred_at": self.at,
            "accepted_at": self.at,
        }
        known = self.at
        if how == "hole":
            self.seq += 1
        if how == "late":
            known += more * HOUR
        if how == "ahead":
            known -= more * HOUR // 32
        if how == "ended" and ended is not None:
            changes["ended_at"] = None if more % 2 else self.at - more * HOUR // 64
        if how == "received":
            changes["received_at"] = self.at - (more - 128) * HOUR // 64
        if how == "opening" and not self.rows:
            self.seq += more % 3
            changes |= {"change": "opening", "opening": Opening(self.at - more * HOUR // 4, more * 60, more * 7)}
        if how == "handover":
            successor = OFFICES[more % 3]
            changes |= {"change": "handover", "handover": Handover(successor, self.epoch + 1 + more % 2, self.seq)}
        if how == "held":
            changes["epoch"] = self.epoch + 3
        one = event(self.seq, self.status, 0, **changes)
        self.rows.append((one, known))
        if how == "copy":
            self.rows.append((one._replace(accepted_at=one.accepted_at - more), known + more * HOUR))
        if how == "conflict":
            other = event(
                self.seq, ["4", "5", "9", "2"][more % 4], 0, **{**changes, "accepted_at": self.at + (more - 128) * HOUR}
            )
            self.rows.append((other, known + HOUR))
        if how == "handover":
            self.epoch, self.seq, self.office = self.epoch + 1 + more % 2, 0, OFFICES[more % 3]
        if how == "held":
            self.seq -= 1


def trial_of(head: bytes, steps: Sequence[bytes]) -> Trial:
    """The trial that the bytes mean."""
    first = calendar(head[0] % 64)
    data = policy_of(head[2:])
    start = first.slow.pieces[head[1] * 40 >> 8][head[1] % 2] + (head[1] % 3 - 1)
    if head[0] >= 192:  # the last minutes before closing, to the instant
        start -= pick(head[1], [HOUR, HOUR // 2])
    policies, calendars = [Version(0, data)], [(0, first)]
    records = [STATES, record("clock-policy", KEY, data)]
    if head[2] % 4 == 3:
        later = start + (head[2] // 4) * HOUR
        other = policy_of(head[-3:1:-1])
        policies.append(Version(later, other))
        records.append(record("clock-policy", KEY, other, version=2, valid_from=later))
    if head[3] % 8 == 7:
        calendars.append((start + head[3] * HOUR // 4, calendar(head[3] // 8)))
    rules = Rules(EFFECTS, REASONS, policies, [Timed(since, both.slow) for since, both in calendars])
    writer = Writer(rules, first.slow, start)
    for step in steps:
        writer.write(step)
    rows = writer.rows
    random.Random(head[-1]).shuffle(rows) if head[-1] else None
    book = PooledBook(records, calendars)
    return Trial([one.data for one in policies], rules, book, rows, horizon_of(head, rules, rows))


def horizon_of(head: bytes, rules: Rules, rows: list[tuple[CaseEvent, int]]) -> int:
    """Long after, at the last event, or at the due time of a clock, or just beside it."""
    last = max(one.occurred_at for one, _ in rows)
    how = head[-2]
    if how < 100:
        return last + how * 8 * HOUR
    try:
        dues = [one.due.at for one in courses_of(rows, rules, last) if one.due is not None]
    except OutOfRange:
        return last
    if not dues or how < 110:
        return last
    slow = rules.calendars[0].calendar
    due = dues[how % len(dues)]
    closing = slow.at(slow.wall(due).date(), "24:00")
    return [due, due + 1, due - 1, closing, closing - 1, due - 3 * HOUR, due + DAY][how % 7]
