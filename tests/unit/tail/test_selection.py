"""Conditions on decoded records: what they mean, and what is said of one that is none."""

from __future__ import annotations

import pytest

from lienthong.tail.selection import conditions, unknown_fields
from lienthong_infra.errors import BadInputError

RECORD = {
    "kind": "breached",
    "episode": 2,
    "used_seconds": 900,
    "due_at": "2026-03-04T01:00:00Z",
    "refers_to": None,
    "digitised": True,
    "case_ends": {"dossier.v1/0": 41},
    "opening": {"used_seconds": 5},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("kind=breached", True),
        ("kind=met", False),
        ("kind!=met", True),
        ("kind~breach", True),
        ("kind~met", False),
        ("episode=2", True),
        ("used_seconds<1000", True),
        ("used_seconds>=900", True),
        ("used_seconds>900", False),
        ("due_at<2026-03-05", True),
        ("due_at>2026-03-05", False),
        ("refers_to=", True),
        ("refers_to=x", False),
        ("digitised=true", True),
        ("case_ends.dossier.v1/0=41", True),
        ("opening.used_seconds<=5", True),
        ("opening.nothing=", True),
        ("nothing.at.all=1", False),
    ],
)
def test_a_condition_compares_a_field(text: str, holds: bool) -> None:
    """Numbers as numbers, all else as it stands in JSON; null and missing are empty."""
    (one,) = conditions([text])
    assert one.holds(RECORD) is holds


def test_all_conditions_that_are_none_are_named() -> None:
    """Not only the first."""
    with pytest.raises(BadInputError) as refused:
        conditions(["kind", "kind=breached", "=x"])
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["--where 'kind'", "--where '=x'"]


def test_a_field_that_no_record_has_is_named_with_those_there_are() -> None:
    """A mistyped field would silently find nothing."""
    chosen = conditions(["knid=breached", "kind=met", "opening.used_seconds=1"])
    assert unknown_fields(chosen, ("kind", "opening")) == [
        "--where knid: there is no such field; fields: kind, opening"
    ]
