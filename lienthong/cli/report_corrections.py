"""The verb `lienthong report corrections`: what later events changed in a closed period, dossier by dossier."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer

from lienthong.cli.groups import group_of
from lienthong.cli.options import AsJson, Prefix, settings_for

GROUP = "report"
Period = Annotated[str, typer.Option(metavar="PERIOD", help="A closed period, such as 2026-M10.")]
Version = Annotated[int | None, typer.Option(min=2, help="Only those that came with this version; default: all.")]
Unit = Annotated[str, typer.Option(metavar="CODE", help="Only dossiers that this office or commune had or has.")]


def register(app: typer.Typer) -> None:
    """Add the verb to the group `report`."""
    group_of(app, GROUP).command("corrections")(_corrections)


def _corrections(
    period: Period, version: Version = None, unit: Unit = "", prefix: Prefix = "", as_json: AsJson = False
) -> None:
    """List what changed in a period after it was published: dossier, before, after, and the event that did it."""
    from lienthong_consumers.ledger.database import open_ledger
    from lienthong_consumers.ledger.period_versions import corrections, published
    from lienthong_infra.embedded.servers import ledger_dsn
    from lienthong_infra.errors import WrongCallError
    from lienthong_schemas.report_form import DOSSIER_FORM

    settings = settings_for(prefix)
    with open_ledger(ledger_dsn(settings), settings.prefix) as connection:
        known = published(connection, DOSSIER_FORM, period)
        if known is None:
            raise WrongCallError([f"--period: {period} was not published; is `lienthong ledger publish` running?"])
        if version is not None and version > known.version:
            raise WrongCallError([f"--version: the newest version of {period} is {known.version}"])
        found = corrections(connection, DOSSIER_FORM, period, version, unit)
    if as_json:
        typer.echo(json.dumps([_plain(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        typer.echo(
            f"v{one.version} {one.case_id}: {_side(one, 'before')} -> {_side(one, 'after')}, "
            f"event {one.event_id} ({one.epoch}.{one.seq}), known {one.known_at.isoformat()}"
        )
    typer.echo(f"{len(found)} corrections; {period} has {known.version} versions")


def _side(one: Any, side: str) -> str:
    office, received, outcome = (getattr(one, f"{name}_{side}") for name in ("office", "received", "outcome"))
    return f"{office} {received}, {outcome}" if office else "not in it"


def _plain(one: Any) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in one._asdict().items()}
