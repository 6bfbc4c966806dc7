"""What was published of a period: its versions, their lines, and the corrections between them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from psycopg import Connection
from psycopg.rows import namedtuple_row

from lienthong_consumers.domain.period_report import Line
from lienthong_consumers.ledger.tables.period_reports import lines_from
from lienthong_schemas.instants import Instant, instant_of

_CORRECTIONS: Final = """
    SELECT period, version, case_id, event_id, epoch, seq, occurred_at, known_at,
           office_before, commune_before, selector_before, received_before, outcome_before,
           office_after, commune_after, selector_after, received_after, outcome_after
    FROM period_correction
    WHERE form = %(form)s AND period = %(period)s AND (%(version)s::int IS NULL OR version = %(version)s)
      AND (%(unit)s = '' OR %(unit)s IN (office_before, office_after, commune_before, commune_after))
    ORDER BY id
"""


class Published(NamedTuple):
    """A period that was published: its newest version, and the time of the bus at its closing."""

    version: int
    closed_at: Instant
    incomplete: tuple[str, ...] = ()
    """Offices that owed data and were not complete then."""


class PublishedLines(NamedTuple):
    """The lines of a report in a version; ``known_at`` is the newest record that they stand on."""

    version: int
    known_at: Instant | None
    lines: dict[str, Line]


def published(connection: Connection[Any], form: str, period: str) -> Published | None:
    """What is known of a published period; None: it was not published."""
    row = connection.execute(
        "SELECT version, closed_at, ARRAY(SELECT office FROM period_incomplete AS i WHERE (i.form, i.period) = (c.form,"
        " c.period) ORDER BY office) FROM period_close AS c WHERE form = %s AND period = %s",
        (form, period),
    ).fetchone()
    return None if row is None else Published(row[0], instant_of(row[1]), tuple(row[2]))


def published_lines(
    connection: Connection[Any], form: str, period: str, shown: tuple[str, str], version: int
) -> PublishedLines | None:
    """A report (by what, of which office) as it stood in a version; None: it had no dossier yet."""
    row = connection.execute(
        "SELECT version, known_at, lines FROM period_report"
        " WHERE form = %s AND period = %s AND by = %s AND unit = %s AND version <= %s ORDER BY version DESC LIMIT 1",
        (form, period, *shown, version),
    ).fetchone()
    if row is None:
        return None
    return PublishedLines(row[0], None if row[1] is None else instant_of(row[1]), lines_from(row[2]))


def corrections(
    connection: Connection[Any], form: str, period: str, version: int | None = None, unit: str = ""
) -> list[Any]:
    """The corrections of a period as named tuples, oldest first: of one version, of one unit, or all."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        cursor.execute(_CORRECTIONS, {"form": form, "period": period, "version": version, "unit": unit})
        return cursor.fetchall()
