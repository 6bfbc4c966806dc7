"""The verbs `lienthong broker` and `lienthong ledger-db`: start, stop, status and reset of the embedded servers."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong_infra import exit_codes

if TYPE_CHECKING:
    from lienthong_infra.embedded.server import EmbeddedServer
    from lienthong_infra.settings import Settings

Port = Annotated[int | None, typer.Option(min=1024, max=65_534, help="Use this port from now on.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Sure = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ServerOf = Callable[["Settings"], "EmbeddedServer"]


def register(app: typer.Typer) -> None:
    """Add both groups of verbs."""
    app.add_typer(_group("broker", "The embedded Kafka broker.", _broker))
    database = _group("ledger-db", "The embedded PostgreSQL of the ledger.", _ledger_database)
    database.command("dsn")(_dsn)
    app.add_typer(database)


def _broker(settings: "Settings") -> "EmbeddedServer":
    from lienthong_infra.embedded.servers import embedded_kafka

    return embedded_kafka(settings)


def _ledger_database(settings: "Settings") -> "EmbeddedServer":
    from lienthong_infra.embedded.servers import embedded_postgres

    return embedded_postgres(settings)


def _dsn() -> None:
    """Print the DSN with its password, for psql and other clients."""
    from lienthong_infra.embedded.servers import embedded_postgres
    from lienthong_infra.settings import load_settings

    typer.echo(embedded_postgres(load_settings()).dsn())


def _group(name: str, text: str, server_of: ServerOf) -> typer.Typer:
    group = typer.Typer(name=name, help=text, no_args_is_help=True)

    def server_now() -> "EmbeddedServer":
        from lienthong_infra.settings import load_settings

        return server_of(load_settings())

    @group.command()
    def start(port: Port = None) -> None:
        """Start it in the background; it goes on after this command. Does nothing if it runs."""
        typer.echo(server_now().start(port=port))

    @group.command()
    def stop() -> None:
        """End it and wait until it is gone. Its data stay."""
        typer.echo("stopped" if server_now().stop() else "was not running")

    @group.command()
    def status(as_json: AsJson = False) -> None:
        """Tell whether it runs and where; exit code 0 if it runs, 1 if not."""
        found = server_now().status()
        if as_json:
            typer.echo(json.dumps(asdict(found)))
        else:
            state = f"runs at {found.address} (process {found.pid})" if found.running else "does not run"
            typer.echo(f"{found.name}: {state}; data in {found.folder}")
        raise typer.Exit(exit_codes.GOOD if found.running else exit_codes.PROBLEMS_FOUND)

    @group.command()
    def reset(yes: Sure = False) -> None:
        """End it and delete all its data."""
        server = server_now()
        if not yes:
            typer.confirm(f"Delete everything in {server.folder}?", abort=True)
        server.reset()
        typer.echo("deleted")

    return group
