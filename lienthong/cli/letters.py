"""The verb `lienthong letters`: dead letters in the hands of people."""

import asyncio
import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lienthong.cli.options import AsJson, Prefix, settings_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from psycopg import Connection

    from lienthong_consumers.letters.actions import Signed
    from lienthong_consumers.letters.listing import StoredLetter
    from lienthong_infra.ports import Publisher, Written
    from lienthong_schemas.codec import SchemaBook

    Send = Callable[[Connection[Any], Publisher, SchemaBook, str], Awaitable[Written]]

Id = Annotated[str, typer.Argument(metavar="ID", help="A letter's id, or its first characters.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Letters' ids, or their first characters.")]
Why = Annotated[str, typer.Option("--why", help="The reason; kept with the letter.")]
Who = Annotated[str, typer.Option("--who", help="Who does it; default: the user of this machine.")]
Fields = Annotated[
    Path, typer.Option("--from", exists=True, dir_okay=False, help="JSON file with the record's fields.")
]
State = Annotated[str, typer.Option("--state", help="open, replayed, waived or all.")]
Topic = Annotated[str, typer.Option("--topic", help="Only letters of this topic.")]
Code = Annotated[str, typer.Option("--code", help="Only letters with this error code.")]
Office = Annotated[str, typer.Option("--office", help="Only letters of this office.")]
WithValue = Annotated[
    bool, typer.Option("--value", help="Also print key and value; they may hold what is not for every eye.")
]


def register(app: typer.Typer) -> None:
    """Add the group of verbs."""
    group = typer.Typer(
        name="letters", help="Dead letters: records that were refused, byte for byte.", no_args_is_help=True
    )
    group.command("list")(_list)
    group.command("show")(_show)
    group.command("replay")(_replay)
    group.command("fix")(_fix)
    group.command("waive")(_waive)
    app.add_typer(group)


def _list(
    state: State = "open",
    topic: Topic = "",
    code: Code = "",
    office: Office = "",
    prefix: Prefix = "",
    as_json: AsJson = False,
) -> None:
    """List letters, oldest first, and how many there are by state. No payload is shown."""
    from lienthong_consumers.letters.listing import STATES, Selection, balance, list_letters

    if state not in (*STATES, "all"):
        raise typer.BadParameter(f"write {', '.join(STATES)} or all", param_hint="--state")
    selection = Selection("" if state == "all" else state, topic, code, office)
    with _ledger(prefix) as connection:
        lines, counts = list_letters(connection, selection), balance(connection)
    if as_json:
        typer.echo(json.dumps({"letters": [_plain(line) for line in lines], "balance": counts._asdict()}))
        return
    for line in lines:
        place = f"{line.topic}/{line.partition}/{line.offset}"
        moment = line.known_at.strftime("%Y-%m-%d %H:%M:%S")
        typer.echo(f"{line.letter_id}  {moment}  {place}  {line.code}  {line.office or '-'}  {line.state}")
    typer.echo(
        f"{counts.written} written = {counts.open} open + {counts.replayed} replayed + {counts.waived} waived"
        f"; {len(lines)} shown{', the oldest' if len(lines) == selection.limit else ''}"
    )


def _show(letter: Id, value: WithValue = False, prefix: Prefix = "", as_json: AsJson = False) -> None:
    """Show what is known about a letter, and what was done to it."""
    from lienthong_consumers.letters.listing import actions_on, full_id, read_stored

    with _ledger(prefix) as connection:
        stored = read_stored(connection, full_id(connection, letter))
        actions = [_plain(action) for action in actions_on(connection, stored.letter_id)]
        told = {**_described(stored), **(_payload(connection, stored) if value else {}), "actions": actions}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for name, content in told.items():
        text = json.dumps(content, ensure_ascii=False, indent=2) if isinstance(content, dict) else content
        for line in content if isinstance(content, list) else [text]:
            typer.echo(f"{name.replace('_', ' '):14} {line}")


def _described(stored: "StoredLetter") -> dict[str, Any]:
    return {
        "id": stored.letter_id,
        "state": stored.state,
        "place": f"{stored.topic}/{stored.partition}/{stored.offset}",
        "recorded_at": stored.recorded_at.isoformat(),
        "refused_by": f"{stored.consumer}, stage {stored.stage}",
        "code": stored.code,
        "problems": list(stored.problems),
        "office": stored.office,
        "key_bytes": len(stored.key or b""),
        "value_bytes": len(stored.value or b""),
        "headers": [name for name, _ in stored.headers],
        "copies": stored.copies,
    }


def _payload(connection: "Connection[Any]", stored: "StoredLetter") -> dict[str, Any]:
    from lienthong_consumers.letters.contents import fields_of

    fields = fields_of(_book(connection), stored.topic, stored.value)
    return {
        "key": None if stored.key is None else stored.key.decode("utf-8", "backslashreplace"),
        "value": (stored.value or b"").hex() if fields is None else fields,
    }


def _replay(letters: Ids, why: Why, who: Who = "", prefix: Prefix = "") -> None:
    """Send the original bytes to their topic again, where they would be taken by now."""
    from lienthong_consumers.letters.actions import replay

    signed = _signed(who, why)
    asyncio.run(_sent(prefix, letters, lambda held, sender, book, letter: replay(held, sender, book, letter, signed)))


def _fix(letter: Id, fields: Fields, why: Why, who: Who = "", prefix: Prefix = "") -> None:
    """Send the record with other fields: `letters show --value --json` prints those it has."""
    from lienthong_consumers.letters.actions import fix
    from lienthong_infra.errors import BadInputError

    try:
        given = json.loads(fields.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInputError([f"{fields}: it is no JSON: {error}"]) from error
    if not isinstance(given, dict):
        raise BadInputError([f"{fields}: write the record's fields as one JSON object"])
    if "id" in given and isinstance(given.get("value"), dict):
        given = given["value"]  # the whole output of `letters show --value --json`, corrected
    signed = _signed(who, why)
    asyncio.run(
        _sent(
            prefix,
            [letter],
            lambda held, sender, book, one: fix(held, sender, book, one, fields=given, signed=signed),
        )
    )


def _waive(letters: Ids, why: Why, who: Who = "", prefix: Prefix = "") -> None:
    """Say that these records will not be taken, and why."""
    from lienthong_consumers.letters.actions import waive
    from lienthong_consumers.letters.listing import full_id

    signed = _signed(who, why)
    with _ledger(prefix) as connection:
        for letter_id in [full_id(connection, letter) for letter in letters]:
            waive(connection, letter_id, signed)
            typer.echo(f"{letter_id}: waived")


async def _sent(prefix: str, letters: list[str], send: "Send") -> None:
    from lienthong_consumers.letters.listing import full_id
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.kafka.publisher import KafkaPublisher

    settings = settings_for(prefix)
    publisher = KafkaPublisher(bootstrap(settings), settings.prefix)
    try:
        with _ledger(prefix) as connection:
            book = _book(connection)
            for letter_id in [full_id(connection, letter) for letter in letters]:
                written = await send(connection, publisher, book, letter_id)
                typer.echo(f"{letter_id}: sent to {written.topic}/{written.partition}/{written.offset}")
    finally:
        await publisher.close()


def _book(connection: "Connection[Any]") -> "SchemaBook":
    from lienthong_consumers.letters.contents import book_with
    from lienthong_consumers.letters.listing import published_schemas

    return book_with(published_schemas(connection))


def _signed(who: str, why: str) -> "Signed":
    from lienthong_consumers.letters.actions import Signed

    return Signed(who or getpass.getuser(), why, datetime.now(UTC))


def _plain(row: Any) -> dict[str, Any]:
    return {name: item.isoformat() if isinstance(item, datetime) else item for name, item in row._asdict().items()}


def _ledger(prefix: str) -> "Connection[Any]":
    from lienthong_consumers.ledger.database import open_ledger
    from lienthong_infra.embedded.servers import ledger_dsn

    settings = settings_for(prefix)
    return open_ledger(ledger_dsn(settings), settings.prefix)
