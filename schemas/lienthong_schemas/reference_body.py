"""What all bodies of reference data share: they are frozen, refuse keys that nobody knows, and say what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

_WORDS: Final[Mapping[str, str]] = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such key",
    "literal_error": "write {expected}",
    "greater_than": "it must be above {gt}",
    "greater_than_equal": "it must be {ge} or more",
    "less_than": "it must be below {lt}",
    "less_than_equal": "it must be {le} or less",
    "decimal_max_places": "write at most {decimal_places} digits after the point",
    "decimal_parsing": "it is no number",
    "int_type": "it is no whole number",
    "string_type": "it is no text; write it in quotes",
    "too_short": "it must not be empty",
    "string_too_short": "it must not be empty",
}
"""Words for the errors of the models that people meet most; pydantic's own serve for the others."""


class Body(BaseModel):
    """The body of a reference record, or a part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def body_problems(error: ValidationError) -> list[str]:
    """Every fault of a body as ``field: what is wrong``, in words that a person understands."""
    return [_problem(each) for each in error.errors(include_url=False)]


def _problem(error: Mapping[str, Any]) -> str:
    place = ".".join(map(str, error["loc"]))
    words = _WORDS.get(error["type"])
    text = error["msg"].removeprefix("Value error, ") if words is None else words.format(**error.get("ctx", {}))
    return f"{place}: {text}" if place else text
