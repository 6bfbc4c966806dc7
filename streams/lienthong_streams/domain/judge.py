"""The verdict on the processing clock of each episode: its facts, its state at the horizon, what to remark.

``breached`` holds iff the end (or, while open, the horizon) is later than the last instant in time, so ending exactly
at the due instant is in time, and ``met-late`` implies ``breached``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from lienthong_schemas.errors import BeyondCalendar
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.records import FIRM, PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.due import late_pauses, used_and_paused
from lienthong_streams.domain.episode import Episode, Statement
from lienthong_streams.domain.facts import Fact, FactClaim, Remark, RemarkClaim, remark_claim, remark_key, remark_on
from lienthong_streams.domain.foresight import level_times, outlook_of
from lienthong_streams.domain.outlook import ENDLESS, Outlook
from lienthong_streams.domain.processing import Judged, Processing
from lienthong_streams.domain.terms import Terms

NEAR_DUE = timedelta(hours=1) // timedelta(microseconds=1)
"""Microseconds around the due time in which a pause is worth a look (design §5, against gaming)."""

_ENDS: Final = ("met", "met-late")
"""Kinds of facts that say how much of the regulated time was used."""


class Knowledge:
    """What a verdict depends on beside the case: horizon, missing events, how far each office was heard."""

    __slots__ = ("complete_through", "hole", "horizon")

    def __init__(self, horizon: Instant, hole: bool, complete_through: Mapping[str, Instant]) -> None:
        self.horizon = horizon
        self.hole = hole
        self.complete_through = complete_through

    def firmness(self, last_in_time: Instant, office: str, *, is_open: bool) -> str:
        """How firm a verdict is. Only a breach by absence needs the office to have been heard."""
        if self.hole:
            return PROVISIONAL_HOLE
        if is_open and self.complete_through.get(office, 0) < last_in_time:
            return PROVISIONAL_SILENCE
        return FIRM


class Verdict:
    """What the clocks add to the fold."""

    __slots__ = ("clocks", "facts", "processing", "remarks", "watch")

    def __init__(self) -> None:
        self.facts: list[FactClaim] = []
        self.remarks: list[RemarkClaim] = []
        self.clocks: list[Judged] = []
        self.watch: list[Instant] = []
        """Instants after which something more may hold."""
        self.processing: list[Processing] = []
        """The processing clock of each episode."""

    def take(self, other: Verdict) -> None:
        """Add all of another."""
        self.facts += other.facts
        self.remarks += other.remarks
        self.clocks += other.clocks
        self.watch += other.watch

    def remark(self, act: Act, code: str, detail: str) -> None:
        """Add a remark caused by an act."""
        self.remarks.append(remark_claim(act, code, detail))


def judge(found: Verdict, episode: Episode, terms: Terms, knowledge: Knowledge) -> None:
    """Add the verdict on one episode. Raises CalendarError where the calendar does not reach far enough."""
    outlook = outlook_of(episode, terms)
    due, is_open = outlook.due, episode.ended_at is None
    until = episode.until(knowledge.horizon)
    firmness = knowledge.firmness(0 if due is None else due.last_in_time, episode.last.office, is_open=is_open)
    judged = Processing(episode, terms, due, until, firmness)
    teller = _Teller(found, judged)
    teller.course()
    _remarks(found, episode, terms, outlook)
    if due is None:
        found.remark(episode.last, "no-due-time", "no due time is stated")
    else:
        _levels(teller, outlook, until)
        if judged.breached:
            teller.say("breached", iso_of(due.at), due.at, episode.last, firmness)
        elif is_open and not due.moving:
            found.watch.append(due.last_in_time)
    teller.end(firmness)
    teller.stand()


class _Teller:
    """Makes the claims about an episode."""

    __slots__ = ("_begin", "_reach", "found", "judged")

    def __init__(self, found: Verdict, judged: Processing) -> None:
        self.found = found
        self.judged = judged
        episode, terms = judged.episode, judged.terms
        self._begin = f"{terms.clock}|{episode.number}|"
        balance = episode.balance
        self._reach = terms.reach(episode.started_at if balance is None else min(episode.started_at, balance.since))

    def say(self, kind: str, cause: str, at: Instant, act: Act, firm: str = FIRM, level: str = "") -> None:
        """Claim one fact about the clock at an instant. Raises BeyondCalendar where its content could not be told."""
        if at > self._reach:
            raise BeyondCalendar("the calendar does not cover all of the clock's time")
        claim = _OfEpisode(f"{self._begin}{kind}|{level}|{cause}", firm, self.judged, at, act)
        self.found.facts.append(claim)

    def stand(self) -> None:
        """Say how the clock stands. Raises BeyondCalendar where that could not be told."""
        if self.judged.until > self._reach:
            raise BeyondCalendar("the calendar does not cover all of the clock's time")
        self.found.clocks.append(self.judged)
        self.found.processing.append(self.judged)

    def course(self) -> None:
        """Start, pauses, and due times stated anew."""
        episode, terms = self.judged.episode, self.judged.terms
        self.say("started", episode.started_by.cause, episode.started_at, episode.started_by)
        if episode.pauses:
            self._pauses(episode, terms)
        for one in episode.statements:
            if one.before is not None:
                self.say("extended" if one.is_extension else "due-changed", one.act.cause, one.at, one.act)

    def _pauses(self, episode: Episode, terms: Terms) -> None:
        late = late_pauses(episode, terms) if terms.restarts else ()
        for pause in episode.pauses:
            if not terms.pauses_for(pause.reason):
                continue
            self.say("paused", pause.opened_by.cause, pause.opened_at, pause.opened_by)
            if pause.closed_at is not None and pause.closed_by is not None:
                again = terms.restarts and pause.reason == "supplement" and pause not in late
                kind = "restarted" if again else "resumed"
                self.say(kind, pause.closed_by.cause, pause.closed_at, pause.closed_by)

    def end(self, firmness: str) -> None:
        """How it ended, if it has."""
        episode = self.judged.episode
        if episode.ended_by is None or episode.ended_at is None:
            return
        if not episode.judged:
            kind = "stopped"
        elif self.judged.due is None:
            return
        else:
            kind = "met-late" if self.judged.breached else "met"
        self.say(kind, episode.ended_by.cause, episode.ended_at, episode.ended_by, firmness)


class _OfEpisode(FactClaim):
    """The claim of a fact about the processing clock of an episode."""

    __slots__ = ("_act", "_at", "_judged")

    def __init__(self, key: str, firmness: str, judged: Processing, at: Instant, act: Act) -> None:
        super().__init__(key, firmness)
        self._judged = judged
        self._at = at
        self._act = act

    def tell(self) -> Fact:
        """The fact."""
        judged, at, act = self._judged, self._at, self._act
        episode, terms = judged.episode, judged.terms
        clock, _, kind, level, cause = self.key.split("|")
        used, paused = used_and_paused(episode, terms, at)
        return Fact(
            clock, episode.number, kind, cause, at, self.firmness, episode.stated_due_at,
            None if judged.due is None else judged.due.at, act.office, act.commune, act.selector,
            used, paused, terms.policy_id, level, judged.used_and_regulated() if kind in _ENDS else None,
        )  # fmt: skip


def _levels(teller: _Teller, outlook: Outlook, until: Instant) -> None:
    """Warnings before the due time and escalations after it."""
    first, due = outlook.first_level_at, outlook.due
    if first == ENDLESS or due is None:
        return
    episode, terms = teller.judged.episode, teller.judged.terms
    is_open, breached = episode.ended_by is None, teller.judged.breached
    if until < first:
        if is_open:
            teller.found.watch.append(first - 1)
        return
    for kind, level, at in level_times(episode, terms, due.at):
        if at <= until and (kind == "warned" or breached):
            teller.say(kind, iso_of(at), at, episode.last, FIRM, level)
        elif is_open:
            teller.found.watch.append(at - 1 if kind == "warned" else max(at - 1, due.last_in_time))


def _remarks(found: Verdict, episode: Episode, terms: Terms, outlook: Outlook) -> None:
    if terms.policy is None:
        return
    if episode.back_dated:
        detail = "entered more than an hour after it is said to have happened"
        found.remark(episode.started_by, "back-dated", detail)
    first = episode.first_promise() if outlook.differs else None
    if first is not None:
        found.remarks.append(_DueDiffers(episode, terms, first))
    if len(episode.statements) > 1:
        allowed = terms.policy.max_extensions
        for one in [one for one in episode.statements if one.is_extension][allowed:]:
            found.remark(one.act, "too-many-extensions", f"the policy allows {allowed}")
    if outlook.due is not None:
        for pause in episode.pauses:
            if abs(pause.opened_at - outlook.due.at) <= NEAR_DUE:
                found.remark(pause.opened_by, "pause-near-due", "a pause within an hour of the due time")


class _DueDiffers(RemarkClaim):
    """The claim that the due time stated first is not the one that follows from the policy."""

    __slots__ = ("_episode", "_first", "_terms")

    def __init__(self, episode: Episode, terms: Terms, first: Statement) -> None:
        super().__init__(remark_key("due-differs", first.act.cause), FIRM)
        self._episode = episode
        self._terms = terms
        self._first = first

    def tell(self) -> Remark:
        """The remark, with both due times."""
        terms, first = self._terms, self._first
        computed = (terms.base or terms).computed(self._episode.started_at)
        stated = "" if first.due_at is None else iso_of(first.due_at)
        by_policy = "" if computed is None else iso_of(computed.instant)
        return remark_on(first.act, "due-differs", f"stated {stated}, by the policy {by_policy}")
