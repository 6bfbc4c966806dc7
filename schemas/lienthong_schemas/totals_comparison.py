"""Live against official figures of one cell, at equal positions: what must be equal, and what may differ and why.

Both count the same cases by themselves. What rests on the event alone must be equal. Three things may differ, by what
they ask: the workers ask the published table of states and the clock, the ledger the statuses that it was built with
(decision 0012) and the stated due time (design §5). Where a province publishes its own table, stops come without an
end, or a pause moves a due time, the difference lies inside the groups below; the sum of a group stays equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Final, NamedTuple

from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.totals import MEASURES, PENDING, Totals

STATES: Final = "the workers ask the published table of states, the ledger the statuses that it was built with"
DUE: Final = "the workers judge by the due time that counts (pauses and policies move it), the ledger by the stated one"
TOLD: Final = "the ledger counts what was announced: what sla.v1 has brought to it"
SHARES: Final = "shares_of_time"

MAY_DIFFER: Final[Mapping[str, str]] = {
    **dict.fromkeys(("waiting", "declined", "in_process", "paused", "stopped"), STATES),
    **dict.fromkeys(PENDING, DUE),
    **dict.fromkeys(("breaches", "receipt_in_time", "receipt_late"), TOLD),
}
"""By measure, why it may differ."""
GROUPS: Final = (("waiting", "declined"), ("in_process", "paused", "stopped"))
"""Measures whose sum must be equal although each may differ."""


class Difference(NamedTuple):
    """Measures of a cell that differ: their sums, and why that may be. Empty: it must not."""

    measures: tuple[str, ...]
    live: int
    official: int
    why: str


def comparable(live: Totals, official: Totals) -> bool:
    """Whether both stand on the same events of cases, so that their figures may be compared.

    A live record names the position at which a partition last wrote one of its cells: behind records that changed no
    figure the positions differ although a comparison would be sound. So this is a sufficient sign, not a necessary one.
    """
    return _cases(live) == _cases(official)


def differences(live: Totals, official: Totals) -> list[Difference]:
    """What differs, what must not first. Measures that one of them does not count are left out."""
    silent = {*live.not_counted, *official.not_counted}
    counted = [name for name in MEASURES if name not in silent]
    found = [] if SHARES in silent else _of_shares(live.shares_of_time, official.shares_of_time)
    groups = [*((name,) for name in counted), *(group for group in GROUPS if not silent.intersection(group))]
    for names in groups:
        mine, theirs = (sum(getattr(one, name) for name in names) for one in (live, official))
        if mine != theirs:
            found.append(Difference(names, mine, theirs, MAY_DIFFER.get(names[0], "") if len(names) == 1 else ""))
    return sorted(found, key=lambda one: (bool(one.why), one.measures))


def _of_shares(live: tuple[int, ...], official: tuple[int, ...]) -> list[Difference]:
    """Bucket by bucket; none at all is the same as empty ones."""
    pairs = zip_longest(live, official, fillvalue=0)
    return [
        Difference((f"{SHARES}[{number}]",), mine, theirs, TOLD)
        for number, (mine, theirs) in enumerate(pairs)
        if mine != theirs
    ]


def _cases(one: Totals) -> dict[str, int]:
    return {name: at for name, at in one.positions.items() if name.rsplit("/", 1)[0] in CASE_TOPICS and at}
