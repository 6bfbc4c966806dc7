"""What offices count of their own dossiers, as clerks do: by date, by the office that received, from one reset on.

The names follow the columns of form II.06 (Circular 01/2020/TT-VPCP). A dossier counts as resolved once, however often
its result is recalled; one that is refused after its receipt counts as resolved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_schemas.instants import Instant

_RESOLVING: Final = frozenset(("3", "7", "9"))
DateOf = Callable[[Instant], date]


class _Open(NamedTuple):
    office: str
    due_at: Instant | None


class Figures:
    """Counts while the simulation goes on, for several forms at once. ``date_of`` gives a local date."""

    def __init__(self, date_of: DateOf, forms: Sequence[str]) -> None:
        self._date_of = date_of
        self._open: dict[str, _Open] = {}
        self._resolved: set[str] = set()
        self._counts: dict[str, defaultdict[str, Counter[str]]] = {form: defaultdict(Counter) for form in forms}

    def see(self, event: SimulatedEvent) -> None:
        """Count an event of a dossier."""
        case, step = event.case, event.step
        if step.received_at is None:
            return
        if case.case_id in self._resolved:
            if event.next_at is None:
                self._resolved.remove(case.case_id)
            return
        if case.case_id not in self._open:
            online = "online" if case.content["channel"] == "online" else "direct"
            self._count(case.authority, "carried_over" if step.change == "opening" else f"received_{online}")
        if step.status in _RESOLVING:
            self._open.pop(case.case_id, None)
            self._count(case.authority, self._outcome(step.ended_at or step.occurred_at, step.due_at))
            if event.next_at is not None:
                self._resolved.add(case.case_id)
        else:
            self._open[case.case_id] = _Open(case.authority, step.due_at)

    def snapshot(self, form: str, closing: Instant) -> Mapping[str, Mapping[str, int]]:
        """By office, what was counted since the last reset of a form, with what is pending at an instant."""
        found = {office: Counter(counts) for office, counts in self._counts[form].items()}
        for dossier in self._open.values():
            late = dossier.due_at is not None and dossier.due_at < closing
            found.setdefault(dossier.office, Counter())["pending_late" if late else "pending_in_time"] += 1
        return {office: _totals(counts) for office, counts in found.items()}

    def reset(self, form: str) -> None:
        """A new period begins: what is open is carried over."""
        self._counts[form] = defaultdict(Counter)
        for dossier in self._open.values():
            self._counts[form][dossier.office]["carried_over"] += 1

    def _count(self, office: str, name: str) -> None:
        for counts in self._counts.values():
            counts[office][name] += 1

    def _outcome(self, ended_at: Instant, due_at: Instant | None) -> str:
        if due_at is None:
            return "resolved_on_time"
        ended, due = self._date_of(ended_at), self._date_of(due_at)
        return "resolved_early" if ended < due else "resolved_on_time" if ended == due else "resolved_late"


NAMES: Final = (
    "received_total", "received_online", "received_direct", "carried_over",
    "resolved_total", "resolved_early", "resolved_on_time", "resolved_late",
    "pending_total", "pending_in_time", "pending_late",
)  # fmt: skip


def _totals(counts: Counter[str]) -> dict[str, int]:
    counts["received_total"] = sum(counts[name] for name in NAMES[1:4])
    counts["resolved_total"] = sum(counts[name] for name in NAMES[5:8])
    counts["pending_total"] = sum(counts[name] for name in NAMES[9:11])
    return {name: counts[name] for name in NAMES}


NOTHING_COUNTED: Final[Mapping[str, int]] = dict.fromkeys(NAMES, 0)
