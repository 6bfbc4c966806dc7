"""Names of units in the forms in which other systems write them. Sources: domain facts §6.1; the packaged register."""

import unicodedata

import pytest

from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import load_reference
from lienthong_schemas.unit_names import UnitNames, plain_name, split_type
from tests.support.calendars import at


@pytest.fixture(scope="module")
def names() -> UnitNames:
    """The names of the packaged register on a day of 2026."""
    book = ReferenceBook([entry.record(None) for entry in load_reference("vn") if entry.kind == "unit"])
    return UnitNames(book.units(at("2026-03-02 08:00")))


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Xã Yên Hòa", "xã yên hoà"),
        ("xã  yên hoà ", "xã yên hoà"),
        ("Phường Hoàn Kiếm", "phường hoàn kiếm"),
        ("Thúy", "thuý"),
        ("Xã Quý Hòa", "xã quý hoà"),
        ("Qúy", "quý"),
        ("Xã Ea H’Leo", "xã ea h'leo"),
        (unicodedata.normalize("NFD", "Phường Thành Sen"), "phường thành sen"),
    ],
)
def test_a_name_has_one_plain_form(written: str, plain: str) -> None:
    """Both forms of Unicode, both habits of tone marks, several apostrophes and spaces."""
    assert plain_name(written) == plain


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("phường thành sen", ("phường", "thành sen")),
        ("p.thành sen", ("phường", "thành sen")),
        ("p. thành sen", ("phường", "thành sen")),
        ("tp. huế", ("thành phố", "huế")),
        ("thành sen", ("", "thành sen")),
        ("xã ", ("", "xã ")),
    ],
)
def test_the_type_before_a_name_is_told_from_it(name: str, expected: tuple[str, str]) -> None:
    """Written out, shortened, or not at all."""
    assert split_type(name) == expected


def test_a_full_name_finds_its_unit(names: UnitNames) -> None:
    """Whatever the case, the tone marks and the short form of the type."""
    assert [names.find(name) for name in ("Phường Thành Sen", "P. THÀNH SEN", "thành sen")] == [("18073",)] * 3


def test_a_name_without_a_type_gives_all_that_it_can_mean(names: UnitNames) -> None:
    """Many communes of the country share a name: nobody guesses."""
    assert len(names.find("Tân Hoà")) > 1
    assert set(names.find("Tân Hòa")) == set(names.find("Tân Hoà"))


def test_the_unit_above_narrows_a_name(names: UnitNames) -> None:
    """One Xã Can Lộc, in Hà Tĩnh (42)."""
    assert names.find("Xã Can Lộc", above="42") == ("18406",)
    assert names.find("Xã Can Lộc", above="01") == ()


def test_a_name_of_another_type_is_another_unit(names: UnitNames) -> None:
    """There is a Phường Thành Sen, and no Xã Thành Sen."""
    assert names.find("Xã Thành Sen") == ()


def test_every_unit_of_the_register_is_found_by_its_own_name(names: UnitNames) -> None:
    """Within its province, by its full name."""
    book = ReferenceBook([entry.record(None) for entry in load_reference("vn") if entry.kind == "unit"])
    units = book.units(at("2026-03-02 08:00"))
    lost = [code for code, unit in units.items() if code not in names.find(unit.name, unit.above)]
    assert lost == []
