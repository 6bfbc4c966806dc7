"""Reference data of a statutory form: when its periods end, when they are closed, and who owes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field, model_validator

from lienthong_schemas.policy_parts import Span
from lienthong_schemas.reference_body import Body
from lienthong_schemas.reporting_period import PeriodKind

DOSSIER_FORM: Final = "II.06"
"""The form that the ledger itself fills and publishes."""
USUAL_CLOSING_DAY: Final = 14
"""Where no record says otherwise (Decree 09/2019/NĐ-CP)."""
_Periods = Annotated[tuple[PeriodKind, ...], Field(min_length=1)]


class Duty(Body):
    """Who owes the form for which periods, and until when. ``due`` counts from the end of the period."""

    periods: _Periods
    units: Annotated[tuple[str, ...], Field(min_length=1)]
    """Codes of offices; ``*`` is every agency that leads a commune."""
    due: Span


class ReportForm(Body):
    """A form; the key of the record is its code, such as ``II.06``. It applies to periods that end from then on."""

    name: str
    closing_day: int = Field(default=USUAL_CLOSING_DAY, ge=1, le=28)
    """Last day of a period within its month."""
    periods: tuple[PeriodKind, ...] = ()
    """The periods of which the bus itself publishes the form at their closing."""
    grace_hours: int = Field(default=0, ge=0, le=31 * 24)
    """Hours of the bus's time between the end of a period and its closing, for offices that deliver late."""
    wait_for_complete: bool = False
    """Whether a period is closed before that, as soon as every office that owes data is complete through its end."""
    owed: tuple[Duty, ...] = ()
    receiver: str = ""
    """Code of the office that asks for it and numbers the reports; needed where it is owed."""
    source: str

    @model_validator(mode="after")
    def _sound(self) -> ReportForm:
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        if self.owed and not self.receiver:
            yield "receiver: name the office that asks for the reports that are owed"
        kinds = [kind for duty in self.owed for kind in duty.periods]
        if "day" in kinds:
            yield "owed: nobody owes a form for each day"
