"""The verb `lienthong reference`: check the files of reference data, publish what is new, list what the bus holds."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong.cli.options import AsJson, Prefix, settings_for

if TYPE_CHECKING:
    from lienthong_infra.reference_log import ReferenceLog
    from lienthong_schemas.reference_files import Entry

LINES_OF_A_KIND = 100
"""Records of one kind that are listed one by one; the register of units has thousands."""

Set = Annotated[str, typer.Option("--set", metavar="NAME", help="Which set of files: vn or municipal.")]
Folder = Annotated[Path | None, typer.Option("--from", help="Folder with the sets; default: those of this version.")]
Import = Annotated[
    bool, typer.Option("--import", help="The prefix holds an import: each record was known as soon as it applied.")
]


def register(app: typer.Typer) -> None:
    """Add the group of verbs."""
    group = typer.Typer(
        name="reference", help="Clock policies, tables of states, calendars, units and schemas.", no_args_is_help=True
    )
    group.command("check")(_check)
    group.command("apply")(_apply)
    group.command("list")(_list)
    app.add_typer(group)


def _check(name: Set = "vn", folder: Folder = None) -> None:
    """Check the files of a set; exit code 65 with every problem if something is wrong. No broker is asked."""
    typer.echo(f"{len(_entries(name, folder))} records in the set {name}, nothing wrong")


def _apply(
    name: Set = "vn", folder: Folder = None, prefix: Prefix = "", imported: Import = False, as_json: AsJson = False
) -> None:
    """Publish what is new. A set with a problem is refused as a whole, and the bus goes on with what it has."""
    published = asyncio.run(_applied(_entries(name, folder), prefix, imported))
    if as_json:
        typer.echo(json.dumps({"published": published}))
    elif published:
        typer.echo("\n".join([f"published {len(published)} records:", *_shortened(published)]))
    else:
        typer.echo("the bus holds all of it already")


def _shortened(record_ids: list[str]) -> list[str]:
    """One line a record or, for kinds with very many, one line a kind."""
    counts = Counter(record_id.split("/", 1)[0] for record_id in record_ids)
    lines = [each for each in record_ids if counts[each.split("/", 1)[0]] <= LINES_OF_A_KIND]
    return lines + [f"{kind}: {count} records" for kind, count in counts.items() if count > LINES_OF_A_KIND]


def _list(prefix: Prefix = "", as_json: AsJson = False) -> None:
    """List the reference data that the bus holds."""
    log = asyncio.run(_held(prefix))
    if as_json:
        typer.echo(json.dumps([record._asdict() for record in log.records], ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Column, Table

    from lienthong_schemas.instants import iso_of

    columns = [Column(name, no_wrap=True) for name in ("record", "applies from", "known from")]
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for record in log.records:
        table.add_row(record.record_id, iso_of(record.valid_from), iso_of(record.known_from))
    Console().print(table)
    for offset in log.unreadable:
        typer.echo(f"offset {offset}: it cannot be read by this version; upgrade it", err=True)


def _entries(name: str, folder: Path | None) -> "list[Entry]":
    from lienthong_schemas.catalogue import load_catalogue
    from lienthong_schemas.reference_files import load_reference, schema_entries

    return [*load_reference(name, folder), *schema_entries(load_catalogue())]


async def _applied(entries: "Sequence[Entry]", prefix: str, imported: bool) -> list[str]:
    from lienthong.bus_setup import clients
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.reference_log import apply_reference

    settings = settings_for(prefix)
    async with clients(bootstrap(settings), settings.prefix) as (reader, publisher):
        known_from = None if imported else time.time_ns() // 1_000
        return [each.record_id for each in await apply_reference(reader, publisher, entries, known_from=known_from)]


async def _held(prefix: str) -> "ReferenceLog":
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.kafka.reader import KafkaReader
    from lienthong_infra.reference_log import read_reference

    settings = settings_for(prefix)
    reader = KafkaReader(bootstrap(settings), settings.prefix)
    try:
        return await read_reference(reader)
    finally:
        await reader.close()
