"""The verb `lienthong clock`: the engine on a given history, without a bus."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong_infra.errors import BadInputError

if TYPE_CHECKING:
    from lienthong_schemas.reference import ReferenceBook
    from lienthong_streams.domain.timeline import Known

PACKAGED = "vn"

Policy = Annotated[
    list[str],
    typer.Option(
        "--policy", metavar="FILE|SET", help="Clock policies (YAML), or a packaged set such as vn; again for more."
    ),
]
Calendars = Annotated[
    list[str] | None, typer.Option("--calendar", metavar="FILE|SET", help="Calendars; default: those of vn.")
]
Tables = Annotated[
    list[str] | None, typer.Option("--states", metavar="FILE|SET", help="Tables of states; default: those of vn.")
]
Events = Annotated[
    str, typer.Option("--events", metavar="FILE|-", help="The history, JSON lines; - is standard input.")
]
AsOf = Annotated[
    str, typer.Option("--as-of", metavar="INSTANT", help="Up to when (ISO 8601 with offset); default: the last event.")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("clock")(_clock)


def _clock(policy: Policy, events: Events, calendar: Calendars = None, states: Tables = None, as_of: AsOf = "") -> None:
    """Try rules on a history: clock events, findings, final clocks as JSON lines. Lists all faults of the input."""
    from lienthong.cli.moments import instant_option
    from lienthong.offline.trial import trial
    from lienthong_streams.domain.replay import last_arrival

    horizon = instant_option("--as-of", as_of)
    book, history = _inputs(
        {"--policy": policy, "--calendar": calendar or [PACKAGED], "--states": states or [PACKAGED]}, events
    )
    lines = list(trial(history, book, last_arrival(history) if horizon is None else horizon))
    try:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough; nothing must be flushed there at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _inputs(sources: dict[str, list[str]], events: str) -> "tuple[ReferenceBook, list[Known]]":
    """Rules and history. Raises BadInputError with the problems of both."""
    from lienthong.offline.rules import read_rules

    problems: list[str] = []
    book: ReferenceBook | None = None
    history: list[Known] = []
    try:
        book = read_rules(sources)
    except BadInputError as error:
        problems.extend(error.problems)
    try:
        history = _history(events)
    except BadInputError as error:
        problems.extend(error.problems)
    if book is None or problems:
        raise BadInputError(problems)
    return book, history


def _history(events: str) -> "list[Known]":
    from lienthong.offline.event_lines import read_history

    if events == "-":
        return read_history(sys.stdin.buffer, "standard input")
    with ExitStack() as opened:
        try:
            lines = opened.enter_context(Path(events).open("rb"))
        except OSError as error:
            raise BadInputError([f"{events}: it cannot be opened: {error.strerror}"]) from error
        return read_history(lines, events)
