"""Which tables of a ledger a replay must come to, row by row, and what of them may differ, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, LiteralString, NamedTuple


class ComparedTable(NamedTuple):
    """How a table is compared. Rows are matched by its primary key unless ``whole`` says: by all of their columns."""

    left_out: Mapping[str, str] = {}
    """Columns that may differ, and why."""
    where: LiteralString = "true"
    """Which rows are compared, in SQL; ``one`` is the row."""
    whole: bool = False


_BATCH: Final = "that of the newest record of its batch, and a replay has other batches"

COMPARED: Final[Mapping[str, ComparedTable]] = {
    "case_event": ComparedTable(),
    "case_row": ComparedTable(),
    "total_part": ComparedTable(),
    "gap": ComparedTable({"known_at": _BATCH}),
    "conflict": ComparedTable({"known_at": _BATCH}),
    "held": ComparedTable({"known_at": _BATCH}),
    "correction": ComparedTable({"id": "a number in the order of writing"}, whole=True),
    "clock_event": ComparedTable(),
    "finding": ComparedTable(),
    "reference": ComparedTable(),
    "dead_letter": ComparedTable({"state": "what people did about it; it is on no log"}),
    "checkpoint": ComparedTable(
        {"known_at": _BATCH},
        where="one.below > (SELECT min(compared_from) FROM position AS at"
        " WHERE (at.topic, at.partition) = (one.topic, one.partition))",
    ),
    "position": ComparedTable(
        {"updated_known_at": _BATCH, "compared_from": "when this ledger began to be compared with the workers"},
        where="one.topic NOT IN ('heartbeat.v1', 'tick.v1')",
    ),
}
"""Checkpoints from before figures were compared were never written. Of what is only checked, and kept for a month at
most, nothing is in the tables."""

NOT_COMPARED: Final[Mapping[str, str]] = {
    "letter_action": "what people did; it is on no log",
    "outbound": "what was published, and when; it follows from the tables that are compared",
    "tick": "the tick that is waited for, and the last that was reached; ticks are not replayed",
    "judgement": "by which tick figures were last published; ticks are not replayed",
    **dict.fromkeys(
        (
            *("period_closing", "period_close", "period_cell", "period_move", "period_counted", "period_news"),
            *("period_report", "period_correction"),
        ),
        "what was published at the closing of a period, and since; by ticks, which are not replayed",
    ),
    "period_incomplete": "who had not been heard at the closing of a period; by ticks, which are not replayed",
    "migration": "the step of the tables; both must be at the newest",
}
"""Tables that are no function of the log."""
