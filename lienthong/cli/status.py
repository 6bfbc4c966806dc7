"""The verb `lienthong status`: what runs, how far everything is, and what is wrong."""

import asyncio
import json
from typing import Annotated

import typer

from lienthong.cli.options import AsJson, Prefix, settings_for
from lienthong_infra import exit_codes

OwnTime = Annotated[
    bool, typer.Option("--import", help="The prefix holds an import: its own time counts, and nobody need be heard.")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("status")(_status)


def _status(prefix: Prefix = "", own_time: OwnTime = False, as_json: AsJson = False) -> None:
    """Look at a bus from outside; exit code 0 if all is well, 1 if something is wrong, 69 if no broker answers."""
    from lienthong.status.gather import gather
    from lienthong.status.judge import problems

    snapshot = asyncio.run(gather(settings_for(prefix), own_time=own_time))
    found = problems(snapshot)
    if as_json:
        from lienthong.status.report import report

        typer.echo(json.dumps(report(snapshot, found), ensure_ascii=False))
    else:
        from rich.console import Console

        from lienthong.status.render import show

        show(Console(highlight=False, markup=False), snapshot, found)
    if not snapshot.connected:
        raise typer.Exit(exit_codes.UNAVAILABLE)
    raise typer.Exit(exit_codes.PROBLEMS_FOUND if found else exit_codes.GOOD)
