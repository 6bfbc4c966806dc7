"""``diff``: from what was announced about a case and what holds now to what must be said.

Every announcement has a settled key and an id made from it. What no longer holds is withdrawn by name; what was
withdrawn and holds again gets an id that names the withdrawal. What was announced is history and is never recomputed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lienthong_schemas.identity import announcement_id, confirmation_id, withdrawal_id
from lienthong_schemas.records import FIRM, PROVISIONAL_HOLE
from lienthong_streams.domain.facts import Fact, Fold, Remark, fact_key, remark_key


class Standing(NamedTuple):
    """An announcement that stands: its id, and how firm it was said to be."""

    event_id: str
    firmness: str


class Emission(NamedTuple):
    """Something to say. ``kind`` is ``said`` (``content`` holds), ``withdrawn`` or ``confirmed`` (of ``refers_to``)."""

    kind: str
    event_id: str
    settled_key: str
    refers_to: str | None
    firmness: str
    content: Fact | Remark | None


def holding(case_id: str, fold: Fold) -> dict[str, Fact | Remark]:
    """Everything that holds, by settled key, in the order in which it is said."""
    held: dict[str, Fact | Remark] = {fact_key(case_id, fact): fact for fact in fold.facts}
    held.update((remark_key(case_id, remark), remark) for remark in fold.remarks)
    return held


def diff(case_id: str, standing: dict[str, Standing], withdrawals: dict[str, str], fold: Fold) -> tuple[Emission, ...]:
    """What must be said so that what stands is what holds; brings ``standing`` and ``withdrawals`` up to date.

    ``standing``: settled key → standing announcement. ``withdrawals``: settled key → id of its last withdrawal.
    """
    holds = holding(case_id, fold)
    emissions: list[Emission] = []
    for key in [key for key in standing if _must_withdraw(standing[key], holds.get(key))]:
        old = standing.pop(key)
        withdrawn = withdrawal_id(old.event_id)
        withdrawals[key] = withdrawn
        emissions.append(Emission("withdrawn", withdrawn, key, old.event_id, old.firmness, holds.get(key)))
    for key, content in holds.items():
        firmness = _firmness_of(content)
        old_or_none = standing.get(key)
        if old_or_none is None:
            event_id = announcement_id(key, withdrawals.get(key, ""))
            standing[key] = Standing(event_id, firmness)
            emissions.append(Emission("said", event_id, key, None, firmness, content))
        elif firmness == FIRM and old_or_none.firmness != FIRM:
            standing[key] = old_or_none._replace(firmness=FIRM)
            confirmed = old_or_none.event_id
            emissions.append(Emission("confirmed", confirmation_id(confirmed), key, confirmed, FIRM, content))
    return tuple(emissions)


def settled(standing: Iterable[tuple[str, Standing]]) -> frozenset[tuple[str, bool]]:
    """The settled form of what stands: (settled key, whether a hole makes it provisional).

    Provisional for want of a heartbeat belongs to the announcement and is left out.
    """
    return frozenset((key, one.firmness == PROVISIONAL_HOLE) for key, one in standing)


def settled_of(case_id: str, fold: Fold) -> frozenset[tuple[str, bool]]:
    """The settled form of a fold; equal to that of the standing announcements once all has been said."""
    return frozenset(
        (key, _firmness_of(content) == PROVISIONAL_HOLE) for key, content in holding(case_id, fold).items()
    )


def _firmness_of(content: Fact | Remark) -> str:
    return content.firmness if isinstance(content, Fact) else FIRM


def _must_withdraw(old: Standing, content: Fact | Remark | None) -> bool:
    """Withdraw what no longer holds, and what must be said again because a hole opened or closed behind it.

    What was said to be firm stays firm when only the office is silent: it had been heard up to the due time.
    """
    if content is None:
        return True
    new = _firmness_of(content)
    return new not in (old.firmness, FIRM) and PROVISIONAL_HOLE in (old.firmness, new)
