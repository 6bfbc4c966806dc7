"""Findings on what the data of a case say beside its clocks: requests for papers, due times, who sends.

Sources: decree of 2025 on interlinked procedures for karaoke, Art. 6 (all missing papers in one notice, within 8
working hours). An unknown office or commune, a due time before the start and a clock that would run for ever are
findings too: what cannot be meant is neither dropped nor passed over.
"""

from __future__ import annotations

from typing import Final

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, iso_of
from lienthong_schemas.policy_parts import LONGEST_YEARS
from lienthong_streams.domain.act import Act, Side
from lienthong_streams.domain.episode import Episode, Pause
from lienthong_streams.domain.facts import RemarkClaim, remark_claim
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.walk import Walk

FAR_AWAY: Final = LONGEST_YEARS * 366 * 24 * 3600 * MICROSECONDS_PER_SECOND
"""Microseconds from the start to a due time that is a slip of the pen: such a clock would as good as run for ever."""


def remarks_on_supplements(walk: Walk, episode: Episode, terms: Terms) -> list[RemarkClaim]:
    """Papers asked for later or more often than the policy allows. Raises CalendarError."""
    supplement = None if terms.policy is None else terms.policy.supplement
    if supplement is None or not episode.pauses:
        return []
    found: list[RemarkClaim] = []
    requests = [pause for pause in episode.pauses if pause.reason == "supplement"]
    begun = _waited_since(walk, episode, requests)
    for request in requests:
        if request.asked_by is None:
            request.asked_by = terms.limit_of("notice", begun)
        limit = request.asked_by
        if limit is not None and request.opened_at > limit.last_in_time:
            detail = f"it was possible until {iso_of(limit.due_at)}"
            found.append(remark_claim(request.opened_by, "supplement-asked-late", detail))
        if request.closed_at is not None:
            begun = request.closed_at
    allowed = supplement.max_requests
    beyond = requests[len(requests) if allowed is None else allowed :]
    told = f"the policy allows {allowed}"
    return found + [remark_claim(request.opened_by, "too-many-supplements", told) for request in beyond]


def _waited_since(walk: Walk, episode: Episode, requests: list[Pause]) -> Instant:
    """Since when the office could have asked: the submission, where it asked before it received the case."""
    submission = walk.submission
    if submission is None or not requests or submission.decided_by != requests[0].opened_by:
        return episode.started_at
    return submission.at


def remarks_on_due_times(episode: Episode) -> list[RemarkClaim]:
    """Stated due times that cannot be meant."""
    found: list[RemarkClaim] = []
    for number, statement in enumerate(episode.statements):
        if statement.due_at is None or (number == 0 and episode.due_before_it_began):
            continue
        if statement.due_at < episode.started_at:
            found.append(remark_claim(statement.act, "due-before-first-event", "due before its clock started"))
        elif statement.due_at - episode.started_at > FAR_AWAY:
            detail = f"due more than {LONGEST_YEARS} years after the start"
            found.append(remark_claim(statement.act, "due-far-away", detail))
    return found


def remarks_on_senders(walk: Walk, rules: Rules) -> list[RemarkClaim]:
    """Offices and communes that the register of units does not have; each once, at its first event."""
    found: list[RemarkClaim] = []
    if not rules.knows_agencies:
        return found
    met: set[str] = set()
    before: Side | None = None
    for act in _senders(walk):
        if act.side is before:
            continue
        before = act.side
        office, commune = act.office, act.commune
        knows_office, knows_commune = rules.knows_unit(office), not commune or rules.knows_unit(commune)
        if knows_office and knows_commune:
            continue
        if not knows_office and office not in met:
            found.append(remark_claim(act, "unknown-office", f"there is no unit {office!r} in the register"))
        if not knows_commune and commune not in met:
            found.append(remark_claim(act, "unknown-commune", f"there is no unit {commune!r} in the register"))
        met.update((office, commune))
    return found


def _senders(walk: Walk) -> list[Act]:
    found = [] if walk.submission is None else [walk.submission.act]
    for episode in walk.episodes:
        found.append(episode.started_by)
        found += [turn.act for turn in episode.holders]
    return found
