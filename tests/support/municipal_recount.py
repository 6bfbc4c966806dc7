"""The figures of the municipal log counted from its file in plain Python: what was known at a date."""

from __future__ import annotations

import csv
import lzma
from datetime import datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")


def municipal_counts(until: datetime) -> dict[str, int]:
    """The seven figures that the ledger knows, at a date."""
    packed = (files("lienthong_producers") / "data" / "municipal-receipts.csv.xz").read_bytes()
    rows = list(csv.DictReader(lzma.decompress(packed).decode().splitlines()))
    seen = [row for row in rows if datetime.fromisoformat(row["time:timestamp"]) <= until]
    dossiers = {row["case:concept:name"]: row for row in rows}
    ends = {
        name: (datetime.fromisoformat(row["case:enddate"]), datetime.fromisoformat(row["case:deadline"]))
        for name, row in dossiers.items()
        if row["case:enddate"] and datetime.fromisoformat(row["case:enddate"]) <= until
    }
    known = {row["case:concept:name"] for row in seen} | ends.keys()
    late = [(end, due) for end, due in ends.values() if end > due]
    by_date = [1 for end, due in ends.values() if end.astimezone(ZONE).date() > due.astimezone(ZONE).date()]
    return {
        "dossiers": len(known),
        "source_rows": len(seen),
        "events": len(seen) + len(ends),
        "ended": len(ends),
        "open": len(known) - len(ends),
        "ended_late": len(late),
        "ended_late_by_date": len(by_date),
    }
