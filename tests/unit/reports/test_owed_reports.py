"""Reports that nobody has sent: who owes which, asked for once, and a clock that runs until they come.

Sources: Decree 09/2019/NĐ-CP (periods); seed S31 (communes report to the province); issue "C", item 5.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lienthong.offline.trial import announcements
from lienthong.report.request import request_reports
from lienthong_infra.errors import BadInputError
from lienthong_producers.outbox import Outbox
from lienthong_schemas.case_event import read_case_event
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.models import PeriodicReport
from lienthong_schemas.records import ClockEvent
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import load_reference
from lienthong_schemas.report_duties import owed_reports
from lienthong_streams.domain.timeline import Known
from tests.support.calendars import at

END: Instant = at("2026-10-15 00:00")
"""The end of 2026-M10."""
CASE = "periodic-report:H27:II.06A-2026-M10-H27.40.1"


@pytest.fixture(scope="module")
def book() -> ReferenceBook:
    """The packaged reference data of Việt Nam."""
    return ReferenceBook([entry.record(None) for entry in load_reference("vn")])


def test_every_commune_owes_the_form_of_the_month(book: ReferenceBook) -> None:
    """Three working days after the period; a department owes none, and no quarter is asked for."""
    owed = owed_reports(book, "2026-M10", END)
    assert [one.office for one in owed] == [f"H27.40.{number}" for number in range(1, 7)]
    assert (owed[0].commune, owed[0].case_id) == ("18073", CASE)
    assert {iso_of(one.due_at)[:10] for one in owed} == {"2026-10-20"}, "Friday, Monday, Tuesday"
    assert owed_reports(book, "2026-Q3", END) == []


def test_a_report_is_asked_for_once(book: ReferenceBook, tmp_path: Path) -> None:
    """As event 1 of its case; one that the receiver has numbered already stays as it is."""
    with Outbox(tmp_path / "outbox.sqlite", seq_by="gateway") as outbox:
        early = PeriodicReport(
            authority="H27",
            local="II.06A-2026-M10-H27.40.2",
            office="H27.40.2",
            occurred_at=datetime(2026, 10, 14, tzinfo=UTC),
            status="submitted",
            form="II.06a",
            period="2026-M10",
        )
        outbox.accept(early)
        first = request_reports(outbox, book, "2026-M10")
        again = request_reports(outbox, book, "2026-M10")
    assert (len(first[0]), first[1]) == (5, [str(early.case_id)])
    assert (again[0], len(again[1])) == ([], 6)
    with sqlite3.connect(tmp_path / "outbox.sqlite") as sql:
        assert sql.execute("SELECT count(*), max(seq) FROM entry").fetchone() == (6, 1)


def test_a_period_for_which_nobody_owes_anything_is_refused(book: ReferenceBook, tmp_path: Path) -> None:
    """It says where duties stand."""
    with (
        Outbox(tmp_path / "outbox.sqlite") as outbox,
        pytest.raises(BadInputError, match="nobody owes a report for 2026-Q3"),
    ):
        request_reports(outbox, book, "2026-Q3")


def test_a_report_that_never_comes_breaches(book: ReferenceBook, tmp_path: Path) -> None:
    """The event that asks for it starts the clock of the policy for periodic reports."""
    with Outbox(tmp_path / "outbox.sqlite", seq_by="gateway") as outbox:
        request_reports(outbox, book, "2026-M10", "H27")
    with sqlite3.connect(tmp_path / "outbox.sqlite") as sql:
        topic, key, value = sql.execute("SELECT topic, case_id, value FROM entry WHERE case_id = ?", (CASE,)).fetchone()
    event, _ = read_case_event(SchemaBook(), topic, key.encode(), value)
    told = announcements([Known(event, END)], book, at("2026-10-21 00:00"))
    clocks = [(one.kind, one.level, one.office) for one in told if isinstance(one, ClockEvent)]
    assert ("started", "", "H27.40.1") in clocks
    assert ("breached", "", "H27.40.1") in clocks
