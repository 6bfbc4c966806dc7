"""``diff``: from what was announced about a case and what holds now to what must be said.

Every announcement has a settled key and an id made from it. What no longer holds is withdrawn by name; what was
withdrawn and holds again gets an id that names the withdrawal. What was announced is history and is never recomputed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lienthong_schemas.identity import announcement_id, confirmation_id, withdrawal_id
from lienthong_schemas.records import FIRM, PROVISIONAL_HOLE
from lienthong_streams.domain.facts import Claim, Fact, Fold, Remark

_OF_THE_DELIVERY: Final = "sync|"
"""How the keys of the clock begin that measures the delivery itself."""


class Emission:
    """Something to say. ``kind`` is ``said`` (``content`` holds), ``withdrawn`` or ``confirmed`` (of ``refers_to``)."""

    __slots__ = ("content", "event_id", "firmness", "kind", "refers_to", "settled_key")

    def __init__(
        self, kind: str, event_id: str, settled_key: str, refers_to: str | None, firmness: str,
        content: Fact | Remark | None,
    ) -> None:  # fmt: skip
        self.kind = kind
        self.event_id = event_id
        self.settled_key = settled_key
        self.refers_to = refers_to
        self.firmness = firmness
        self.content = content


def holding(case_id: str, fold: Fold) -> dict[str, Fact | Remark]:
    """Everything that holds, by settled key, in the order in which it is said."""
    return {f"{case_id}|{key}": claim.tell() for key, claim in _claims(fold).items()}


def diff(case_id: str, standing: dict[str, str], withdrawals: dict[str, str], fold: Fold) -> tuple[Emission, ...]:
    """What must be said so that what stands is what holds; brings ``standing`` and ``withdrawals`` up to date.

    ``standing``: settled key without the case id → how firm it was said to be. ``withdrawals``: such a key → id of its
    last withdrawal. The id of what stands follows from the two.
    """
    claims = _claims(fold)
    if _all_said(standing, claims):
        return ()
    emissions: list[Emission] = []
    for key in [key for key, firmness in standing.items() if _must_withdraw(firmness, claims.get(key))]:
        settled_key = f"{case_id}|{key}"
        said = announcement_id(settled_key, withdrawals.get(key, ""))
        withdrawn = withdrawals[key] = withdrawal_id(said)
        claim = claims.get(key)
        content = None if claim is None else claim.tell()
        emissions.append(Emission("withdrawn", withdrawn, settled_key, said, standing.pop(key), content))
    for key, claim in claims.items():
        firmness = standing.get(key)
        if firmness is None:
            standing[key] = claim.firmness
            settled_key = f"{case_id}|{key}"
            said = announcement_id(settled_key, withdrawals.get(key, ""))
            emissions.append(Emission("said", said, settled_key, None, claim.firmness, claim.tell()))
        elif firmness != FIRM and claim.firmness == FIRM:
            standing[key] = FIRM
            settled_key = f"{case_id}|{key}"
            said = announcement_id(settled_key, withdrawals.get(key, ""))
            emissions.append(Emission("confirmed", confirmation_id(said), settled_key, said, FIRM, claim.tell()))
    return tuple(emissions)


def _all_said(standing: Mapping[str, str], claims: Mapping[str, Claim]) -> bool:
    """Whether what stands is just what holds, and as firm."""
    if len(standing) != len(claims):
        return False
    return all(standing.get(key) == claim.firmness for key, claim in claims.items())


def told_anew(
    case_id: str, standing: dict[str, str], withdrawals: dict[str, str], fold: Fold, said: Sequence[Emission]
) -> tuple[Emission, ...]:
    """The end of the last processing clock, withdrawn and said again: its key is the same, the share of the regulated
    time that it tells is another (an end or a due time was stated anew, or reference data changed).

    ``said``: what ``diff`` has just given; nothing where the end is among it.
    """
    if not fold.processing:
        return ()
    last, fresh = fold.processing[-1], {emission.settled_key for emission in said}
    end = f"{last.terms.clock}|{last.episode.number}|met"
    emissions: list[Emission] = []
    for claim in fold.fact_claims:
        key = claim.key
        if not key.startswith(end) or key not in standing or f"{case_id}|{key}" in fresh:
            continue
        before = announcement_id(f"{case_id}|{key}", withdrawals.get(key, ""))
        withdrawn = withdrawals[key] = withdrawal_id(before)
        content, anew = claim.tell(), announcement_id(f"{case_id}|{key}", withdrawn)
        emissions.append(Emission("withdrawn", withdrawn, f"{case_id}|{key}", before, standing[key], content))
        emissions.append(Emission("said", anew, f"{case_id}|{key}", None, claim.firmness, content))
        standing[key] = claim.firmness
    return tuple(emissions)


def settled(case_id: str, standing: Mapping[str, str]) -> frozenset[tuple[str, bool]]:
    """The settled form of what stands: (settled key, whether a hole makes it provisional).

    Provisional for want of a heartbeat belongs to the announcement and is left out; so is how late an event reached the
    bus, which belongs to its delivery.
    """
    return frozenset(
        (f"{case_id}|{key}", firmness == PROVISIONAL_HOLE)
        for key, firmness in standing.items()
        if not key.startswith(_OF_THE_DELIVERY)
    )


def settled_of(case_id: str, fold: Fold) -> frozenset[tuple[str, bool]]:
    """The settled form of a fold; equal to that of the standing announcements once all has been said."""
    return settled(case_id, {key: claim.firmness for key, claim in _claims(fold).items()})


def _claims(fold: Fold) -> dict[str, Claim]:
    claims: dict[str, Claim] = {}
    for fact in fold.fact_claims:
        claims[fact.key] = fact
    for remark in fold.remark_claims:
        claims[remark.key] = remark
    return claims


def _must_withdraw(old: str, claim: Claim | None) -> bool:
    """Withdraw what no longer holds, and what must be said again because a hole opened or closed behind it.

    What was said to be firm stays firm when only the office is silent: it had been heard up to the due time.
    """
    if claim is None:
        return True
    return claim.firmness not in (old, FIRM) and PROVISIONAL_HOLE in (old, claim.firmness)
