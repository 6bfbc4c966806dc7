"""Putting it together: a file of another system, the ledger, and why they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from psycopg import Connection

from lienthong.reconcile import headings
from lienthong.reconcile.explain import (
    Cell,
    Explained,
    Reading,
    by_dossier,
    cells,
    on_the_border,
    our_figures,
    their_figures,
)
from lienthong.reconcile.headings import FIGURES
from lienthong.reconcile.sheet import read_sheet
from lienthong.reconcile.theirs import Fault, UnitOf, dossiers_of, figures_of
from lienthong_consumers.domain.period_report import Counting
from lienthong_consumers.ledger.period_dossiers import LedgerDossier, dossiers
from lienthong_consumers.ledger.period_rows import day_of, period_of, reference_book, zone_of
from lienthong_infra.errors import BadInputError
from lienthong_schemas.errors import IdentityError
from lienthong_schemas.identity import normalise_office
from lienthong_schemas.instants import Instant
from lienthong_schemas.reference import Unit
from lienthong_schemas.report_form import DOSSIER_FORM
from lienthong_schemas.unit_names import UnitNames

FileKind = Literal["figures", "dossiers"]
_LEAST_FIGURES: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is compared, and how it is counted."""

    file: Path
    period: str
    by: str = "office"
    counting: Counting = "day"
    closing_day: int | None = None
    """Another closing day than that of the form in the reference data."""
    as_of: Instant | None = None
    exported_at: Instant | None = None
    """When the other system wrote the file; None: at the end of the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What was found."""

    kind: FileKind
    period: str
    by: str
    counting: Counting
    units: int
    """Units with figures in the file."""
    cells: list[Cell]
    explained: list[Explained]
    faults: list[Fault]
    unread: list[str]
    """Headings of the file that mean nothing here."""
    names: Mapping[str, str]

    @property
    def good(self) -> bool:
        """Whether nothing differs and nothing is wrong with the file."""
        return not (self.cells or self.explained_for_sure or self.faults)

    @property
    def explained_for_sure(self) -> list[Explained]:
        """Dossiers that do explain a difference; of figures alone there are none."""
        return self.explained if self.kind == "dossiers" else []


def reconcile(connection: Connection[Any], asked: Asked) -> Reconciled:
    """Compare a file with the ledger, all from one snapshot.

    Raises BadInputError where the file cannot be read or the period is none, ConfigurationError without a calendar.
    """
    sheet = read_sheet(asked.file)
    kind: FileKind = "dossiers" if headings.CODE in sheet.fields else "figures"
    _require(sheet.fields, kind, asked.file)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        book = reference_book(connection)
        period = period_of(asked.period, asked.closing_day or book.closing_day(DOSSIER_FORM), book)
        zone, units = zone_of(book, period.end - 1), book.units(period.end - 1)
        ours = sorted(dossiers(connection, period, asked.as_of), key=lambda one: one.case_id)
    reading = Reading(period, day_of(zone), asked.counting, asked.by)
    unit_of = _resolver(units, {reading.unit(one.case) for one in ours})
    figures = our_figures(ours, reading)
    if kind == "dossiers":
        listed, faults = dossiers_of(sheet, unit_of, zone, asked.by)
        by_number, twice = _by_number(ours)
        stated = their_figures(listed, reading)
        explained = by_dossier(listed, by_number, reading)
        faults += [Fault(0, f"{code}: several agencies have a dossier with this number") for code in twice]
        different = cells(stated, figures)
    else:
        stated, faults = figures_of(sheet, unit_of)
        different = cells(stated, figures)
        wanted = frozenset((cell.unit, cell.figure) for cell in different)
        explained = on_the_border(ours, wanted, asked.exported_at or period.end, reading)
    return Reconciled(
        kind=kind,
        period=period.name,
        by=asked.by,
        counting=asked.counting,
        units=len(stated),
        cells=different,
        explained=explained,
        faults=sorted(faults),
        unread=sheet.unread,
        names={code: unit.name for code, unit in units.items()},
    )


def _require(fields: frozenset[str], kind: FileKind, file: Path) -> None:
    problems = []
    if not fields & {headings.UNIT, headings.NAME}:
        problems.append(f"{file}: no column names the unit: 'Mã đơn vị' or 'Đơn vị' is wanted")
    if kind == "figures" and len(fields & set(FIGURES)) < _LEAST_FIGURES:
        problems.append(f"{file}: no column of the form II.06 is there, and no 'Mã hồ sơ' either")
    if kind == "dossiers" and headings.RECEIVED not in fields:
        problems.append(f"{file}: 'Ngày tiếp nhận' is missing; without it no dossier belongs to a period")
    if problems:
        raise BadInputError(problems)


def _by_number(ours: list[LedgerDossier]) -> tuple[dict[str, LedgerDossier], list[str]]:
    """By number without the agency; and the numbers that several agencies have given."""
    found: dict[str, LedgerDossier] = {}
    twice = []
    for one in ours:
        number = one.case_id.split(":", 2)[2]
        if number in found:
            twice.append(number)
        found[number] = one
    return found, twice


def _resolver(units: Mapping[str, Unit], seen: set[str]) -> UnitOf:
    """From what a file says to the code of a unit: one of the period, or one that dossiers name."""
    names = UnitNames(units)

    def unit_of(code: str, name: str) -> str:
        if code:
            try:
                plain = normalise_office(code)
            except IdentityError:
                name = name or code
            else:
                if plain in units or plain in seen:
                    return plain
        found = names.find(name) if name else ()
        if len(found) == 1:
            return found[0]
        said = " ".join(filter(None, (code, name))) or "an empty cell"
        if found:
            raise ValueError(f"{said} can be {', '.join(found)}: write the code")
        raise ValueError(f"{said} is no unit of this period, and no dossier names it; see `lienthong reference units`")

    return unit_of
