"""What the demo shows: steps, a progress bar, tables, announcements. Plain lines where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.rule import Rule
from rich.text import Text

_WIDTH_WITHOUT_TERMINAL: Final = 120
_WIDE: Final = 115
_PLAIN_STEPS: Final = 4
"""How often a progress is told where there is no terminal to draw a bar on."""


class Show:
    """Everything the demo says, on one stream."""

    def __init__(self, stream: IO[str]) -> None:
        console = Console(file=stream, highlight=False)
        if not console.is_terminal:
            console = Console(file=stream, highlight=False, width=_WIDTH_WITHOUT_TERMINAL)
        self._console = console

    @property
    def moving(self) -> bool:
        """Whether what was shown can be drawn anew."""
        return self._console.is_terminal

    @property
    def wide(self) -> bool:
        """Whether there is room for long lines."""
        return self._console.width >= _WIDE

    def heading(self, text: str) -> None:
        """Begin a part."""
        self._console.print()
        if self.moving:
            self._console.print(Rule(Text(text, style="bold"), align="left", style="dim"))
        else:
            self._console.print(text)

    def say(self, text: str | Text) -> None:
        """A line, or a paragraph; a Text that says so is cut off at the end of the line."""
        if not self.moving:
            self._console.print(text, soft_wrap=True)
        elif isinstance(text, Text):
            self._console.print(text, no_wrap=text.no_wrap, overflow=text.overflow)
        else:
            self._console.print(text)

    def table(self, table: RenderableType) -> None:
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
        self.done(what, f"{time.monotonic() - began:.1f} s", ", ".join(remarks))

    def done(self, what: str, amount: str, remark: str = "") -> None:
        """Something that is done: how long it took, or how many there are."""
        line = Text(f"  {what:<42}", no_wrap=True, overflow="ellipsis")
        line.append(f"{amount:>7}", style="green")
        line.append(f"   {remark}", style="dim")
        self.say(line)

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
    def standing(self, first: RenderableType) -> Iterator[Callable[[RenderableType], None]]:
        """Something below everything else, on a terminal; call the result to draw it anew."""
        with Live(Group("", first), console=self._console, auto_refresh=False) as live:
            yield lambda drawn: live.update(Group("", drawn), refresh=True)
