"""The dossiers of the ledger as a period judges them, in SQL: the rules of ``domain/period_course.py``.

A dossier whose newest event was accepted before the end of the period is what its current row says. Of the others, few
in a period that has just ended, the events are looked through from the newest back.
"""

from __future__ import annotations

from typing import Final

from lienthong_consumers.domain.period_report import REFUSED


def _either(first: str, second: str, name: str) -> str:
    """A column of the one, where there is such an event, else of the other."""
    return f"CASE WHEN {first}.epoch IS NULL THEN {second}.{name} ELSE {first}.{name} END AS {name}"


_REFUSED: Final = f"{{0}}ended_at IS NULL AND {{0}}received_at IS NOT NULL AND {{0}}status = '{REFUSED}'"
_HAS_SAY: Final = """
    (
        SELECT true FROM conflict AS lost WHERE (lost.case_id, lost.epoch, lost.seq, lost.digest)
                                              = (one.case_id, one.epoch, one.seq, one.digest)
    ) IS NULL AND (
        SELECT true FROM held WHERE (held.case_id, held.epoch, held.seq, held.digest)
                                  = (one.case_id, one.epoch, one.seq, one.digest)
    ) IS NULL
"""
"""Whether an event counts now; asked event by event, for a join would be planned for all cases at once."""
_STANDING: Final = f"""
    SELECT one.* FROM case_event AS one
    WHERE one.case_id = {{case}}.case_id AND ({{case}}.undisputed OR {_HAS_SAY})
"""
"""The events of a case that have a say now."""
_UNDISPUTED: Final = """
    NOT EXISTS (SELECT FROM conflict AS any_lost WHERE any_lost.case_id = row.case_id)
    AND NOT EXISTS (SELECT FROM held AS any_held WHERE any_held.case_id = row.case_id) AS undisputed
"""
_STANDING_THEN: Final = (
    "SELECT one.* FROM case_event AS one WHERE one.case_id = {case}.case_id AND one.known_at <= %(known)s"
)
"""The same as known at an instant, of a case that is not irregular."""
_BACKWARDS: Final = "OVER (ORDER BY epoch DESC, seq DESC)"
_OVER: Final = f"""
    CASE WHEN {_REFUSED.format("row.")} THEN (
        SELECT accepted_at FROM (
            SELECT accepted_at, epoch, seq, bool_and({_REFUSED.format("")}) {_BACKWARDS} AS still
            FROM ({{standing}}) AS event
        ) AS refused WHERE still ORDER BY epoch, seq LIMIT 1
    ) ELSE row.ended_at END AS over_at
"""
"""Refused after its receipt, a dossier is over since that was accepted, whatever came behind."""
_FIELDS: Final = "case_id, office, commune, selector, channel, status, received_at, due_at"
_ROW_FIELDS: Final = ", ".join(f"row.{name}" for name in _FIELDS.split(", "))
_STANDING_OF_ROW: Final = f"SELECT one.* FROM case_event AS one WHERE one.case_id = row.case_id AND {_HAS_SAY}"
_NOW: Final = f"""
    SELECT {_ROW_FIELDS}, row.known_at, row.accepted_at, {_OVER.format(standing=_STANDING_OF_ROW)},
           {_UNDISPUTED}
    FROM case_row AS row WHERE row.kind = 'dossier' AND ({{where}})
"""
IRREGULAR: Final = """
    SELECT case_id FROM case_row WHERE kind = 'dossier' AND (epoch <> 1 OR sealed)
    UNION SELECT case_id FROM conflict UNION SELECT case_id FROM held
"""
"""The cases of which the highest number known at an instant may not be what applied then: conflicts and handovers."""
_THEN: Final = f"""
    SELECT {_ROW_FIELDS}, row.known_at, row.accepted_at, {_OVER.format(standing=_STANDING_THEN.format(case="row"))}
    FROM (
        SELECT DISTINCT ON (case_id) {_FIELDS}, ended_at, known_at, accepted_at FROM case_event
        WHERE kind = 'dossier' AND known_at <= %(known)s
          AND NOT EXISTS (SELECT FROM ({IRREGULAR}) AS one WHERE one.case_id = case_event.case_id)
        ORDER BY case_id, epoch, seq DESC
    ) AS row WHERE {{where}}
"""
_SHORT: Final = f"""
    (received_at IS NULL OR (dossier.over_at < {{end}}) IS TRUE AND ended_at IS NULL AND NOT ({_REFUSED.format("")}))
"""
"""Of an event: it states no receipt yet, or no end of a dossier that was over at the instant."""
_LOOKED_AT: Final = "office, commune, selector, channel, status, due_at, epoch, seq"
_STATE: Final = f"""
    SELECT {", ".join(_either("fore", "back", name) for name in _LOOKED_AT.split(", "))}
    FROM (SELECT) AS one_row
    LEFT JOIN LATERAL (
        SELECT {_LOOKED_AT}, {_SHORT} AS short FROM ({{standing}}) AS event
        WHERE dossier.received_at < {{end}} AND dossier.accepted_at >= {{end}}
          AND (least(occurred_at, accepted_at) < {{end}} OR {_SHORT})
        ORDER BY epoch DESC, seq DESC LIMIT 1
    ) AS back ON true
    LEFT JOIN LATERAL (
        SELECT {_LOOKED_AT} FROM ({{standing}}) AS event
        WHERE dossier.received_at < {{end}} AND dossier.accepted_at >= {{end}} AND back.short IS NOT FALSE
          AND (epoch, seq) > (coalesce(back.epoch, 0), coalesce(back.seq, 0))
        ORDER BY epoch, seq LIMIT 1
    ) AS fore ON true
"""
"""The state at an instant of a dossier with later events: from the newest back the first that happened before, or that
is short of a date; then it is the one behind that. Without any it is the first of all."""


IN_PERIOD: Final = (
    "row.received_at < %(end)s AND (row.ended_at IS NULL OR row.ended_at >= %(begin)s OR row.received_at >= %(begin)s)"
)
"""The dossiers that can be in a period, by their rows."""


def candidates(*, where: str = "true", then: bool = False) -> str:
    """What ``PLAIN`` and ``looked_through`` choose from: ``WITH dossier AS ...``.

    ``where``: which dossiers, by ``row``. ``then``: as known at ``%(known)s``, of cases that are not irregular.
    """
    return f"WITH dossier AS MATERIALIZED ({(_THEN if then else _NOW).format(where=where)})"


_NO_EVENTS: Final = """
    received_at IS NULL OR accepted_at < %(end)s AND (received_at >= %(begin)s OR accepted_at < %(begin)s)
"""
PLAIN: Final = f"""
    SELECT case_id, office, commune, selector, channel, status, received_at, due_at, over_at, known_at,
           NULL AS office_before, NULL AS commune_before, NULL AS selector_before
    FROM dossier WHERE {_NO_EVENTS}
"""
"""The dossiers whose row says all that a period asks for, as they are judged at ``%(end)s``."""


def looked_through(*, then: bool = False) -> str:
    """The other dossiers, with their state at ``%(end)s``, and the cell of those carried over at ``%(begin)s``."""
    standing = (_STANDING_THEN if then else _STANDING).format(case="dossier")
    at_end = ", ".join(
        _either("state", "dossier", name) for name in ("office", "commune", "selector", "channel", "status")
    )
    at_begin = ", ".join(
        f"CASE WHEN dossier.received_at < %(begin)s THEN coalesce(before.{name}, dossier.{name}) END AS {name}_before"
        for name in ("office", "commune", "selector")
    )
    return f"""
        SELECT dossier.case_id, {at_end}, dossier.received_at, {_either("state", "dossier", "due_at")}, dossier.over_at,
               dossier.known_at, {at_begin}
        FROM dossier
        LEFT JOIN LATERAL ({_STATE.format(end="%(end)s", standing=standing)}) AS state ON true
        LEFT JOIN LATERAL ({_STATE.format(end="%(begin)s", standing=standing)}) AS before ON true
        WHERE ({_NO_EVENTS}) IS NOT TRUE
    """


def judged(where: str = "true") -> str:
    """All dossiers as a period judges them, as known now; ``where`` as for ``candidates``."""
    return f"{candidates(where=where)} {PLAIN} UNION ALL {looked_through()}"
