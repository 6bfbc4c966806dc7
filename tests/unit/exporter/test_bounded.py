"""Bounded labels."""

from __future__ import annotations

from operator import add

from lienthong_consumers.exporter.bounded import OTHER, bounded


def test_few_values_keep_their_names() -> None:
    """Nothing is merged as long as there is room."""
    assert bounded({"a": 1, "b": 2}, rank=float, merge=add, most=2) == {"a": 1, "b": 2}


def test_the_highest_keep_their_names_and_the_rest_is_one() -> None:
    """The sum stays right, so totals over all series are."""
    values = {"a": 5, "b": 1, "c": 7, "d": 2}
    assert bounded(values, rank=float, merge=add, most=3) == {"c": 7, "a": 5, OTHER: 3}


def test_a_thousand_invented_names_are_no_more_series_than_the_bound() -> None:
    """Whoever fills a field with rubbish makes one series bigger, not many."""
    values = {f"H{number}": 1 for number in range(1000)}
    assert len(bounded(values, rank=float, merge=add, most=10)) == 10


def test_a_unit_that_is_called_like_the_rest_joins_it() -> None:
    """Two series must never have the same labels."""
    values = {OTHER: 9, "a": 5, "b": 1, "c": 1}
    assert bounded(values, rank=float, merge=add, most=3) == {"a": 5, OTHER: 11}
