"""Options that several verbs share, and what they mean for the settings."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lienthong_infra.settings import Settings

Prefix = Annotated[
    str, typer.Option("--prefix", metavar="PREFIX", help="The bus, instead of LIENTHONG_PREFIX.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def settings_for(prefix: str) -> "Settings":
    """Return the settings of the environment, with this prefix where it is given. Raises `ConfigurationError`."""
    from lienthong_infra.settings import load_settings

    return load_settings({**os.environ, **({"LIENTHONG_PREFIX": prefix} if prefix else {})})
