"""The shared record of both totals topics: keys, sums, what must add up, and how quantiles are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong_schemas.catalogue import packaged_root
from lienthong_schemas.codec import SchemaBook, packaged_schema
from lienthong_schemas.examples import load_examples, record_of
from lienthong_schemas.partial_totals import SHARE_BOUNDS
from lienthong_schemas.totals import (
    LIVE_TOPIC,
    MEASURES,
    OFFICIAL_TOPIC,
    PROVINCE,
    SCOPES,
    WHOLE,
    Cell,
    Rate,
    Share,
    Totals,
    broken_rules,
    cell_of,
    cells_of,
    is_newer,
    key_of,
    late_rate,
    plus,
    satisfaction,
    share_of_time,
    sum_of,
    totals,
)
from lienthong_schemas.totals import record_of as totals_record

BOOK = SchemaBook()
SCHEMA = packaged_schema("totals.v1")
EXAMPLES = [totals(record_of(SCHEMA, one.data)) for one in load_examples(packaged_root()) if one.schema == "totals.v1"]
A_PROCEDURE = EXAMPLES[0]
CELL = Cell(PROVINCE, "dossier", WHOLE, "", "")
EMPTY = Totals(*CELL, as_of=5, generation=1, positions={})
BUCKETS = len(SHARE_BOUNDS) + 1

numbers = st.integers(0, 50)
snapshots = st.builds(
    Totals,
    *map(st.just, CELL),
    st.integers(0, 9),
    st.integers(1, 3),
    st.dictionaries(st.sampled_from(("a.v1/0", "a.v1/1", "b.v1/0")), numbers),
    *(numbers for _ in MEASURES),
    st.one_of(st.just(()), st.tuples(*(numbers for _ in range(BUCKETS)))),
    st.sampled_from(((), ("stopped",), ("declined", "stopped"))),
)


def test_the_tuple_has_the_fields_of_the_schema() -> None:
    """In their order, and as many buckets of time as there are bounds and one more."""
    assert list(Totals._fields) == [field["name"] for field in SCHEMA["fields"]]
    assert len(A_PROCEDURE.shares_of_time) == BUCKETS


@pytest.mark.parametrize("topic", [LIVE_TOPIC, OFFICIAL_TOPIC])
@pytest.mark.parametrize("one", EXAMPLES)
def test_a_record_is_the_same_on_both_topics(topic: str, one: Totals) -> None:
    """One record, two writers: what one topic's reader can read, the other's can."""
    assert totals(BOOK.decode(topic, BOOK.encode(topic, totals_record(one)))) == one


@pytest.mark.parametrize("one", EXAMPLES)
def test_the_examples_add_up(one: Totals) -> None:
    """Nobody learns wrong figures from us."""
    assert broken_rules(one) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"new_post": 4}, "received = new + carried: 49 is not 50"),
        ({"stopped": 3}, "received = pending + stopped + ended: 49 is not 50"),
        ({"pending_late": 0}, "pending = in time + late + provisional + undated: 10 is not 9"),
        ({"satisfied": 21}, "satisfied <= rated: 21 is more than 20"),
        ({"fee_online": 31}, "fee_online <= fee_known: 31 is more than 30"),
        ({"breaches": -1}, "breaches >= 0: -1"),
        ({"shares_of_time": (38,)}, "shares_of_time <= ended: 38 is more than 37"),
        ({"kind": "parcel"}, "kind: 'parcel' is none of dossier, field-report, periodic-report, document, task"),
    ],
)
def test_figures_that_cannot_be_are_named(change: dict[str, object], problem: str) -> None:
    """Each rule bites alone, and says which numbers do not fit."""
    assert broken_rules(A_PROCEDURE._replace(**change)) == [problem]  # type: ignore[arg-type]


def test_a_key_tells_its_cell_also_where_the_selector_has_a_bar() -> None:
    """A record without a value (a cell is gone) still says whose it was."""
    cell = Cell("unit-procedure", "dossier", "agency", "H27.16", "1.00|x")
    assert cell_of(key_of(cell)) == cell
    with pytest.raises(ValueError, match=r"'unit-field\|dossier' is no key of a cell"):
        cell_of(b"unit-field|dossier")


def test_a_case_counts_once_in_each_cell_and_twice_in_none() -> None:
    """By its agency and by its commune, by field, procedure and channel, and once in the province."""
    cells = list(cells_of("dossier", "H27.16", "18073", "1.005129", "online", "justice"))
    assert len(cells) == len(set(cells)) == 7
    assert {cell.scope for cell in cells} == set(SCOPES)
    assert Cell("unit-field", "dossier", "commune", "18073", "justice") in cells


def test_only_dossiers_have_a_field() -> None:
    """The selector of the other kinds is their category, form or type already."""
    cells = list(cells_of("document", "H27.16", "", "circular", "", ""))
    assert {cell.scope for cell in cells} == set(SCOPES) - {"unit-field"}


@given(snapshots, snapshots)
def test_a_sum_has_every_measure_of_both(one: Totals, other: Totals) -> None:
    """Nothing is lost and nothing is claimed: it is as old as the older, and misses what either misses."""
    both = plus(one, other)
    assert [getattr(both, name) for name in MEASURES] == [
        getattr(one, name) + getattr(other, name) for name in MEASURES
    ]
    assert sum(both.shares_of_time) == sum(one.shares_of_time) + sum(other.shares_of_time)
    assert both.as_of == min(one.as_of, other.as_of)
    assert set(both.not_counted) == {*one.not_counted, *other.not_counted}
    for source, position in both.positions.items():
        assert position == min(each.positions[source] for each in (one, other) if source in each.positions)


@given(snapshots, snapshots, snapshots)
def test_the_order_of_a_sum_does_not_matter(one: Totals, two: Totals, three: Totals) -> None:
    """Partitions come in any order."""
    assert sum_of(CELL, (one, two, three)) == sum_of(CELL, (three, one, two))


def test_the_sum_of_nothing_is_no_record() -> None:
    """A cell of which nothing is known is not a cell of zeros."""
    assert sum_of(CELL, ()) is None


@pytest.mark.parametrize(
    ("change", "newer"),
    [
        ({}, False),
        ({"positions": {"a.v1/0": 11, "a.v1/1": 20}}, True),
        ({"positions": {"a.v1/0": 9, "a.v1/1": 25}}, False),
        ({"positions": {"a.v1/0": 10}}, False),
        ({"positions": {"a.v1/0": 10, "a.v1/1": 20, "b.v1/0": 1}}, True),
        ({"as_of": 6}, True),
        ({"generation": 2, "positions": {}}, True),
        ({"generation": 0, "positions": {"a.v1/0": 99, "a.v1/1": 99}}, False),
    ],
)
def test_the_newer_record_knows_nothing_less(change: dict[str, object], newer: bool) -> None:
    """A record of who begins anew is newer, whatever its positions; else no position may go back."""
    held = EMPTY._replace(positions={"a.v1/0": 10, "a.v1/1": 20})
    assert is_newer(held._replace(**change), held) is newer  # type: ignore[arg-type]


def test_a_rate_says_of_how_many() -> None:
    """3 of 36 and 300 of 3,600 are not the same news; of nothing there is no rate."""
    assert late_rate(A_PROCEDURE) == Rate(3, 36)
    assert satisfaction(A_PROCEDURE).value == pytest.approx(0.9)
    assert late_rate(EMPTY).value is None


@pytest.mark.parametrize(
    ("shares", "part", "expected"),
    [
        ((), 0.5, None),
        ((0,) * BUCKETS, 0.5, None),
        ((1, 1, *(0,) * (BUCKETS - 2)), 0.5, Share(0, 10)),
        ((1, 2, *(0,) * (BUCKETS - 2)), 0.5, Share(10, 20)),
        ((9, *(0,) * (BUCKETS - 2), 1), 0.9, Share(0, 10)),
        ((8, *(0,) * (BUCKETS - 2), 2), 0.9, Share(300, None)),
    ],
)
def test_a_quantile_is_the_bucket_in_which_it_lies(
    shares: tuple[int, ...], part: float, expected: Share | None
) -> None:
    """Buckets tell a median to their width, and nothing is made up between."""
    assert share_of_time(EMPTY._replace(shares_of_time=shares), part) == expected


def test_a_quantile_is_that_of_the_cases_themselves() -> None:
    """Read from buckets, the p90 of these cases lies where counting them one by one puts it."""
    assert share_of_time(A_PROCEDURE, 0.5) == Share(40, 50)
    assert share_of_time(A_PROCEDURE, 0.9) == Share(90, 100)
