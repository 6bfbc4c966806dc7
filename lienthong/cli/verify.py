"""The verb `lienthong verify`: is the ledger what the log says?"""

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lienthong.cli.options import AsJson, Prefix, settings_for

if TYPE_CHECKING:
    from lienthong_consumers.verification.comparison import Difference
    from lienthong_consumers.verification.verify import Verified

Keep = Annotated[bool, typer.Option("--keep", help="Keep the schema of the replay, for a look at it.")]
Most = Annotated[int, typer.Option("--most", min=0, help="Differences shown of each table; all are counted.")]
TOLD_EVERY_S: Final = 5.0
"""Seconds between two lines about the progress."""
KINDS: Final = {"missing": "missing in the ledger", "surplus": "not on the log", "other": "differs"}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("verify")(_verify)


def _verify(keep: Keep = False, most: Most = 20, prefix: Prefix = "", as_json: AsJson = False) -> None:
    """Replay the log into an empty schema and compare the ledger with it, row by row; exit code 1 where they differ."""
    from lienthong_consumers.verification.verify import verify
    from lienthong_infra import exit_codes
    from lienthong_infra.embedded.servers import bootstrap, ledger_dsn
    from lienthong_infra.kafka.reader import KafkaReader

    settings = settings_for(prefix)
    address = bootstrap(settings)
    found = verify(
        lambda: KafkaReader(address, settings.prefix),
        ledger_dsn(settings),
        settings.prefix,
        most=most,
        keep=keep,
        progress=_teller(),
    )
    if as_json:
        typer.echo(json.dumps(_json(found), ensure_ascii=False))
    else:
        _print(found)
    if found.differences:
        raise typer.Exit(exit_codes.PROBLEMS_FOUND)


def _teller() -> Callable[[int], None]:
    """Tells on stderr now and then how far the replay is."""
    told_at = time.monotonic()

    def tell(taken: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TOLD_EVERY_S:
            told_at = time.monotonic()
            sys.stderr.write(f"replayed {taken:,} records\n")

    return tell


def _json(found: "Verified") -> dict[str, object]:
    return {
        "good": not found.differences,
        "records": found.records,
        "schema": found.schema or None,
        "not_compared": list(found.not_compared),
        "tables": [
            {
                "table": one.table,
                "rows": one.rows,
                "differences": one.differences,
                "shown": [{**each._asdict(), "values": list(map(list, each.values))} for each in one.shown],
            }
            for one in found.tables
        ],
    }


def _print(found: "Verified") -> None:
    for one in found.tables:
        typer.echo(f"{one.table:12} {one.rows:>12,} rows  {one.differences:>8,} differences")
        for each in one.shown:
            typer.echo(f"  {_line(each)}")
        if one.differences > len(one.shown):
            typer.echo(f"  and {one.differences - len(one.shown):,} more")
    for table in found.not_compared:
        typer.echo(f"{table:12} not compared: it is no table that this program knows")
    if found.schema:
        typer.echo(f"the replay is kept in the schema {found.schema}")
    told = f"{found.differences:,} differences" if found.differences else "the ledger is what the log says"
    typer.echo(f"{told}, after {found.records:,} records")


def _line(one: "Difference") -> str:
    values = "; ".join(f"{name}: ledger {old}, log {new}" for name, old, new in one.values)
    return f"{' '.join(one.key)}: {KINDS[one.kind]}{': ' if values else ''}{values}"
