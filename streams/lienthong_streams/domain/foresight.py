"""From an episode and its terms to its outlook; the levels of warning and escalation, the time of an apology."""

from __future__ import annotations

from collections.abc import Callable

from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_due import DueTime
from lienthong_schemas.policy_levels import after, before, share_reached
from lienthong_streams.domain.due import computed_from, due_of
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.outlook import ENDLESS, Outlook
from lienthong_streams.domain.terms import Terms


def outlook_of(episode: Episode, terms: Terms) -> Outlook:
    """The outlook of an episode: the one that it keeps, or a new one. Raises CalendarError."""
    if terms.calendar is None:
        return Outlook(due_of(episode, terms), differs=False, first_level_at=ENDLESS)
    if terms.base is not None:
        return _new_outlook(episode, terms)
    if episode.outlook is None:
        episode.outlook = _new_outlook(episode, terms)
    return episode.outlook


def _new_outlook(episode: Episode, terms: Terms) -> Outlook:
    apology_by(episode, terms)  # where the calendar does not reach so far, this must be known now
    due = due_of(episode, terms)
    levels = () if due is None or due.moving else level_times(episode, terms, due.at)
    first_level_at = min((at for _, _, at in levels), default=ENDLESS)
    return Outlook(due, _differs(episode, terms.base or terms), first_level_at)


def level_times(episode: Episode, terms: Terms, due_at: Instant) -> list[tuple[str, str, Instant]]:
    """(kind, level, instant) of the levels of an episode. Raises CalendarError."""
    return times_of_levels(terms, due_at, lambda: computed_from(episode, terms))


def times_of_levels(
    terms: Terms, due_at: Instant, computed: Callable[[], DueTime | None]
) -> list[tuple[str, str, Instant]]:
    """(kind, level, instant) of the warnings before a due time and the escalations after it. ``computed``: the due time
    of the policy alone, for shares of it. Raises CalendarError.
    """
    reached: list[tuple[str, str, Instant]] = []
    if terms.policy is None or terms.calendar is None:
        return reached
    for warning in terms.policy.warnings:
        if warning.before is not None:
            reached.append(("warned", warning.level, before(warning.before, terms.calendar, due_at)))
            continue
        counted = computed()
        if warning.share is not None and counted is not None:
            whole = counted._replace(total=terms.measured(counted.counted_from, due_at))
            reached.append(("warned", warning.level, share_reached(warning.share, terms.calendar, whole)))
    return reached + [
        ("escalated", level.level, after(level.after, terms.calendar, due_at)) for level in terms.policy.escalations
    ]


def apology_by(episode: Episode, terms: Terms) -> Instant | None:
    """When an apology with a new appointment must be out: before the first due time (form 04). Raises CalendarError."""
    first = episode.first_promise()
    computed = computed_from(episode, terms)
    promised = first.due_at if first is not None else None if computed is None else computed.instant
    lead = None if terms.policy is None else terms.policy.apology_lead
    if promised is None or lead is None or terms.calendar is None:
        return None
    return before(lead, terms.calendar, promised)


def _differs(episode: Episode, terms: Terms) -> bool:
    """Whether the due time that was stated first is not the one of the policy, as precisely as that counts."""
    computed = terms.computed(episode.started_at)
    first = episode.first_promise()
    stated = None if first is None or first.after_pause else first.due_at
    return stated is not None and computed is not None and not terms.same_due(stated, computed)
