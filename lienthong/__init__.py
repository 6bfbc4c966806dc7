"""Liên thông: the event bus of one-stop public services, its SDK and its command line.

Publishing takes three lines; a forwarder (`lienthong forward`) brings what was accepted to the bus:

    from lienthong import Dossier, Outbox
    with Outbox("outbox.db", offices=["H27.16"]) as outbox:
        receipt = outbox.accept(Dossier(...))

Names are imported when they are first used, so that `import lienthong` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lienthong_producers.errors import (
        EventTooLarge,
        NotNumberedHere,
        OutboxDamaged,
        OutboxError,
        OutboxFull,
        OutboxInUse,
        OutboxVersion,
    )
    from lienthong_producers.outbox import Accepted, Outbox, Refused
    from lienthong_schemas.errors import IdentityError, InvalidCase
    from lienthong_schemas.models import (
        CaseState,
        Document,
        Dossier,
        FieldReport,
        HandoverStatement,
        OpeningStatement,
        PeriodicReport,
        parse_case_state,
    )

__all__ = [
    "Accepted",
    "CaseState",
    "Document",
    "Dossier",
    "EventTooLarge",
    "FieldReport",
    "HandoverStatement",
    "IdentityError",
    "InvalidCase",
    "NotNumberedHere",
    "OpeningStatement",
    "Outbox",
    "OutboxDamaged",
    "OutboxError",
    "OutboxFull",
    "OutboxInUse",
    "OutboxVersion",
    "PeriodicReport",
    "Refused",
    "parse_case_state",
]

_HOME_OF = {
    "lienthong_producers.errors": [
        "EventTooLarge",
        "NotNumberedHere",
        "OutboxDamaged",
        "OutboxError",
        "OutboxFull",
        "OutboxInUse",
        "OutboxVersion",
    ],
    "lienthong_producers.outbox": ["Accepted", "Outbox", "Refused"],
    "lienthong_schemas.errors": ["IdentityError", "InvalidCase"],
    "lienthong_schemas.models": [
        "CaseState",
        "Document",
        "Dossier",
        "FieldReport",
        "HandoverStatement",
        "OpeningStatement",
        "PeriodicReport",
        "parse_case_state",
    ],
}


def __getattr__(name: str) -> Any:
    for module, names in _HOME_OF.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'lienthong' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
