"""The statement that an export runs: chosen columns and conditions, every value a parameter, every name checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from psycopg import sql

from lienthong.export.sources import BYTES, INSTANT, Source
from lienthong.tail.selection import CONTAINS, Condition
from lienthong_infra.errors import BadInputError
from lienthong_schemas.statements import moment

_COMPARISONS: Final[Mapping[str, str]] = {"<=": "<=", ">=": ">=", "<": "<", ">": ">"}
_IS: Final[Mapping[str, str]] = {"=": "IS NOT DISTINCT FROM", "!=": "IS DISTINCT FROM"}
_ISO: Final = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_NUMBERS: Final = ("int2", "int4", "int8")


class Query(NamedTuple):
    """A COPY statement and its parameters; ``columns`` are those that it writes."""

    statement: sql.Composed
    parameters: tuple[str | None, ...]
    columns: tuple[str, ...]


def query_of(
    source: Source, known: Mapping[str, str], columns: Sequence[str], chosen: Sequence[Condition], until: str = ""
) -> Query:
    """The statement for these columns (none: all) of the rows that meet all conditions.

    ``known``: the columns of the table with their types; ``until``: only rows known at this time. Raises BadInputError
    with everything that is wrong.
    """
    wanted = tuple(columns) or tuple(known)
    problems = [f"--columns {name}: {_none_such(known)}" for name in wanted if name not in known]
    problems += [problem for one in chosen for problem in _condition_problems(one, known)]
    if problems:
        raise BadInputError(problems)
    texts = [(_predicate(one, known[one.field]), one.text) for one in chosen]
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
        elif kind in _NUMBERS:
            int(one.text)
        elif kind == "bool" and one.text not in ("true", "false"):
            raise ValueError("write true or false")
    except ValueError as error:
        return [f"--where {one.field}{one.operator}{one.text}: {error}"]
    return []


def _predicate(one: Condition, kind: str) -> sql.Composed:
    column = sql.Identifier(one.field)
    if one.operator == CONTAINS:
        return sql.SQL("position(%s::text in {}::text) > 0").format(column)
    left: sql.Composable = column
    if kind == BYTES:
        left, kind = sql.SQL("encode({}, 'hex')").format(column), "text"
    elif kind == "text" and not one.text:
        left = sql.SQL("nullif({}, '')").format(column)  # an empty text and none at all are the same to who asks
    operator = _IS.get(one.operator) or _COMPARISONS[one.operator]
    return sql.SQL("{} {} %s::{}").format(left, sql.SQL(operator), sql.Identifier(kind))


def _written(name: str, kind: str) -> sql.Composed:
    """How a column is written: instants as ISO 8601 in UTC, digests in hexadecimal, the truth as true and false."""
    column = sql.Identifier(name)
    forms = {INSTANT: _ISO, BYTES: "encode({}, 'hex')", "bool": "{}::text"}
    return sql.SQL("{} AS {}").format(sql.SQL(forms.get(kind, "{}")).format(column), column)
