"""The clocks beside processing: acceptance, supplement, internal steps, apology. Each is a span with a verdict.

Sources: domain facts §1.2: late acceptance is counted apart; the supplement has a limit of its own; internal steps are
counted in working hours; an apology is out at the latest one day before the due time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lienthong_schemas.errors import BeyondCalendar
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.records import FIRM
from lienthong_streams.domain.act import Act
from lienthong_streams.domain.due import closed_at, counting_pauses
from lienthong_streams.domain.episode import Episode, Stretch
from lienthong_streams.domain.facts import Fact, FactClaim
from lienthong_streams.domain.foresight import Whole, apology_by, outlook_of, times_of_levels
from lienthong_streams.domain.judge import Knowledge, Verdict
from lienthong_streams.domain.outlook import KEPT, Limit
from lienthong_streams.domain.processing import Clock, Judged
from lienthong_streams.domain.terms import Terms
from lienthong_streams.domain.walk import Submission, Walk


class Span(Judged):
    """A span that must end by a due time. A plain class: nearly every case has some (decision 0033)."""

    __slots__ = (
        "act", "answers", "clock", "horizon", "late", "limit", "moving", "number", "pauses", "since", "terms", "until",
        "until_act",
    )  # fmt: skip

    def __init__(self, terms: Terms, clock: str, number: int, since: Instant, act: Act, limit: Limit) -> None:
        """``act``: with which it began."""
        self.terms = terms
        self.clock = clock
        self.number = number
        self.since = since
        self.act = act
        self.limit = limit
        self.until: Instant | None = None
        """None: still open."""
        self.until_act: Act | None = None
        self.answers = act
        """Whose office answers for it."""
        self.pauses: tuple[tuple[Instant, Instant | None], ...] = ()
        """In which it stood still; None: it still does."""
        self.moving = False
        """Whether an open pause moves its due time."""
        self.horizon: Instant = 0
        self.late = False
        """What ``judge_span`` finds."""

    def ended(self, at: Instant | None, act: Act | None) -> Span:
        """The span, which ended so; None: it has not."""
        self.until, self.until_act = at, act
        return self

    def as_clock(self) -> Clock:
        """The clock as it stands."""
        used, paused = self.time_until(self.horizon if self.until is None else self.until)
        stands = any(closed is None for _, closed in self.pauses)
        state = "ended" if self.until is not None else "paused" if stands else "running"
        return Clock(
            self.clock, self.number, state, self.since, self.until, None, self.due_at(), self.late, used, paused,
            ((self.answers.office, used),),
        )  # fmt: skip

    def time_until(self, instant: Instant) -> tuple[int, int]:
        """Microseconds that it ran and stood still before an instant, in its own unit and from when it runs."""
        if instant <= self.since:  # every span is said to have started
            return 0, 0
        terms, clock = self.terms, self.clock
        begin, paused = terms.runs_from(clock, self.since), 0
        for opened, closed in self.pauses:
            end = instant if closed is None else min(closed, instant)
            paused += terms.measured(max(opened, begin), end, clock)
        return max(0, terms.measured(begin, instant, clock) - paused), paused

    def due_at(self) -> Instant:
        """When it is due, also where it is only kept that it ended in time."""
        kept = self.limit.last_in_time == KEPT.last_in_time
        return ((self.terms.limit_of(self.clock, self.since) if kept else None) or self.limit).due_at


class _OfSpan(FactClaim):
    """The claim of a fact about a span."""

    __slots__ = ("_act", "_at", "_span")

    def __init__(self, key: str, firmness: str, span: Span, at: Instant, act: Act) -> None:
        super().__init__(key, firmness)
        self._span = span
        self._at = at
        self._act = act

    def tell(self) -> Fact:
        """The fact."""
        span, at, act = self._span, self._at, self._act
        clock, _, kind, level, cause = self.key.split("|")
        used, paused = span.time_until(at)
        return Fact(
            clock, span.number, kind, cause, at, self.firmness, None, span.due_at(), act.office, act.commune,
            act.selector, used, paused, span.terms.policy_id, level,
        )  # fmt: skip


def judge_side_clocks(found: Verdict, walk: Walk, terms: Terms, forces: Sequence[Terms], knowledge: Knowledge) -> None:
    """Add the verdicts on all clocks beside processing. ``terms``: those of the start; ``forces``: those by which each
    episode is judged. Raises CalendarError where the calendar does not reach.
    """
    if terms.policy is None or terms.calendar is None:
        return
    if walk.submission is not None:
        _judge_acceptance(found, walk.submission, terms, knowledge)
    _judge_supplements(found, walk.episodes, terms, knowledge)
    _judge_steps(found, walk.episodes, terms, knowledge)
    for episode, force in zip(walk.episodes, forces, strict=True):
        _judge_apology(found, episode, force, knowledge)


def _judge_acceptance(found: Verdict, submitted: Submission, terms: Terms, knowledge: Knowledge) -> None:
    if submitted.limit is None:
        submitted.limit = terms.limit_of("acceptance", submitted.at)
    if submitted.limit is not None:
        span = Span(terms, "acceptance", 1, submitted.at, submitted.act, submitted.limit)
        judge_span(found, span.ended(submitted.decided_at, submitted.decided_by), knowledge)


def _judge_supplements(found: Verdict, episodes: list[Episode], terms: Terms, knowledge: Knowledge) -> None:
    number = 0
    for episode in episodes:
        for pause in episode.pauses:
            if pause.limit is None and pause.reason == "supplement":
                pause.limit = terms.limit_of("supplement", pause.opened_at)
            if pause.limit is None:
                continue
            number += 1
            closed, closed_by = pause.closed_at, pause.closed_by
            if closed is None and episode.ended_at is not None:
                closed, closed_by = closed_at(pause, episode), episode.ended_by
            span = Span(terms, "supplement", number, pause.opened_at, pause.opened_by, pause.limit)
            if judge_span(found, span.ended(closed, closed_by), knowledge):
                supplement = None if terms.policy is None else terms.policy.supplement
                follows = "" if supplement is None or supplement.then_status is None else supplement.then_status
                found.remark(span.act, "supplement-overdue", f"to be followed by state {follows!r}")


def _judge_steps(found: Verdict, episodes: list[Episode], terms: Terms, knowledge: Knowledge) -> None:
    if not terms.has_steps:
        return
    numbers: Counter[str] = Counter()
    for episode in episodes:
        for index, stretch in enumerate(episode.stretches(episode.steps)):
            clock = f"step/{stretch.name}"
            limit = episode.step_limits[index] or terms.limit_of(clock, stretch.since)
            episode.step_limits[index] = limit
            if limit is None:
                continue
            numbers[clock] += 1
            span = Span(terms, clock, numbers[clock], stretch.since, stretch.act, limit)
            if episode.pauses:
                _stand_still(span, _pauses_within(episode, terms, stretch))
            judge_span(found, span.ended(stretch.until, stretch.until_act), knowledge)


def step_pauses(episode: Episode, terms: Terms, name: str, since: Instant) -> list[tuple[Instant, Instant]]:
    """The pauses that moved the due time of a step begun at an instant."""
    for stretch in episode.stretches(episode.steps):
        if (f"step/{stretch.name}", stretch.since) == (name, since):
            return _counting(terms, name, since, _pauses_within(episode, terms, stretch))[1]
    return []


def _pauses_within(episode: Episode, terms: Terms, stretch: Stretch) -> tuple[tuple[Instant, Instant | None], ...]:
    """A step stands still while the case does: the parts of its pauses that lie in the stretch."""
    found = []
    for pause in counting_pauses(episode, terms):
        closed = pause.closed_at if episode.ended_at is None else closed_at(pause, episode)
        if stretch.until is not None:
            closed = stretch.until if closed is None else min(closed, stretch.until)
        opened = max(pause.opened_at, stretch.since)
        if closed is None or closed > opened:
            found.append((opened, closed))
    return tuple(found)


def _stand_still(span: Span, pauses: tuple[tuple[Instant, Instant | None], ...]) -> None:
    """Move the due time of a span as its pauses do."""
    if not pauses:
        return
    limit, _, span.moving = _counting(span.terms, span.clock, span.since, pauses)
    span.limit, span.pauses = limit or span.limit, pauses


def _counting(
    terms: Terms, clock: str, since: Instant, pauses: Sequence[tuple[Instant, Instant | None]]
) -> tuple[Limit | None, list[tuple[Instant, Instant]], bool]:
    """The limit, the pauses that moved it, and whether one still does; what opened after the last instant does not."""
    done: list[tuple[Instant, Instant]] = []
    limit, moving = terms.limit_of(clock, since), False
    for opened, closed in pauses:
        if limit is not None and opened > limit.last_in_time and not (done and done[-1][1] == opened):
            continue
        if closed is None:
            moving = True
        else:
            done.append((opened, closed))
            limit = terms.limit_of(clock, since, done)
    return limit, done, moving


def judge_span(found: Verdict, span: Span, knowledge: Knowledge) -> bool:
    """Add the verdict on a span, with its levels where the policy is its own; returns whether it is late. Raises
    CalendarError.
    """
    last_in_time, terms = span.limit.last_in_time, span.terms
    span.horizon = knowledge.horizon
    is_open = span.until is None
    until = knowledge.horizon if span.until is None else span.until
    late = span.late = until > last_in_time and not span.moving
    firmness = knowledge.firmness(last_in_time, span.answers.office, is_open=is_open)
    if until > terms.reach(span.since, span.clock):
        raise BeyondCalendar("the calendar does not cover all of the clock's time")
    facts, begin = found.facts, f"{span.clock}|{span.number}|"
    facts.append(_OfSpan(f"{begin}started||{span.act.cause}", FIRM, span, span.since, span.act))
    if late:
        due_at = span.limit.due_at
        facts.append(_OfSpan(f"{begin}breached||{iso_of(due_at)}", firmness, span, due_at, span.answers))
    elif is_open and not span.moving:
        found.watch.append(last_in_time)
    if span.until is not None and span.until_act is not None:
        kind = "met-late" if late else "met"
        facts.append(_OfSpan(f"{begin}{kind}||{span.until_act.cause}", firmness, span, span.until, span.until_act))
    if terms.clock == span.clock:
        _levels(found, span, until, begin)
    found.clocks.append(span)
    return late


def _levels(found: Verdict, span: Span, until: Instant, begin: str) -> None:
    terms = span.terms
    if not terms.has_levels:
        return
    whole = _whole(span) if terms.has_shares else None
    for kind, level, at in times_of_levels(terms, span.limit.due_at, whole):
        if at <= until and (kind == "warned" or span.late):
            found.facts.append(_OfSpan(f"{begin}{kind}|{level}|{iso_of(at)}", FIRM, span, at, span.act))
        elif span.until is None:
            found.watch.append(at - 1 if kind == "warned" else max(at - 1, span.limit.last_in_time))


def _whole(span: Span) -> Whole | None:
    computed = span.terms.computed(span.since)
    if computed is None:
        return None
    total = span.terms.measured(computed.counted_from, span.limit.due_at)
    return (computed, (), total) if total else None


def _judge_apology(found: Verdict, episode: Episode, terms: Terms, knowledge: Knowledge) -> None:
    """A case that will be late needs an apology with a new appointment."""
    given = episode.first_extension()
    if given is None:
        due = outlook_of(episode, terms).due
        if due is None or due.moving or episode.until(knowledge.horizon) <= due.last_in_time:
            return
    deadline = apology_by(episode, terms)
    if deadline is None:
        return
    span = Span(terms, "apology", episode.number, episode.started_at, episode.started_by, Limit(deadline, deadline))
    span.answers = episode.last
    if given is not None:
        span.ended(given.at, given.act)
    judge_span(found, span, knowledge)
