"""Conditions on decoded records as people type them: ``kind=breached``, ``due_at<2026-03-02``, ``office!=H27.16``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final, NamedTuple

from lienthong_infra.errors import WrongCallError

_COMPARISONS: Final[Mapping[str, Any]] = {"<=": le, ">=": ge, "!=": ne, "=": eq, "<": lt, ">": gt}
_FORM: Final = re.compile(r"(?P<field>[A-Za-z_][^\s=!<>~]*)\s*(?P<operator><=|>=|!=|=|~|<|>)\s*(?P<text>.*)", re.DOTALL)
CONTAINS: Final = "~"


class Condition(NamedTuple):
    """A field (dots lead into records and maps), how it is compared, and with what."""

    field: str
    operator: str
    text: str

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Whether a record meets it. A field that is not there is empty, as one that is null."""
        value = _value(record, self.field)
        if self.operator == CONTAINS:
            return self.text in _text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = _number(self.text)
            if number is not None:
                return bool(_COMPARISONS[self.operator](value, number))
        return bool(_COMPARISONS[self.operator](_text(value), self.text))


def conditions(texts: Iterable[str]) -> tuple[Condition, ...]:
    """The conditions in their written form. Raises WrongCallError with every one that is none."""
    found: list[Condition] = []
    problems: list[str] = []
    for text in texts:
        match = _FORM.fullmatch(text)
        if match is None:
            problems.append(f"--where {text!r}: write FIELD, one of = != < <= > >= ~ (contains), and a value")
        else:
            found.append(Condition(match["field"], match["operator"], match["text"]))
    if problems:
        raise WrongCallError(problems)
    return tuple(found)


def unknown_fields(chosen: Sequence[Condition], fields: Iterable[str]) -> list[str]:
    """Problems of conditions on fields that no record of the topic has; only the part before the first dot counts."""
    known = sorted(fields)
    return [
        f"--where {one.field}: there is no such field; fields: {', '.join(known)}"
        for one in chosen
        if one.field.split(".", 1)[0] not in known
    ]


def _value(record: Any, field: str) -> Any:
    """The value of a field; a key of a map may itself contain dots."""
    if not isinstance(record, Mapping):
        return None
    if field in record:
        return record[field]
    head, _, rest = field.partition(".")
    return _value(record.get(head), rest) if rest else None


def _text(value: Any) -> str:
    """A value as it stands in JSON, without quotes; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
