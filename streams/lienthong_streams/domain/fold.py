"""``fold``: from the timeline of a case, the reference data and a horizon to all that holds about its clocks.

A pure function. The order in which events came, duplicates, and how often it was called before change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.errors import CalendarError, NoOfficeHours
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.reference import ANY, ReferenceBook
from lienthong_streams.domain.facts import Fold, Remark
from lienthong_streams.domain.judge import Knowledge, Verdict, judge, nothing
from lienthong_streams.domain.side_clocks import judge_side_clocks
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.timeline import Applied, Known, applied
from lienthong_streams.domain.walk import Walk, begin_of, cause_of, remark_on, walk_over


def fold(
    timeline: Sequence[Known], book: ReferenceBook, horizon: Instant, complete_through: Mapping[str, Instant]
) -> Fold:
    """All that holds about a case.

    ``timeline``: its known events, ordered as ``timeline.insert`` keeps them. ``horizon``: the bus's time.
    ``complete_through``: by office, the instant up to which all its events are known; it decides only whether a
    breach of an open clock is firm.
    """
    chosen = applied(timeline)
    remarks = _remarks_on_sequence(chosen)
    if not chosen.events:
        return Fold((), (), tuple(remarks), None)
    first = chosen.events[0].event
    begins = begin_of(first, chosen.events[0].known_at)
    states = book.states(first.kind, begins)
    if states is None:
        remarks.append(
            remark_on(first, "no-states", f"no table of states for {first.kind} is valid at {iso_of(begins)}")
        )
        return Fold((), (), tuple(remarks), None)
    walk = walk_over(states, chosen.events, remarks)
    verdict = _verdict(walk, book, Knowledge(horizon, bool(chosen.holes), complete_through))
    watch_from = min(verdict.watch, default=None)
    return Fold(tuple(verdict.clocks), tuple(verdict.facts), (*remarks, *verdict.remarks), watch_from)


def _verdict(walk: Walk, book: ReferenceBook, knowledge: Knowledge) -> Verdict:
    verdict = nothing()
    opened_by = walk.submission.event if walk.submission is not None else None
    started_by = walk.episodes[0].started_by if walk.episodes else opened_by
    if started_by is None:
        return verdict
    start = walk.episodes[0].started_at if walk.episodes else started_by.occurred_at
    terms = terms_of(book, started_by, "processing", start)
    if terms is None:
        if walk.episodes:
            no_policy = f"no clock policy covers {started_by.selector}"
            verdict.remarks.append(remark_on(started_by, "no-policy", no_policy))
        return verdict
    try:
        _judge_all(verdict, walk, terms, knowledge)
    except CalendarError:
        verdict = nothing()
        beyond = "the calendar of the policy does not cover the case"
        verdict.remarks.append(remark_on(started_by, "beyond-calendar", beyond))
        _judge_all(verdict, walk, Terms(terms.policy_id, terms.clock), knowledge)
    return verdict


def _judge_all(verdict: Verdict, walk: Walk, terms: Terms, knowledge: Knowledge) -> None:
    for episode in walk.episodes:
        verdict.take(judge(episode, terms, knowledge))
    verdict.take(judge_side_clocks(walk, terms, knowledge))


def terms_of(book: ReferenceBook, event: CaseEvent, clock: str, at: Instant) -> Terms | None:
    """The terms of a clock that starts at an instant: a clock policy or, for processing, the stated due time alone."""
    found = book.clock_policy(event.kind, event.selector, at, urgency=event.urgency or ANY, clock=clock)
    if found is not None:
        try:
            calendar = book.working_calendar(found[1].calendar, at)
        except NoOfficeHours:
            calendar = None
        return Terms(found[0], clock) if calendar is None else Terms(found[0], clock, found[1], calendar[1])
    stated = book.policy(event.kind, event.selector, at)
    return None if stated is None or clock != stated[1].clock else Terms(stated[0], clock)


def _remarks_on_sequence(chosen: Applied) -> list[Remark]:
    some = chosen.events[-1].event if chosen.events else (chosen.held or chosen.conflicts)[0]
    remarks = [
        Remark("hole", f"{hole.epoch}.{hole.first}-{hole.last}", "missing in the sequence", some.office, some.commune)
        for hole in chosen.holes
    ]
    remarks.extend(
        Remark(
            "conflict",
            f"{cause_of(event)}.{event.digest.hex()}",
            "another event with this number was accepted earlier",
            event.office,
            event.commune,
        )
        for event in chosen.conflicts
    )
    remarks.extend(remark_on(event, "held", f"epoch {event.epoch} has no handover for it") for event in chosen.held)
    return remarks
