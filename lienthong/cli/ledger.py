"""The verb `lienthong ledger`: run the sink, publish, bring the tables forward, show what the ledger says."""

import asyncio
import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lienthong.cli.options import AsJson, Prefix, settings_for
from lienthong.cli.whole_tables import print_whole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from psycopg import Connection

    from lienthong_consumers.ledger.recount import Difference
    from lienthong_consumers.ledger.summary import UnitFigures


def _known(kind: str) -> str:
    from lienthong_schemas.identity import CASE_KINDS

    if kind not in CASE_KINDS:
        raise typer.BadParameter(f"{kind!r} is no kind of case; write one of {', '.join(CASE_KINDS)}")
    return kind


Kind = Annotated[
    str, typer.Option("--kind", callback=_known, help="dossier, field-report, periodic-report, document or task.")
]
Begin = Annotated[
    list[str] | None,
    typer.Option("--begin", metavar="TOPIC", help="Read this topic, new to a ledger with data, from its beginning."),
]

Interval = Annotated[
    float, typer.Option(min=0.05, metavar="SECONDS", help="Time between two turns of a publication that has no own.")
]


def register(app: typer.Typer) -> None:
    """Add the group of verbs."""
    group = typer.Typer(name="ledger", help="The ledger: where a number becomes official.", no_args_is_help=True)
    group.command("run")(_run)
    group.command("publish")(_publish)
    group.command("migrate")(_migrate)
    group.command("grant-reader")(_grant_reader)
    group.command("describe")(_describe)
    group.command("summary")(_summary)
    group.command("units")(_units)
    group.command("check")(_check)
    app.add_typer(group)


def _run(prefix: Prefix = "") -> None:
    """Take records into the ledger until SIGTERM or Ctrl-C; several processes share the partitions."""
    from lienthong_consumers.ledger.app import LedgerOptions, run_ledger
    from lienthong_infra.embedded.servers import bootstrap, ledger_dsn
    from lienthong_infra.log_lines import log_to_stderr

    log_to_stderr()
    settings = settings_for(prefix)
    options = LedgerOptions(
        bootstrap=bootstrap(settings),
        dsn=ledger_dsn(settings),
        prefix=settings.prefix,
        metrics_port=settings.metrics_port,
    )
    asyncio.run(_until_signal(run_ledger, options))


async def _until_signal(run: "Callable[[Any, asyncio.Event], Awaitable[None]]", options: Any) -> None:
    from lienthong_infra.stop_signals import stop_on_signals

    await run(options, stop_on_signals())


def _publish(interval: Interval = 10.0, prefix: Prefix = "") -> None:
    """Publish what the ledger holds until SIGTERM or Ctrl-C; a second process stands by and takes over."""
    from lienthong_consumers.ledger.publish_app import PublishOptions, run_publisher
    from lienthong_infra.embedded.servers import bootstrap, ledger_dsn
    from lienthong_infra.log_lines import log_to_stderr

    log_to_stderr()
    settings = settings_for(prefix)
    options = PublishOptions(
        bootstrap=bootstrap(settings),
        dsn=ledger_dsn(settings),
        prefix=settings.prefix,
        interval_s=interval,
        metrics_port=settings.metrics_port,
    )
    asyncio.run(_until_signal(run_publisher, options))


def _migrate(begin: Begin = None, prefix: Prefix = "") -> None:
    """Make the tables of the ledger, or bring them to the newest step."""
    from lienthong_consumers.ledger.migrate import migrate
    from lienthong_consumers.ledger.readiness import refuse_strange
    from lienthong_infra.embedded.servers import ledger_dsn

    settings = settings_for(prefix)
    refuse_strange(begin or ())
    dsn = ledger_dsn(settings)
    done = migrate(dsn, settings.prefix)
    typer.echo(f"{done.schema}: step {done.before or 'none'} -> {done.after}")
    if begin:
        from lienthong_consumers.ledger.app import begin_topics
        from lienthong_infra.embedded.servers import bootstrap

        asyncio.run(begin_topics(bootstrap(settings), dsn, settings.prefix, begin))
        typer.echo(f"{done.schema}: {', '.join(begin)} will be read from the beginning")


def _grant_reader(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="A role of the database, made by its administrator.")],
    prefix: Prefix = "",
) -> None:
    """Let a role read the ledger but for the bytes of records, and change nothing; run it again after an upgrade."""
    from lienthong_consumers.ledger.reader_role import grant_reader
    from lienthong_infra.embedded.servers import ledger_dsn

    settings = settings_for(prefix)
    schema = grant_reader(ledger_dsn(settings), settings.prefix, role)
    typer.echo(f"{role} may read {schema} but for the bytes of records, and change nothing in it")


def _describe(prefix: Prefix = "") -> None:
    """Print what the tables and columns of the ledger are, as Markdown, for those who query with SQL."""
    from lienthong.ledger_page import ledger_page

    with _connection(prefix) as connection:
        typer.echo(ledger_page(connection), nl=False)


def _summary(kind: Kind = "dossier", prefix: Prefix = "", as_json: AsJson = False) -> None:
    """Count cases, events and settled clocks of one kind of case."""
    from lienthong_consumers.ledger.summary import settled, summary

    with _connection(prefix) as connection:
        counts = {**summary(connection, kind)._asdict(), **settled(connection, kind)._asdict()}
    if as_json:
        typer.echo(json.dumps(counts))
        return
    for name, count in counts.items():
        typer.echo(f"{name.replace('_', ' '):20} {'unknown: no calendar' if count is None else format(count, ',')}")


def _units(kind: Kind = "dossier", prefix: Prefix = "", as_json: AsJson = False) -> None:
    """Show the figures of every office, overdue now."""
    from lienthong_consumers.ledger.summary import unit_table

    with _connection(prefix) as connection:
        rows = unit_table(connection, kind, time.time_ns() // 1_000)
    if as_json:
        typer.echo(json.dumps([row._asdict() for row in rows]))
    else:
        _print_units(rows)


def _print_units(rows: "list[UnitFigures]") -> None:
    from rich.table import Column, Table

    names = ("waiting", "received", "ended", "ended late", "open", "overdue")
    columns = [Column(name, justify="right", no_wrap=True) for name in names]
    table = Table(Column("office", no_wrap=True), *columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(row.office, *(format(number, ",") for number in row[1:]))
    print_whole(table)


def _check(prefix: Prefix = "", as_json: AsJson = False) -> None:
    """Count the totals again from the rows; exit code 1 with a list where they differ."""
    from lienthong_consumers.ledger.recount import differences
    from lienthong_infra import exit_codes

    with _connection(prefix) as connection:
        found = differences(connection)
    if as_json:
        typer.echo(json.dumps([_difference(one) for one in found]))
    for one in [] if as_json else found:
        said = ", ".join(
            f"{name} {kept} (rows give {rows})" for name, (kept, rows) in _difference(one)["figures"].items()
        )
        typer.echo(f"{' '.join(map(str, filter(None, one.cell)))}: {said}")
    if found:
        raise typer.Exit(exit_codes.PROBLEMS_FOUND)
    if not as_json:
        typer.echo("the totals are what the rows add up to")


def _difference(one: "Difference") -> dict[str, Any]:
    """The cell, and of each figure that differs what was kept and what the rows give."""
    both = zip(one.total._fields, one.total, one.rows, strict=True)
    return {**one.cell._asdict(), "figures": {name: (kept, rows) for name, kept, rows in both if kept != rows}}


def _connection(prefix: str) -> "Connection[Any]":
    from lienthong_consumers.ledger.database import open_ledger
    from lienthong_infra.embedded.servers import ledger_dsn

    settings = settings_for(prefix)
    return open_ledger(ledger_dsn(settings), settings.prefix)
