"""The verb `lienthong schemas`: list them, pass them through the compatibility gate, freeze what is final."""

import json
from pathlib import Path
from typing import Annotated

import typer

from lienthong.cli.options import AsJson
from lienthong_infra import exit_codes

Folder = Annotated[
    Path | None, typer.Argument(help="Folder with topics/, avro/ and examples/; default: those of this version.")
]


def register(app: typer.Typer) -> None:
    """Add the group of verbs."""
    group = typer.Typer(name="schemas", help="The Avro schemas of the contract.", no_args_is_help=True)
    group.command("list")(_list)
    group.command("check")(_check)
    group.command("release")(_release)
    app.add_typer(group)


def _list(as_json: AsJson = False) -> None:
    """List every schema with its topic and its fingerprint."""
    from lienthong_schemas.catalogue import load_catalogue
    from lienthong_schemas.codec import fingerprint_of, packaged_schema

    found = [
        {"schema": name, "topic": topic.name, "fingerprint": fingerprint_of(packaged_schema(name)).hex()}
        for topic in load_catalogue().topics.values()
        for name in topic.schemas
    ]
    if as_json:
        typer.echo(json.dumps(found))
        return
    for each in found:
        typer.echo("{fingerprint}  {schema:20}  {topic}".format(**each))


def _check(folder: Folder = None) -> None:
    """Check that all versions of a schema read one another and none was edited after its release; if not, exit 1."""
    from lienthong_schemas.catalogue import load_catalogue
    from lienthong_schemas.compatibility import gate_problems

    catalogue = load_catalogue(folder)
    problems = gate_problems(catalogue, folder)
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(exit_codes.PROBLEMS_FOUND)
    typer.echo(f"{len({name for topic in catalogue.topics.values() for name in topic.schemas})} schemas, nothing wrong")


def _release(folder: Folder = None) -> None:
    """Freeze every schema that is not released yet: from then on it never changes."""
    from lienthong_schemas.catalogue import load_catalogue, packaged_root
    from lienthong_schemas.compatibility import release

    load_catalogue(folder)
    names = release(packaged_root() if folder is None else folder)
    typer.echo("\n".join(f"released {name}" for name in names) if names else "all schemas are released")
