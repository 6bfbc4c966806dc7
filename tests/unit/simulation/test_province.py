"""The simulated province: as many offices as asked for, sound codes, names that sound right."""

import re

from lienthong_producers.domain.simulation.names import office_codes
from lienthong_producers.domain.simulation.province import FIRST_UNIT, MOST_AHEAD_S, province
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_schemas.identity import normalise_office
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND
from lienthong_schemas.reference import ReferenceBook, Unit

PROVINCE = province(1, 69)


def test_every_commune_has_a_code_a_name_and_a_unit_of_its_own() -> None:
    """69 by default, as Hà Tĩnh has."""
    communes = PROVINCE.communes
    assert len({office.name for office in communes}) == 69
    assert [office.commune for office in communes] == [str(FIRST_UNIT + number) for number in range(69)]
    assert all(re.fullmatch(r"Uỷ ban nhân dân (xã|phường) \w+ \w+", office.name) for office in communes)


def test_all_offices_are_named_by_their_codes() -> None:
    """In normal form, under H27, and known before the province is made."""
    codes = [office.code for office in PROVINCE.offices]
    assert sorted(codes) == sorted(office_codes(69))
    assert [normalise_office(code) for code in codes] == codes
    assert len(set(codes)) == len(codes)


def test_another_seed_changes_ways_and_not_codes() -> None:
    """So results of two seeds can be compared office by office."""
    other = province(2, 69)
    assert [office.code for office in other.offices] == [office.code for office in PROVINCE.offices]
    assert [office.late for office in other.offices] != [office.late for office in PROVINCE.offices]


def test_some_clocks_run_ahead_and_none_further_than_the_bus_believes() -> None:
    """Five minutes are believed; beyond them results would depend on the time of arrival."""
    ahead = [office.ahead for office in PROVINCE.offices]
    assert 0 < sum(each > 0 for each in ahead) < len(ahead) / 3
    assert max(ahead) <= MOST_AHEAD_S * MICROSECONDS_PER_SECOND < 300 * MICROSECONDS_PER_SECOND


def test_the_reference_data_name_every_unit_and_what_is_above_it() -> None:
    """Each record can be read, and every unit above is there."""
    book = ReferenceBook([entry.record(None) for entry in reference_entries(PROVINCE)])
    assert book.problems == []
    now = 1_800_000_000_000_000
    keys = [*(office.code for office in PROVINCE.offices), *(office.commune for office in PROVINCE.communes)]
    units = {key: book.unit(key, now) for key in keys}
    assert [
        key for key, unit in units.items() if not isinstance(unit, Unit) or book.unit(unit.above, now) is None
    ] == []
    assert units["90001"] != units["H27.40.1"]
