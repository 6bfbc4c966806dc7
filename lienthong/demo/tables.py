"""The tables of the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from rich.table import Table
from rich.text import Text

from lienthong.demo.figures import LiveFigures

_TITLES: Final = ("received", "resolved", "late", "open", "overdue")


class UnitRow(NamedTuple):
    """What the ledger counts for one office; ``late`` of the resolved, ``overdue`` of the open cases."""

    received: int = 0
    resolved: int = 0
    late: int = 0
    open: int = 0
    overdue: int = 0

    def plus(self, other: UnitRow) -> UnitRow:
        """The sum, column by column."""
        return UnitRow(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def units_table(rows: Mapping[str, UnitRow], remarks: Mapping[str, Text] | None = None) -> Table:
    """The figures by name of the unit, their sum, and a remark on some of them."""
    together = sum_of(list(rows.values()))
    table = Table(box=None, header_style="bold", padding=(0, 1), show_footer=True, footer_style="bold", pad_edge=False)
    table.add_column("  unit", footer="  together", no_wrap=True, min_width=26)
    for title, total in zip(_TITLES, together, strict=True):
        table.add_column(title, footer=f"{total:,}", justify="right", no_wrap=True, min_width=6)
    if remarks is not None:
        table.add_column("", no_wrap=True, min_width=20)
    for name, row in rows.items():
        remark = [] if remarks is None else [remarks.get(name, Text())]
        table.add_row(f"  {name}", *_cells(row), *remark)
    return table


def sum_of(rows: Sequence[UnitRow]) -> UnitRow:
    """The sum of rows."""
    total = UnitRow()
    for row in rows:
        total = total.plus(row)
    return total


def _cells(row: UnitRow) -> list[Text]:
    styles = {"late": "yellow", "overdue": "red"}
    return [
        Text(f"{number:,}", style=styles.get(title, "") if number else "dim")
        for title, number in zip(_TITLES, row, strict=True)
    ]


def live_remarks(silent: str, down: frozenset[str], waiting: Mapping[str, int]) -> dict[str, Text]:
    """By office, what is to be said about its line."""
    remarks: dict[str, Text] = {}
    for office, count in waiting.items():
        if office in down:
            remarks[office] = Text(f"no line, {count} events wait", style="bold yellow")
        elif office == silent:
            remarks[office] = Text("sends no heartbeat", style="yellow")
        elif count:
            remarks[office] = Text(f"{count} on the way", style="dim")
    return remarks


def way_of_events(figures: LiveFigures) -> Text:
    """How many events are where, and what was announced about them."""
    return Text(
        f"  handed in: {figures.accepted:,} accepted, {figures.repeated:,} of them sent twice,"
        f" and {figures.garbled:,} unreadable\n"
        f"  events: on the bus {figures.on_the_bus:,}, in the ledger {figures.in_the_ledger:,},"
        f" dead letters {figures.dead_letters:,}\n"
        f"  breaches: announced {figures.breaches_announced:,}, withdrawn {figures.breaches_withdrawn:,},"
        f" confirmed {figures.breaches_confirmed:,}, standing {figures.breaches_standing:,}",
        style="dim",
    )


def municipal_lines(figures: Mapping[str, int | None]) -> Text:
    """The figures of the municipal log."""
    shown = {name: "unknown" if number is None else f"{number:,}" for name, number in figures.items()}
    return Text(
        "  log: {source_rows} rows became {events} events of {dossiers} dossiers\n"
        "  ledger: {ended} ended, {open} open; {ended_late} ended late, {ended_late_by_date} if one counts by date\n"
        "  clocks: {breached} breached, {met} met in time, {met_late} met late".format(**shown)
    )
