"""The verbs `lienthong report stated` and `duties`: what units report of themselves, and whether they do."""

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong.cli.groups import group_of
from lienthong.cli.moments import instant_option
from lienthong.cli.options import AsJson, Prefix, settings_for
from lienthong.cli.whole_tables import print_whole
from lienthong_infra import exit_codes

if TYPE_CHECKING:
    from lienthong.report.stated import Compared, Duty

GROUP = "report"
SHOWN_DOSSIERS = 20
"""Dossiers of a column that are listed on the screen; JSON has all of them."""
_SECOND = 1_000_000
"""Microseconds; on the screen a time has no smaller part."""
Period = Annotated[str, typer.Option(metavar="PERIOD", help="The period that the reports are about, such as 2026-M10.")]
Unit = Annotated[str, typer.Option(metavar="CODE", help="Only this office or commune.")]
FormCode = Annotated[str, typer.Option("--form", metavar="CODE", help="Only this form, such as II.06a.")]
At = Annotated[str, typer.Option(help="Due and missing as of this time (ISO 8601 with offset); default: now.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the group `report`."""
    group = group_of(app, GROUP)
    group.command("stated")(_stated)
    group.command("duties")(_duties)


def _stated(period: Period, unit: Unit = "", form: FormCode = "", prefix: Prefix = "", as_json: AsJson = False) -> None:
    """Compare the figures that units state with those of the ledger; exit code 1 where they differ or cannot be."""
    from lienthong.report.stated import compared
    from lienthong_consumers.ledger.database import open_ledger
    from lienthong_infra.embedded.servers import ledger_dsn

    settings = settings_for(prefix)
    with open_ledger(ledger_dsn(settings), settings.prefix) as connection:
        found = compared(connection, period, unit, form)
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found], ensure_ascii=False))
    for one in [] if as_json else found:
        _show(one)
    differ = sum(bool(one.problems or one.differences) for one in found)
    if not as_json:
        typer.echo(f"{len(found)} reports with figures for {period}; {differ} of them differ from the ledger")
    raise typer.Exit(exit_codes.PROBLEMS_FOUND if differ else exit_codes.GOOD)


def _show(one: "Compared") -> None:
    typer.echo(f"{one.report.form} {one.report.office} ({one.report.case_id}):")
    if not one.problems and not one.differences:
        typer.echo("  as the ledger counts")
    for problem in one.problems:
        typer.echo(f"  cannot be: {problem}")
    for each in one.differences:
        typer.echo(f"  {each.column}: stated {each.stated}, the ledger counts {each.computed}")
        dossiers = one.dossiers[each.column]
        for dossier in dossiers[:SHOWN_DOSSIERS]:
            later = " (known after the report)" if dossier.known_at > one.report.known_at else ""
            typer.echo(f"    {dossier.case_id}{later}")
        if len(dossiers) > SHOWN_DOSSIERS:
            typer.echo(f"    and {len(dossiers) - SHOWN_DOSSIERS} more; --json lists all")


def _as_json(one: "Compared") -> dict[str, object]:
    return {
        "case_id": one.report.case_id,
        "form": one.report.form,
        "office": one.report.office,
        "cannot_be": one.problems,
        "differences": [
            {
                **each._asdict(),
                "dossiers": [
                    {"case_id": dossier.case_id, "known_after_the_report": dossier.known_at > one.report.known_at}
                    for dossier in one.dossiers[each.column]
                ],
            }
            for each in one.differences
        ],
    }


def _duties(period: Period, at: At = "", prefix: Prefix = "", as_json: AsJson = False) -> None:
    """List the reports that are owed for a period and what came of them; exit code 1 where one is late or missing."""
    from lienthong.report.stated import duties
    from lienthong_consumers.ledger.database import open_ledger
    from lienthong_infra.embedded.servers import ledger_dsn

    stated, settings = instant_option("--at", at), settings_for(prefix)
    with open_ledger(ledger_dsn(settings), settings.prefix) as connection:
        found = duties(connection, period, time.time_ns() // 1_000 if stated is None else stated)
    if as_json:
        typer.echo(json.dumps([_duty_as_json(duty) for duty in found], ensure_ascii=False))
    else:
        _print_duties(found)
    bad = any(duty.state in ("late", "missing") for duty in found)
    raise typer.Exit(exit_codes.PROBLEMS_FOUND if bad else exit_codes.GOOD)


def _duty_as_json(duty: "Duty") -> dict[str, object]:
    from lienthong_schemas.instants import iso_of

    instants = {"due_at": duty.due_at, "ended_at": duty.ended_at}
    times = {name: None if instant is None else iso_of(instant) for name, instant in instants.items()}
    return {**duty._asdict(), **times}


def _print_duties(found: "list[Duty]") -> None:
    from rich.table import Column, Table

    from lienthong_schemas.instants import iso_of

    columns = [Column(name, no_wrap=True) for name in ("form", "office", "due", "sent", "state", "case")]
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for duty in found:
        times = ["" if at is None else iso_of(at - at % _SECOND) for at in (duty.due_at, duty.ended_at)]
        table.add_row(duty.form, duty.office, *times, duty.state, duty.case_id if duty.asked_for else "(no case yet)")
    print_whole(table)
    states = [duty.state for duty in found]
    counts = ", ".join(f"{states.count(name)} {name}" for name in ("due", "sent", "late", "missing", "waived"))
    typer.echo(f"{len(found)} reports: {counts}")
