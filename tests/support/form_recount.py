"""Form II.06 counted again from the log: lines, versions as of any time, and why a closed period changed.

By the definitions of the form (Circular 01/2020/TT-VPCP; domain facts §5), case after case, in plain Python.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.support.log_recount import FOR_EVER, Delivery, History, in_order, known, selector_of

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BY: Mapping[str, Callable[[Delivery], str]] = {
    "office": lambda one: one.said["office"],
    "commune": lambda one: one.said["commune"],
    "procedure": selector_of,
}
Columns = Counter[str]
"""By name of the column how many dossiers are in it; ``refused``, ``taken_over`` and ``handed_over`` are told beside
the form."""


class Days(NamedTuple):
    """A period, both days included, in a time zone, and what late means in it."""

    first: date
    last: date
    counting: str = "day"
    zone: ZoneInfo = HANOI

    @property
    def over(self) -> int:
        """The instant at which it is over."""
        return self._midnight(self.last + timedelta(days=1))

    @property
    def begin(self) -> int:
        """The instant at which it begins: the one at which the period before is over."""
        return self._midnight(self.first)

    def _midnight(self, day: date) -> int:
        return (datetime.combine(day, time(), self.zone) - EPOCH) // timedelta(microseconds=1)

    def day(self, instant: int) -> date:
        """The local day of an instant."""
        return (EPOCH + timedelta(microseconds=instant)).astimezone(self.zone).date()


class Change(NamedTuple):
    """A dossier of a closed period that counts differently since a record came: in whose line and in which columns."""

    case_id: str
    event_id: str
    known_at: int
    before: tuple[str, tuple[str, ...]]
    after: tuple[str, tuple[str, ...]]


NOWHERE = ("", ())
"""A dossier that is not in the period."""


def columns(last: Delivery, period: Days) -> tuple[str, ...]:
    """The columns of a dossier of which a single event is known."""
    return _columns([last], period)


def _columns(said: Sequence[Delivery], period: Days) -> tuple[str, ...]:
    """The columns in which a dossier counts: one of the received, one of the resolved or pending; or none."""
    received, ended = said[-1].said["received_at"], _end(said)
    if received is None or period.day(received) > period.last:
        return ()
    if period.day(received) < period.first and ended is not None and period.day(ended) < period.first:
        return ()
    judged = judged_by(said, period.over).said
    came = "carried_over" if period.day(received) < period.first else _new(judged["channel"])
    if ended is not None and period.day(ended) <= period.last:
        went = _resolved(ended, judged["due_at"], period, withdrawn=judged["status"] == "7")
        return (came, went, "refused") if judged["status"] == "3" else (came, went)
    return came, _pending(judged["due_at"], period, waits=judged["status"] in ("5", "6", "8"))


def _ended(one: Delivery) -> bool:
    return one.said["ended_at"] is not None or (one.said["received_at"] is not None and one.said["status"] == "3")


def _end(said: Sequence[Delivery]) -> int | None:
    """When the dossier ended, by its newest event; a refusal that states no time did when it was accepted first."""
    stated: int | None = said[-1].said["ended_at"]
    if stated is not None or not _ended(said[-1]):
        return stated
    for one in reversed(said):
        if not _ended(one) or one.said["ended_at"] is not None:
            break
        stated = one.accepted_at
    return stated


def judged_by(said: Sequence[Delivery], end: int) -> Delivery:
    """The event by which a period with this end judges a dossier that was received before it.

    It is the last that happened before the end: when it says, but at the latest when it was accepted. But a receipt, or
    an end of the dossier before that instant, that became known only by a later event makes it the event from which on
    it is stated.
    """
    over = _end(said)
    last = len(said) - 1
    happened = [number for number, one in enumerate(said) if min(one.said["occurred_at"], one.accepted_at) < end]
    silent = [number for number, one in enumerate(said) if one.said["received_at"] is None]
    if over is not None and over < end:
        silent += [number for number, one in enumerate(said) if not _ended(one)]
    return said[min(last, max([0, *happened[-1:], *(number + 1 for number in silent)]))]


def _new(channel: str) -> str:
    return "online" if channel == "online" else "direct"


def _resolved(ended: int, due: int | None, period: Days, *, withdrawn: bool) -> str:
    if due is None or withdrawn:
        return "on_time"
    days_late = (period.day(ended) - period.day(due)).days
    late = days_late > 0 if period.counting == "day" else ended > due
    return "late" if late else "early" if days_late < 0 else "on_time"


def _pending(due: int | None, period: Days, *, waits: bool) -> str:
    if due is None or waits:
        return "pending_in_time"
    late = period.day(due) < period.last if period.counting == "day" else due < period.over
    return "pending_late" if late else "pending_in_time"


def place(history: History, period: Days, by: str, at: int = FOR_EVER) -> tuple[str, tuple[str, ...]]:
    """In whose line and in which columns a dossier is, as known at a time."""
    said = in_order(known(history, at))
    found = _columns(said, period) if said else ()
    return (BY[by](judged_by(said, period.over)), found) if found else NOWHERE


def lines(cases: Mapping[str, History], period: Days, by: str = "office", at: int = FOR_EVER) -> dict[str, Columns]:
    """The lines of the form, as known at a time, with what changed the line since the period before."""
    found: defaultdict[str, Columns] = defaultdict(Counter)
    for history in dossiers(cases):
        name, names = place(history, period, by, at)
        if names:
            found[name].update(names)
        if "carried_over" in names:
            before = BY[by](judged_by(in_order(known(history, at)), period.begin))
            if before != name:
                found[name]["taken_over"] += 1
                found[before]["handed_over"] += 1
    return dict(found)


def dossiers(cases: Mapping[str, History]) -> Iterable[History]:
    """The histories of dossiers: the form is about nothing else."""
    return (history for case, history in cases.items() if case.startswith("dossier:"))


def changes(cases: Mapping[str, History], period: Days, since: int, by: str = "office") -> list[Change]:
    """What changed in a period after a time, by the records that did it, in the order in which they became known."""
    found: list[Change] = []
    for history in dossiers(cases):
        later = [one for one in history if one.known_at > since]
        if not later:
            continue
        before = place(history, period, by, since)
        for number, one in enumerate(history):
            if one.known_at <= since:
                continue
            after = place(history[: number + 1], period, by)
            if after != before:
                found.append(Change(one.case_id, one.said["event_id"], one.known_at, before, after))
            before = after
    return sorted(found, key=lambda each: each.known_at)


def moved(lines_before: Mapping[str, Columns], changed: Iterable[Change]) -> dict[str, Columns]:
    """The lines after these changes; a line in which nothing is left is left out."""
    found = {name: Counter(columns_) for name, columns_ in lines_before.items()}
    for change in changed:
        for (name, names), sign in ((change.before, -1), (change.after, 1)):
            for column in names:
                found.setdefault(name, Counter())[column] += sign
    return {name: +each for name, each in found.items() if +each}


def total(found: Mapping[str, Columns]) -> Columns:
    """The bottom line."""
    return sum(found.values(), Counter())
