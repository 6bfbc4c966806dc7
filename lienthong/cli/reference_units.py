"""The verb `lienthong reference units`: the administrative units at an instant, or what a name can mean."""

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong.cli.groups import group_of
from lienthong.cli.moments import instant_option
from lienthong.cli.options import AsJson
from lienthong.cli.reference import Folder, Set
from lienthong_infra import exit_codes

if TYPE_CHECKING:
    from lienthong_schemas.reference import Unit

GROUP = "reference"

Above = Annotated[str, typer.Option(metavar="CODE", help="Only units directly below this one, such as 42 (Hà Tĩnh).")]
Name = Annotated[str, typer.Option(help="Only units that a name can mean; with or without its type, any spelling.")]
At = Annotated[str, typer.Option(help="As of when (ISO 8601 with offset); default: now.")]


def register(app: typer.Typer) -> None:
    """Add the verb to the group `reference`."""
    group_of(app, GROUP).command("units")(_units)


def _units(
    above: Above = "",
    name: Name = "",
    at: At = "",
    from_set: Set = "vn",
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """List the units of a set of files; exit code 1 if there is none such. No broker is asked."""
    from lienthong_schemas.reference import ReferenceBook
    from lienthong_schemas.reference_files import load_reference
    from lienthong_schemas.unit_names import UnitNames

    stated = instant_option("--at", at)
    instant = time.time_ns() // 1_000 if stated is None else stated
    entries = [entry for entry in load_reference(from_set, folder) if entry.kind == "unit"]
    units = ReferenceBook([entry.record(None) for entry in entries]).units(instant)
    codes = (
        UnitNames(units).find(name, above) if name else [c for c, unit in units.items() if above in ("", unit.above)]
    )
    _show({code: units[code] for code in codes}, as_json)
    raise typer.Exit(exit_codes.GOOD if codes else exit_codes.PROBLEMS_FOUND)


def _show(units: "dict[str, Unit]", as_json: bool) -> None:
    if as_json:
        listed = [{"code": code, **unit.model_dump(exclude_defaults=True)} for code, unit in units.items()]
        typer.echo(json.dumps(listed, ensure_ascii=False))
        return
    if not units:
        typer.echo("there is no such unit", err=True)
        return
    from rich.console import Console
    from rich.table import Column, Table

    columns = [Column(name, no_wrap=True) for name in ("code", "type", "name", "above", "latitude", "longitude")]
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for code, unit in units.items():
        place = ["" if degrees is None else f"{degrees:.4f}" for degrees in (unit.latitude, unit.longitude)]
        table.add_row(code, unit.unit_type, unit.name, unit.above, *place)
    Console().print(table)
