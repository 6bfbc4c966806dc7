"""A progress as plain lists and back: small enough to be kept for every open case, quick enough for every event.

An act is one number: its sequence number plus ``stride`` times the place of its side in the table of sides. What a
calendar was asked is packed too, as far as the next event may need it.
"""

from __future__ import annotations

from typing import Any, Final

from lienthong_schemas.instants import Instant
from lienthong_streams.domain.act import Act, Side
from lienthong_streams.domain.episode import Balance, Episode, Pause, Statement, Turn
from lienthong_streams.domain.facts import Remark
from lienthong_streams.domain.outlook import ENDLESS, KEPT, Due, Limit, Outlook
from lienthong_streams.domain.passage import Delivery, Passage, Wait
from lienthong_streams.domain.progress import Progress
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.timeline import FIRST_EPOCH
from lienthong_streams.domain.walk import Begun, Submission, Walk

FORM: Final = 5
"""The form of the lists; raise it with every change, so that what an earlier program packed is made anew."""
_STRIDE_OF_LATER_EPOCHS: Final = 2**40
"""In the first epoch no number is above the last one; before a later epoch there may have been any."""

Packed = list[Any]
"""Integers, strings, booleans, None, and lists of them: compiled, a list is taken apart quickest."""


def pack(progress: Progress) -> Packed:
    """A progress as lists. Raises OverflowError for sequence numbers beyond any that an office reaches."""
    last, walk = progress.last, progress.walk
    sides = _Sides(1 if last is None else last.seq + 1 if last.epoch == FIRST_EPOCH else _STRIDE_OF_LATER_EPOCHS)
    return [
        FORM,
        progress.mark,
        progress.begins_at,
        progress.in_order + 2 * progress.hole + 4 * progress.handed_over,
        walk.status,
        [walk.earliest, walk.reached],
        sides.number(last),
        None if walk.submission is None else _packed_submission(walk.submission, sides),
        [_packed_episode(episode, sides) for episode in walk.episodes],
        [list(remark) for remark in walk.remarks],
        None if walk.deferred is None else [sides.number(walk.deferred.act), walk.deferred.urgency, walk.deferred.at],
        None if progress.passage is None else _packed_passage(progress.passage, sides),
        sides.stride,
        [part for side in sides.places for part in side],
    ]


def unpack(case_id: str, packed: Packed, rules: Rules) -> Progress | None:
    """The progress in lists; None where it must be made anew: other reference data, or packed by another program."""
    if packed[0] != FORM:
        return None
    flags: int
    times: Packed
    episodes: list[Packed]
    remarks: list[Packed]
    (
        _, mark, begins_at, flags, status, times, last, waiting, episodes, remarks, deferred, passage, stride, sides,
    ) = packed  # fmt: skip
    kind = case_id.split(":", 1)[0]
    acts = _Acts(stride, sides)
    walk = Walk(rules.table(kind, begins_at) if last is not None else None, [Remark(*remark) for remark in remarks])
    walk.episodes = [_episode(one, acts) for one in episodes]
    walk.submission = None if waiting is None else _submission(waiting, acts)
    walk.status = status
    walk.deferred = None if deferred is None else Begun(acts.of(deferred[0]), deferred[1], deferred[2])
    walk.earliest, walk.reached = times
    progress = Progress(kind, rules, begins_at, walk)
    progress.last = acts.of_any(last)
    progress.in_order, progress.hole, progress.handed_over = flags & 1 > 0, flags & 2 > 0, flags & 4 > 0
    progress.passage = None if passage is None else _passage(passage, acts)
    progress.find_terms()
    return progress if progress.mark == mark else None


class _Sides:
    """Numbers acts, and gathers the table of sides."""

    __slots__ = ("_begin", "_side", "places", "stride")

    def __init__(self, stride: int) -> None:
        self.stride = stride
        self.places: dict[tuple[int, str, str, str], int] = {}
        self._side: Side | None = None
        self._begin = 0

    def number(self, act: Act | None) -> int | None:
        """The number of an act, if there is one. Raises OverflowError where it leaves no room for its side."""
        if act is None:
            return None
        side = act.side
        if act.seq >= self.stride:
            raise OverflowError(act.seq)
        if side is not self._side:  # mostly it is the one before
            self._side = side
            place = side.epoch, side.office, side.commune, side.selector
            self._begin = self.stride * self.places.setdefault(place, len(self.places))
        return self._begin + act.seq


class _Acts:
    """Acts by their numbers, each made once."""

    __slots__ = ("_made", "_sides", "_stride")

    def __init__(self, stride: int, sides: Packed) -> None:
        self._stride = stride
        self._sides = [Side(sides[at], sides[at + 1], sides[at + 2], sides[at + 3]) for at in range(0, len(sides), 4)]
        self._made: dict[int, Act] = {}

    def of(self, number: int) -> Act:
        """The act with a number."""
        act = self._made.get(number)
        if act is None:
            act = self._made[number] = Act(self._sides[number // self._stride], number % self._stride)
        return act

    def of_any(self, number: int | None) -> Act | None:
        """The act with a number, if there is one."""
        return None if number is None else self.of(number)


def _packed_submission(waiting: Submission, sides: _Sides) -> Packed:
    return [
        waiting.at,
        sides.number(waiting.act),
        waiting.urgency,
        None if waiting.occurred_at == waiting.at else waiting.occurred_at,
        waiting.decided_at,
        sides.number(waiting.decided_by),
        _packed_limit(waiting.limit, waiting.decided_at),
    ]


def _submission(packed: Packed, acts: _Acts) -> Submission:
    at, act, urgency, occurred_at, decided_at, decided_by, limit = packed
    submission = Submission(at, acts.of(act), urgency, at if occurred_at is None else occurred_at)
    submission.decided_at, submission.decided_by = decided_at, acts.of_any(decided_by)
    submission.limit = _limit(limit)
    return submission


def _packed_episode(episode: Episode, sides: _Sides) -> Packed:
    number = sides.number
    return [
        episode.number,
        number(episode.started_by),
        episode.started_at,
        number(episode.last),
        episode.urgency,
        None if episode.balance is None else list(episode.balance),
        episode.back_dated + 2 * episode.due_before_it_began + 4 * episode.judged,
        [[number(one.act), one.at, one.due_at, one.after_pause] for one in episode.statements],
        [_packed_pause(pause, sides) for pause in episode.pauses],
        [[turn.since, number(turn.act)] for turn in episode.holders],
        _packed_steps(episode, sides) if episode.steps else None,
        number(episode.ended_by),
        episode.ended_at,
        None if episode.outlook is None else _packed_outlook(episode.outlook),
    ]


def _episode(packed: Packed, acts: _Acts) -> Episode:
    flags: int
    told: list[Packed]
    pauses: list[Packed]
    holders: list[Packed]
    (
        number, started_by, started_at, last, urgency, balance, flags, told, pauses, holders, steps, ended_by, ended_at,
        outlook,
    ) = packed  # fmt: skip
    episode = Episode(number, acts.of(started_by), started_at, urgency)
    episode.last = acts.of(last)
    episode.balance = None if balance is None else Balance(*balance)
    episode.back_dated, episode.due_before_it_began, episode.judged = flags & 1 > 0, flags & 2 > 0, flags & 4 > 0
    before = None
    for stated_by, at, due_at, after_pause in told:
        episode.statements.append(Statement(acts.of(stated_by), at, before, due_at, after_pause))
        before = due_at
    episode.pauses = [_pause(pause, acts) for pause in pauses]
    for since, held_by in holders:
        holder = acts.of(held_by)
        episode.holders.append(Turn(since, holder, holder.side.office))
    for since, done_by, name, limit in steps or ():
        episode.steps.append(Turn(since, acts.of(done_by), name))
        episode.step_limits.append(_limit(limit))
    episode.ended_by, episode.ended_at = acts.of_any(ended_by), ended_at
    episode.outlook = None if outlook is None else _outlook(outlook)
    return episode


def _packed_steps(episode: Episode, sides: _Sides) -> list[Packed]:
    ends = [*[turn.since for turn in episode.steps[1:]], None]
    return [
        [step.since, sides.number(step.act), step.name, _packed_limit(limit, end)]
        for step, limit, end in zip(episode.steps, episode.step_limits, ends, strict=True)
    ]


def _packed_pause(pause: Pause, sides: _Sides) -> Packed:
    return [
        pause.reason,
        pause.opened_at,
        sides.number(pause.opened_by),
        pause.statement,
        pause.closed_at,
        sides.number(pause.closed_by),
        _packed_limit(pause.limit, pause.closed_at),
        _packed_limit(pause.asked_by, pause.opened_at),
    ]


def _pause(packed: Packed, acts: _Acts) -> Pause:
    reason, opened_at, opened_by, statement, closed_at, closed_by, limit, asked_by = packed
    pause = Pause(reason, opened_at, acts.of(opened_by), statement)
    pause.closed_at, pause.closed_by = closed_at, acts.of_any(closed_by)
    pause.limit, pause.asked_by = _limit(limit), _limit(asked_by)
    return pause


def _packed_passage(passage: Passage, sides: _Sides) -> Packed:
    return [
        [[sides.number(one.act), *one[1:]] for one in passage.late],
        None if passage.arrival is None else _packed_wait(passage.arrival, sides),
        passage.arrived_in,
        [_packed_wait(one, sides) for one in passage.transfers],
    ]


def _packed_wait(wait: Wait, sides: _Sides) -> Packed:
    limit = _packed_limit(wait.limit, wait.until)
    return [wait.since, sides.number(wait.act), wait.urgency, wait.until, sides.number(wait.until_act), limit]


def _passage(packed: Packed, acts: _Acts) -> Passage:
    late, arrival, arrived_in, transfers = packed
    passage = Passage()
    passage.late = [Delivery(acts.of(number), *rest) for number, *rest in late]
    passage.arrival = None if arrival is None else _wait(arrival, acts)
    passage.arrived_in = arrived_in
    passage.transfers = [_wait(one, acts) for one in transfers]
    return passage


def _wait(packed: Packed, acts: _Acts) -> Wait:
    since, act, urgency, until, until_act, limit = packed
    wait = Wait(since, acts.of(act), urgency)
    wait.until, wait.until_act, wait.limit = until, acts.of_any(until_act), _limit(limit)
    return wait


def _packed_limit(limit: Limit | None, ended_at: Instant | None) -> int | Packed | None:
    """Of what ended in time it is enough to know that it did."""
    if limit is None:
        return None
    if ended_at is not None and ended_at <= limit.last_in_time:
        return 0
    return limit.due_at if limit.due_at == limit.last_in_time else [limit.due_at, limit.last_in_time]


def _limit(packed: int | list[int] | None) -> Limit | None:
    if packed is None:
        return None
    if isinstance(packed, int):
        return Limit(packed, packed) if packed else KEPT
    return Limit(*packed)


def _packed_outlook(outlook: Outlook) -> Packed:
    due, differs, first_level_at = outlook.due, outlook.differs, outlook.first_level_at
    level = None if first_level_at == ENDLESS else first_level_at
    if due is None:
        return [differs, level, None, None, None]
    return [differs, level, due.at, None if due.last_in_time == due.at else due.last_in_time, due.moving]


def _outlook(packed: Packed) -> Outlook:
    differs, level, at, last_in_time, moving = packed
    due = None if at is None else Due(at, at if last_in_time is None else last_in_time, moving)
    return Outlook(due, differs, ENDLESS if level is None else level)
