"""Records of ``period-report.v1``: a closed period's form, version by version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

TOPIC: Final = "period-report.v1"
AT_CLOSING, CORRECTED, RECOUNTED = "closing", "correction", "recount"
"""Causes of a version; ``recount``: a later version of the bus counts by another rule."""
COLUMNS: Final = (
    "received", "new_online", "new_direct", "carried_over", "resolved", "early", "on_time", "late",
    "pending", "pending_in_time", "pending_late",
)  # fmt: skip
"""Columns 2 to 12 of form II.06, as lines of the topic and JSON call them."""
LISTED_CORRECTIONS: Final = 100
"""How many corrections a record lists at most; the ledger has all of them."""


def key_of(form: str, period: str, by: str, unit: str) -> str:
    """The key of a report: ``II.06|2026-M10|office|``."""
    return "|".join((form, period, by, unit))


def broken_rules(record: Mapping[str, Any]) -> list[str]:
    """What cannot be in a record, whoever wrote it: received = resolved + pending, and each is the sum of its parts."""
    problems = []
    for line in record["lines"]:
        sums = {
            "received": ("new_online", "new_direct", "carried_over"),
            "resolved": ("early", "on_time", "late"),
            "pending": ("pending_in_time", "pending_late"),
        }
        problems += [
            f"{line['code'] or 'no code'}: {whole} is {line[whole]}, its parts give {sum(line[part] for part in parts)}"
            for whole, parts in sums.items()
            if line[whole] != sum(line[part] for part in parts)
        ]
        if line["received"] != line["resolved"] + line["pending"]:
            problems.append(f"{line['code'] or 'no code'}: received is not resolved and pending")
        problems += [f"{line['code'] or 'no code'}: {name} is below 0" for name in COLUMNS if line[name] < 0]
    return [*problems, *_broken_moves(record)]


def _broken_moves(record: Mapping[str, Any]) -> Iterator[str]:
    """What is told beside the form is about lines that there are, and no more than was carried over."""
    carried_over = {line["code"]: line["carried_over"] for line in record["lines"]}
    for moved in record["moved"] or ():
        code, taken = moved["code"], moved["taken_over"]
        if min(taken, moved["handed_over"]) < 0:
            yield f"{code or 'no code'}: taken over or handed over is below 0"
        if taken > carried_over.get(code, -1):
            yield f"{code or 'no code'}: taken_over is {taken}, more than is carried over in that line"
