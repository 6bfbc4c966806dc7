"""JSON lines from office systems: one state of a case a line, each read by itself, every problem of it told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lienthong_schemas.errors import InvalidCase
from lienthong_schemas.models import CaseState, parse_case_state


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it came, and its state, or else all that is wrong with it. ``number`` counts from 1."""

    number: int
    raw: bytes
    state: CaseState | None
    problems: tuple[str, ...] = ()


def read_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """Read every line that is not blank."""
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            yield _line(number, raw)


def _line(number: int, raw: bytes) -> Line:
    try:
        return Line(number, raw, parse_case_state(json_of(raw)))
    except InvalidCase as error:
        return Line(number, raw, None, error.problems)


def json_of(raw: bytes) -> Any:
    """The JSON of a line, every name once in its object. Raises InvalidCase with what is wrong."""
    try:
        return json.loads(raw.rstrip().decode("utf-8-sig"), object_pairs_hook=_once_each, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        problem = f"event: byte {error.start + 1} is no UTF-8; write the file in UTF-8"
    except json.JSONDecodeError as error:
        problem = f"event: no JSON at character {error.colno}: {error.msg}"
    except (ValueError, RecursionError) as error:
        problem = f"event: {error}"
    raise InvalidCase([problem])


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would silently keep the last of two equal names."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InvalidCase([f"{name}: it stands there twice" for name in twice])
    return found


def _no_number(text: str) -> float:
    raise InvalidCase([f"event: {text} is no number of JSON"])
