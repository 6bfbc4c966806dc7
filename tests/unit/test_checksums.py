"""Checksums: equal figures have equal digests, and where the boundaries lie."""

from __future__ import annotations

import pytest

from lienthong_infra.ports import Record
from lienthong_schemas.checksums import (
    EVERY,
    OfficeFigures,
    below_boundary,
    boundary_after,
    boundary_passed,
    checksum_of,
    key_of,
)

FIGURES = {"H27.16": (3, 2, 1), "H27.17": (1, 0, 0)}


def test_order_and_offices_without_figures_do_not_matter() -> None:
    """Two counts of the same differ in nothing else."""
    other = {"H27.18": (0, 0, 0), **dict(reversed(FIGURES.items()))}
    assert checksum_of("dossier.v1", 0, EVERY, FIGURES) == checksum_of("dossier.v1", 0, EVERY, other)


@pytest.mark.parametrize(
    "other",
    [{"H27.16": (3, 2, 0), "H27.17": (1, 0, 1)}, {"H27.16": (3, 2, 1)}, {"H27.17": (3, 2, 1), "H27.16": (1, 0, 0)}],
    ids=["a late case at another office", "an office less", "offices changed over"],
)
def test_other_figures_have_another_digest(other: dict[str, tuple[int, int, int]]) -> None:
    """Also where the sums are equal."""
    right, wrong = (checksum_of("dossier.v1", 0, EVERY, each) for each in (FIGURES, other))
    assert right.digest != wrong.digest


def test_a_checksum_tells_the_figures_of_an_office() -> None:
    """And nothing for one that it does not name."""
    one = checksum_of("dossier.v1", 0, EVERY, FIGURES)
    assert (one.of_office("H27.16"), one.of_office("X")) == (OfficeFigures(3, 2, 1), OfficeFigures())
    assert key_of(one) == b"dossier.v1/0|1000"


@pytest.mark.parametrize(
    ("position", "reached", "passed"),
    [(0, 999, None), (0, 1_000, 1_000), (999, 1_000, 1_000), (1_000, 1_000, None), (10, 3_500, 3_000)],
)
def test_a_boundary_is_passed_once(position: int, reached: int, passed: int | None) -> None:
    """Of several in a hole only the newest counts."""
    assert boundary_passed(position, reached) == passed


@pytest.mark.parametrize(
    ("offsets", "first_piece"),
    [(range(990, 1_000), 10), (range(990, 1_010), 10), (range(1_000, 1_010), 10), ([998, 1_003, 2_007], 1), ([5], 1)],
)
def test_a_piece_lies_on_one_side_of_every_boundary(offsets: list[int], first_piece: int) -> None:
    """Also where offsets are missing."""
    records = [Record("dossier.v1", 0, offset, b"", b"", 0) for offset in offsets]
    assert below_boundary(records) == first_piece
    assert records[first_piece - 1].offset < boundary_after(records[0].offset)
