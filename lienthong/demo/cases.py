"""How a case of the simulated province goes: its events in time, for each kind. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from lienthong_schemas.models import CaseState, Document, Dossier, FieldReport, PeriodicReport, Task


@dataclass(frozen=True, slots=True)
class Office:
    """An office that hands events in. ``commune`` is its unit code of five digits, empty for a department."""

    code: str
    name: str
    commune: str


@dataclass(frozen=True, slots=True)
class HandIn:
    """What an office hands in, and when: seconds after the beginning of the wave."""

    at: float
    office: str
    state: CaseState


@dataclass(frozen=True, slots=True)
class Course:
    """How one case goes. Times are seconds after the beginning of the wave; ``ends`` is None for a case left open.

    ``pause`` (dossiers only): when it opens and closes, and the due time that is stated when it closes.
    """

    kind: str
    number: int
    office: Office
    opens: float
    due: float
    ends: float | None
    pause: tuple[float, float, float] | None = None

    @property
    def late(self) -> bool:
        """Whether its breach holds in the end, for a case whose due time lies within the wave."""
        due = self.due if self.pause is None else self.pause[2]
        return self.ends is None or self.ends > due


_STATES: Final = {
    "dossier": ("2", "4", "9"),
    "field-report": ("new", "verified", "assigned", "resolved"),
    "periodic-report": ("requested", "submitted"),
    "document": ("01", "03", "06"),
    "task": ("assigned", "in-progress", "reported"),
}
"""The usual way of a case of each kind, as the reference data allow it; the last state is its end."""
_SUPPLEMENT: Final = "5"
_AT_WORK: Final = "4"
_PROCEDURES: Final = ("1.004193", "1.004884", "2.000635", "1.005129")
_CATEGORIES: Final = ("lighting", "waste", "road", "tree")
_CHANNELS: Final = ("online", "direct", "post")
_REPORT_CHANNELS: Final = ("app", "hotline", "zalo")


def hand_ins(course: Course, begins: datetime) -> Iterator[HandIn]:
    """The events of a case in their order; ``begins`` is the beginning of the wave."""

    def moment(seconds: float) -> datetime:
        return begins + timedelta(seconds=seconds)

    for at, status, due in _steps(course):
        ended = course.ends is not None and at >= course.ends
        stated: dict[str, Any] = {
            "office": course.office.code,
            "commune": course.office.commune,
            "occurred_at": moment(at),
            "status": status,
            "received_at": moment(course.opens),
            "due_at": moment(due),
            "ended_at": moment(at) if ended else None,
        }
        yield HandIn(at, course.office.code, _state(course, begins, stated))


def _steps(course: Course) -> Iterator[tuple[float, str, float]]:
    """(when, state, stated due time) of each event."""
    *states, last = _STATES[course.kind]
    yield course.opens, states[0], course.due
    if course.pause is not None:
        opened, closed, due = course.pause
        yield opened, _SUPPLEMENT, course.due
        yield closed, _AT_WORK, due
    else:
        due = course.due
        until = due if course.ends is None else course.ends
        for number, status in enumerate(states[1:], start=1):
            yield course.opens + (until - course.opens) * number / (len(states) + 1), status, due
    if course.ends is not None:
        yield course.ends, last, due


def _state(course: Course, begins: datetime, stated: dict[str, Any]) -> CaseState:
    office, number = course.office, course.number
    if course.kind == "dossier":
        return Dossier(
            authority=office.code,
            local=f"{office.code}-{begins:%y%m%d}-{number:04}",
            procedure=_PROCEDURES[number % len(_PROCEDURES)],
            channel=_CHANNELS[number % len(_CHANNELS)],
            **stated,
        )
    if course.kind == "field-report":
        return FieldReport(
            authority=office.code,
            local=f"PA-{begins:%Y}-{number:06}",
            category=_CATEGORIES[number % len(_CATEGORIES)],
            channel=_REPORT_CHANNELS[number % len(_REPORT_CHANNELS)],
            **stated,
        )
    if course.kind == "periodic-report":
        return PeriodicReport(
            authority="H27",
            local=f"II.06A-M{begins:%m}-{office.code}-{number:04}",
            form="II.06a",
            period=f"{begins:%Y-M%m}",
            figures={"received_total": 400 + number, "resolved_total": 380 + number},
            **stated,
        )
    if course.kind == "task":
        return Task(
            authority="H27",
            local=f"NV-{begins:%y%m%d}-{number:04}",
            task_type="directive",
            assigned_by="H27",
            order_notation=f"{number}/KL-UBND",
            **stated,
        )
    return Document(
        authority="H27",
        local=f"{number}/UBND-NC.{office.code}",
        document_type="official-letter",
        sender="H27",
        code_notation=f"{number}/UBND-NC",
        **stated,
    )
