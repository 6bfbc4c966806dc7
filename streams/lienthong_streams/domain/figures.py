"""Live figures: what each case counts as, and how many cases of each cell count as what.

A case counts as exactly one outcome, a function of its last event that applies and of its processing clock, so the
figures of a partition are a function of its cases, however they came about. What is counted follows the ledger:
received and ended are what the case states, late is what ended after the stated due time of the last state (design §5,
decision 0012). What was stopped and states no end is told apart from what is pending; to the ledger it is open.

A cell is a commune, an office, a channel and a selector. What a case adds is a few bytes, its outcome as numbers and
its cell, so that its state can keep them and a restore needs no folding.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from lienthong_schemas import case_marks
from lienthong_schemas.calendar_table import HOUR
from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant
from lienthong_schemas.partial_totals import MEASURES, SHARE_BOUNDS, with_bar, without_bar
from lienthong_streams.domain.passage import Passage
from lienthong_streams.domain.processing import Processing, percent_used
from lienthong_streams.domain.progress import Progress
from lienthong_streams.domain.timeline import Known

AHEAD_OF_UTC: Final = 7 * HOUR
"""Việt Nam's time; it has no summer time."""
_DAY: Final = 24 * HOUR

_SHARES: Final = len(SHARE_BOUNDS) + 2
"""No share, one for each bound, and above them all."""
_VERDICTS_OPEN: Final = ("pending_in_time", "pending_late", "pending_provisional", "pending_undated")
_VERDICTS_ENDED: Final = ("ended_early", "ended_on_time", "ended_late", "ended_undated")
IN_TIME, LATE, PROVISIONAL, UNDATED = range(4)
EARLY, ON_TIME, ENDED_LATE, ENDED_UNDATED = range(4)
WAITING, DECLINED, STOPPED, IN_PROCESS, PAUSED, ENDED = 0, 1, 2, 3, 7, 11
"""Numbers of standings; to the last three a verdict is added. Outcomes are kept in states: these never change."""
_STANDINGS: Final = (
    ("waiting",),
    ("declined",),
    ("received", "stopped"),
    *(("received", "in_process", verdict) for verdict in _VERDICTS_OPEN),
    *(("received", "paused", verdict) for verdict in _VERDICTS_OPEN),
    *(("received", verdict) for verdict in _VERDICTS_ENDED),
)
"""What a case counts as, by number: the measures to which it adds one."""
_ROOM: Final = 32
"""Standings that an outcome has room for."""


_OF_MARKS: Final = {
    case_marks.RATED: "rated",
    case_marks.SATISFIED: "satisfied",
    case_marks.FEE_KNOWN: "fee_known",
    case_marks.FEE_ONLINE: "fee_online",
    case_marks.DIGITISE_KNOWN: "digitise_known",
    case_marks.DIGITISED: "digitised",
    case_marks.SIGNATURE_KNOWN: "signature_known",
    case_marks.SIGNED: "signed",
}
"""The measure to which a mark of the last event adds one, whatever has become of the case."""
_NOTHING_BESIDES: Final = b".0.0.0"
_DIFFERENT: Final = 65_536
"""Different outcomes kept: a few hundred of the clock, times what cases state besides."""

Cell = bytes
"""Whose figures: ``commune|office|channel|selector``."""
Outcome = bytes
"""What a case counts as: ``number``, or ``number.marks.receipts in time.receipts late``."""
Contribution = bytes
"""What one case adds: ``outcome|commune|office|channel|selector``."""


def cell_parts(cell: Cell) -> list[str]:
    """Commune, office, channel and selector. Only the selector, which comes last, may contain a bar."""
    commune, office, channel, selector = cell.decode().split("|", 3)
    return [commune, office, with_bar(channel), selector]


def outcome_of(case: Contribution) -> Outcome:
    """What a case counts as; ``measures_of`` takes it apart."""
    return case.partition(b"|")[0]


class ClockView(NamedTuple):
    """What the figures look at of a case's processing clock; its last episode, where it has several."""

    state: str = ""
    """running, paused, ended or stopped; empty where no clock runs."""
    verdict: int = UNDATED
    """Of a pending case: IN_TIME, LATE, PROVISIONAL or UNDATED."""
    share: int = 0
    """Of an ended clock, the number of the bucket of its share of the regulated time; see ``share_number``."""
    breaches: int = 0
    """Breaches that hold, those of all episodes."""
    receipts_in_time: int = 0
    """Waits for a receipt (of a document, of a handover) that ended in time."""
    receipts_late: int = 0


NO_CLOCK: Final = ClockView()


def clock_view(episodes: Sequence[Processing], passage: Passage | None = None) -> ClockView:
    """What the figures look at of the clocks, from the episodes and the passage as they were judged."""
    receipts = (0, 0) if passage is None else _receipts(passage)
    if not episodes:
        return (
            NO_CLOCK if passage is None else NO_CLOCK._replace(receipts_in_time=receipts[0], receipts_late=receipts[1])
        )
    last = episodes[-1]
    state = last.episode.state
    share = share_number(*last.used_and_regulated()) if state == "ended" else 0
    breaches = last.breached if len(episodes) == 1 else sum(each.breached for each in episodes)
    return ClockView(state, _pending(last), share, breaches, *receipts)


def _receipts(passage: Passage) -> tuple[int, int]:
    """Waits that have ended, in time and late; only those whose policy gives a limit were judged."""
    in_time = late = 0
    for wait in passage.transfers if passage.arrival is None else (passage.arrival, *passage.transfers):
        if wait.until is not None and wait.limit is not None:
            if wait.until <= wait.limit.last_in_time:
                in_time += 1
            else:
                late += 1
    return in_time, late


def _pending(clock: Processing) -> int:
    if not clock.certain:
        return PROVISIONAL
    if clock.due is None:
        return UNDATED
    return LATE if clock.breached else IN_TIME


def contribution_of(timeline: Sequence[Known], progress: Progress, clock: ClockView) -> Contribution:
    """What a case counts as, from its timeline; nothing where no event of it applies."""
    last = progress.last
    if last is None:
        return b""
    if progress.in_order:
        first, newest = timeline[0].event, timeline[-1].event
    else:
        number = timeline[0].event.epoch, timeline[0].event.seq
        first, newest = _that_applies(timeline, number), _that_applies(timeline, (last.epoch, last.seq))
    return contribution(newest, clock, carried=first.change == "opening")


def _that_applies(timeline: Sequence[Known], number: tuple[int, int]) -> CaseEvent:
    """Of the events with a number the one that applies; see ``timeline.applied``."""
    rivals = [known.event for known in timeline if (known.event.epoch, known.event.seq) == number]
    return min(rivals, key=lambda event: (event.accepted_at, event.digest))


def contribution(last: CaseEvent, clock: ClockView, *, carried: bool) -> Contribution:
    """What a case counts as. ``last``: its newest event that applies. ``carried``: its first one is an opening."""
    ended = last.ended_at
    if ended is not None:
        standing = ENDED + _ended(ended, last.due_at)
    else:
        standing = WAITING if last.received_at is None else IN_PROCESS
    outcome, channel = _outcome(standing, carried, clock), without_bar(last.channel)
    if last.marks or clock.receipts_in_time or clock.receipts_late:
        outcome = f"{outcome}.{last.marks}.{clock.receipts_in_time}.{clock.receipts_late}"
    return f"{outcome}|{last.commune}|{last.office}|{channel}|{last.selector}".encode()


def is_carried(case: Contribution) -> bool:
    """Whether the case came in by an opening balance, also while it waits."""
    return bool(int(outcome_of(case).partition(b".")[0]) // _ROOM % 2)


def tells_other_share(before: Contribution, after: Contribution) -> bool:
    """Whether a case that was counted before has ended now, and by another share of the regulated time than before."""
    if not before or not after:
        return False
    is_ended, share = _share(after)
    return is_ended and share != _share(before)[1]


def _share(case: Contribution) -> tuple[bool, int]:
    """Whether a case has ended, and the bucket of its share of time (0: none)."""
    rest, standing = divmod(int(outcome_of(case).partition(b".")[0]), _ROOM)
    return standing >= ENDED, rest // 2 % _SHARES


def judged_anew(before: Contribution, clock: ClockView) -> Contribution:
    """What a case counts as whose clock was judged again, without any new event."""
    stated, _, cell = before.partition(b"|")
    number, _, more = stated.partition(b".")
    marks = more.partition(b".")[0] or b"0"
    rest, standing = divmod(int(number), _ROOM)
    if standing < ENDED:
        standing = WAITING if standing <= DECLINED else IN_PROCESS
    outcome = _outcome(standing, bool(rest % 2), clock).encode()
    if marks != b"0" or clock.receipts_in_time or clock.receipts_late:
        outcome = b"%s.%s.%d.%d" % (outcome, marks, clock.receipts_in_time, clock.receipts_late)
    return b"%s|%s" % (outcome, cell)


def _outcome(standing: int, carried: bool, clock: ClockView) -> str:
    """The number of an outcome. ``standing``: what the case states, so WAITING, IN_PROCESS, or ENDED and how."""
    share = 0
    if standing >= ENDED:
        if clock.state == "ended":
            share = clock.share
    elif clock.state == "stopped":
        standing = DECLINED if standing == WAITING else STOPPED
    elif standing == IN_PROCESS:
        standing = (PAUSED if clock.state == "paused" else IN_PROCESS) + clock.verdict
    return str(((clock.breaches * _SHARES + share) * 2 + carried) * _ROOM + standing)


def share_number(used: int, regulated: int) -> int:
    """Number of the bucket of a share of time, from 1; 0 where there is no regulated time to compare with."""
    percent = percent_used(used, regulated)
    return 0 if percent is None else 1 + bisect_left(SHARE_BOUNDS, percent)


def _ended(ended: Instant, due: Instant | None) -> int:
    if due is None:
        return ENDED_UNDATED
    if ended > due:
        return ENDED_LATE
    return ON_TIME if _day(ended) == _day(due) else EARLY


def _day(instant: Instant) -> int:
    return (instant + AHEAD_OF_UTC) // _DAY


@lru_cache(maxsize=_DIFFERENT)
def measures_of(outcome: Outcome) -> tuple[tuple[int, ...], int]:
    """What a case with this outcome adds to each of MEASURES, and the bucket of its share of time (0: none)."""
    number, marks, in_time, late = map(int, (outcome if b"." in outcome else outcome + _NOTHING_BESIDES).split(b"."))
    rest, standing = divmod(number, _ROOM)
    rest, carried = divmod(rest, 2)
    breaches, share = divmod(rest, _SHARES)
    adds = dict.fromkeys(_STANDINGS[standing], 1)
    adds["carried"], adds["breaches"] = carried if standing > DECLINED else 0, breaches
    adds["receipt_in_time"], adds["receipt_late"] = in_time, late
    adds |= dict.fromkeys((name for mark, name in _OF_MARKS.items() if marks & mark), 1)
    return tuple(adds.get(name, 0) for name in MEASURES), share


@lru_cache(maxsize=_DIFFERENT)
def stated_by(outcome: Outcome) -> tuple[int, int, int]:
    """What a case with this outcome adds to received, ended and ended late, the figures that need no clock."""
    adds = dict(zip(MEASURES, measures_of(outcome)[0], strict=True))
    return adds["received"], sum(adds[name] for name in _VERDICTS_ENDED), adds["ended_late"]


class LiveFigures:
    """How many cases of each cell have which outcome, and which cells have changed since somebody took note."""

    def __init__(self) -> None:
        self.changed: set[Cell] = set()
        """Cells whose figures may be other than when somebody last took note and cleared this."""
        self.emptied: set[Cell] = set()
        """Cells that have lost their last case since somebody took note and cleared this."""
        self._cells: dict[Cell, dict[bytes, int]] = {}

    def cells(self) -> Iterator[Cell]:
        """All cells that have a case."""
        return iter(self._cells)

    def add(self, case: Contribution, number: int = 1) -> Cell:
        """Count cases that were known before and add the same: nothing has changed by that. Returns their cell."""
        outcome, _, cell = case.partition(b"|")
        outcomes = self._cells.get(cell)
        if outcomes is None:
            outcomes = self._cells[cell] = {}
            self.emptied.discard(cell)
        outcomes[outcome] = outcomes.get(outcome, 0) + number
        return cell

    def move(self, before: Contribution, after: Contribution) -> None:
        """Count the transition of one case; an empty contribution stands for a case that was not counted."""
        if before == after:
            return
        if before:
            self.changed.add(self._take_away(before))
        if after:
            self.changed.add(self.add(after))

    def _take_away(self, case: Contribution) -> Cell:
        outcome, _, cell = case.partition(b"|")
        outcomes = self._cells[cell]
        left = outcomes[outcome] - 1
        if left:
            outcomes[outcome] = left
        else:
            del outcomes[outcome]
            if not outcomes:
                del self._cells[cell]
                self.emptied.add(cell)
        return cell

    def stated(self, cell: Cell) -> tuple[int, int, int]:
        """Of the cases of a cell how many are received, ended and ended late."""
        received = ended = late = 0
        for outcome, cases in self._cells.get(cell, {}).items():
            adds = stated_by(outcome)
            received += adds[0] * cases
            ended += adds[1] * cases
            late += adds[2] * cases
        return received, ended, late

    def snapshot(self, cell: Cell) -> tuple[list[int], list[int]]:
        """The figures of a cell: MEASURES, and handled cases by share of time."""
        measures, shares = [0] * len(MEASURES), [0] * _SHARES
        for outcome, cases in self._cells.get(cell, {}).items():
            adds, share = measures_of(outcome)
            shares[share] += cases
            for index, amount in enumerate(adds):
                if amount:
                    measures[index] += amount * cases
        return measures, shares[1:]
