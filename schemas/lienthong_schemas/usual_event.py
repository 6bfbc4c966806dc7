"""Whether a case event is a usual one: nothing in what all kinds of case state could break a rule.

The worker and the ledger take a few fields out of the bytes, each those it needs, the ones named here first. Where an
event is not usual, they read the whole record with all rules (``read_case_event``), which says what is wrong.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from lienthong_schemas.avro_reader import END_OF
from lienthong_schemas.case_event import SELECTOR_FIELDS
from lienthong_schemas.identity import LONGEST_CODE, event_id, normalise_office, parse_case_id
from lienthong_schemas.instants import EARLIEST, LATEST

_RULED: Final = (
    *("case_id", "epoch", "seq", "accepted_at", "occurred_at", "office", "commune", "change", "status"),
    *("received_at", "due_at", "ended_at", "event_id", "handover", "opening"),
)
"""Of every kind of case, and in this order; the selector comes behind them, by another name in each kind."""
SELECTOR: Final = len(_RULED)
"""The place of the selector in ``usual_fields``."""
DELIVERED: Final = SELECTOR + 1
"""The place of the byte at which an event's digest begins."""
OWN_FROM: Final = DELIVERED + 1
"""The place of the first field that a reader wants besides."""


def usual_fields(kind: str) -> tuple[str, ...]:
    """What is wanted of every event of a kind of case, before anything else."""
    return *_RULED, SELECTOR_FIELDS[kind], END_OF + "previous"


@lru_cache(maxsize=16_384)
def _written_well(office: str, commune: str) -> bool:
    return normalise_office(office) == office and (
        not commune or (len(commune) == 5 and commune.isascii() and commune.isdigit())
    )


def is_usual(kind: str, key: bytes | None, fields: tuple[Any, ...]) -> bool:
    """Whether a record with this key, on the topic of this kind, certainly breaks no rule in its ``usual_fields``.

    Fields behind them are not looked at. Raises IdentityError where a case id or an office is none.
    """
    # fmt: off
    (case_id, epoch, seq, accepted, occurred, office, commune, change, status,
     received, due, ended, event, handover, opening, selector) = fields[:DELIVERED]
    # fmt: on
    return not (
        change != "changed"
        or handover is not None
        or opening is not None
        or key != case_id.encode()
        or epoch < 1
        or seq < 1
        or not 0 < len(status) <= LONGEST_CODE
        or len(selector) > LONGEST_CODE
        or not EARLIEST <= accepted <= LATEST
        or not EARLIEST <= occurred <= LATEST
        or not (received is None or EARLIEST <= received <= LATEST)
        or not (due is None or EARLIEST <= due <= LATEST)
        or not (ended is None or EARLIEST <= ended <= LATEST)
        or not _written_well(office, commune)
        or parse_case_id(case_id).kind != kind
        or event != event_id(office, case_id, epoch, seq)
    )
