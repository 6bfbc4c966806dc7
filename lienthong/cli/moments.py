"""Instants as options of verbs."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from lienthong_schemas.instants import Instant


def instant_option(name: str, text: str) -> "Instant | None":
    """The instant that an option states; None where it is left out. A wrong one ends the command with code 2."""
    from lienthong_schemas.instants import instant_of
    from lienthong_schemas.statements import moment

    if not text:
        return None
    try:
        return instant_of(moment(text))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=name) from None
