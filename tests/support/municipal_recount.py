"""The municipal log counted again from its rows in plain Python, as known at an instant; no code of the bus."""

from __future__ import annotations

import csv
import functools
import lzma
from collections import Counter
from datetime import datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")
LAST_EVENT = datetime.fromisoformat("2012-01-23T15:42:54.644+01:00")


@functools.cache
def municipal_rows() -> tuple[dict[str, str], ...]:
    """The rows of the packaged log."""
    packed = (files("lienthong_producers") / "data" / "municipal-receipts.csv.xz").read_bytes()
    return tuple(csv.DictReader(lzma.decompress(packed).decode().splitlines()))


def recount(horizon: datetime) -> dict[str, int]:
    """Every figure of the demo at a horizon: what was known then counts, nothing later."""
    known: dict[str, dict[str, str]] = {}
    counts: Counter[str] = Counter()
    for row in municipal_rows():
        seen = datetime.fromisoformat(row["time:timestamp"]) <= horizon
        counts["source_rows"] += seen
        if seen or _ended(row, horizon):
            known[row["case:concept:name"]] = row
    counts["dossiers"] = len(known)
    for row in known.values():
        deadline = datetime.fromisoformat(row["case:deadline"])
        if not _ended(row, horizon):
            counts["open"] += 1
            counts["breached"] += horizon > deadline
            continue
        end = datetime.fromisoformat(row["case:enddate"])
        counts["ended"] += 1
        counts["ended_late"] += end > deadline
        counts["ended_late_by_date"] += end.astimezone(ZONE).date() > deadline.astimezone(ZONE).date()
        counts["breached"] += end > deadline
        counts["met_late" if end > deadline else "met"] += 1
    counts["events"] = counts["source_rows"] + counts["ended"]
    return dict(counts)


def _ended(row: dict[str, str], horizon: datetime) -> bool:
    return bool(row["case:enddate"]) and datetime.fromisoformat(row["case:enddate"]) <= horizon
