"""Form 06b by field: the field is that of the period, and a procedure without one has a line of its own."""

from __future__ import annotations

from lienthong.report.form import FilledForm, FilledLine
from lienthong_consumers.domain.period_course import Counts
from lienthong_consumers.domain.period_lines import cut_of, lines_of, name_of
from lienthong_consumers.domain.period_report import Cell, Line
from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference import ReferenceBook
from tests.unit.reports.test_period_report import MARCH

RECORDS = [
    ReferenceRecord("procedure/p/1", "procedure", "p", 1, 0, 0, '{"name": "Khai sinh", "field": "F1", "source": "t"}'),
    ReferenceRecord("procedure/p/2", "procedure", "p", 2, MARCH.end, 0, '{"field": "F2", "source": "t"}'),
]
CELLS = {
    Cell("A", "", "p"): Line(online=1, late=1),
    Cell("B", "", "p"): Line(online=1, early=1),
    Cell("A", "", "unknown"): Line(direct=1, early=1),
    Cell("B", "", "gone"): Line(),
}


def test_the_field_is_that_of_the_period() -> None:
    """What a procedure becomes after the last day moves nothing; a line of zeros is none."""
    lines = lines_of(Counts(CELLS, {}), *cut_of("field", ReferenceBook(RECORDS), MARCH))
    assert lines == {"": Line(direct=1, early=1), "F1": Line(online=2, early=1, late=1)}


def test_a_line_without_a_field_says_so() -> None:
    """It is shown, counted and in the total."""
    book = ReferenceBook(RECORDS)
    lines = lines_of(Counts(CELLS, {}), *cut_of("field", book, MARCH))
    named = tuple(FilledLine(code, name_of("field", code, book, MARCH), line) for code, line in lines.items())
    form = FilledForm(MARCH, "field", "day", None, True, named)
    assert [row[:3] for row in form.rows()[1:]] == [["", "Chưa rõ lĩnh vực", 1], ["", "F1", 2], ["", "Tổng số", 3]]


def test_a_procedure_has_its_name_beside_its_code() -> None:
    """And one that nobody told has its code alone."""
    book = ReferenceBook(RECORDS)
    assert [name_of("procedure", code, book, MARCH) for code in ("p", "unknown")] == ["Khai sinh", ""]
