"""A progress as plain tuples and back: small enough to be kept for every open case, quick enough for every event.

An act is one number: its sequence number plus ``stride`` times the place of its side (epoch, office, commune, selector)
in the table of sides. Nearly every case has one or two sides.
"""

from __future__ import annotations

from typing import Any, Final

from lienthong_streams.domain.act import Act
from lienthong_streams.domain.episode import Balance, Episode, Pause, Statement, Turn
from lienthong_streams.domain.facts import Remark
from lienthong_streams.domain.progress import Progress
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.timeline import FIRST_EPOCH
from lienthong_streams.domain.walk import Submission, Walk

FORM: Final = 2
"""The form of the tuples; raise it with every change, so that what an earlier program packed is made anew."""
_STRIDE_OF_LATER_EPOCHS: Final = 2**40
"""In the first epoch no number is above the last one; before a later epoch there may have been any."""

Packed = tuple[Any, ...]
"""Integers, strings, None, and tuples of them."""


def pack(progress: Progress) -> Packed:
    """A progress as tuples."""
    last, walk = progress.last, progress.walk
    sides = _Sides(1 if last is None else last.seq + 1 if last.epoch == FIRST_EPOCH else _STRIDE_OF_LATER_EPOCHS)
    waiting = walk.submission
    return (
        FORM,
        progress.mark,
        progress.begins_at,
        progress.in_order + 2 * progress.hole + 4 * progress.handed_over,
        walk.status,
        walk.earliest,
        None if last is None else sides.number(last),
        None
        if waiting is None
        else (
            waiting.at,
            sides.number(waiting.act),
            waiting.urgency,
            None if waiting.occurred_at == waiting.at else waiting.occurred_at,
            waiting.decided_at,
            sides.number_or_none(waiting.decided_by),
        ),
        tuple([_packed_episode(episode, sides) for episode in walk.episodes]),
        tuple([tuple(remark) for remark in walk.remarks]),
        sides.stride,
        tuple(sides.places),
    )


def unpack(case_id: str, packed: Packed, rules: Rules) -> Progress | None:
    """The progress in tuples; None where it must be made anew, for it was packed under other reference data or by
    another program.
    """
    if packed[0] != FORM:
        return None
    _, mark, begins_at, flags, status, earliest, last, waiting, episodes, remarks, stride, places = packed
    kind = case_id.split(":", 1)[0]
    acts = _Acts(stride, places)
    walk = Walk(
        rules.table(kind, begins_at) if last is not None else None,
        [Remark(*remark) for remark in remarks],
        [_episode(one, acts) for one in episodes],
        None if waiting is None else _submission(waiting, acts),
        status,
        earliest,
    )
    progress = Progress(
        kind, rules, begins_at, acts.act_or_none(last), bool(flags & 1), bool(flags & 2), bool(flags & 4), walk
    )
    progress.find_terms()
    return progress if progress.mark == mark else None


class _Sides:
    """Numbers acts, and gathers the table of sides."""

    def __init__(self, stride: int) -> None:
        self.stride = stride
        self.places: dict[tuple[int, str, str, str], int] = {}

    def number(self, act: Act) -> int:
        """The number of an act."""
        epoch, seq, office, commune, selector = act
        return seq + self.stride * self.places.setdefault((epoch, office, commune, selector), len(self.places))

    def number_or_none(self, act: Act | None) -> int | None:
        """The number of an act, if there is one."""
        return None if act is None else self.number(act)


class _Acts:
    """Finds acts by their numbers."""

    def __init__(self, stride: int, places: Packed) -> None:
        self._stride = stride
        self._places = places

    def act(self, number: int) -> Act:
        """The act with a number."""
        place, seq = divmod(number, self._stride)
        epoch, office, commune, selector = self._places[place]
        return Act(epoch, seq, office, commune, selector)

    def act_or_none(self, number: int | None) -> Act | None:
        """The act with a number, if there is one."""
        return None if number is None else self.act(number)


def _packed_episode(episode: Episode, sides: _Sides) -> Packed:
    number = sides.number
    return (
        episode.number,
        number(episode.started_by),
        episode.started_at,
        number(episode.last),
        episode.urgency,
        None if episode.balance is None else tuple(episode.balance),
        episode.back_dated + 2 * episode.due_before_it_began + 4 * episode.judged,
        tuple([(number(one.act), one.at, one.due_at, one.after_pause) for one in episode.statements]),
        tuple([_packed_pause(pause, sides) for pause in episode.pauses]),
        tuple([(since, number(act)) for since, act, _ in episode.holders]),
        tuple([(since, number(act), name) for since, act, name in episode.steps]),
        sides.number_or_none(episode.ended_by),
        episode.ended_at,
    )


def _packed_pause(pause: Pause, sides: _Sides) -> Packed:
    opened = pause.reason, pause.opened_at, sides.number(pause.opened_by), pause.statement
    if pause.closed_by is None:
        return opened
    return (*opened, pause.closed_at, sides.number(pause.closed_by))


def _episode(packed: Packed, acts: _Acts) -> Episode:
    number, started_by, started_at, last, urgency, balance, flags, told, pauses, holders, steps, ended_by, ended_at = (
        packed
    )
    act = acts.act
    statements: list[Statement] = []
    before = None
    for stated_by, at, due_at, after_pause in told:
        statements.append(Statement(act(stated_by), at, before, due_at, after_pause))
        before = due_at
    held = [(since, act(held_by)) for since, held_by in holders]
    return Episode(
        number,
        act(started_by),
        started_at,
        act(last),
        urgency,
        None if balance is None else Balance(*balance),
        bool(flags & 1),
        bool(flags & 2),
        statements,
        [_pause(pause, acts) for pause in pauses],
        [Turn(since, held_by, held_by.office) for since, held_by in held],
        [Turn(since, act(done_by), name) for since, done_by, name in steps],
        acts.act_or_none(ended_by),
        ended_at,
        bool(flags & 4),
    )


def _pause(packed: Packed, acts: _Acts) -> Pause:
    reason, opened_at, opened_by, statement, *closed = packed
    if not closed:
        return Pause(reason, opened_at, acts.act(opened_by), statement)
    return Pause(reason, opened_at, acts.act(opened_by), statement, closed[0], acts.act(closed[1]))


def _submission(packed: Packed, acts: _Acts) -> Submission:
    at, act, urgency, occurred_at, decided_at, decided_by = packed
    occurred_at = at if occurred_at is None else occurred_at
    return Submission(at, acts.act(act), urgency, occurred_at, decided_at, acts.act_or_none(decided_by))
