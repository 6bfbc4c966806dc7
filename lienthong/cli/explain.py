"""The verb `lienthong explain`: why a case is late, or not."""

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong.cli.moments import instant_option
from lienthong.cli.options import AsJson, Prefix, settings_for
from lienthong.explain.texts import Language

if TYPE_CHECKING:
    from lienthong.explain.material import Material
    from lienthong_infra.settings import Settings
    from lienthong_schemas.identity import CaseId


class Source(StrEnum):
    """Where an explanation is read."""

    LOG = "log"
    LEDGER = "ledger"


Case = Annotated[str, typer.Argument(metavar="CASE", help="kind:authority:number, such as dossier:H27.16:260701-0001.")]
From = Annotated[Source, typer.Option("--from", help="Read the log or the ledger; both give the same answer.")]
Lang = Annotated[Language, typer.Option("--lang", help="Vietnamese or English.")]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of", metavar="INSTANT", help="By what was known then (ISO 8601 with offset); default: the last tick."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("explain")(_explain)


def _explain(
    case: Case,
    source: From = Source.LOG,
    language: Lang = Language.VI,
    as_of: AsOf = "",
    prefix: Prefix = "",
    as_json: AsJson = False,
) -> None:
    """Explain the clocks of a case: what ran and what stood still, how the due time came about, what was announced."""
    from lienthong.explain.compose import document_of
    from lienthong.explain.material import explained

    identity, moment = _identity(case), instant_option("--as-of", as_of)
    settings = settings_for(prefix)
    material = asyncio.run(_from_log(settings, identity)) if source is Source.LOG else _from_ledger(settings, identity)
    document = document_of(explained(material, str(identity), moment))
    if as_json:
        typer.echo(document.model_dump_json())
        return
    from rich.console import Console

    from lienthong.explain.render import Telling

    Telling(Console(highlight=False, markup=False), document, language).tell()


def _identity(text: str) -> "CaseId":
    """The case in normal form. A malformed id ends the command with code 2."""
    from lienthong_schemas.errors import IdentityError
    from lienthong_schemas.identity import case_id

    parts = text.split(":", 2)
    try:
        if len(parts) != 3:
            raise IdentityError(f"{text!r} is no case id: it must read kind:authority:number")
        return case_id(*parts)
    except IdentityError as error:
        raise typer.BadParameter(str(error), param_hint="CASE") from None


async def _from_log(settings: "Settings", identity: "CaseId") -> "Material":
    from lienthong.explain.from_log import read_log
    from lienthong.status.addresses import ONE_TRY, broker_address
    from lienthong_infra.kafka.reader import KafkaReader

    reader = KafkaReader(broker_address(settings), settings.prefix, patience=ONE_TRY)
    try:
        return await read_log(reader, identity)
    finally:
        await reader.close()


def _from_ledger(settings: "Settings", identity: "CaseId") -> "Material":
    from lienthong.explain.from_ledger import read_ledger
    from lienthong.status.addresses import ledger_address
    from lienthong_consumers.ledger.database import open_ledger

    with open_ledger(ledger_address(settings), settings.prefix) as connection:
        return read_ledger(connection, identity)
