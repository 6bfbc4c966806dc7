"""The statement that an export runs: chosen columns and conditions, every value a parameter, every name checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from psycopg import sql

from lienthong.export.sources import BYTES, INSTANT, Source
from lienthong.tail.selection import CONTAINS, Condition
from lienthong_infra.errors import WrongCallError
from lienthong_schemas.statements import moment

_COMPARISONS: Final[Mapping[str, str]] = {"<=": "<=", ">=": ">=", "<": "<", ">": ">"}
_IS: Final[Mapping[str, str]] = {"=": "IS NOT DISTINCT FROM", "!=": "IS DISTINCT FROM"}
_ISO: Final = """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_TEXT: Final = r"""CASE WHEN {0} ~ '^[-=+@\t\r]' THEN '''' || {0} ELSE {0} END"""
_LARGEST: Final[Mapping[str, int]] = {"int2": 2**15 - 1, "int4": 2**31 - 1, "int8": 2**63 - 1}
_NUMBER: Final = re.compile(r"-?[0-9]{1,19}")


class Query(NamedTuple):
    """A COPY statement and its parameters; ``columns`` are those that it writes."""

    statement: sql.Composed
    parameters: tuple[str | None, ...]
    columns: tuple[str, ...]


def query_of(
    source: Source, known: Mapping[str, str], columns: Sequence[str], chosen: Sequence[Condition], until: str = ""
) -> Query:
    """The statement for these columns (none: all) of the rows that meet all conditions.

    ``known``: the columns of the table with their types; ``until``: only rows known at this time. Raises WrongCallError
    with everything that is wrong.
    """
    wanted = tuple(columns) or tuple(known)
    problems = [f"--columns {name}: {_none_such(known)}" for name in wanted if name not in known]
    problems += [problem for one in chosen for problem in _condition_problems(one, known)]
    if problems:
        raise WrongCallError(problems)
    texts = [(_predicate(one, known[one.field]), _parameter(one, known[one.field])) for one in chosen]
    if until:
        texts.append((sql.SQL("{} <= %s::timestamptz").format(sql.Identifier("known_at")), until))
    where = sql.SQL(" WHERE ") + sql.SQL(" AND ").join([each for each, _ in texts]) if texts else sql.SQL("")
    statement = sql.SQL("COPY (SELECT {} FROM {}{} ORDER BY {}) TO STDOUT (FORMAT csv, HEADER)").format(
        sql.SQL(", ").join([_written(name, known[name]) for name in wanted]),
        sql.Identifier(source.table),
        where,
        sql.SQL(", ").join([sql.Identifier(name) for name in source.order]),
    )
    return Query(statement, tuple(text or None for _, text in texts), wanted)


def _none_such(known: Mapping[str, str]) -> str:
    return f"there is no such column; columns: {', '.join(known)}"


def _condition_problems(one: Condition, known: Mapping[str, str]) -> list[str]:
    """Why a condition cannot be asked; a value is tried here, for the database would name neither column nor remedy."""
    kind = known.get(one.field)
    if kind is None:
        return [f"--where {one.field}: {_none_such(known)}"]
    if (not one.text and one.operator in _IS) or one.operator == CONTAINS:
        return []
    try:
        if kind == INSTANT:
            moment(one.text)
        elif kind in _LARGEST and not (_NUMBER.fullmatch(one.text) and abs(int(one.text)) <= _LARGEST[kind]):
            raise ValueError(f"write a whole number of at most {_LARGEST[kind]:,}")
        elif kind == "bool" and one.text not in ("true", "false"):
            raise ValueError("write true or false")
    except ValueError as error:
        return [f"--where {one.field}{one.operator}{one.text}: {error}"]
    return []


def _parameter(one: Condition, kind: str) -> str:
    """An instant as the database reads it: people may write it in other forms of ISO 8601."""
    if kind == INSTANT and one.text and one.operator != CONTAINS:
        return moment(one.text).isoformat()
    return one.text


def _predicate(one: Condition, kind: str) -> sql.Composed:
    column = sql.Identifier(one.field)
    if one.operator == CONTAINS:
        return sql.SQL("position(%s::text in {}::text) > 0").format(column)
    left: sql.Composable = column
    if kind == BYTES:
        left, kind = sql.SQL("encode({}, 'hex')").format(column), "text"
    elif kind == "text" and not one.text:
        left = sql.SQL("nullif({}, '')").format(column)  # an empty text and none at all are the same to who asks
    # A value is compared in the way that an index can answer; only none at all needs the other.
    operator = "=" if one.operator == "=" and one.text else _IS.get(one.operator) or _COMPARISONS[one.operator]
    return sql.SQL("{} {} %s::{}").format(left, sql.SQL(operator), sql.Identifier(kind))


def _written(name: str, kind: str) -> sql.Composed:
    """How a column is written: instants as ISO 8601 in UTC, digests in hexadecimal, the truth as true and false; a text
    that a spreadsheet would take for a formula has an apostrophe in front."""
    column = sql.Identifier(name)
    forms = {INSTANT: _ISO, BYTES: "encode({0}, 'hex')", "bool": "{0}::text", "text": _TEXT}
    return sql.SQL("{} AS {}").format(sql.SQL(forms.get(kind, "{}")).format(column), column)
