"""From an episode and its terms to its outlook; the levels of warning and escalation, the time of an apology."""

from __future__ import annotations

from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_due import DueTime, Pauses
from lienthong_schemas.policy_levels import after, before, share_reached
from lienthong_streams.domain.due import closed_at, computed_from, counting_pauses, due_of, paused_between
from lienthong_streams.domain.episode import Episode
from lienthong_streams.domain.outlook import ENDLESS, Due, Outlook
from lienthong_streams.domain.terms import Terms

Whole = tuple[DueTime, Pauses, int]
"""A time and from when it counts, the pauses in it, and how much of it there is."""


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
    due = due_of(episode, terms)
    _apology_before(episode, terms, due)  # where the calendar does not reach so far, this must be known now
    levels = () if due is None or due.moving else level_times(episode, terms, due.at)
    first_level_at = min((at for _, _, at in levels), default=ENDLESS)
    return Outlook(due, _differs(episode, terms.base or terms), first_level_at)


def level_times(episode: Episode, terms: Terms, due_at: Instant) -> list[tuple[str, str, Instant]]:
    """(kind, level, instant) of the levels of an episode. Raises CalendarError."""
    if not terms.has_levels:
        return []
    return times_of_levels(terms, due_at, _whole(episode, terms, due_at) if terms.has_shares else None)


def _whole(episode: Episode, terms: Terms, due_at: Instant) -> Whole | None:
    """The time up to the due time that counts; pauses are not among it."""
    counted = computed_from(episode, terms)
    if counted is None:
        return None
    begin = counted.counted_from
    total = terms.measured(begin, due_at) - paused_between(episode, terms, begin, due_at)
    pauses = [(one.opened_at, closed_at(one, episode)) for one in counting_pauses(episode, terms)]
    return (counted, pauses, total) if total > 0 else None


def times_of_levels(terms: Terms, due_at: Instant, whole: Whole | None) -> list[tuple[str, str, Instant]]:
    """(kind, level, instant) of the warnings before a due time and the escalations after it. ``whole``: the time of
    which shares are taken, if there is any. Raises CalendarError.
    """
    reached: list[tuple[str, str, Instant]] = []
    if terms.policy is None or terms.calendar is None:
        return reached
    for warning in terms.policy.warnings:
        if warning.before is not None:
            reached.append(("warned", warning.level, before(warning.before, terms.calendar, due_at)))
        elif warning.share is not None and whole is not None:
            at = share_reached(warning.share, terms.calendar, *whole)
            reached.append(("warned", warning.level, at))
    return reached + [
        ("escalated", level.level, after(level.after, terms.calendar, due_at)) for level in terms.policy.escalations
    ]


def apology_by(episode: Episode, terms: Terms) -> Instant | None:
    """When an apology must be out: before the due time that counts, or that a new appointment replaced (form 04).

    Raises CalendarError.
    """
    return _apology_before(episode, terms, due_of(episode, terms))


def _apology_before(episode: Episode, terms: Terms, due: Due | None) -> Instant | None:
    given, lead = episode.first_extension(), None if terms.policy is None else terms.policy.apology_lead
    if lead is None or terms.calendar is None:
        return None
    if given is not None:
        due = None
    promised = due.at if due is not None else None if given is None else given.before
    return None if promised is None else before(lead, terms.calendar, promised)


def _differs(episode: Episode, terms: Terms) -> bool:
    """Whether the due time that was stated first is not the one of the policy, as precisely as that counts."""
    computed = terms.computed(episode.started_at)
    first = episode.first_promise()
    stated = None if first is None or first.after_pause else first.due_at
    return stated is not None and computed is not None and not terms.same_due(stated, computed)
