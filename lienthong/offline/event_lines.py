"""JSON lines of a history, one event a line, read whole: either every event, or all that is wrong in all lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from lienthong_infra.errors import BadInputError
from lienthong_producers.domain.json_lines import json_of
from lienthong_schemas.case_event import DIGEST_BYTES, CaseEvent, Handover, Opening
from lienthong_schemas.errors import IdentityError, InvalidCase
from lienthong_schemas.identity import CaseId, case_id
from lienthong_schemas.instants import Instant, instant_of
from lienthong_schemas.reference_body import body_problems
from lienthong_schemas.reference_files import canonical_json
from lienthong_schemas.statements import MAX_INT, MAX_LONG, Code, CommuneCode, Count, Moment, OfficeCode, Text
from lienthong_streams.domain.timeline import Known

Number = Annotated[int, Field(ge=1, le=MAX_INT, strict=True)]
LongNumber = Annotated[int, Field(ge=1, le=MAX_LONG, strict=True)]


def _identity(text: str) -> CaseId:
    parts = text.split(":", 2)
    if len(parts) != 3:
        raise IdentityError(f"{text!r} is no case id: it must read kind:authority:number")
    return case_id(*parts)


def _case(text: str) -> str:
    try:
        return str(_identity(text))
    except IdentityError as error:
        raise ValueError(str(error)) from None


Case = Annotated[str, AfterValidator(_case)]
"""A case id, brought into normal form."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HandoverPart(_Part):
    """The numbering goes to another office."""

    successor: OfficeCode
    next_epoch: Number
    last_seq: LongNumber


class OpeningPart(_Part):
    """What the clock had used before the history begins."""

    started_at: Moment
    used_seconds: Count = 0
    paused_seconds: Count = 0

    def balance(self) -> Opening:
        """As the engine takes it."""
        return Opening(instant_of(self.started_at), self.used_seconds, self.paused_seconds)


class EventLine(_Part):
    """A state of a case after a change. The names are those of the records on the bus, the rest has defaults."""

    case: Case
    """``kind:authority:number``."""
    at: Moment
    """When it happened."""
    status: Code
    office: OfficeCode = ""
    """Who holds the case; left out: the authority of the case id."""
    commune: CommuneCode = ""
    selector: Text = ""
    """Procedure, category, form or document type."""
    epoch: Number = 1
    seq: LongNumber | None = None
    """Left out: the number after that of the line before, within the case and epoch."""
    accepted_at: Moment | None = None
    """When the office's outbox took it; left out: at once."""
    known_at: Moment | None = None
    """When the bus knew it; left out: when it was accepted."""
    received_at: Moment | None = None
    due_at: Moment | None = None
    ended_at: Moment | None = None
    step: Text = ""
    urgency: Text = ""
    handover: HandoverPart | None = None
    opening: OpeningPart | None = None

    def contradictions(self) -> list[str]:
        """What is wrong between the fields."""
        problems = []
        if self.handover is not None and self.opening is not None:
            problems.append("handover, opening: an event is one of both at most")
        if self.handover is not None and self.handover.next_epoch <= self.epoch:
            problems.append(f"handover.next_epoch: it must be above the epoch {self.epoch} that it ends")
        return problems


def read_history(lines: Iterable[bytes], name: str) -> list[Known]:
    """Every event, in the order of the lines. ``name`` is how problems call the file.

    Raises BadInputError with every problem of every line, and where there is no event at all.
    """
    problems: list[str] = []
    found: list[Known] = []
    last: defaultdict[tuple[str, int], int] = defaultdict(int)
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            found.append(_known(_line_of(json_of(raw)), last))
        except InvalidCase as error:
            problems.extend(f"{name}:{number}: {problem}" for problem in error.problems)
    if not found and not problems:
        problems.append(f"{name}:1: there is no event in it")
    if problems:
        raise BadInputError(problems)
    return found


def _line_of(data: Any) -> EventLine:
    if not isinstance(data, dict):
        raise InvalidCase(["event: write an object with the fields case, at and status"])
    try:
        line = EventLine.model_validate(data)
    except ValidationError as error:
        raise InvalidCase(body_problems(error)) from error
    problems = line.contradictions()
    if problems:
        raise InvalidCase(problems)
    return line


def _known(line: EventLine, last: defaultdict[tuple[str, int], int]) -> Known:
    numbered = line.case, line.epoch
    seq = last[numbered] + 1 if line.seq is None else line.seq
    last[numbered] = seq
    accepted = instant_of(line.at if line.accepted_at is None else line.accepted_at)
    handover, opening = line.handover, line.opening
    event = CaseEvent(
        case_id=line.case,
        epoch=line.epoch,
        seq=seq,
        digest=_digest(line, seq),
        accepted_at=accepted,
        occurred_at=instant_of(line.at),
        office=line.office or _identity(line.case).authority,
        commune=line.commune,
        change="handover" if handover else "opening" if opening else "changed",
        status=line.status,
        received_at=_instant(line.received_at),
        due_at=_instant(line.due_at),
        ended_at=_instant(line.ended_at),
        selector=line.selector,
        handover=None if handover is None else Handover(**handover.model_dump()),
        opening=None if opening is None else opening.balance(),
        step=line.step,
        urgency=line.urgency,
    )
    return Known(event, accepted if line.known_at is None else instant_of(line.known_at))


def _instant(moment: datetime | None) -> Instant | None:
    return None if moment is None else instant_of(moment)


def _digest(line: EventLine, seq: int) -> bytes:
    """What makes two events with one number the same: all but when they were accepted and known."""
    content = line.model_dump(mode="json", exclude={"accepted_at", "known_at"})
    return sha256(canonical_json({**content, "seq": seq}).encode()).digest()[:DIGEST_BYTES]
