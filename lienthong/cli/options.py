"""Options that several verbs share, and what they mean for the settings."""

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lienthong_infra.settings import Settings

Prefix = Annotated[
    str, typer.Option("--prefix", metavar="PREFIX", help="The bus, instead of LIENTHONG_PREFIX.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

PERIODS = "2026-M10, 2026-Q3, 2026-6M, 2026-9M, 2026, 2026-W41 or a day 2026-10-31"
"""What a period can be, for the help of options."""

CLOSING = "Last day of a period within its month; default: that of the form in the reference data."
"""What another closing day means, for the help of options."""


class Count(StrEnum):
    """By what a dossier is late."""

    DAY = "day"
    INSTANT = "instant"


Counted = Annotated[Count, typer.Option(help="Late by day, as the form counts, or by instant.")]


def settings_for(prefix: str) -> "Settings":
    """Return the settings of the environment, with this prefix where it is given. Raises `ConfigurationError`."""
    from lienthong_infra.settings import load_settings

    return load_settings({**os.environ, **({"LIENTHONG_PREFIX": prefix} if prefix else {})})
