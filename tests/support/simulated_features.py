"""What a simulated province must show: for each feature, how it is recognised in the events of one case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from lienthong_producers.domain.simulation.cases import SimulatedEvent, Step
from lienthong_schemas.calendar_table import HOUR
from tests.support.simulations import hours

Steps = Sequence[Step]


def _follows(steps: Steps, first: str, second: str) -> bool:
    return any((a.status, b.status) == (first, second) for a, b in pairwise(steps))


def _passes(steps: Steps, *statuses: str) -> bool:
    """Whether the statuses come in this order, others between them or not."""
    left = iter(step.status for step in steps)
    return all(status in left for status in statuses)


def _pause_ends(steps: Steps, *, restated: bool) -> bool:
    return any(
        a.status == "5" and b.status in ("2", "4") and a.due_at is not None and (a.due_at != b.due_at) is restated
        for a, b in pairwise(steps)
    )


def _appointments(steps: Steps) -> int:
    return sum(step.content.get("step") == "Xin lỗi và hẹn lại ngày trả" for step in steps)


def _late(steps: Steps) -> bool:
    return any(step.ended_at is not None and step.due_at is not None and step.ended_at > step.due_at for step in steps)


def _ends_at_due_instant(steps: Steps) -> bool:
    return any(step.ended_at is not None and step.ended_at == step.due_at for step in steps)


def _pause_near_due(steps: Steps) -> bool:
    return any(
        step.status == "5" and step.due_at is not None and abs(step.occurred_at - step.due_at) <= HOUR for step in steps
    )


def _left_open(steps: Steps, *statuses: str) -> bool:
    """Overdue by more than a week when the simulation ends."""
    last, end = steps[-1], hours().midnight(hours().calendar.first_day.replace(year=2026, month=5, day=13))
    open_still = last.ended_at is None and last.status in (statuses or ("2", "4", "5", "6"))
    return open_still and last.due_at is not None and last.due_at < end - 7 * 24 * HOUR


DOSSIER: Final[Mapping[str, Callable[[Steps], bool]]] = {
    "rated by who fetched the result": lambda s: s[-1].content.get("rating") in range(1, 6),
    "submitted online, then accepted": lambda s: _follows(s, "1", "2"),
    "accepted late": lambda s: (
        s[0].status == "1" and len(s) > 1 and hours().calendar.between(s[0].at, s[1].at) > 8 * HOUR
    ),
    "refused at intake": lambda s: _follows(s, "1", "3"),
    "withdrawn": lambda s: s[-1].status == "7" and s[-1].ended_at is not None,
    "supplement, due time stated anew": lambda s: _pause_ends(s, restated=True),
    "supplement, due time not stated anew": lambda s: _pause_ends(s, restated=False),
    "several supplements": lambda s: sum(step.status == "5" for step in s) >= 2,
    "refused after receipt (5 to 3)": lambda s: _follows(s, "5", "3") and s[-1].received_at is not None,
    "financial duty": lambda s: _follows(s, "6", "4") or _follows(s, "6", "2"),
    "extension": lambda s: _appointments(s) == 1,
    "second extension": lambda s: _appointments(s) == 2,
    "stopped": lambda s: s[-1].status == "8",
    "stopped and reopened": lambda s: _follows(s, "8", "4"),
    "result recalled (9 to 4)": lambda s: _follows(s, "9", "4") and _passes(s, "9", "4", "9"),
    "handed over to a department": lambda s: s[-1].epoch == 2 and s[-1].office.commune == "",
    "handed back": lambda s: s[-1].epoch == 3,
    "nobody holds it": lambda s: s[-1].change == "handover",
    "opening balance": lambda s: s[0].change == "opening",
    "opening balance, paused": lambda s: s[0].change == "opening" and s[0].status == "5",
    "opening balance, overdue": lambda s: s[0].change == "opening" and (s[0].due_at or s[0].at) < s[0].at,
    "skips a state (2 to 9)": lambda s: _follows(s, "2", "9"),
    "skips a state (1 to 4)": lambda s: _follows(s, "1", "4"),
    "office clock ahead": lambda s: s[0].accepted_at > s[0].at,
    "ended late": _late,
    "ended at the due instant": _ends_at_due_instant,
    "pause near the due time": _pause_near_due,
    "acceptance back-dated": lambda s: any(step.accepted_at - step.occurred_at > HOUR for step in s),
    "left open, overdue": _left_open,
    "result returned": lambda s: _follows(s, "9", "10"),
}
FIELD_REPORT: Final[Mapping[str, Callable[[Steps], bool]]] = {
    "rejected": lambda s: s[-1].status == "rejected",
    "hidden": lambda s: s[-1].status == "hidden",
    "duplicate": lambda s: s[-1].status == "duplicate" and s[-1].content["duplicate_of"].startswith("field-report:"),
    "forwarded": lambda s: s[-1].content.get("hops") == 1,
    "extended": lambda s: _passes(s, "extended", "resolved"),
    "reopened": lambda s: _passes(s, "resolved", "reopened", "in-progress"),
    "rated": lambda s: any(step.content.get("rating") for step in s),
    "resolved late": _late,
    "never handled": lambda s: s[-1].status == "assigned" and s[-1].at < s[0].at + 24 * HOUR,
}
PERIODIC_REPORT: Final[Mapping[str, Callable[[Steps], bool]]] = {
    "accepted": lambda s: _passes(s, "requested", "submitted", "accepted"),
    "announced first": lambda s: _follows(s, "announced", "requested"),
    "returned": lambda s: _passes(s, "submitted", "returned", "submitted"),
    "late": _late,
    "missing": lambda s: s[-1].status == "requested",
    "waived": lambda s: s[-1].status == "waived",
}
DOCUMENT: Final[Mapping[str, Callable[[Steps], bool]]] = {
    "handled": lambda s: _passes(s, "01", "03", "04", "06"),
    "refused": lambda s: _follows(s, "01", "02"),
    "taken back": lambda s: _follows(s, "13", "15"),
    "not taken back": lambda s: _follows(s, "13", "16"),
    "received late": lambda s: len(s) > 1 and hours().date_of(s[1].at) > hours().date_of(s[0].at),
    "done late": _late,
}
TASK: Final[Mapping[str, Callable[[Steps], bool]]] = {
    "confirmed": lambda s: _passes(s, "assigned", "in-progress", "reported", "confirmed"),
    "declined": lambda s: s[-1].status == "declined",
    "cancelled": lambda s: s[-1].status == "cancelled",
    "forgotten": lambda s: _left_open(s, "in-progress"),
    "suspended": lambda s: _follows(s, "suspended", "in-progress"),
    "extended": lambda s: _passes(s, "extended", "reported"),
    "sent back": lambda s: _passes(s, "reported", "returned", "in-progress", "reported"),
    "done late": _late,
}
FEATURES: Final = {
    "dossier": DOSSIER,
    "field-report": FIELD_REPORT,
    "periodic-report": PERIODIC_REPORT,
    "document": DOCUMENT,
    "task": TASK,
}
"""By kind of case."""


def count(cases: Iterable[Sequence[SimulatedEvent]], kind: str, feature: str) -> int:
    """How many of these cases show a feature; each is given by its events in order."""
    shows = FEATURES[kind][feature]
    return sum(shows([event.step for event in case]) for case in cases if case[0].case.kind == kind)
