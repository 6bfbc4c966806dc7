"""Why two systems show different figures: by dossier where both list them, else by what lies on the border. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from lienthong.reconcile import headings
from lienthong.reconcile.headings import FIGURES
from lienthong.reconcile.theirs import TheirDossier
from lienthong_consumers.domain.period_report import (
    NOTHING,
    PAUSED,
    Countable,
    Counting,
    DayOf,
    Line,
    Period,
    line_of,
)
from lienthong_consumers.ledger.period_dossiers import LedgerDossier
from lienthong_schemas.instants import Instant

MISSING_HERE: Final = "missing-here"
MISSING_THERE: Final = "missing-there"
OTHER_UNIT: Final = "other-unit"
OTHER_RECEIVED: Final = "other-received-date"
OTHER_DUE: Final = "other-due-date"
OTHER_END: Final = "other-end-date"
OTHER_STATE: Final = "other-state"
OTHER_CHANNEL: Final = "other-channel"
DAY_OR_INSTANT: Final = "day-or-instant"
OTHER_RULE: Final = "other-rule"
KNOWN_LATER: Final = "known-later"
ON_DUE_DAY: Final = "on-due-day"
WAITS: Final = "waits"
CROSSED: Final = "crossed-offices"

_PENDING: Final = ("pending", "pending_in_time", "pending_late")
_RESOLVED: Final = frozenset({"early", "on_time", "late"})


class Reading(NamedTuple):
    """How dossiers are counted."""

    period: Period
    day_of: DayOf
    counting: Counting
    by: str
    """office or commune."""

    def unit(self, case: Countable) -> str:
        """Whose the dossier is."""
        return case.commune if self.by == "commune" else case.office

    def figures(self, case: Countable, counting: Counting | None = None) -> dict[str, int]:
        """What a dossier adds to each figure of its unit; empty where it is not in the period."""
        line = line_of(case, self.period, self.day_of, counting or self.counting)
        return {} if line is None else _counts(line)


class Explained(NamedTuple):
    """A dossier that explains, or may explain, a difference. ``figures``: ours minus theirs by unit and figure."""

    code: str
    causes: tuple[str, ...]
    figures: Mapping[tuple[str, str], int]
    row: int = 0
    """Row of the other system's file; 0 where it is not in it."""


class Cell(NamedTuple):
    """One figure of one unit that differs."""

    unit: str
    figure: str
    theirs: int
    ours: int


def _counts(line: Line) -> dict[str, int]:
    return {name: count for name, count in zip(FIGURES, line.columns, strict=True) if count}


def our_figures(ours: Iterable[LedgerDossier], reading: Reading) -> dict[str, dict[str, int]]:
    """The figures of every unit, counted from the dossiers by the rules of the form."""
    lines: dict[str, Line] = {}
    for one in ours:
        line = line_of(one.case, reading.period, reading.day_of, reading.counting)
        if line is not None:
            unit = reading.unit(one.case)
            lines[unit] = lines.get(unit, NOTHING).plus(line)
    return {unit: dict(zip(FIGURES, line.columns, strict=True)) for unit, line in lines.items()}


def cells(theirs: Mapping[str, Mapping[str, int]], ours: Mapping[str, Mapping[str, int]]) -> list[Cell]:
    """The figures that differ. A figure that the file does not state is not compared; a unit that it does not state is
    compared with 0, for its dossiers are missing there."""
    stated = {figure for figures in theirs.values() for figure in figures}
    return [
        Cell(unit, figure, there, here)
        for unit in sorted(theirs.keys() | ours.keys())
        for figure in FIGURES
        if figure in (theirs.get(unit, {}) if unit in theirs else stated)
        and (there := theirs.get(unit, {}).get(figure, 0)) != (here := ours.get(unit, {}).get(figure, 0))
    ]


def their_figures(theirs: Iterable[TheirDossier], reading: Reading) -> dict[str, dict[str, int]]:
    """The figures that a list of dossiers adds up to; what it says itself about early, on time and late goes first."""
    found: dict[str, dict[str, int]] = {}
    for one in theirs:
        figures = found.setdefault(reading.unit(one.case), dict.fromkeys(FIGURES, 0))
        for figure, count in _their_counts(one, reading).items():
            figures[figure] += count
    return found


def _their_counts(one: TheirDossier, reading: Reading) -> dict[str, int]:
    counts = reading.figures(one.case)
    if one.verdict and _RESOLVED & counts.keys():
        counts = {name: count for name, count in counts.items() if name not in _RESOLVED}
        counts[one.verdict] = 1
    return counts


def by_dossier(theirs: Sequence[TheirDossier], ours: Mapping[str, LedgerDossier], reading: Reading) -> list[Explained]:
    """The dossiers that explain every difference of the two lists, each with its causes.

    ``ours``: by number of the dossier, without its agency.
    """
    found = []
    for there in theirs:
        here = ours.get(there.code)
        change = _change(_theirs(there, reading), {} if here is None else _ours(here, reading))
        if change:
            causes = (MISSING_HERE,) if here is None else tuple(_causes(there, here, reading))
            found.append(Explained(there.code, causes, change, there.row))
    listed = {each.code for each in theirs}
    for code in sorted(ours.keys() - listed):
        change = _change({}, _ours(ours[code], reading))
        if change:
            found.append(Explained(code, (MISSING_THERE,), change))
    return found


def _theirs(one: TheirDossier, reading: Reading) -> dict[tuple[str, str], int]:
    return {(reading.unit(one.case), figure): count for figure, count in _their_counts(one, reading).items()}


def _ours(one: LedgerDossier, reading: Reading) -> dict[tuple[str, str], int]:
    return {(reading.unit(one.case), figure): count for figure, count in reading.figures(one.case).items()}


def _change(theirs: Mapping[tuple[str, str], int], ours: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    changes = {place: ours.get(place, 0) - theirs.get(place, 0) for place in theirs.keys() | ours.keys()}
    return {place: change for place, change in sorted(changes.items()) if change}


def _causes(there: TheirDossier, here: LedgerDossier, reading: Reading) -> Iterator[str]:
    """Everything in which the two disagree and that the figures look at."""
    mine, other = here.case, there.case
    if reading.unit(mine) != reading.unit(other):
        yield OTHER_UNIT
    plain = (
        (headings.RECEIVED, mine.received_at, other.received_at, OTHER_RECEIVED),
        (headings.DUE, mine.due_at, other.due_at, OTHER_DUE),
        (headings.ENDED, mine.ended_at, other.ended_at, OTHER_END),
    )
    found = False
    for field, one, two, cause in plain:
        if not _same(one, two, reading, by_day=field in there.days or reading.counting == "day"):
            found = True
            yield OTHER_STATE if cause == OTHER_END and (one is None) != (two is None) else cause
    if other.status and mine.status != other.status and (mine.ended_at is None) == (other.ended_at is None):
        yield OTHER_STATE
    if other.channel and (mine.channel == headings.CHANNEL_ONLINE) != (other.channel == headings.CHANNEL_ONLINE):
        yield OTHER_CHANNEL
    if there.verdict and not found:
        yield DAY_OR_INSTANT if _other_way(here, reading).get(there.verdict) else OTHER_RULE


def _same(one: Instant | None, two: Instant | None, reading: Reading, *, by_day: bool) -> bool:
    if one is None or two is None or not by_day:
        return one == two
    return reading.day_of(one) == reading.day_of(two)


def _other_way(one: LedgerDossier, reading: Reading) -> dict[str, int]:
    """What our dossier would count as, counted the other way."""
    return reading.figures(one.case, "instant" if reading.counting == "day" else "day")


def on_the_border(
    ours: Iterable[LedgerDossier], wanted: frozenset[tuple[str, str]], exported_at: Instant, reading: Reading
) -> list[Explained]:
    """Where only figures are known: our dossiers of the differing cells that another system may count otherwise.

    They may explain a difference; figures alone cannot tell whether they do. ``wanted``: units and figures that differ.
    """
    found = []
    for one in ours:
        places: dict[tuple[str, str], int] = {}
        causes = []
        for cause, touched in _border(one, exported_at, reading):
            differing = sorted(touched & wanted)
            if differing:
                causes.append(cause)
                places.update(dict.fromkeys(differing, 1))
        if causes:
            found.append(Explained(one.case_id.split(":", 2)[2], tuple(causes), places))
    return found


def _border(one: LedgerDossier, exported_at: Instant, reading: Reading) -> Iterator[tuple[str, set[tuple[str, str]]]]:
    """Why another system may count a dossier otherwise, and which figures of which units that would move."""
    counts, unit = reading.figures(one.case), reading.unit(one.case)
    if not counts:
        return
    if one.known_at > exported_at:
        moved = {*counts, *_PENDING} if _RESOLVED & counts.keys() else set(counts)
        yield KNOWN_LATER, {(unit, figure) for figure in moved}
    moved = counts.keys() ^ _other_way(one, reading).keys()
    if one.case.status in PAUSED and "pending" in counts:
        yield WAITS, {(unit, "pending_in_time"), (unit, "pending_late")}
    elif moved:
        yield ON_DUE_DAY, {(unit, figure) for figure in moved}
    if reading.by == "office" and len(one.offices) > 1:
        yield CROSSED, {(office, figure) for office in one.offices for figure in counts}
