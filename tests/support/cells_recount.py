"""The base cells of the totals counted again from the log: kind, partition, office, commune, selector, channel.

By the definitions in docs/live-figures.md and decision 0012: from the state of the event that applies, without a clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.support.log_recount import FOR_EVER, Delivery, History, kind_of, known, selector_of, standing

Cell = tuple[str, int, str, str, str, str]
STOPPED = {
    ("dossier", "3"),
    ("field-report", "rejected"),
    ("field-report", "duplicate"),
    ("field-report", "hidden"),
    ("periodic-report", "waived"),
    ("document", "02"),
    ("document", "15"),
    ("task", "declined"),
    ("task", "cancelled"),
}
PAUSED = {("dossier", "5"), ("dossier", "6"), ("dossier", "8"), ("document", "13"), ("task", "suspended")}


def cells(cases: Mapping[str, History], at: int = FOR_EVER) -> dict[Cell, Counter[str]]:
    """By cell every figure that is not zero, as known at a time."""
    found: dict[Cell, Counter[str]] = {}
    for history in cases.values():
        then = known(history, at)
        last = standing(then).last
        if last is not None:
            found.setdefault(cell(last), Counter()).update(figures(last, opened=_opened(then)))
    return {each: +counts for each, counts in found.items() if +counts}


def cell(last: Delivery) -> Cell:
    """Where a case is counted: with whoever holds it."""
    said = last.said
    return kind_of(last), last.place[1], said["office"], said["commune"], selector_of(last), said.get("channel") or ""


def _opened(history: History) -> bool:
    """Whether the case was open before the bus came: the lowest number of its first epoch is an opening."""
    first = min(
        (one for one in history if one.number[0] == 1), key=lambda one: (one.number, one.accepted_at, one.content)
    )
    return bool(first.said["change"] == "opening")


def figures(last: Delivery, *, opened: bool) -> list[str]:
    """The names of all figures to which a case adds one."""
    said = last.said
    names = _course((kind_of(last), said["status"]), said)
    if "received" in names and opened:
        names.append("carried")
    if said.get("rating") is not None:
        names += ["rated", "satisfied"] if said["rating"] >= 4 else ["rated"]
    if said.get("fee_paid") is not None:
        names += ["fee_known", "fee_online"] if said["fee_paid"] == "online" else ["fee_known"]
    if said.get("digitised") is not None:
        names += ["digitise_known", "digitised"] if said["digitised"] else ["digitise_known"]
    if said.get("signature") is not None:
        names += ["signature_known", "signed"] if said["signature"] == "valid" else ["signature_known"]
    if said.get("duplicate_of") is not None:
        names.append("repeated")
    return names


def _course(state: tuple[str, str], said: Mapping[str, Any]) -> list[str]:
    ended, due = said["ended_at"], said["due_at"]
    if ended is not None:
        return ["received", "ended", *_end(ended, due)]
    if said["received_at"] is None:
        return ["declined" if state in STOPPED else "waiting"]
    return ["received", "open", "stopped" if state in STOPPED else "paused" if state in PAUSED else "in_process"]


def _end(ended: int, due: int | None) -> list[str]:
    if due is None:
        return ["ended_undated"]
    days_late = (_day(ended) - _day(due)).days
    if ended > due:
        return ["ended_late", "ended_late_by_day"] if days_late > 0 else ["ended_late"]
    return ["ended_early" if days_late < 0 else "ended_on_time"]


def _day(instant: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant, hours=7)).date()
