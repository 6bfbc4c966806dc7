"""What the demo shows: steps, a progress bar, tables, announcements. Plain lines where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Final

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

_WIDTH_WITHOUT_TERMINAL: Final = 120
_PLAIN_STEPS: Final = 4
"""How often a progress is told where there is no terminal to draw a bar on."""


class Show:
    """Everything the demo says, on one stream."""

    def __init__(self, stream: IO[str]) -> None:
        console = Console(file=stream, highlight=False)
        if not console.is_terminal:
            console = Console(file=stream, highlight=False, width=_WIDTH_WITHOUT_TERMINAL)
        self._console = console
        self._live: Live | None = None

    @property
    def moving(self) -> bool:
        """Whether what was shown can be drawn anew."""
        return self._console.is_terminal

    def heading(self, text: str) -> None:
        """Begin a part."""
        self._console.print()
        if self.moving:
            self._console.print(Rule(Text(text, style="bold"), align="left", style="dim"))
        else:
            self._console.print(text)

    def say(self, text: str | Text, *, style: str = "") -> None:
        """A line or a paragraph."""
        self._console.print(text, style=style, soft_wrap=not self.moving)

    def table(self, table: Table) -> None:
        """A table that stays."""
        self._console.print()
        self._console.print(table)

    @contextmanager
    def step(self, what: str) -> Iterator[Callable[[str], None]]:
        """Say that something is done, and afterwards how long it took; call the result with a remark to add it."""
        began = time.monotonic()
        remarks: list[str] = []
        if self.moving:
            with self._console.status(f"{what} ..."):
                yield remarks.append
        else:
            yield remarks.append
        remark = f"  [dim]{', '.join(remarks)}[/dim]" if remarks else ""
        self._console.print(f"  {what:<42}[green]{time.monotonic() - began:5.1f} s[/green]{remark}")

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int, str], None]]:
        """A bar; call the result with how much is done in all, and where one is."""
        if not self.moving:
            yield self._plain_progress(what, total)
            return
        columns = (TextColumn("  {task.description}"), BarColumn(40), TextColumn("{task.fields[place]}"))
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(what, total=total, place="")
            yield lambda done, place: bar.update(task, completed=done, place=f"{done:,} of {total:,}  {place}")

    def _plain_progress(self, what: str, total: int) -> Callable[[int, str], None]:
        told = 0

        def tell(done: int, place: str) -> None:
            nonlocal told
            if done * _PLAIN_STEPS >= total * (told + 1):
                told = done * _PLAIN_STEPS // total
                self._console.print(f"  {what} {done:,} of {total:,}  {place}")

        return tell

    @contextmanager
    def standing(self, draw: Callable[[], Table]) -> Iterator[Callable[[], None]]:
        """A table below everything else; call the result to draw it anew. Without a terminal it is not shown."""
        if not self.moving:
            yield lambda: None
            return
        with Live(draw(), console=self._console, auto_refresh=False, transient=True) as live:
            yield lambda: live.update(draw(), refresh=True)


def units_table(names: Mapping[str, str], rows: Sequence[tuple[str, int, int, int, int, int]]) -> Table:
    """The figures of units: (code, received, resolved, of these late, open, of these overdue), and their sum."""
    table = Table(box=None, header_style="bold", padding=(0, 1), show_footer=True, footer_style="bold")
    sums = [sum(numbers) for numbers in zip(*(row[1:] for row in rows), strict=True)] or [0] * 5
    table.add_column("  unit", footer="  together", no_wrap=True, min_width=34)
    for title, total in zip(("received", "resolved", "late", "open", "overdue"), sums, strict=True):
        table.add_column(title, footer=f"{total:,}", justify="right", no_wrap=True, min_width=9)
    for code, *numbers in rows:
        late, overdue = numbers[2], numbers[4]
        cells = [f"{number:,}" for number in numbers]
        cells[2] = f"[yellow]{cells[2]}[/yellow]" if late else "[dim]0[/dim]"
        cells[4] = f"[red]{cells[4]}[/red]" if overdue else "[dim]0[/dim]"
        table.add_row(f"  {names.get(code, code)}", *cells)
    return table


def clock_time(microseconds: int) -> str:
    """The local time of day of an instant."""
    return datetime.fromtimestamp(microseconds / 1_000_000).astimezone().strftime("%H:%M:%S")
