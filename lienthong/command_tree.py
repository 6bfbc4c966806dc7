"""Every verb of the command line, read from the command itself: for the reference pages and for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from lienthong.cli.main import build_app


class Verb(NamedTuple):
    """A verb: its whole name (``lienthong topics plan``), its help, and (names, default, help) of what it takes."""

    name: str
    help: str
    options: tuple[tuple[str, str, str], ...]


def verbs() -> list[Verb]:
    """All verbs that do something, in the order of their names."""
    import typer

    return sorted(_below(typer.main.get_command(build_app()), "lienthong"))


def _below(command: Any, name: str) -> Iterator[Verb]:
    """The command itself, or those of a group."""
    if hasattr(command, "commands"):
        for child, each in command.commands.items():
            yield from _below(each, f"{name} {child}")
    else:
        options = tuple(_option(each) for each in command.params if each.name != "help")
        yield Verb(name, " ".join((command.help or "").split()), options)


def _option(parameter: Any) -> tuple[str, str, str]:
    """One argument or option."""
    flag = getattr(parameter, "is_flag", False)
    metavar = (parameter.metavar or (parameter.name or "").upper()).strip("[]")
    if parameter.param_type_name == "argument":
        names = f"`{metavar}`"
    else:
        names = ", ".join(f"`{each}`" for each in parameter.opts) + ("" if flag else f" {metavar}")
    if parameter.required:
        default = "required"
    else:
        default = "" if flag or parameter.default in (None, "") else str(parameter.default)
    return names, default, parameter.help or ""
