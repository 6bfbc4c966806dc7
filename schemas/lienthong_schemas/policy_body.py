"""The body of a clock policy: how long a kind of case may take, and by which rules its time is counted.

Every legal parameter is here, with effective dates (those of the record) and its source, and none is in the code. A
policy applies to clocks that start while it is valid; a later version moves no clock that runs already, unless it says
so (``applies_to_running``). Several records may cover one kind of case: one for each selector, urgency and clock.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from lienthong_schemas.calendar_table import HOUR
from lienthong_schemas.policy_parts import (
    DAY_UNITS,
    WORKING_UNITS,
    Amount,
    CutOff,
    EscalationLevel,
    ReportingPeriod,
    Span,
    Supplement,
    Unit,
    WarningLevel,
    span_problem,
)
from lienthong_schemas.reference_body import Body
from lienthong_schemas.statements import Code

CLOCKS: Final = ("processing", "acceptance", "apology", "supplement", "receipt", "sync")
_STEP: Final = re.compile(r"step/[^\s/](?:.{0,98}[^\s])?")


class ClockPolicy(Body):
    """How long a clock may run, and how its time is counted."""

    case_kind: Literal["dossier", "field-report", "periodic-report", "document", "task"]
    selector: Code = "*"
    """Procedure, category, form or document type; ``*`` covers all."""
    urgency: Code = "*"
    """The urgency that a field report or document states; ``*`` covers all."""
    clock: str = "processing"
    """``processing``, ``acceptance``, ``apology``, ``supplement``, ``receipt``, ``sync`` or ``step/<name>``."""
    name: str = ""
    """What people call the procedure or category."""
    mode: Literal["computed", "stated"] = "computed"
    """stated: the due time is the one that the office states; nothing is computed."""
    unit: Unit | None = None
    amount: Amount | None = None
    days: Literal["dates", "hours"] | None = None
    """How working days are counted. dates: from the day after receipt (procedures). hours: 8 working hours to the day
    (internal steps). Left out: dates, for steps hours."""
    intake: Literal["office-hours", "always"] | None = None
    """What comes outside office hours counts from the next session, or at once. Left out: at once where hours or
    minutes of the clock are counted, else from the next session."""
    cut_off: CutOff | None = None
    start_status: Code | None = None
    """The status with which the clock starts; left out: the first in which the table of states lets it run."""
    acceptance: Span | None = None
    """How long the office may take to accept or refuse what was submitted."""
    supplement: Supplement | None = None
    financial_duty_pause: bool = True
    """Whether the clock stands still while a financial duty is open (nghĩa vụ tài chính)."""
    max_extensions: Annotated[int, Field(ge=0, le=100, strict=True)] = 1
    """How often a new appointment may be given."""
    apology_lead: Span | None = None
    """How long before the due time the apology must be out at the latest."""
    warnings: tuple[WarningLevel, ...] = ()
    escalations: tuple[EscalationLevel, ...] = ()
    steps: Mapping[Code, Span] = {}
    """The time of each internal step, by its name."""
    due_precision: Literal["instant", "day"] = "instant"
    """day: due at closing time of the due day, as forms count."""
    calendar: Code = "default"
    """The key of the calendar."""
    period: ReportingPeriod | None = None
    applies_to_running: bool = False
    """Whether it moves clocks that started under an earlier version."""
    source: Annotated[str, Field(min_length=1)]
    """The law, decision or form that it comes from."""

    @field_validator("clock")
    @classmethod
    def _known_clock(cls, clock: str) -> str:
        if clock not in CLOCKS and not _STEP.fullmatch(clock):
            raise ValueError(f"{clock!r} is no clock; known clocks: {', '.join(CLOCKS)} and step/<name>")
        return clock

    @model_validator(mode="after")
    def _sound(self) -> ClockPolicy:
        problems = list(_problems(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @cached_property
    def span(self) -> Span | None:
        """The time of its own clock; None where the due time is stated."""
        return None if self.unit is None or self.amount is None else Span(amount=self.amount, unit=self.unit)

    @cached_property
    def worked_out(self) -> dict[str, Any]:
        """What ``policy_due`` has found out about each clock: every due time asks for it."""
        return {}

    def spans(self) -> Mapping[str, Span]:
        """The time of every clock that it covers, by the name of the clock: its own first, then the others."""
        return self.by_clock

    @cached_property
    def by_clock(self) -> Mapping[str, Span]:
        """See ``spans``; every due time asks for it."""
        asked = self.supplement
        found = {self.clock: self.span, "acceptance": self.acceptance}
        found |= {"supplement": asked.limit if asked else None, "notice": asked.notice if asked else None}
        found.update({f"step/{name}": span for name, span in self.steps.items()})
        return {clock: span for clock, span in found.items() if span is not None}


def policy_key(case_kind: str, selector: str, urgency: str, clock: str) -> str:
    """The key of a policy's record: ``dossier/1.004222/*/processing``."""
    return f"{case_kind}/{selector}/{urgency}/{clock}"


def _problems(policy: ClockPolicy) -> Iterator[str]:
    """What is wrong between the fields of a policy."""
    if policy.mode == "stated":
        if policy.unit is not None or policy.amount is not None:
            yield "unit, amount: the due time is the stated one; leave them out, or write mode computed"
    elif policy.unit is None or policy.amount is None:
        yield "unit, amount: both are needed to compute a due time; or write mode stated"
    else:
        yield from _problems_of_counting(policy, policy.unit, policy.amount)
    yield from _problems_of_scope(policy)
    yield from _problems_of_spans(policy)


def _problems_of_counting(policy: ClockPolicy, unit: Unit, amount: Decimal) -> Iterator[str]:
    problem = span_problem(amount, unit)
    if problem:
        yield f"amount: {problem}"
    if not amount and not (unit == "working_day" and policy.due_precision == "day"):
        yield "amount: it must be above 0; 0 means within the day, for working_day with due_precision day"
    if policy.days is not None and unit != "working_day":
        yield f"days: it says how working days are counted, not {unit}"
    if policy.intake == "always" and unit in WORKING_UNITS:
        yield f"intake: {unit} is counted in office hours; leave it out, or write office-hours"
    if policy.due_precision == "day" and unit not in DAY_UNITS:
        yield f"due_precision: {unit} is due at an instant; day goes with calendar_day and working_day"


def _problems_of_scope(policy: ClockPolicy) -> Iterator[str]:
    for name, text in _texts_of_keys(policy):
        if "|" in text:
            yield f"{name}: {text!r} must not contain |, which parts the keys of announcements"
    if policy.urgency != "*" and policy.case_kind not in ("field-report", "document", "task"):
        yield f"urgency: a {policy.case_kind} states none; leave it out"
    if policy.period is not None and policy.case_kind != "periodic-report":
        yield f"period: a {policy.case_kind} has none; leave it out"
    for name in ("acceptance", "supplement", "apology_lead", "steps", "period"):
        if getattr(policy, name) and policy.clock != "processing":
            yield f"{name}: it belongs to the policy of the clock processing"
    for name, levels in (("warnings", policy.warnings), ("escalations", policy.escalations)):
        for level, count in Counter(each.level for each in levels).items():
            if count > 1:
                yield f"{name}: level {level!r} is listed {count} times"


def _texts_of_keys(policy: ClockPolicy) -> Iterator[tuple[str, str]]:
    """(field, text) of what stands in the keys of announcements or in the ids of records."""
    yield from (("selector", policy.selector), ("urgency", policy.urgency), ("calendar", policy.calendar))
    yield from (("clock", policy.clock), *(("steps", name) for name in policy.steps))
    yield from (("warnings", each.level) for each in policy.warnings)
    yield from (("escalations", each.level) for each in policy.escalations)


def _problems_of_spans(policy: ClockPolicy) -> Iterator[str]:
    """Spans of nothing, and parts that are longer than the whole."""
    sound = policy.unit and policy.amount is not None and not span_problem(policy.amount, policy.unit)
    whole = policy.span if sound else None
    supplement = policy.supplement
    parts = {
        "acceptance": policy.acceptance,
        "supplement.limit": supplement.limit if supplement else None,
        "supplement.notice": supplement.notice if supplement else None,
        "apology_lead": policy.apology_lead,
        **{f"warnings.{each.level}.before": each.before for each in policy.warnings},
        **{f"steps.{name}": span for name, span in policy.steps.items()},
    }
    for name, span in parts.items():
        if span is not None and not span.amount:
            yield f"{name}: the amount must be above 0"
    before = {name: span for name, span in parts.items() if name == "apology_lead" or name.endswith(".before")}
    for name, span in before.items():
        if span and whole and span.is_working == whole.is_working and span.microseconds >= whole.microseconds:
            yield f"{name}: {span.text()} before the due time is before the start: there are only {whole.text()}"
    steps = sum(span.microseconds for span in policy.steps.values() if span.is_working)
    if whole and whole.is_working and steps > whole.microseconds:
        yield f"steps: together {steps / HOUR:g} working hours, and there are only {whole.text()}"
