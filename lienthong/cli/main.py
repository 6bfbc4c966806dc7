"""The command `lienthong`.

Every module of this package that defines `register(app)` adds its verbs. A verb imports what is heavy inside its
function, so that `lienthong --help` stays quick.
"""

import importlib
import pkgutil
import sys
from typing import Annotated

import typer

import lienthong
import lienthong.cli as verbs
from lienthong_infra import exit_codes
from lienthong_infra.errors import LienthongError

_OWN_NAME = "main"
INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as shells have it."""


def _version(wanted: bool) -> None:
    if wanted:
        from lienthong_streams.engine_form import engine_form

        typer.echo(f"lienthong {lienthong.__version__} (engine: {engine_form()})")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Liên thông: the event bus of one-stop public services."""


def build_app() -> typer.Typer:
    """Build the command with every verb of this package, in the order of the modules' names."""
    app = typer.Typer(
        name="lienthong",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for module in sorted(found.name for found in pkgutil.iter_modules(verbs.__path__)):
        if module != _OWN_NAME:
            register = getattr(importlib.import_module(f"{verbs.__name__}.{module}"), "register", None)
            if register is not None:
                register(app)
    return app


def expected_errors(error: BaseException) -> list[tuple[str, int]] | None:
    """Return text and exit code of each error of our own trees in `error`, or None if one of them is foreign."""
    if isinstance(error, BaseExceptionGroup):
        parts = [expected_errors(each) for each in error.exceptions]
        return None if None in parts else [line for part in parts if part for line in part]
    if isinstance(error, LienthongError):
        return [(str(error), error.exit_code)]
    if isinstance(error, ImportError) and error.name == "lienthong_build":  # a compiled engine of other sources
        return [(str(error), exit_codes.CONFIGURATION_WRONG)]
    if type(error).__module__.startswith("lienthong_schemas"):
        return [(str(error), int(getattr(error, "exit_code", exit_codes.BAD_INPUT)))]
    return None


def main() -> None:
    """Run the command. An error that we foresaw ends as clear lines on stderr and an exit code, without a traceback."""
    try:
        build_app()()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        lines = expected_errors(error)
        if lines is None:
            raise
        for text, _ in lines:
            for line in text.splitlines():
                typer.echo(f"lienthong: {line}", err=True)
        sys.exit(max(code for _, code in lines))


if __name__ == "__main__":
    main()
