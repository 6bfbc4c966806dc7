"""The parts of a clock policy: spans of time, the cut-off, supplements, levels of warning and escalation."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from lienthong_schemas.calendar_hours import TimeText
from lienthong_schemas.calendar_table import HOUR, MINUTE, WORKING_DAY
from lienthong_schemas.reference_body import Body
from lienthong_schemas.statements import Code

Unit = Literal["calendar_minute", "calendar_hour", "calendar_day", "working_hour", "working_day"]
DAY_UNITS: Final = frozenset(("calendar_day", "working_day"))
WORKING_UNITS: Final = frozenset(("working_hour", "working_day"))

_MINUTES: Final[Mapping[str, int]] = {
    "calendar_minute": 1,
    "calendar_hour": 60,
    "calendar_day": 24 * 60,
    "working_hour": 60,
    "working_day": WORKING_DAY // MINUTE,
}
LONGEST_YEARS: Final = 10
"""A clock that runs longer is a slip of the pen."""
_LONGEST: Final = {True: LONGEST_YEARS * 262 * WORKING_DAY, False: LONGEST_YEARS * 366 * 24 * HOUR}
"""Microseconds, of working time (262 days of the week in a year) and of the clock."""


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError(f"{value!r} is no number")
    return value


Amount = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, decimal_places=4, max_digits=12, allow_inf_nan=False)]
Share = Annotated[Decimal, BeforeValidator(_number), Field(gt=0, lt=1, allow_inf_nan=False)]


class Span(Body):
    """A length of time in a unit."""

    amount: Amount
    unit: Unit

    @model_validator(mode="after")
    def _sound(self) -> Span:
        problem = span_problem(self.amount, self.unit)
        if problem:
            raise ValueError(problem)
        return self

    @cached_property
    def microseconds(self) -> int:
        """Its length, exact: of working time for working units (8 hours to the day), else of the clock."""
        return _microseconds(self.amount, self.unit)

    @property
    def is_working(self) -> bool:
        """Whether it counts working time or working days."""
        return self.unit in WORKING_UNITS

    def text(self) -> str:
        """As people write it: ``5 working_day``."""
        return self.written

    @cached_property
    def written(self) -> str:
        """See ``text``; every due time says it."""
        return _text(self.amount, self.unit)


def span_problem(amount: Decimal, unit: Unit) -> str:
    """What is wrong with so much of a unit; empty where nothing is."""
    if _microseconds(amount, unit) > _LONGEST[unit in WORKING_UNITS]:
        return f"{_text(amount, unit)} are more than ten years: such a clock would as good as run for ever"
    if unit == "calendar_day" and amount % 1:
        return f"{_text(amount, unit)}: calendar days are counted whole"
    return ""


def _microseconds(amount: Decimal, unit: Unit) -> int:
    return int(amount * (_MINUTES[unit] * MINUTE))


def _text(amount: Decimal, unit: Unit) -> str:
    return f"{amount.normalize():f} {unit}"


class CutOff(Body):
    """What comes too late in the day counts from the next working day. Exactly one of the first two is given."""

    at: TimeText | None = None
    """Later than this time of day is too late; on the dot is in time."""
    before_closing_minutes: Annotated[int, Field(gt=0, lt=24 * 60, strict=True)] | None = None
    """The last minutes before closing time, from their first instant on, are too late."""
    counts_from: TimeText | None = None
    """The time of day on the next working day, where it is not the opening."""

    @model_validator(mode="after")
    def _one_rule(self) -> CutOff:
        if (self.at is None) == (self.before_closing_minutes is None):
            raise ValueError("give either at (a time of day) or before_closing_minutes")
        return self


class Supplement(Body):
    """What happens to the clock while papers are missing (yêu cầu bổ sung)."""

    mode: Literal["pause", "restart"]
    """pause: the due time moves by the wait. restart: the time begins again once the papers are complete."""
    limit: Span | None = None
    """How long the applicant may take."""
    then_status: Code | None = None
    """The status that the case is to be given once the limit has passed."""
    notice: Span | None = None
    """How long the office may take to say what is missing, all of it in one notice."""
    max_requests: Annotated[int, Field(ge=1, le=100, strict=True)] | None = None

    @model_validator(mode="after")
    def _what_follows(self) -> Supplement:
        if (self.limit is None) != (self.then_status is None):
            raise ValueError("limit and then_status go together: say what follows once the limit has passed")
        return self


class WarningLevel(Body):
    """A level of warning before the due time: after a share of the time, or a span before the end."""

    level: Code
    share: Share | None = None
    before: Span | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> WarningLevel:
        if (self.share is None) == (self.before is None):
            raise ValueError("give either share (of the time, between 0 and 1) or before (the due time)")
        return self


class EscalationLevel(Body):
    """A level of escalation: how long after the due time, and who is told."""

    level: Code
    after: Span
    tell: Annotated[tuple[Code, ...], Field(min_length=1)]
    """Roles, such as ``officer``, ``head-of-office``, ``commune-chair``, ``province``."""


class ReportingPeriod(Body):
    """How the figures of a periodic report are cut off; see ``reporting_period``."""

    closing_day: Annotated[int, Field(ge=1, le=28, strict=True)]
    """The last day of a period within its month: 14 for "from the 15th to the 14th"."""
