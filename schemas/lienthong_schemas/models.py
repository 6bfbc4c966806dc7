"""What a sender states about a case: frozen models of the five kinds, and the way from them to the Avro record.

The sender states the full state after a change; the bus adds identity, sequence and delivery (``case_record``).
``status`` and ``channel`` are checked against reference data, not here: their lists change without a new schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from lienthong_schemas.case_marks import HIGHEST_RATING, LOWEST_RATING
from lienthong_schemas.errors import IdentityError, InvalidCase
from lienthong_schemas.identity import case_id, event_id, parse_case_id
from lienthong_schemas.instants import Instant, instant_of
from lienthong_schemas.statements import (
    MAX_INT,
    MAX_LONG,
    Code,
    CommuneCode,
    Count,
    LocalNumber,
    Moment,
    OfficeCode,
    Text,
)

SeqBy = Literal["holder", "gateway"]
"""Who numbers the events of a case."""

Optional64 = Annotated[int | None, Field(ge=1, le=MAX_LONG)]
Rating = Annotated[int | None, Field(ge=LOWEST_RATING, le=HIGHEST_RATING)]
_PERIOD: Final = r"^[12][0-9]{3}(-(M(0[1-9]|1[0-2])|Q[1-4]|W(0[1-9]|[1-4][0-9]|5[0-3])|6M|9M))?$"


class _Statement(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class HandoverStatement(_Statement):
    """Another office numbers the case from now on; what is left out follows from the event's own number."""

    successor: OfficeCode
    next_epoch: Annotated[int | None, Field(ge=2, le=MAX_INT)] = None
    """The epoch that the successor uses; left out: the one after this."""
    last_seq: Optional64 = None
    """The last number of this epoch; left out: this event's own."""


class OpeningStatement(_Statement):
    """What the case's clock had used when the bus first heard of it."""

    started_at: Moment
    used_seconds: Count = 0
    paused_seconds: Count = 0


class CaseState(_Statement):
    """The state of a case after a change, as its office states it; what all kinds share."""

    kind: str
    authority: OfficeCode
    """The agency whose numbering ``local`` is."""
    local: LocalNumber
    office: OfficeCode
    """The office that holds the case after the change."""
    commune: CommuneCode = ""
    change: Literal["changed", "opening", "handover"] = "changed"
    occurred_at: Moment
    status: Code
    received_at: Moment | None = None
    due_at: Moment | None = None
    ended_at: Moment | None = None
    source_ref: Text | None = None
    handover: Annotated[HandoverStatement | None, Field(validate_default=True)] = None
    opening: Annotated[OpeningStatement | None, Field(validate_default=True)] = None

    @field_validator("handover", "opening")
    @classmethod
    def _with_its_change(cls, value: _Statement | None, info: ValidationInfo) -> _Statement | None:
        change = info.data.get("change")
        if change is not None and (value is not None) != (change == info.field_name):
            raise ValueError(f"it goes with change `{info.field_name}`, and only with it")
        return value

    @property
    def case_id(self) -> str:
        """``kind:authority:local`` in normal form; also the record's key."""
        return str(case_id(self.kind, self.authority, self.local))

    @property
    def topic(self) -> str:
        """The case topic of this kind, without the bus's prefix."""
        return f"{self.kind}.v1"


class Dossier(CaseState):
    """An administrative dossier (hồ sơ thủ tục hành chính)."""

    kind: Literal["dossier"] = "dossier"
    procedure: Code
    channel: Code
    step: Text = ""
    applicant_kind: Literal["citizen", "enterprise", "household", "unknown"] = "unknown"
    applicant: Annotated[str | None, Field(pattern="^[0-9a-f]{32,128}$")] = None
    """Keyed HMAC in hexadecimal, never an id or a name."""
    fee_paid: Literal["online", "cash", "none"] | None = None
    digitised: bool | None = None
    rating: Rating = None
    """Satisfaction of the citizen, 1 to 5."""


class FieldReport(CaseState):
    """A report from the field (phản ánh hiện trường)."""

    kind: Literal["field-report"] = "field-report"
    category: Code
    channel: Code
    urgency: Literal["urgent", "normal", "complex"] = "normal"
    duplicate_of: str | None = None
    hops: Annotated[int, Field(ge=0, le=MAX_INT)] = 0
    rating: Rating = None

    @field_validator("duplicate_of")
    @classmethod
    def _a_field_report(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                found = parse_case_id(text).kind
            except IdentityError as error:
                raise ValueError(str(error)) from None
            if found != "field-report":
                raise ValueError("it names no field report; write field-report:authority:local")
        return text


class PeriodicReport(CaseState):
    """A periodic report of a unit (báo cáo định kỳ)."""

    kind: Literal["periodic-report"] = "periodic-report"
    form: Code
    period: Annotated[str, Field(pattern=_PERIOD)]
    """A year, or a part of it: ``2026``, ``2026-M10``, ``2026-Q3``, ``2026-W41``, ``2026-6M``, ``2026-9M``."""
    figures: Mapping[Code, Count] = {}


class Document(CaseState):
    """An electronic document at one recipient (văn bản điện tử)."""

    kind: Literal["document"] = "document"
    document_type: Code
    sender: OfficeCode
    code_notation: Text = ""
    urgency: Literal["normal", "urgent", "very-urgent", "immediate"] = "normal"
    signature: Literal["valid", "invalid", "absent"] | None = None
    file_digest: Annotated[str | None, Field(pattern="^[0-9a-f]{64}$")] = None


class Task(CaseState):
    """A task (nhiệm vụ) given to an office; never the name of a person."""

    kind: Literal["task"] = "task"
    task_type: Code
    assigned_by: OfficeCode
    order_notation: Text = ""
    urgency: Literal["normal", "urgent", "very-urgent", "immediate"] = "normal"
    progress: Annotated[int | None, Field(ge=0, le=100)] = None
    """Percent."""


CASE_MODELS: Final[Mapping[str, type[CaseState]]] = {
    "dossier": Dossier,
    "field-report": FieldReport,
    "periodic-report": PeriodicReport,
    "document": Document,
    "task": Task,
}
"""The model of each kind of case."""

_WORDS: Final[Mapping[str, str]] = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field; check its spelling or leave it out",
    "string_unicode": "it contains control characters or broken letters; write plain text in one line",
    "string_type": "it is no text; write it in quotes",
    "int_type": "it is no whole number",
    "bool_type": "write true or false",
    "model_type": "it is no object; write its fields in braces",
    "mapping_type": "it is no object; write name and number in braces",
    "greater_than_equal": "it is too small; write {ge} or more",
    "less_than_equal": "it is too large; write {le} or less",
    "string_too_long": "it is too long; write at most {max_length} characters",
}
_PATTERNS: Final[Mapping[str, str]] = {
    "period": "it is no period; write 2026, 2026-M10, 2026-Q3, 2026-W41, 2026-6M or 2026-9M",
    "file_digest": "it is no SHA-256; write 64 hexadecimal digits in lower case",
    "applicant": "it is no pseudonym; write 32 to 128 hexadecimal digits in lower case, never an id or a name",
}


def _problem(error: Mapping[str, Any]) -> str:
    place = ".".join(map(str, error["loc"])) or "event"
    if error["type"] == "string_pattern_mismatch":
        return f"{place}: {_PATTERNS[str(error['loc'][-1])]}"
    if error["type"] == "literal_error":
        return f"{place}: write {error['ctx']['expected']}"
    words = _WORDS.get(error["type"])
    message = error["msg"].removeprefix("Value error, ") if words is None else words.format(**error.get("ctx", {}))
    return f"{place}: {message}"


def parse_case_state(data: Mapping[str, object]) -> CaseState:
    """The state that a sender hands in as plain data; its ``kind`` says which. Raises InvalidCase with every problem.

    The problems name fields and never repeat what was written in free text: it may be personal.
    """
    if not isinstance(data, Mapping):
        raise InvalidCase(["event: it is no object; write its fields in braces"])
    kind = data.get("kind")
    model = CASE_MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        fault = "it is missing" if kind is None else "it is no kind of case that can be published"
        raise InvalidCase([f"kind: {fault}; write {', '.join(CASE_MODELS)}"])
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidCase([_problem(each) for each in error.errors(include_url=False)]) from None


_IDENTITY: Final = frozenset(("kind", "authority", "local", "handover", "opening"))


def _instant(moment: datetime | None) -> Instant | None:
    return None if moment is None else instant_of(moment)


def _handover(state: CaseState, epoch: int, seq: int) -> dict[str, Any] | None:
    stated = state.handover
    if stated is None:
        return None
    next_epoch = epoch + 1 if stated.next_epoch is None else stated.next_epoch
    last_seq = seq if stated.last_seq is None else stated.last_seq
    problems = []
    if next_epoch <= epoch:
        problems.append(f"handover.next_epoch: it must be above the epoch {epoch} that ends; or leave it out")
    if last_seq < seq:
        problems.append(f"handover.last_seq: it must not be below this event's own number {seq}; or leave it out")
    if problems:
        raise InvalidCase(problems)
    return {"successor": stated.successor, "next_epoch": next_epoch, "last_seq": last_seq}


def _opening(state: CaseState) -> dict[str, Any] | None:
    stated = state.opening
    if stated is None:
        return None
    return {
        "started_at": instant_of(stated.started_at),
        "used_seconds": stated.used_seconds,
        "paused_seconds": stated.paused_seconds,
    }


def case_record(
    state: CaseState,
    *,
    epoch: int,
    seq: int,
    seq_by: SeqBy,
    accepted_at: Instant,
    previous: str | None,
) -> dict[str, Any]:
    """The Avro record of a state, with its place in the case. Raises InvalidCase where a handover does not fit it."""
    case = state.case_id
    record: dict[str, Any] = {
        "accepted_at": accepted_at,
        "previous": previous,
        "case_id": case,
        "epoch": epoch,
        "seq": seq,
        "seq_by": seq_by,
        "event_id": event_id(state.office, case, epoch, seq),
        "handover": _handover(state, epoch, seq),
        "opening": _opening(state),
    }
    for name in type(state).model_fields:
        if name not in _IDENTITY:
            value = getattr(state, name)
            record[name] = _instant(value) if isinstance(value, datetime) else value
    return record
