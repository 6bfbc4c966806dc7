"""What figures count of a case besides its clock: small facts that only some kinds state, packed into one number.

A number of flags costs a case a byte or two, whatever the kind, and needs no further field when another kind states the
same fact. Whatever is not known is a flag of its own that is not set, so a share has its own base.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

LOWEST_RATING: Final = 1
HIGHEST_RATING: Final = 5
SATISFIED_FROM: Final = 4
"""From this rating on, of 1 to 5, the citizen counts as satisfied."""

RATED, SATISFIED, FEE_KNOWN, FEE_ONLINE, DIGITISE_KNOWN, DIGITISED, SIGNATURE_KNOWN, SIGNED, DUPLICATE = (
    1 << bit for bit in range(9)
)
"""The flags. They are kept in states: none ever changes its meaning, others are added behind.

RATED: the citizen gave a rating. SATISFIED: of those, at least SATISFIED_FROM. FEE_KNOWN: it is known how the fee was
paid: online, in cash, or that there was none. FEE_ONLINE: of those, online. DIGITISE_KNOWN, DIGITISED:
whether the papers were digitised at intake. SIGNATURE_KNOWN: the signature was checked. SIGNED: of those, it is valid.
DUPLICATE: the field report repeats another one.
"""


def case_marks(
    rating: int | None = None,
    fee_paid: str | None = None,
    digitised: bool | None = None,
    signature: str | None = None,
    *,
    duplicate: bool = False,
) -> int:
    """The flags of what a case states; None or nothing where it states nothing."""
    marks = 0
    if fee_paid is not None:
        marks |= FEE_KNOWN | FEE_ONLINE if fee_paid == "online" else FEE_KNOWN
    if rating is not None:
        marks |= RATED | SATISFIED if rating >= SATISFIED_FROM else RATED
    if digitised is not None:
        marks |= DIGITISE_KNOWN | DIGITISED if digitised else DIGITISE_KNOWN
    if signature is not None:
        marks |= SIGNATURE_KNOWN | SIGNED if signature == "valid" else SIGNATURE_KNOWN
    return marks | DUPLICATE if duplicate else marks


def marks_of(record: Mapping[str, Any]) -> int:
    """The flags of a decoded record of a case topic."""
    stated = record.get
    return case_marks(
        stated("rating"),
        stated("fee_paid"),
        stated("digitised"),
        stated("signature"),
        duplicate=stated("duplicate_of") is not None,
    )
