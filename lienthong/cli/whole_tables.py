"""A table on the screen of which nothing is cut off: a terminal that is too narrow breaks its lines."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.table import Table

_ANY_WIDTH: Final = 10_000
"""Columns of a screen on which every table finds its room."""


def print_whole(table: "Table") -> None:
    """Print a table as wide as it must be. Its texts are shown as they are, square brackets too."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    needed = Console(width=_ANY_WIDTH, markup=False).measure(table).maximum
    console.width = max(console.width, needed)
    console.print(table)
