"""The field of a procedure is reference data: it applies from a day, and what nobody told is empty."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong_producers.domain.simulation.procedures import PROCEDURES
from lienthong_producers.domain.simulation.province import province
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference import ReferenceBook, parse_body
from lienthong_schemas.reference_files import canonical_json, load_reference

DAY: int = 24 * 3_600 * 1_000_000


def told(key: str, field: str, version: int = 1, valid_from: Instant = 0) -> ReferenceRecord:
    """A record of a procedure's field."""
    body: dict[str, Any] = {"name": key, "field": field, "source": "test"}
    return ReferenceRecord(
        f"procedure/{key}/{version}", "procedure", key, version, valid_from, valid_from, canonical_json(body)
    )


def test_the_field_is_that_of_the_day() -> None:
    """A report of a past period keeps the field that the procedure had then."""
    book = ReferenceBook([told("1.001193", "Tư pháp"), told("1.001193", "Hộ tịch", 2, 10 * DAY)])
    assert [book.field_of("1.001193", at) for at in (-1, 0, 10 * DAY)] == ["", "Tư pháp", "Hộ tịch"]
    assert book.fields(0) == ("Tư pháp",)


@pytest.mark.parametrize(
    ("selector", "field"),
    [
        ("1.001193", "Hộ tịch"),
        ("1.001193.000.00.00.H27", "Hộ tịch"),
        ("1.001193.000.00.00.H26", "Hộ tịch của H26"),
        ("1.0011930", ""),
        ("9.999999", ""),
        ("", ""),
    ],
)
def test_a_code_with_an_agency_behind_it_has_the_national_field(selector: str, field: str) -> None:
    """Unless it has a record of its own; a longer number is another procedure."""
    book = ReferenceBook([told("1.001193", "Hộ tịch"), told("1.001193.000.00.00.H26", "Hộ tịch của H26")])
    assert book.field_of(selector, 0) == field


def test_a_procedure_without_a_field_is_refused() -> None:
    """An empty field would look like one that nobody told."""
    with pytest.raises(CatalogueError, match="field: it must not be empty"):
        parse_body(told("1.001193", ""))


def test_every_procedure_of_the_simulation_has_a_field() -> None:
    """So that a simulated province shows form 06b by field."""
    book = ReferenceBook([entry.record(None) for entry in reference_entries(province(1, 1))])
    at = 1_800_000_000_000_000
    assert {each.code: book.field_of(each.code, at) for each in PROCEDURES} == {
        each.code: each.field for each in PROCEDURES
    }


def test_the_packaged_procedures_with_a_policy_have_a_field() -> None:
    """All that have a national code."""
    entries = load_reference("vn")
    book = ReferenceBook([entry.record(None) for entry in entries])
    codes = [entry.key.split("/")[1] for entry in entries if entry.key.startswith(("dossier/1.", "dossier/3."))]
    assert codes
    assert [code for code in codes if not book.field_of(code, 1_800_000_000_000_000)] == []
