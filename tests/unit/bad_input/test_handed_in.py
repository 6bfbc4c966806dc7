"""Input and rules that are refused when they are handed in: each row of `docs/operate/bad-input.md` that says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from lienthong_consumers.ledger.batch import Batch
from lienthong_consumers.ledger.reading import RecordReader
from lienthong_infra.dead_letter import letter_of_error
from lienthong_infra.ports import Record
from lienthong_producers.domain.json_lines import read_lines
from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import ContractError
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.procedure_catalogue import Row, import_rows
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_body import body_problems
from tests.support.bad_input import Became, kept_promise, letters, refused, rows, sections
from tests.support.calendars import VIETNAM_2026
from tests.support.cases import record
from tests.support.ledger_log import reference
from tests.support.policies import policy_data
from tests.support.senders import plain

HANDED_IN = "Handed in by an office (SDK, `lienthong publish`)"
RULES = "Rules (policies, calendars, catalogues of procedures)"


def line(**fields: object) -> list[Became]:
    """What becomes of a line of ``lienthong publish`` with these fields changed; None leaves a field out."""
    whole = {name: value for name, value in {**plain(), **fields}.items() if value is not None}
    return raw(json.dumps(whole).encode())


def raw(content: bytes) -> list[Became]:
    """What becomes of the bytes of a line."""
    (read,) = read_lines([content])
    return refused(read.problems)


def policy(**fields: Any) -> list[Became]:
    """What becomes of a policy with these fields."""
    return _refused_body(lambda: ClockPolicy.model_validate(policy_data(**fields)))


def calendar(**fields: Any) -> list[Became]:
    """What becomes of a calendar with these fields."""
    return _refused_body(lambda: Calendar.model_validate({**VIETNAM_2026, **fields}))


def catalogue(unit: str) -> list[Became]:
    """What becomes of a row of a catalogue of procedures with this unit."""
    row = Row(2, {"code": "1.004222", "unit": unit, "amount": 5, "name": ""})
    (found,) = import_rows([row], {"case_kind": "dossier", "source": "slip"}, "Decision 1").refused
    return refused(found.reasons)


def rule_on_the_bus() -> list[Became]:
    """What becomes of a policy without a source that somebody wrote to the topic by hand."""
    sent = reference("clock-policy", "dossier/x/*/processing", {"case_kind": "dossier"})
    there = Record(sent.topic, 0, 7, sent.key, sent.value, 0)
    try:
        RecordReader(SchemaBook()).read(Batch(), there)
    except ContractError as error:
        return letters([letter_of_error(there, error, consumer="ledger")])
    return []


def _refused_body(parse: Callable[[], object]) -> list[Became]:
    try:
        parse()
    except ValidationError as error:
        return refused(body_problems(error))
    return []


INPUTS: dict[str, Callable[[], list[Became]]] = {
    "a kind of case that the bus does not carry": lambda: line(kind="permit"),
    "no kind at all": lambda: line(kind=None),
    "a malformed office": lambda: line(office="Sở Tư pháp"),
    "a malformed commune": lambda: line(commune="1807"),
    "a time without a zone": lambda: line(occurred_at="2026-06-01T15:00:00"),
    "a time in the year 3026": lambda: line(due_at="3026-06-01T15:00:00+07:00"),
    "an empty status": lambda: line(status=""),
    "a field that does not exist": lambda: line(colour="red"),
    "an identity number in a free text": lambda: line(step="gọi 042090123456"),
    "a line that is no JSON": lambda: raw(b"{"),
    "an unknown unit of time": lambda: policy(unit="fortnight"),
    "a clock that would run for ever": lambda: policy(amount=4000),
    "a clock without any time": lambda: policy(amount=0),
    "an apology before the start": lambda: policy(apology_lead={"amount": 6, "unit": "working_day"}),
    "a sign in a name that parts the keys of announcements": lambda: policy(
        steps={"a|b": {"amount": 1, "unit": "working_hour"}}
    ),
    "a calendar on which nobody works": lambda: calendar(seasons=[{"hours": {}}], working_days=[]),
    "a unit of a catalogue that can mean two things": lambda: catalogue("giờ"),
    "a broken rule that is on the bus already": rule_on_the_bus,
}


@pytest.mark.parametrize("name", INPUTS)
def test_what_is_handed_in_becomes_what_the_page_says(name: str) -> None:
    """Refused at once, in these words."""
    row = {**rows(HANDED_IN), **rows(RULES)}[name]
    became = INPUTS[name]()
    assert kept_promise(row, became), became


def test_every_row_about_what_is_handed_in_is_tried() -> None:
    """And nothing is tried that the page leaves out."""
    assert set(rows(HANDED_IN)) | set(rows(RULES)) == set(INPUTS)


def test_the_page_has_no_section_that_nobody_tries() -> None:
    """Each is in one of the tests of this folder."""
    assert sections() == [HANDED_IN, "Written past the outbox", "Taken, and flagged", RULES]


def test_the_worker_goes_on_with_the_rules_that_it_can_read() -> None:
    """A broken version is no version: the one before it stays in force."""
    good = record("clock-policy", "dossier/*/*/processing", policy_data())
    broken = record("clock-policy", "dossier/*/*/processing", {"case_kind": "dossier"}, version=2)
    found = ReferenceBook((good, broken), 2).clock_policy("dossier", "x", 0)
    assert found is not None
    assert found[0] == good.record_id
