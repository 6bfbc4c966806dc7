"""Files of other systems: which headings are understood, and what is wrong with a file, row by row."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from lienthong.reconcile.headings import FIELDS, FIGURES, STATUSES, fields_of
from lienthong.reconcile.sheet import Sheet, read_sheet
from lienthong.reconcile.theirs import dossiers_of, figures_of, impossible
from lienthong.report.form import HEADINGS
from lienthong_infra.errors import BadInputError
from lienthong_schemas.instants import iso_of
from lienthong_schemas.reference import States, parse_body
from lienthong_schemas.reference_files import load_reference

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def unit_of(code: str, name: str) -> str:
    """Two units."""
    known = {"H27.16": "H27.16", "Sở Y tế": "H27.17"}
    if code in known or name in known:
        return known.get(code) or known[name]
    raise ValueError(f"{code or name} is no unit")


def sheet(tmp_path: Path, text: str) -> Sheet:
    """A CSV file as it is read."""
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    return read_sheet(path)


def test_the_headings_of_the_form_are_understood() -> None:
    """Also with the numbers of columns, other capitals, blanks and another form of Unicode."""
    plain = fields_of(["Mã", "Đơn vị", *HEADINGS])
    assert plain == ["unit", "name", *FIGURES]
    decorated = [f"({number})  {text.upper()} " for number, text in enumerate(HEADINGS, start=2)]
    assert fields_of(["STT", "ĐƠN VỊ", *decorated]) == ["", "name", *FIGURES]
    assert fields_of(["Tổng số tiếp nhận (2)=(3)+(4)+(5)"]) == ["received"]


def test_every_field_has_a_heading_of_its_own() -> None:
    """Two meanings of one heading would be a guess."""
    assert set(FIGURES) <= set(FIELDS.values())


def test_the_statuses_are_those_of_the_national_code_list() -> None:
    """By the labels that the reference data give them."""
    (body,) = [
        parse_body(entry.record(None))
        for entry in load_reference("vn")
        if entry.kind == "states" and entry.key == "dossier"
    ]
    assert isinstance(body, States)
    assert {label.lower(): status for status, label in body.labels.items()} == dict(STATUSES)


def test_figures_are_read_from_a_workbook_with_titles(tmp_path: Path) -> None:
    """The heading is found below the titles; the bottom line is no unit; numbers may have separators."""
    book = openpyxl.Workbook()
    book.active.append(["Biểu II.06"])
    book.active.append(["STT", "Mã", "Đơn vị", *HEADINGS])
    book.active.append([1, "H27.16", "", 1200, 1000, 100, 100, 700, 100, 500, 100, 500, 400, 100])
    book.active.append([2, "", "Sở Y tế", "1.200", "1.000", 100, 100, 700, 100, 500, 100, 500, 400, 100])
    book.active.append(["", "", "Tổng cộng", *[0] * 11])
    book.save(tmp_path / "file.xlsx")
    found, faults = figures_of(read_sheet(tmp_path / "file.xlsx"), unit_of)
    assert (faults, list(found)) == ([], ["H27.16", "H27.17"])
    assert found["H27.16"] == found["H27.17"]
    assert list(found["H27.16"].values()) == [1200, 1000, 100, 100, 700, 100, 500, 100, 500, 400, 100]


def test_every_fault_of_figures_is_listed_with_its_row(tmp_path: Path) -> None:
    """And the sound rows are compared all the same."""
    text = (
        "Mã;Tổng số tiếp nhận;Tổng số đã giải quyết;Trước hạn\n"
        "H27.16;3;5;0\nH27.99;1;1;0\nH27.16;1;1;1\nSở Y tế;x;1;-1\n\nSở Y tế;2;1;1\n"
    )
    found, faults = figures_of(sheet(tmp_path, text.replace("Mã;", "Đơn vị;")), lambda code, name: unit_of(name, name))
    assert found == {
        "H27.16": {"received": 3, "resolved": 5, "early": 0},
        "H27.17": {"resolved": 1},
    }
    assert [(fault.row, fault.what.split(";")[0]) for fault in faults] == [
        (2, "resolved 5 is more than received 3"),
        (3, "H27.99 is no unit"),
        (4, "H27.16 stands twice"),
        (5, "received: 'x' is no count"),
        (5, "early: '-1' is no count"),
        (7, "H27.17 stands twice"),
    ]


@pytest.mark.parametrize(
    ("numbers", "what"),
    [
        ({"received": 5, "new_online": 1, "new_direct": 1, "carried_over": 1}, "received is 5"),
        ({"resolved": 5, "early": 1, "on_time": 1, "late": 1}, "resolved is 5"),
        ({"pending": 5, "pending_in_time": 1, "pending_late": 1}, "pending is 5"),
        ({"received": 5, "resolved": 1, "pending": 1}, "received is 5"),
    ],
)
def test_sums_that_do_not_add_up_are_said(numbers: dict[str, int], what: str) -> None:
    """With both sides of the sum."""
    (found,) = impossible(numbers)
    assert found.startswith(what)


def test_dossiers_are_read_with_days_or_instants(tmp_path: Path) -> None:
    """A due day lasts to its end; what cannot be is listed with its row."""
    text = (
        "Mã hồ sơ,Mã đơn vị,Ngày tiếp nhận,Ngày hẹn trả,Ngày trả,Trạng thái\n"
        "h27.16-1,H27.16,01/10/2026,2026-10-05,05/10/2026 16:30,Đã xử lý xong\n"
        "H27.16-2,H27.16,32/10/2026,,,4\n"
        "H27.16-1,H27.16,01/10/2026,,,4\n"
        "H27.16-3,H27.16,02/10/2026,,01/10/2026,9\n"
        "H27.16-4,H27.16,02/10/2026,,,Xong rồi\n"
        ",H27.16,02/10/2026,,,4\n"
    )
    found, faults = dossiers_of(sheet(tmp_path, text), unit_of, ZONE, "office")
    first = found[0]
    assert (first.code, first.days) == ("H27.16-1", frozenset({"received_at", "due_at"}))
    times = (first.case.received_at, first.case.due_at, first.case.ended_at)
    assert [iso_of(each or 0) for each in times] == [
        "2026-09-30T17:00:00Z",
        "2026-10-05T16:59:59Z",
        "2026-10-05T09:30:00Z",
    ]
    assert [(fault.row, fault.what.split(",")[0]) for fault in faults] == [
        (3, "received_at: '32/10/2026' is no time"),
        (4, "H27.16-1 stands twice; the first row counts"),
        (5, "H27.16-3 ended before it was received"),
        (6, "status: 'Xong rồi' is none of the national code list (1 to 10)"),
        (7, "'' is no case number: 1 to 80 characters of 0-9"),
    ]


def test_times_are_read_as_spreadsheets_write_them(tmp_path: Path) -> None:
    """An hour of one digit; midnight in a text is a day, as it is in a cell of a workbook."""
    text = "Mã hồ sơ,Mã đơn vị,Ngày tiếp nhận,Ngày hẹn trả\nA1,H27.16,1/10/2026 7:05:30,05/10/2026 00:00:00\n"
    (found,), faults = dossiers_of(sheet(tmp_path, text), unit_of, ZONE, "office")
    assert (faults, found.days) == ([], frozenset({"due_at"}))
    assert [iso_of(each or 0) for each in (found.case.received_at, found.case.due_at)] == [
        "2026-10-01T00:05:30Z",
        "2026-10-05T16:59:59Z",
    ]


def test_rows_outside_the_range_that_a_workbook_states_are_read(tmp_path: Path) -> None:
    """Some programs write a sheet of any size and state that it ends at A1."""
    book = openpyxl.Workbook()
    book.active.append(["Mã", "Đơn vị", *HEADINGS])
    book.active.append(["H27.16", "", *[0] * 11])
    book.save(tmp_path / "right.xlsx")
    with ZipFile(tmp_path / "right.xlsx") as right, ZipFile(tmp_path / "file.xlsx", "w") as wrong:
        for name in right.namelist():
            wrong.writestr(name, right.read(name).replace(b'<dimension ref="A1:M2" />', b'<dimension ref="A1" />'))
        assert b'ref="A1:M2" />' in right.read("xl/worksheets/sheet1.xml")
    assert len(read_sheet(tmp_path / "file.xlsx").rows) == 1


@pytest.mark.parametrize(
    "content",
    [b"a,b\n1,2\n", b"\xff\xfe\x00", b"", b"a" * 200_000],
    ids=["no heading", "no text", "empty", "a cell without end"],
)
def test_a_file_that_cannot_be_read_says_what_is_wanted(content: bytes, tmp_path: Path) -> None:
    """No row of it is a heading, or it is no text at all."""
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match="wanted"):
        read_sheet(path)


def test_a_broken_workbook_says_so(tmp_path: Path) -> None:
    """As any other file that cannot be read."""
    path = tmp_path / "file.xlsx"
    path.write_bytes(b"PK broken")
    with pytest.raises(BadInputError, match="cannot be read"):
        read_sheet(path)
