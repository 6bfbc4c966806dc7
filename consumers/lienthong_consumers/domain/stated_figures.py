"""A unit's own figures against those that the ledger counts, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from lienthong_consumers.domain.period_report import Line

STATED_COLUMNS: Final = (
    "received_total", "received_online", "received_direct", "carried_over",
    "resolved_total", "resolved_early", "resolved_on_time", "resolved_late",
    "pending_total", "pending_in_time", "pending_late",
)  # fmt: skip
"""What a periodic report calls columns 2 to 12 of form II.06, in their order."""
_SUMS: Final = (
    ("received_total", ("received_online", "received_direct", "carried_over")),
    ("resolved_total", ("resolved_early", "resolved_on_time", "resolved_late")),
    ("pending_total", ("pending_in_time", "pending_late")),
    ("received_total", ("resolved_total", "pending_total")),
)


class Difference(NamedTuple):
    """A column in which the unit states something else than the ledger counts."""

    column: str
    stated: int
    computed: int


def impossible(figures: Mapping[str, int]) -> list[str]:
    """What of stated figures cannot be, whatever the ledger counts, each with what would be right."""
    problems = [
        f"{name}: there is no such column; write one of {', '.join(STATED_COLUMNS)}"
        for name in sorted(figures.keys() - set(STATED_COLUMNS))
    ]
    problems += [f"{name}: {count} is below 0" for name, count in sorted(figures.items()) if count < 0]
    for whole, parts in _SUMS:
        if whole in figures and all(part in figures for part in parts):
            total = sum(figures[part] for part in parts)
            if figures[whole] != total:
                problems.append(f"{whole}: {figures[whole]} is stated, {' + '.join(parts)} give {total}")
    received, resolved = figures.get("received_total"), figures.get("resolved_total")
    if received is not None and resolved is not None and resolved > received:
        problems.append(f"resolved_total: {resolved} are more than the {received} received; it is at most {received}")
    return problems


def differences(figures: Mapping[str, int], computed: Line) -> list[Difference]:
    """The columns that differ, in the order of the form; one that is not stated is not compared."""
    counted = dict(zip(STATED_COLUMNS, computed.columns, strict=True))
    return [
        Difference(name, figures[name], count)
        for name, count in counted.items()
        if name in figures and figures[name] != count
    ]


def columns_of(line: Line) -> Iterator[str]:
    """The columns in which a dossier with this line is."""
    return (name for name, count in zip(STATED_COLUMNS, line.columns, strict=True) if count)
