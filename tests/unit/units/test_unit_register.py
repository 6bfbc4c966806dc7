"""The register of administrative units: counts, history, and tables that are wrong.

Sources: Decision 19/2025/QĐ-TTg (34 provinces, 3,321 communes from 1 July 2025); Resolutions 30, 36 and 39/2026/QH16
(three provinces became cities; codes stay); domain facts §6.1.
"""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import load_reference
from lienthong_schemas.unit_table import COLUMNS, read_unit_table
from tests.support.calendars import at
from tests.support.cases import record

PROVINCES = ("province", "city")
FIRST_DAY = "2025-07-01 00:00"


@pytest.fixture(scope="module")
def register() -> ReferenceBook:
    """The units of the packaged set."""
    return ReferenceBook([entry.record(None) for entry in load_reference("vn") if entry.kind == "unit"])


def types(register: ReferenceBook, when: str) -> Counter[str]:
    """How many units of each type there are at a local time."""
    return Counter(unit.unit_type for unit in register.units(at(when)).values() if unit.unit_type != "agency")


@pytest.mark.parametrize(
    ("when", "cities", "provinces"),
    [(FIRST_DAY, 6, 28), ("2026-05-01 00:00", 7, 27), ("2026-09-01 00:00", 8, 26), ("2026-09-20 00:00", 9, 25)],
)
def test_the_register_has_the_official_numbers(register: ReferenceBook, when: str, cities: int, provinces: int) -> None:
    """34 and 3,321 on each day; three provinces became cities in 2026."""
    expected = {"city": cities, "province": provinces, "commune": 2_621, "ward": 687, "special-zone": 13}
    assert types(register, when) == expected


@pytest.mark.parametrize(("province", "communes"), [("42", 69), ("01", 126), ("79", 168), ("46", 40), ("44", 78)])
def test_a_province_has_its_communes(register: ReferenceBook, province: str, communes: int) -> None:
    """Hà Tĩnh, Hà Nội, Hồ Chí Minh City, Huế, Quảng Trị."""
    below = [unit for unit in register.units(at(FIRST_DAY)).values() if unit.above == province]
    assert len([unit for unit in below if unit.unit_type != "agency"]) == communes


def test_before_the_two_tiers_there_are_no_units(register: ReferenceBook) -> None:
    """The register begins on 1 July 2025."""
    assert register.units(at("2025-06-30 23:59")) == {}


def test_a_renamed_province_keeps_its_code_and_its_past_name(register: ReferenceBook) -> None:
    """A report for March 2026 says Tỉnh Đồng Nai, one for May says Thành phố Đồng Nai."""
    found = [register.unit("75", at(when)) for when in ("2026-03-31 12:00", "2026-05-01 12:00")]
    assert [unit.name for unit in found if unit is not None] == ["Tỉnh Đồng Nai", "Thành phố Đồng Nai"]


def test_every_unit_lies_in_its_country(register: ReferenceBook) -> None:
    """Coordinates are there for all, and plausible: 8 to 24 degrees north, 102 to 115 degrees east."""
    units = register.units(at("2026-10-01 00:00")).values()
    wrong = [
        unit.name
        for unit in units
        if unit.unit_type != "agency" and not (8 < (unit.latitude or 0.0) < 24 and 102 < (unit.longitude or 0.0) < 115)
    ]
    assert wrong == []


def test_a_merged_unit_ends_and_stays_in_the_past() -> None:
    """Its last version names who took over: from then on it is in no list, and its name can still be asked for."""
    body = {"name": "Xã Cũ", "unit_type": "commune", "above": "42"}
    versions = [
        record("unit", "99001", body, valid_from=at("2025-07-01 00:00")),
        record("unit", "99001", {**body, "successors": ["18406"]}, version=2, valid_from=at("2027-01-01 00:00")),
    ]
    book = ReferenceBook(versions)
    assert [list(book.units(at(when))) for when in ("2026-12-31 23:59", "2027-01-01 00:00")] == [["99001"], []]
    merged = book.unit("99001", at("2027-06-01 00:00"))
    assert merged is not None
    assert merged.successors == ("18406",)


HEADING = ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key,name\n", "t.csv:1: the columns must be key, version"),
        (f"{HEADING}\n01,1,2025-07-01T00:00:00+07:00,Hà Nội\n", "t.csv:2: the row has not 9 cells"),
        (f'{HEADING}\n01,1,2025-07-01T00:00:00+07:00,"Hà" Nội,city,,,,x\n', "t.csv:2: it is no CSV"),
    ],
)
def test_a_table_in_the_wrong_form_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    """With the file and the line."""
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    assert [problem[: len(expected)] for problem in read_unit_table(path, "t.csv").problems] == [expected]


def units(*words: str) -> tuple[int, list[str]]:
    """Exit code and codes that the verb lists."""
    done = CliRunner().invoke(build_app(), ["reference", "units", "--json", *words])
    return done.exit_code, [unit["code"] for unit in json.loads(done.stdout)]


def test_the_verb_lists_what_a_name_can_mean() -> None:
    """By name and unit above; exit code 1 where there is none."""
    assert units("--name", "P. Thành sen") == (0, ["18073"])
    assert units("--name", "Xã Can Lộc", "--above", "01") == (1, [])
    assert len(units("--above", "42", "--at", "2026-01-01T00:00:00+07:00")[1]) == 70


def test_the_verb_lists_no_unit_of_another_time() -> None:
    """The register begins with the two tiers."""
    assert units("--at", "2025-06-30T00:00:00+07:00") == (1, [])


def test_a_wrong_time_is_a_wrong_call() -> None:
    """Exit code 2, with the option's name."""
    done = CliRunner().invoke(build_app(), ["reference", "units", "--at", "yesterday"])
    assert (done.exit_code, "--at" in done.output) == (2, True)
