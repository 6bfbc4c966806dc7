"""The verb `lienthong report request`: asks every unit for the reports that it owes, so that their clocks run."""

import json
from typing import Annotated

import typer

from lienthong.cli.forward import OutboxPath
from lienthong.cli.groups import group_of
from lienthong.cli.options import AsJson
from lienthong.cli.reference import Folder, Set

GROUP = "report"
Period = Annotated[str, typer.Option(metavar="PERIOD", help="The period that is over, such as 2026-M10.")]
Receiver = Annotated[str, typer.Option(metavar="CODE", help="Only reports that this office asks for.")]


def register(app: typer.Typer) -> None:
    """Add the verb to the group `report`."""
    group_of(app, GROUP).command("request")(_request)


def _request(
    period: Period,
    outbox: OutboxPath,
    receiver: Receiver = "",
    from_set: Set = "vn",
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Open the case of each report that is owed for a period, as its first event; those that are open stay as they are.

    The outbox must be that of the system which numbers the reports; `lienthong forward` sends what it holds.
    """
    from lienthong.report.request import request_reports
    from lienthong_producers.outbox import Outbox
    from lienthong_schemas.reference import ReferenceBook
    from lienthong_schemas.reference_files import load_reference

    book = ReferenceBook([entry.record(None) for entry in load_reference(from_set, folder)])
    with Outbox(outbox, seq_by="gateway") as made:
        opened, there = request_reports(made, book, period, receiver)
    if as_json:
        typer.echo(json.dumps({"opened": opened, "there": there}))
        return
    for case_id in opened:
        typer.echo(case_id)
    typer.echo(f"asked for {len(opened)} reports of {period}; {len(there)} were asked for before")
