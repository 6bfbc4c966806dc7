"""One case is folded: what it says, when it must be looked at again, what it adds to the live figures.

This is the only place where the outcome of a case changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import LATEST, Instant
from lienthong_schemas.records import PROVISIONAL_SILENCE
from lienthong_streams.announce import Origin, announcement
from lienthong_streams.case_state import NEVER_FOLDED, CaseState, Header
from lienthong_streams.contributions import Contributions
from lienthong_streams.domain.announcements import diff, told_anew
from lienthong_streams.domain.calm import calm_of
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.fold import fold_of
from lienthong_streams.domain.progress import Progress
from lienthong_streams.domain.rules import Rules
from lienthong_streams.packed_calm import LONGEST


class Moment(NamedTuple):
    """What the outcome of a case depends on beside its timeline, and where it is said."""

    rules: Rules
    reference_end: int
    """The end of the reference data that matter to this kind of case."""
    horizon: Instant
    heard: Mapping[str, Instant]
    """By office, the instant up to which all its events are known."""
    origin: Origin


_NOTHING_HOLDS: Final = Fold((), (), (), None)


def fold_case(
    book: SchemaBook, figures: Contributions, case_id: str, state: CaseState, moment: Moment
) -> list[OutboundRecord]:
    """Fold a case anew and bring its state up to date; returns what must be said."""
    progress, last = state.progress(moment.rules), state.last
    outcome = fold_of(progress, moment.horizon, moment.heard)
    emissions = diff(case_id, state.standing, state.withdrawals, outcome)
    before, after = state.header.contribution, figures.contribution(state, progress, outcome)
    if after != before:
        figures.changed(before, after)
        if state.header.reference_end != NEVER_FOLDED and figures.tells_other_share(before, after):
            emissions += told_anew(case_id, state.standing, state.withdrawals, outcome, emissions)
    state.header = Header(
        outcome.watch_from,
        _closed_since(state, progress, outcome),
        moment.reference_end,
        _silent_offices(state, outcome),
        after,
    )
    state.calm = calm_of(progress, outcome, last) if _may_be_calm(state) else None
    return [announcement(book, case_id, last, emission, moment.origin) for emission in emissions]


def count_case(figures: Contributions, state: CaseState, rules: Rules) -> None:
    """Count a case by what it states, where it is not folded: before the first tick, or only for a checksum."""
    before = state.header.contribution
    after = figures.contribution(state, state.progress(rules), _NOTHING_HOLDS)
    if after != before:
        figures.changed(before, after)
        header = state.header
        state.header = Header(header.watch_from, header.closed_since, header.reference_end, header.silent, after)


def _may_be_calm(state: CaseState) -> bool:
    """Whether the case can be carried on by its bytes, and nobody's silence leaves anything provisional."""
    return 0 < state.last_size <= LONGEST and not state.header.silent


def _closed_since(state: CaseState, progress: Progress, outcome: Fold) -> Instant | None:
    """When the bus last heard of a case that has ended, None for an open one."""
    episodes = progress.walk.episodes
    if outcome.watch_from is not None or (episodes and episodes[-1].ended_by is None):
        return None
    if not episodes and state.last.event.ended_at is None:
        return None
    before, now = state.header.closed_since, state.heard_at
    if now is None:
        now = max(known.known_at for known in state.timeline) if before is None else before
    return min(now if before is None else max(before, now), LATEST)


def _silent_offices(state: CaseState, outcome: Fold) -> tuple[str, ...]:
    """The offices for whose silence something is provisional: what was said, or only what the live figures say, for
    what was once said to be firm stays so."""
    processing = outcome.processing
    counted = bool(processing) and processing[-1].breached and processing[-1].firmness == PROVISIONAL_SILENCE
    if not counted and PROVISIONAL_SILENCE not in state.standing.values():
        return ()
    silent = (claim for claim in outcome.fact_claims if claim.firmness == PROVISIONAL_SILENCE)
    return tuple(sorted({claim.tell().office for claim in silent}))
