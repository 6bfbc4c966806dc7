"""The verb `lienthong topics`: list the catalogue, check it, compare a cluster with it, bring a cluster in line."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong.cli.options import AsJson, Prefix, settings_for
from lienthong_infra import exit_codes

if TYPE_CHECKING:
    from lienthong_infra.topic_plan import Difference

Import = Annotated[
    bool, typer.Option("--import", help="The prefix holds an import: its own time counts, and nothing is ever deleted.")
]
Folder = Annotated[
    Path | None, typer.Argument(help="Folder with topics/, avro/ and examples/; default: those of this version.")
]


def register(app: typer.Typer) -> None:
    """Add the group of verbs."""
    group = typer.Typer(name="topics", help="The topic catalogue, and the cluster's topics.", no_args_is_help=True)
    group.command("list")(_list)
    group.command("check")(_check)
    group.command("plan")(_plan)
    group.command("apply")(_apply)
    app.add_typer(group)


def _list(as_json: AsJson = False) -> None:
    """List every topic of the catalogue; no broker is asked."""
    from lienthong_schemas.catalogue import load_catalogue

    topics = list(load_catalogue().topics.values())
    if as_json:
        typer.echo(json.dumps([topic.model_dump() for topic in topics], ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Column, Table

    columns = [*(Column(name, no_wrap=True) for name in ("topic", "parts", "kept")), Column("title")]
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for topic in topics:
        title = f"{topic.title}; reserved" if topic.reserved else topic.title
        table.add_row(topic.name, str(topic.config.partitions), topic.config.retention, title)
    Console().print(table)


def _check(folder: Folder = None) -> None:
    """Check topic files, schemas and examples; exit code 65 with every problem if something is wrong."""
    from lienthong_schemas.catalogue import load_catalogue

    typer.echo(f"{len(load_catalogue(folder).topics)} topics, nothing wrong")


def _plan(prefix: Prefix = "", imported: Import = False, as_json: AsJson = False) -> None:
    """Show where the cluster differs from the catalogue; exit code 0 if nowhere, 1 if somewhere."""
    found = asyncio.run(_planned(prefix, imported))
    _show(found, as_json, "the cluster has every topic as the catalogue asks")
    raise typer.Exit(exit_codes.PROBLEMS_FOUND if found else exit_codes.GOOD)


def _apply(prefix: Prefix = "", imported: Import = False, as_json: AsJson = False) -> None:
    """Create missing topics and set settings right; exit code 1 if something is left that only a person may do."""
    done, left = asyncio.run(_applied(prefix, imported))
    if as_json:
        typer.echo(json.dumps({"done": [asdict(each) for each in done], "left": [asdict(each) for each in left]}))
    else:
        created = sum(each.remedy == "create" for each in done)
        typer.echo(f"created {created} topics, set {len(done) - created} settings right")
        if left:
            _show(left, as_json, "")
    raise typer.Exit(exit_codes.PROBLEMS_FOUND if left else exit_codes.GOOD)


async def _planned(prefix: str, imported: bool) -> "list[Difference]":
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.kafka.admin import KafkaAdmin
    from lienthong_schemas.catalogue import load_catalogue

    settings, catalogue = settings_for(prefix), load_catalogue()
    async with KafkaAdmin(bootstrap(settings), settings.prefix) as admin:
        return await admin.plan(catalogue, imported=imported)


async def _applied(prefix: str, imported: bool) -> "tuple[list[Difference], list[Difference]]":
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.kafka.admin import KafkaAdmin
    from lienthong_schemas.catalogue import load_catalogue

    settings, catalogue = settings_for(prefix), load_catalogue()
    async with KafkaAdmin(bootstrap(settings), settings.prefix) as admin:
        done = await admin.apply(catalogue, imported=imported)
        return done, await admin.plan(catalogue, imported=imported)


def _show(found: "Sequence[Difference]", as_json: bool, nothing: str) -> None:
    if as_json:
        typer.echo(json.dumps([{**asdict(each), "advice": each.advice} for each in found]))
        return
    if not found:
        typer.echo(nothing)
        return
    from rich.console import Console
    from rich.table import Column, Table

    name = Column("topic", no_wrap=True)
    table = Table(name, "setting", "wanted", "found", box=None, header_style="bold", pad_edge=False)
    for each in found:
        table.add_row(each.topic, each.setting, each.wanted, each.found)
    Console().print(table)
    for advice in dict.fromkeys(each.advice for each in found):
        settings = ", ".join(dict.fromkeys(each.setting for each in found if each.advice == advice))
        typer.echo(f"{settings}: {advice}")
