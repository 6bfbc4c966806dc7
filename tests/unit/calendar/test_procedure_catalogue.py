"""A catalogue of procedures becomes policies, and every row that does not is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong_infra.errors import BadInputError
from lienthong_infra.procedure_files import read_catalogue, write_fields, write_policies
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.procedure_catalogue import Imported, Row, import_rows
from lienthong_schemas.reference_files import load_reference

TEMPLATE: dict[str, Any] = {
    "case_kind": "dossier",
    "mode": "stated",
    "due_precision": "day",
    "acceptance": {"amount": 8, "unit": "working_hour"},
    "apology_lead": {"amount": 1, "unit": "working_day"},
    "warnings": [
        {"level": "near", "before": {"amount": 24, "unit": "calendar_hour"}},
        {"level": "early", "share": 0.8},
    ],
    "source": "slip",
}
SINCE = "2026-12-01T00:00:00+07:00"


def imported(*rows: tuple[object, object, object, object]) -> Imported:
    """What becomes of rows of code, unit, amount and name; the first is row 2."""
    columns = ("code", "unit", "amount", "name")
    return import_rows(
        [Row(number, dict(zip(columns, row, strict=True))) for number, row in enumerate(rows, start=2)],
        TEMPLATE,
        "Decision 1",
    )


def policy_of(code: object, unit: object, amount: object, name: object = "") -> ClockPolicy:
    """The policy of one row."""
    (body,) = imported((code, unit, amount, name)).bodies.values()
    return ClockPolicy.model_validate(body)


def reasons(*row: object) -> tuple[str, ...]:
    """Why one row is refused."""
    code, unit, amount = row
    (refused,) = imported((code, unit, amount, "")).refused
    return refused.reasons


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """A file with a text."""
    path.write_text(text, encoding)
    return path


def test_a_row_gives_the_time_and_the_template_the_rest() -> None:
    """Acceptance, apology and warnings are those of all procedures."""
    found = policy_of("1.004222", "ngày làm việc", "7", "Đăng ký thường trú")
    assert (found.selector, found.name, found.source) == ("1.004222", "Đăng ký thường trú", "Decision 1")
    assert list(found.spans()) == ["processing", "acceptance"]
    assert found.spans()["processing"].text() == "7 working_day"
    assert [each.level for each in found.warnings] == ["near", "early"]


@pytest.mark.parametrize(
    ("unit", "amount", "expected"),
    [
        ("Ngày làm việc", "0,5", "0.5 working_day"),
        ("ngày", 10, "10 calendar_day"),
        ("giờ làm việc", 4.0, "4 working_hour"),
        ("working_day", "07", "7 working_day"),
        ("giờ đồng hồ", "24", "24 calendar_hour"),
    ],
)
def test_units_are_read_in_two_languages(unit: str, amount: object, expected: str) -> None:
    """And amounts with a comma, as a number or as text."""
    span = policy_of("1.004222", unit, amount).span
    assert span is not None
    assert span.text() == expected


def test_what_does_not_fit_into_a_short_time_is_left_out() -> None:
    """No apology a day before what takes four hours; within the day is due at closing time."""
    hours, within_the_day = policy_of("1.004222", "giờ làm việc", 4), policy_of("1.001193", "ngày làm việc", 0)
    assert [(found.apology_lead, [each.level for each in found.warnings]) for found in (hours, within_the_day)] == [
        (None, ["early"]),
        (None, ["early"]),
    ]
    assert (hours.due_precision, within_the_day.due_precision) == ("instant", "day")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("1.00422", "ngày", 5), "code: '1.00422' is no code of a procedure"),
        (("", "ngày", 5), "code: '' is no code"),
        (("1.004222", "giờ", 5), "unit: 'giờ' is no unit; write one of"),
        (("1.004222", None, 5), "unit: '' is no unit"),
        (("1.004222", "ngày", "năm"), "amount: 'năm' is no number"),
        (("1.004222", "ngày", None), "amount: '' is no number"),
        (("1.004222", "ngày", "-3"), "amount: '-3' is no number"),
        (("1.004222", "ngày", True), "amount: 'True' is no number"),
        (("1.004222", "ngày", "1,5"), "amount: 1.5 calendar_day: calendar days are counted whole"),
        (("1.004222", "giờ làm việc", 0), "amount: it must be above 0"),
        (("1.004222", "ngày", 99999), "more than ten years"),
    ],
)
def test_a_wrong_row_is_refused_with_its_reason(row: tuple[object, ...], said: str) -> None:
    """In words, with what was read."""
    assert any(said in reason for reason in reasons(*row)), reasons(*row)


def test_every_reason_of_every_row_is_told_and_the_others_are_imported() -> None:
    """A row number is that of the file."""
    found = imported(("1.004222", "ngày", 5, ""), ("x", "y", "z", ""), ("1.004222", "ngày", 7, ""))
    assert [(row.row, len(row.reasons)) for row in found.refused] == [(3, 3), (4, 1)]
    assert list(found.bodies) == ["dossier/1.004222/*/processing"]


def test_a_code_that_a_sheet_took_for_a_number_is_read_as_a_code(tmp_path: Path) -> None:
    """1.001190 loses its zero in a sheet; a code always has six digits behind the point."""
    book = openpyxl.Workbook()
    for line in ([None], ["Mã TTHC", "Tên TTHC", "Thời hạn", "Đơn vị"], [1.00119, "Khai sinh", 3, "ngày làm việc"]):
        assert book.active is not None
        book.active.append(line)
    book.save(tmp_path / "catalogue.xlsx")
    rows = read_catalogue(tmp_path / "catalogue.xlsx")
    found = import_rows(rows, TEMPLATE, "x")
    assert ([row.number for row in rows], list(found.bodies), found.refused) == (
        [3],
        ["dossier/1.001190/*/processing"],
        (),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_files_are_read_with_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    """With the mark that spreadsheets put before UTF-8, and with columns that nobody asked for."""
    lines = [["STT", "Code", "Unit", "Amount"], ["1", "1.004222", "working_day", "7"], ["", "", "", ""]]
    text = "\n".join(delimiter.join(line) for line in lines)
    rows = read_catalogue(write(tmp_path / "catalogue.csv", text, "utf-8-sig"))
    assert rows == [Row(2, {"code": "1.004222", "unit": "working_day", "amount": "7"})]


@pytest.mark.parametrize(
    ("name", "text", "encoding", "said"),
    [
        ("a.csv", "", "utf-8", "it is empty"),
        (
            "a.csv",
            "code,unit\n",
            "utf-8",
            "a.csv, row 1: there is no column for the amount; call one of them amount or",
        ),
        ("a.csv", "code,mã,unit,amount\n", "utf-8", "two columns are the code: 'code' and 'mã'"),
        ("a.csv", "mã", "utf-16", "save it as CSV UTF-8"),
        ("a.xlsx", "no sheet", "utf-8", "it is no XLSX"),
        ("a.pdf", "x", "utf-8", "neither CSV nor XLSX"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, name: str, text: str, encoding: str, said: str) -> None:
    """With what to do."""
    with pytest.raises(BadInputError) as refused:
        read_catalogue(write(tmp_path / name, text, encoding))
    assert said in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the reason of the operating system."""
    with pytest.raises(BadInputError, match=r"none\.csv: it cannot be read: No such file"):
        read_catalogue(tmp_path / "none.csv")


def test_a_changed_time_becomes_a_new_version(tmp_path: Path) -> None:
    """What was published stays; what is no longer listed stays too; to import the same again changes nothing."""
    first = imported(("1.004222", "ngày làm việc", 7, ""), ("1.001193", "ngày làm việc", 0, ""))
    second = imported(("1.004222", "ngày làm việc", 5, ""), ("3.000333", "ngày", 10, ""))
    counts = [tuple(write_policies(tmp_path / "42", each, SINCE)) for each in (first, first, second)]
    assert counts == [(2, 0, 0, 0), (0, 0, 2, 0), (1, 1, 0, 1)]
    assert [(entry.key.split("/")[1], entry.version) for entry in load_reference("42", tmp_path)] == [
        ("1.004222", 1),
        ("1.001193", 1),
        ("1.004222", 2),
        ("3.000333", 1),
    ]


def test_versions_go_on_from_other_files_of_the_set(tmp_path: Path) -> None:
    """A policy that somebody wrote by hand is version 1; the catalogue's is 2."""
    (tmp_path / "42").mkdir()
    write_policies(tmp_path / "42", imported(("1.004222", "ngày làm việc", 7, "")), SINCE)
    (tmp_path / "42" / "procedures.yaml").rename(tmp_path / "42" / "by_hand.yaml")
    write_policies(tmp_path / "42", imported(("1.004222", "ngày làm việc", 5, "")), SINCE)
    assert [(entry.place.split(":")[0], entry.version) for entry in load_reference("42", tmp_path)] == [
        ("42/by_hand.yaml", 1),
        ("42/procedures.yaml", 2),
    ]


def test_the_verb_imports_and_lists_what_it_refused(tmp_path: Path) -> None:
    """Exit code 1 where a row was refused, 0 where none was."""
    catalogue = write(tmp_path / "a.csv", "code,unit,amount\n1.004222,ngày làm việc,7\n1.004223,tuần,1\n")
    words = ["reference", "import-procedures", str(catalogue), "--out", str(tmp_path / "42"), "--json"]
    refused = CliRunner().invoke(build_app(), words)
    write(catalogue, "code,unit,amount\n1.004222,ngày làm việc,7\n")
    good = CliRunner().invoke(build_app(), words)
    rows = [row["row"] for row in json.loads(refused.stdout)["refused"]]
    assert (refused.exit_code, rows, good.exit_code) == (1, [3], 0)
    assert json.loads(good.stdout) == {"new": 0, "changed": 0, "unchanged": 1, "no_longer_listed": 0, "refused": []}


def test_the_verb_compiles_a_calendar(tmp_path: Path) -> None:
    """To a file that a set can hold."""
    overlay = Path(__file__).parents[3] / "infra" / "lienthong_infra" / "calendar_overlays" / "vn.yaml"
    out = tmp_path / "calendar.yaml"
    done = CliRunner().invoke(build_app(), ["reference", "compile-calendar", str(overlay), "--out", str(out)])
    shown = CliRunner().invoke(build_app(), ["reference", "compile-calendar", str(overlay)])
    assert (done.exit_code, shown.stdout) == (0, out.read_text("utf-8"))


def with_fields(*rows: tuple[str, str]) -> Imported:
    """What becomes of rows of code and field; all take five days and are called `x`."""
    cells = [{"code": code, "unit": "ngày", "amount": 5, "name": "x", "field": field} for code, field in rows]
    return import_rows([Row(number, each) for number, each in enumerate(cells, start=2)], TEMPLATE, "Decision 1")


def test_a_catalogue_with_fields_gives_procedures_too(tmp_path: Path) -> None:
    """Under its Vietnamese heading; a row without a field has its policy only, a refused row has neither."""
    lines = "Mã TTHC,Đơn vị,Thời hạn,Lĩnh vực\n1.004222,ngày,7,Cư trú\n1.001193,ngày,1,\n1.00,ngày,1,Hộ tịch\n"
    found = import_rows(read_catalogue(write(tmp_path / "catalogue.csv", lines)), TEMPLATE, "Decision 1")
    assert (len(found.bodies), found.procedures) == (
        2,
        {"1.004222": {"name": "", "field": "Cư trú", "source": "Decision 1"}},
    )


def test_a_procedure_that_moves_to_another_field_gets_a_version(tmp_path: Path) -> None:
    """Reports of earlier periods keep the field of their time."""
    first, second = (("1.004222", "Cư trú"), ("1.001193", "Hộ tịch")), (("1.004222", "Quản lý cư trú"),)
    counts = [tuple(write_fields(tmp_path / "42", with_fields(*rows), SINCE)) for rows in (first, first, second)]
    entries = load_reference("42", tmp_path)
    assert (counts, [(entry.record_id, entry.place) for entry in entries]) == (
        [(2, 0, 0, 0), (0, 0, 2, 0), (0, 1, 0, 1)],
        [
            ("procedure/1.004222/1", "42/procedure_fields.yaml:3"),
            ("procedure/1.001193/1", "42/procedure_fields.yaml:10"),
            ("procedure/1.004222/2", "42/procedure_fields.yaml:17"),
        ],
    )


def test_the_verb_says_how_many_fields_it_took(tmp_path: Path) -> None:
    """Beside the policies; without a column for them nothing is said of them."""
    catalogue = write(tmp_path / "a.csv", "code,unit,amount,field\n1.004222,ngày làm việc,7,Cư trú\n")
    words = ["reference", "import-procedures", str(catalogue), "--out", str(tmp_path / "42")]
    said = [CliRunner().invoke(build_app(), words).stdout for _ in range(2)]
    assert ["1 fields of procedures: 1 new" in said[0], "0 changed, 1 as before" in said[1]] == [True, True]
