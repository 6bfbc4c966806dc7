"""Verbs of `lienthong reference` that make files of reference data: the calendar, and policies from a catalogue."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from lienthong.cli.groups import group_of
from lienthong.cli.options import AsJson
from lienthong.cli.out_files import written
from lienthong_infra import exit_codes

if TYPE_CHECKING:
    from lienthong_infra.procedure_files import Counts
    from lienthong_schemas.procedure_catalogue import Imported

GROUP = "reference"
TEMPLATE = "dossier/*/*/processing"
"""The policy that gives an imported procedure all but its time."""

Catalogue = Annotated[
    Path, typer.Argument(help="CSV or XLSX with the columns code, unit, amount and perhaps name and field.")
]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of a set to write into.")]
ValidFrom = Annotated[str, typer.Option(help="From when it applies (ISO 8601 with offset); default: today, 00:00.")]
Source = Annotated[str, typer.Option(help="The decision that the catalogue comes from; default: the file's name.")]
Overlay = Annotated[Path, typer.Argument(help="Office hours, swaps and local days off (YAML).")]
OutFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File to write; default: show it.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the group `reference`."""
    group = group_of(app, GROUP)
    group.command("import-procedures")(_import_procedures)
    group.command("compile-calendar")(_compile_calendar)


def _compile_calendar(overlay: Overlay, out: OutFile = None) -> None:
    """Compile the holidays of a country and an overlay to a file of reference data."""
    from lienthong_infra.holiday_calendar import calendar_file

    text = calendar_file(overlay)
    if out is None:
        typer.echo(text, nl=False)
        return
    with written(out) as file:
        file.write(text.encode())
    typer.echo(f"wrote {out}")


def _import_procedures(
    catalogue: Catalogue, out: OutFolder, valid_from: ValidFrom = "", source: Source = "", as_json: AsJson = False
) -> None:
    """Make clock policies, and fields where given, from a catalogue of procedures; exit code 1 if a row was refused,
    each with its reason.
    """
    from lienthong_infra.procedure_files import read_catalogue, write_fields, write_policies
    from lienthong_schemas.procedure_catalogue import import_rows

    begins = _begins(valid_from)
    imported = import_rows(read_catalogue(catalogue), _template(), source or f"Catalogue {catalogue.name}")
    counts, fields = write_policies(out, imported, begins), write_fields(out, imported, begins)
    _show(imported, counts, fields, as_json)
    raise typer.Exit(exit_codes.PROBLEMS_FOUND if imported.refused else exit_codes.GOOD)


def _begins(valid_from: str) -> str:
    """When the policies begin to apply, as text."""
    from lienthong_infra.errors import BadInputError
    from lienthong_schemas.reference_files import load_reference
    from lienthong_schemas.statements import moment

    if valid_from:
        try:
            return moment(valid_from).isoformat()
        except ValueError as error:
            raise BadInputError([f"--valid-from: {error}"]) from None
    zone = next(json.loads(entry.body)["time_zone"] for entry in load_reference("vn") if entry.kind == "calendar")
    today = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    return datetime.combine(today, time(), ZoneInfo(zone)).isoformat()


def _template() -> Mapping[str, Any]:
    from lienthong_schemas.reference_files import load_reference

    bodies = [entry.body for entry in load_reference("vn") if (entry.kind, entry.key) == ("clock-policy", TEMPLATE)]
    template: Mapping[str, Any] = json.loads(bodies[-1])
    return template


def _show(imported: "Imported", counts: "Counts", fields: "Counts", as_json: bool) -> None:
    if as_json:
        refused = [row._asdict() for row in imported.refused]
        named = {"fields": fields._asdict()} if imported.procedures else {}
        typer.echo(json.dumps({**counts._asdict(), **named, "refused": refused}, ensure_ascii=False))
        return
    typer.echo(
        f"{len(imported.bodies)} policies: {counts.new} new, {counts.changed} changed, {counts.unchanged} as before; "
        f"{counts.no_longer_listed} of before are no longer listed and stay; {len(imported.refused)} rows refused"
    )
    if imported.procedures:
        typer.echo(
            f"{len(imported.procedures)} fields of procedures: {fields.new} new, {fields.changed} changed, "
            f"{fields.unchanged} as before"
        )
    for row in imported.refused:
        for reason in row.reasons:
            typer.echo(f"row {row.row}: {reason}", err=True)
