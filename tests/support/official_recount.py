"""Official totals counted again from the current rows in plain Python; shares no code with ledger or contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tests.support.cells_recount import PAUSED, STOPPED

Cells = dict[tuple[str, ...], dict[str, int]]
"""By (scope, kind, unit kind, unit, second key), the measures that are not zero."""

_BOUNDS: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 125, 150, 200, 300)
_HANOI: Final = timedelta(hours=7)


def recounted(
    rows: Iterable[Mapping[str, Any]],
    *,
    at: datetime,
    heard: Mapping[str, datetime],
    fields: Mapping[str, str],
    holes: Iterable[str] = (),
    clocks: Iterable[Mapping[str, Any]] = (),
) -> Cells:
    """Count rows of ``case_row`` as judged at an instant. ``clocks``: rows of ``clock_event``."""
    standing: dict[str, Counter[str]] = {}
    clocks = list(clocks)
    by_id = {clock["event_id"]: clock for clock in clocks}
    last: dict[str, Mapping[str, Any]] = {}
    for clock in clocks:
        case_id = clock["case_id"]
        if clock["standing"] and clock["clock"] == "processing" and _comes_after(clock, last.get(case_id)):
            last[case_id] = clock
    for clock in clocks:
        name = _announced(clock)
        if name and clock["standing"]:
            standing.setdefault(clock["case_id"], Counter())[name] += 1
    missing = set(holes)
    found: dict[tuple[str, ...], Counter[str]] = {}
    for row in rows:
        names = Counter([*_times(row, at, heard.get(row["office"]), row["case_id"] in missing), *_said(row)])
        names += standing.get(row["case_id"], Counter())
        if row["ended_at"] is not None and row["case_id"] in last:
            names.update(_share(last[row["case_id"]], by_id))
        for cell in _cells(row, fields):
            found.setdefault(cell, Counter()).update(names)
    return {cell: dict(counts) for cell, counts in found.items() if counts}


def _cells(row: Mapping[str, Any], fields: Mapping[str, str]) -> list[tuple[str, ...]]:
    kind = row["kind"]
    cells: list[tuple[str, ...]] = [("province", kind, "province", "", "")]
    for view, unit in (("agency", row["office"]), ("commune", row["commune"])):
        cells.append(("unit-procedure", kind, view, unit, row["selector"]))
        cells.append(("unit-channel", kind, view, unit, row["channel"]))
        if kind == "dossier":
            cells.append(("unit-field", kind, view, unit, fields.get(row["selector"], "")))
    return cells


def _times(row: Mapping[str, Any], at: datetime, heard: datetime | None, hole: bool) -> list[str]:
    received, due, ended = row["received_at"], row["due_at"], row["ended_at"]
    state = row["kind"], row["status"]
    if received is None and ended is None:
        return ["declined" if state in STOPPED else "waiting"]
    channel = row["channel"] if row["channel"] in ("online", "direct", "post") else "other"
    names = ["received", "carried" if row["carried"] else f"new_{channel}"]
    if ended is not None:
        if due is None:
            return [*names, "ended_undated"]
        days = (due + _HANOI).date() - (ended + _HANOI).date()
        return [*names, "ended_late" if ended > due else "ended_early" if days.days > 0 else "ended_on_time"]
    if state in STOPPED:
        return [*names, "stopped"]
    names.append("paused" if state in PAUSED else "in_process")
    if hole:
        return [*names, "pending_provisional"]
    if due is None:
        return [*names, "pending_undated"]
    if due >= at or state in PAUSED:
        return [*names, "pending_in_time"]
    return [*names, "pending_late" if heard is not None and heard >= due else "pending_provisional"]


def _said(row: Mapping[str, Any]) -> list[str]:
    said: list[str] = []
    for known, good, value, is_good in (
        ("rated", "satisfied", row["rating"], row["rating"] in (4, 5)),
        ("fee_known", "fee_online", row["fee_paid"], row["fee_paid"] == "online"),
        ("digitise_known", "digitised", row["digitised"], row["digitised"] is True),
        ("signature_known", "signed", row["signature"], row["signature"] == "valid"),
    ):
        if value is not None:
            said += [known, good] if is_good else [known]
    return said


def _announced(clock: Mapping[str, Any]) -> str:
    if (clock["clock"], clock["kind"]) == ("processing", "breached"):
        return "breaches"
    return {"met": "receipt_in_time", "met-late": "receipt_late"}[clock["kind"]] if clock["clock"] == "receipt" else ""


def _comes_after(clock: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    """Whether an announcement is of a later episode, or in the same one tells its end."""
    if other is None or clock["episode"] != other["episode"]:
        return other is None or clock["episode"] > other["episode"]
    return clock["kind"] in ("met", "met-late")


def _share(end: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The bucket of the share of time of a case whose last episode ended so; none where it did not end."""
    if end["kind"] not in ("met", "met-late"):
        return []
    word = by_id.get(end["confirmed_by"] or "", end)
    told = end if word["regulated_seconds"] is None else word
    if told["regulated_seconds"] is None:
        return ["share_untold"]
    if told["used_percent"] is None:
        return []
    return [f"share_{sum(told['used_percent'] > bound for bound in _BOUNDS)}"]
