"""``fold``: from the timeline of a case, the reference data and a horizon to all that holds about its clocks.

A pure function. The order in which events came, duplicates, and how often it was called before change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lienthong_schemas.errors import CalendarError
from lienthong_schemas.instants import Instant
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.changes import in_force
from lienthong_streams.domain.data_findings import (
    remarks_on_due_times,
    remarks_on_senders,
    remarks_on_supplements,
)
from lienthong_streams.domain.facts import Fold, Made, RemarkClaim
from lienthong_streams.domain.judge import Knowledge, Verdict, judge
from lienthong_streams.domain.passage_clocks import judge_passage
from lienthong_streams.domain.progress import Progress, progress_of
from lienthong_streams.domain.rules import rules_of
from lienthong_streams.domain.side_clocks import judge_side_clocks
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.timeline import Known
from lienthong_streams.domain.walk import Walk, remarks_on_times


def fold(
    timeline: Sequence[Known], book: ReferenceBook, horizon: Instant, complete_through: Mapping[str, Instant]
) -> Fold:
    """All that holds about a case.

    ``timeline``: its known events, ordered as ``timeline.insert`` keeps them. ``horizon``: the bus's time.
    ``complete_through``: by office, the instant up to which all its events are known; it decides only whether a
    breach of an open clock is firm.
    """
    return fold_of(progress_of(timeline, rules_of(book)), horizon, complete_through)


def fold_of(progress: Progress, horizon: Instant, complete_through: Mapping[str, Instant]) -> Fold:
    """All that holds about a case that has come so far; see ``fold``."""
    walk = progress.walk
    knowledge = Knowledge(horizon, progress.hole, complete_through)
    verdict = _verdict(progress, knowledge)
    judge_passage(verdict, progress, knowledge)
    remarks: list[RemarkClaim] = [Made(remark) for remark in walk.remarks]
    remarks += remarks_on_times(walk, progress.last if progress.handed_over else None)
    remarks += remarks_on_senders(walk, progress.rules)
    watch_from = min(verdict.watch) if verdict.watch else None
    return Fold(verdict.facts, remarks + verdict.remarks, verdict.clocks, watch_from, verdict.processing)


def _verdict(progress: Progress, knowledge: Knowledge) -> Verdict:
    verdict, walk = Verdict(), progress.walk
    begun = walk.begun()
    if begun is None:
        return verdict
    terms = progress.terms
    if terms is None:
        if walk.episodes:
            verdict.remark(begun.act, "no-policy", f"no clock policy covers {begun.act.selector}")
        return verdict
    try:
        _judge_all(verdict, walk, terms, knowledge)
    except CalendarError:
        verdict = Verdict()
        beyond = "the calendar of the policy does not cover the case"
        verdict.remark(begun.act, "beyond-calendar", beyond)
        _judge_all(verdict, walk, terms.stated_alone, knowledge)
    return verdict


def _judge_all(verdict: Verdict, walk: Walk, terms: Terms, knowledge: Knowledge) -> None:
    forces: list[Terms] = []
    for episode in walk.episodes:
        forces.append(in_force(verdict, episode, terms, knowledge))
        judge(verdict, episode, forces[-1], knowledge)
        verdict.remarks += remarks_on_due_times(episode)
        verdict.remarks += remarks_on_supplements(walk, episode, terms)
    judge_side_clocks(verdict, walk, terms, forces, knowledge)
