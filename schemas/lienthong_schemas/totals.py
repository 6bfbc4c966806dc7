"""Figures of one cell: a record of ``totals.v1`` (live) and of ``official-totals.v1`` (from the ledger).

A cell is a unit and a second key. Each case is counted in two views that are never added: once by the agency that
holds it and once by the commune that it concerns. So the province is the sum of all agencies, and it is the sum of all
communes with the line of the cases that name none. What holds in every record, whoever counts: ``broken_rules``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from lienthong_schemas.identity import CASE_KINDS
from lienthong_schemas.instants import Instant
from lienthong_schemas.partial_totals import SHARE_BOUNDS

LIVE_TOPIC: Final = "totals.v1"
OFFICIAL_TOPIC: Final = "official-totals.v1"

FIELD, PROCEDURE, CHANNEL, PROVINCE = "unit-field", "unit-procedure", "unit-channel", "province"
SCOPES: Final = (FIELD, PROCEDURE, CHANNEL, PROVINCE)
"""What a cell divides the cases of its unit by. These combinations, never their product."""
AGENCY, COMMUNE, WHOLE = "agency", "commune", "province"
"""What the unit of a cell is. The cell of the scope ``province`` has the unit kind ``province`` and no unit code."""
FIELD_KINDS: Final = ("dossier",)
"""Kinds of case whose selector belongs to a field (lĩnh vực); the others have no cells of the scope ``unit-field``."""

NEW_CHANNELS: Final[Mapping[str, str]] = {"online": "new_online", "direct": "new_direct", "post": "new_post"}
"""By channel, the measure of the new cases that came in by it; any other channel, and none, is ``new_other``."""


class Cell(NamedTuple):
    """Whose figures, and of what. ``second``: field, selector or channel."""

    scope: str
    kind: str
    unit_kind: str
    unit: str
    second: str


class Totals(NamedTuple):
    """A full snapshot of one cell; the schema ``totals.v1`` says what each measure is."""

    scope: str
    kind: str
    unit_kind: str
    unit: str
    second: str
    as_of: Instant
    generation: int
    positions: Mapping[str, int]
    waiting: int = 0
    declined: int = 0
    received: int = 0
    new_online: int = 0
    new_direct: int = 0
    new_post: int = 0
    new_other: int = 0
    carried: int = 0
    in_process: int = 0
    paused: int = 0
    stopped: int = 0
    ended_early: int = 0
    ended_on_time: int = 0
    ended_late: int = 0
    ended_undated: int = 0
    pending_in_time: int = 0
    pending_late: int = 0
    pending_provisional: int = 0
    pending_undated: int = 0
    breaches: int = 0
    rated: int = 0
    satisfied: int = 0
    fee_known: int = 0
    fee_online: int = 0
    digitise_known: int = 0
    digitised: int = 0
    signature_known: int = 0
    signed: int = 0
    receipt_in_time: int = 0
    receipt_late: int = 0
    shares_of_time: tuple[int, ...] = ()
    not_counted: tuple[str, ...] = ()

    @property
    def cell(self) -> Cell:
        """Whose figures they are."""
        return Cell(*self[:5])

    @property
    def ended(self) -> int:
        """Processed, in time or not: a measure beside ``on_time``, never the same."""
        return self.ended_early + self.ended_on_time + self.ended_late + self.ended_undated

    @property
    def pending(self) -> int:
        """Received, not ended, not stopped."""
        return self.in_process + self.paused

    @property
    def figures(self) -> tuple[Any, ...]:
        """All that is counted, without what it stands on: two snapshots with equal figures say the same."""
        return self[MEASURES_BEGIN:]


MEASURES_BEGIN: Final = Totals._fields.index("waiting")
MEASURES: Final = Totals._fields[MEASURES_BEGIN : Totals._fields.index("shares_of_time")]
"""Names of the whole numbers of a snapshot, in their order."""
NEW: Final = (*NEW_CHANNELS.values(), "new_other")
PENDING: Final = ("pending_in_time", "pending_late", "pending_provisional", "pending_undated")
PARTS: Final = (
    ("satisfied", "rated"),
    ("fee_online", "fee_known"),
    ("digitised", "digitise_known"),
    ("signed", "signature_known"),
)
"""Measures that count some of another measure's cases."""


def key_of(cell: Cell) -> bytes:
    """The record's key. The second key comes last, for it alone may contain a bar."""
    return "|".join(cell).encode()


def cell_of(key: bytes) -> Cell:
    """The cell of a record's key, also of a record without a value. Raises ValueError where it is no such key."""
    parts = key.decode().split("|", len(Cell._fields) - 1)
    if len(parts) != len(Cell._fields):
        raise ValueError(f"{key!r} is no key of a cell: scope|kind|unit kind|unit|second key")
    return Cell(*parts)


def totals(record: Mapping[str, Any]) -> Totals:
    """A decoded record of ``totals.v1`` or ``official-totals.v1``."""
    lists = {"shares_of_time": tuple(record["shares_of_time"]), "not_counted": tuple(record["not_counted"])}
    return Totals(**{**record, **lists})


def record_of(one: Totals) -> dict[str, Any]:
    """What ``SchemaBook.encode`` takes for either topic."""
    lists = {"shares_of_time": list(one.shares_of_time), "not_counted": list(one.not_counted)}
    return {**one._asdict(), "positions": dict(one.positions), **lists}


def cells_of(kind: str, agency: str, commune: str, selector: str, channel: str, field: str) -> Iterator[Cell]:
    """All cells in which a case (or a base cell of cases) counts. ``field``: that of its selector, "" if unknown."""
    yield Cell(PROVINCE, kind, WHOLE, "", "")
    for unit_kind, unit in ((AGENCY, agency), (COMMUNE, commune)):
        if kind in FIELD_KINDS:
            yield Cell(FIELD, kind, unit_kind, unit, field)
        yield Cell(PROCEDURE, kind, unit_kind, unit, selector)
        yield Cell(CHANNEL, kind, unit_kind, unit, channel)


def plus(one: Totals, other: Totals) -> Totals:
    """The sum, as figures of the cell of ``one``: of two cells, or of one cell by two sources of cases.

    It is as old as the older one and stands on the positions of both, on the lower one where both name a source.
    """
    positions = dict(one.positions)
    for source, position in other.positions.items():
        positions[source] = min(position, positions.get(source, position))
    return one._replace(
        as_of=min(one.as_of, other.as_of),
        generation=max(one.generation, other.generation),
        positions=positions,
        shares_of_time=_added(one.shares_of_time, other.shares_of_time),
        not_counted=tuple(sorted({*one.not_counted, *other.not_counted})),
        **{name: getattr(one, name) + getattr(other, name) for name in MEASURES},
    )


def _added(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    if not one or not other:
        return one or other
    return tuple(mine + theirs for mine, theirs in zip(one, other, strict=True))


def sum_of(cell: Cell, parts: Iterable[Totals]) -> Totals | None:
    """The figures of a cell from those of others; None where there are none."""
    found: Totals | None = None
    for part in parts:
        found = part._replace(**cell._asdict()) if found is None else plus(found, part)
    return found


def is_newer(one: Totals, held: Totals) -> bool:
    """Whether ``one`` replaces ``held``: it has begun later, or it knows nothing less and something more."""
    if one.generation != held.generation:
        return one.generation > held.generation
    if any(one.positions.get(source, 0) < position for source, position in held.positions.items()):
        return False
    return (dict(one.positions), one.as_of) != (dict(held.positions), held.as_of)


class Rate(NamedTuple):
    """A share that always says of how many."""

    part: int
    n: int

    @property
    def value(self) -> float | None:
        """Between 0 and 1; None of nothing."""
        return self.part / self.n if self.n else None


def late_rate(one: Totals) -> Rate:
    """Ended late, of the ended ones whose due time is stated."""
    return Rate(one.ended_late, one.ended - one.ended_undated)


def satisfaction(one: Totals) -> Rate:
    """Satisfied, of those who rated."""
    return Rate(one.satisfied, one.rated)


class Share(NamedTuple):
    """A quantile as buckets tell it: above ``above`` percent and up to ``up_to``; None: there is no upper bound."""

    above: int
    up_to: int | None


def share_of_time(one: Totals, part: float) -> Share | None:
    """The share of the regulated time within which ``part`` (0.5: the median, 0.9: the p90) of the cases were handled.

    None where there is no case, or whoever wrote the record does not count it.
    """
    wanted, seen = part * sum(one.shares_of_time), 0
    for number, cases in enumerate(one.shares_of_time):
        seen += cases
        if cases and seen >= wanted:
            above = SHARE_BOUNDS[number - 1] if number else 0
            return Share(above, SHARE_BOUNDS[number] if number < len(SHARE_BOUNDS) else None)
    return None


def broken_rules(one: Totals) -> list[str]:
    """What of the figures cannot be; empty where they add up. The invariants that hold in every record."""
    rules = (
        ("received = new + carried", one.received, sum(getattr(one, name) for name in NEW) + one.carried),
        ("received = pending + stopped + ended", one.received, one.pending + one.stopped + one.ended),
        ("pending = in time + late + provisional + undated", one.pending, sum(getattr(one, name) for name in PENDING)),
    )
    problems = [f"{rule}: {left} is not {right}" for rule, left, right in rules if left != right]
    for part, whole in PARTS:
        if getattr(one, part) > getattr(one, whole):
            problems.append(f"{part} <= {whole}: {getattr(one, part)} is more than {getattr(one, whole)}")
    problems.extend(f"{name} >= 0: {getattr(one, name)}" for name in MEASURES if getattr(one, name) < 0)
    if sum(one.shares_of_time) > one.ended:
        problems.append(f"shares_of_time <= ended: {sum(one.shares_of_time)} is more than {one.ended}")
    if one.kind not in CASE_KINDS:
        problems.append(f"kind: {one.kind!r} is none of {', '.join(CASE_KINDS)}")
    return problems
