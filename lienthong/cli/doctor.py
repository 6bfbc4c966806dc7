"""The verb `lienthong doctor`: is this set-up sound?"""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong.cli.options import AsJson, Prefix, settings_for
from lienthong_infra import exit_codes

if TYPE_CHECKING:
    from rich.console import Console

    from lienthong.doctor.finding import Finding
    from lienthong_infra.settings import Settings

Set = Annotated[str, typer.Option("--set", metavar="NAME", help="The set of reference data the bus should hold.")]
Import = Annotated[bool, typer.Option("--import", help="The prefix holds an import: its topics keep their own time.")]
STYLES = {"good": "green", "note": "yellow", "bad": "bold red"}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor")(_doctor)


def _doctor(prefix: Prefix = "", reference_set: Set = "vn", imported: Import = False, as_json: AsJson = False) -> None:
    """Examine this set-up; every finding says what to do. Exit code 0 if nothing is bad, 1 if something is."""
    found = asyncio.run(_examined(settings_for(prefix), reference_set, imported, as_json))
    if as_json:
        typer.echo(json.dumps([each._asdict() for each in found], ensure_ascii=False))
    bad = sum(each.level == "bad" for each in found)
    if not as_json:
        typer.echo(f"\n{bad} bad, {sum(each.level == 'note' for each in found)} to note, {len(found)} examined")
    raise typer.Exit(exit_codes.PROBLEMS_FOUND if bad else exit_codes.GOOD)


async def _examined(settings: "Settings", reference_set: str, imported: bool, quiet: bool) -> "list[Finding]":
    """Every finding, shown as it is made."""
    from rich.console import Console

    from lienthong.doctor.examine import examine

    console = Console(highlight=False, quiet=quiet)
    found = []
    async for each in examine(settings, reference_set=reference_set, imported=imported):
        show(console, each)
        found.append(each)
    return found


def show(console: "Console", finding: "Finding") -> None:
    """Print one finding, and below it what to do."""
    from rich.text import Text

    line = Text.assemble((f"{finding.level:5}", STYLES[finding.level]), (f"{finding.subject}: ", "bold"), finding.what)
    console.print(line, soft_wrap=True)
    if finding.advice:
        console.print(Text(f"     {finding.advice}", style="dim"), soft_wrap=True)
