"""A case carried on event by event is what a new fold of its timeline gives. Source: design §5; issue B, speed."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_schemas.case_event import CaseEvent, Opening
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.fold import fold, fold_of
from lienthong_streams.domain.packing import Packed, pack, unpack
from lienthong_streams.domain.progress import Progress, progress_of
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.timeline import Known, insert
from tests.support.calendars import VIETNAM_2026, at
from tests.support.cases import CASE, EFFECTS, POLICY, TRANSITIONS, event, handover, record

HOUR = 3_600_000_000
"""Microseconds."""
MONDAY = at("2026-12-07 07:30")
"""The calendar ends with the year, so some of the cases run beyond it."""
STATES = record(
    "states",
    "dossier",
    {
        "case_kind": "dossier",
        "effects": EFFECTS,
        "transitions": TRANSITIONS,
        "initial": ["1", "2"],
        "pause_reasons": {"5": "supplement", "6": "financial-duty", "8": "suspended"},
        "source": "test",
    },
)
LEVELS: dict[str, Any] = {
    "warnings": [
        {"level": "half", "share": "0.5"},
        {"level": "soon", "before": {"amount": 4, "unit": "working_hour"}},
    ],
    "escalations": [
        {"level": "head", "after": {"amount": 0, "unit": "working_hour"}, "tell": ["head-of-office"]},
        {"level": "chair", "after": {"amount": 1, "unit": "working_day"}, "tell": ["commune-chair"]},
    ],
    "acceptance": {"amount": 8, "unit": "working_hour"},
    "apology_lead": {"amount": 1, "unit": "working_day"},
    "steps": {"appraisal": {"amount": 2, "unit": "working_hour"}},
}
LIMIT = {
    "limit": {"amount": 3, "unit": "working_day"},
    "then_status": "3",
    "notice": {"amount": 8, "unit": "working_hour"},
    "max_requests": 1,
}
PASSAGE = {
    "sync": {"unit": "calendar_minute", "amount": 10},
    "receipt": {"unit": "working_hour", "amount": 2},
}
POLICIES: tuple[dict[str, Any], ...] = (
    {**LEVELS, "unit": "working_day", "amount": 2, "days": "hours", "supplement": {"mode": "pause", **LIMIT}},
    {**LEVELS, "unit": "working_day", "amount": 3, "due_precision": "day", "supplement": {"mode": "restart"}},
    {"unit": "calendar_day", "amount": 7, "financial_duty_pause": False},
    {**LEVELS, "mode": "stated", "due_precision": "day", "supplement": {"mode": "restart", **LIMIT}},
)


def book_of(policy: dict[str, Any] | None, *, urgent: bool) -> ReferenceBook:
    """Reference data with a policy; ``urgent``: with clocks for the passage, and a later version for a procedure."""
    records = [STATES, record("calendar", "default", VIETNAM_2026)]
    if policy is None:
        return ReferenceBook([STATES, POLICY], 2)
    body = {"case_kind": "dossier", "source": "test", **policy}
    records.append(record("clock-policy", "dossier/*/*/processing", body))
    if urgent:
        for clock, span in PASSAGE.items():
            passage = {"case_kind": "dossier", "source": "test", "clock": clock, **span}
            records.append(record("clock-policy", f"dossier/*/*/{clock}", passage))
        records.append(record("clock-policy", "dossier/1.9/*/processing", body, valid_from=MONDAY + 9 * HOUR))
    return ReferenceBook(records, 4)


BOOKS = st.sampled_from([book_of(policy, urgent=urgent) for policy in (*POLICIES, None) for urgent in (False, True)])
STATUSES = st.sampled_from(["1", "2", "4", "4", "5", "6", "8", "4", "9", "7", "10", "3", "99"])
HOURS = st.sampled_from([0, 0, 1, 3, 9, 24, 70, 200])
DUE = st.one_of(st.none(), st.integers(0, 30).map(lambda days: MONDAY + days * 24 * HOUR))


@st.composite
def histories(draw: st.DrawFn) -> list[Known]:
    """A case of up to ten events, in order: pauses, steps, extensions, reopenings, a handover, times that are wrong."""
    when, due, office, made = MONDAY, draw(DUE), "H27.16", []
    plain = draw(st.booleans())
    opened = draw(st.integers(0, 5)) == 0
    begin = draw(st.sampled_from([1, 7])) if opened else 1
    for seq in range(begin, begin + draw(st.integers(1, 10))):
        when += draw(HOURS) * HOUR
        due = draw(st.one_of(st.just(due), DUE)) if draw(st.integers(0, 3)) == 0 else due
        status = draw(STATUSES)
        changes: dict[str, Any] = {
            "occurred_at": when + draw(st.sampled_from([0, 0, 0, -30, 9])) * (HOUR if not plain else 0),
            "accepted_at": when + draw(st.sampled_from([0, 0, 2])) * HOUR,
            "due_at": due,
            "ended_at": when - draw(st.sampled_from([0, 0, 50])) * HOUR if status in ("9", "7", "10", "3") else None,
            "received_at": draw(st.sampled_from([None, when, when - HOUR])) if status == "2" else None,
            "step": draw(st.sampled_from(["", "appraisal", "signing"])),
            "selector": draw(st.sampled_from(["1.1", "1.9"])) if seq < 3 else "1.1",
            "urgency": draw(st.sampled_from(["", "khẩn"])),
        }
        if not plain and draw(st.integers(0, 4)) == 0:
            office = draw(st.sampled_from(["H27.16", "H27.01"]))
        one = event(seq, status, 0, office=office)._replace(**changes)
        if opened and seq == begin:
            one = one._replace(change="opening", opening=Opening(MONDAY - draw(HOURS) * HOUR, 3_600, 0))
        made.append(Known(one, when + draw(st.sampled_from([0, 60_000_000, HOUR]))))
    if draw(st.integers(0, 4)) == 0:
        made += _handed_over(draw, begin + len(made), when, due)
    return _numbered(made)


def _handed_over(draw: st.DrawFn, seq: int, when: int, due: int | None) -> list[Known]:
    one = handover(seq, 0, successor="H27.01", next_epoch=2)._replace(occurred_at=when, due_at=due)
    behind = event(seq + 1, draw(STATUSES), 0)._replace(occurred_at=when + HOUR, due_at=due)
    after = [
        event(number, draw(STATUSES), 0, epoch=2, office="H27.01")._replace(occurred_at=when + number * HOUR)
        for number in range(1, draw(st.integers(0, 3)) + 1)
    ]
    return [
        Known(each._replace(ended_at=None), when + HOUR) for each in (one, *after, *[behind] * draw(st.integers(0, 1)))
    ]


def _numbered(made: list[Known]) -> list[Known]:
    """Digests that differ where the contents do."""
    return [
        Known(known.event._replace(digest=index.to_bytes(16, "big")), known.known_at)
        for index, known in enumerate(made)
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> list[Known]:
    """A history as it comes: mostly in order, sometimes with copies, holes that are filled, conflicts, and late."""
    known = list(draw(histories()))
    if draw(st.booleans()):
        return known
    for _ in range(draw(st.integers(1, 3))):
        index = draw(st.integers(0, len(known) - 1))
        what = draw(st.sampled_from(["copy", "late", "conflict", "lost"]))
        if what == "copy":
            known.insert(draw(st.integers(index, len(known))), known[index])
        elif what == "late":
            known.insert(draw(st.integers(index, len(known) - 1)), known.pop(index))
        elif what == "conflict":
            other: CaseEvent = known[index].event._replace(status=draw(STATUSES), digest=b"other" + bytes([index] * 11))
            known.insert(draw(st.integers(index, len(known))), Known(other, known[index].known_at))
        elif len(known) > 1:
            del known[index]
    return known


MOMENTS = st.lists(st.integers(-50, 900).map(lambda hours: MONDAY + hours * HOUR), min_size=3, max_size=3)
HEARD = st.sampled_from([{}, {"H27.16": MONDAY + 100 * HOUR}, {"H27.16": MONDAY + 2000 * HOUR}])


class Carried:
    """A case as the worker keeps it: a timeline, and a packed progress that is carried on where the event follows."""

    def __init__(self, book: ReferenceBook) -> None:
        self.timeline: list[Known] = []
        self.steps = 0
        self._rules = Rules(book)
        self._packed: Packed | None = None

    def take(self, known: Known) -> Progress:
        """One event further; returns the progress."""
        progress = None if self._packed is None else unpack(CASE, self._packed, self._rules)
        follows = progress is not None and progress.follows(known)
        changed = insert(self.timeline, known)
        if progress is not None and follows:
            progress.step(known)
            self.steps += 1
        elif changed or progress is None:
            progress = progress_of(self.timeline, self._rules)
        return progress

    def keep(self, progress: Progress) -> None:
        """Pack the progress, with all that the calendar was asked meanwhile."""
        self._packed = pack(progress)


def same(one: Fold, other: Fold) -> bool:
    """Equal in keys and firmness too, not only in contents."""
    keys = [
        [(claim.key, claim.firmness) for claim in (*each.fact_claims, *each.remark_claims)] for each in (one, other)
    ]
    return keys[0] == keys[1] and one == other


@given(BOOKS, deliveries(), MOMENTS, HEARD)
@settings(max_examples=120, deadline=None)
def test_a_case_carried_on_is_a_case_folded_anew(
    book: ReferenceBook, delivery: list[Known], moments: list[int], heard: dict[str, int]
) -> None:
    """After every event, at any horizon: equal facts, remarks, clocks and watch, through the packed form too."""
    carried = Carried(book)
    for known in delivery:
        progress = carried.take(known)
        for horizon in moments:
            assert same(fold_of(progress, horizon, heard), fold(carried.timeline, book, horizon, heard))
        carried.keep(progress)
        back = unpack(CASE, pack(progress), Rules(book))
        assert back is not None
        assert same(fold_of(back, moments[0], heard), fold(carried.timeline, book, moments[0], heard))


@given(BOOKS, histories())
@settings(max_examples=40, deadline=None)
def test_an_event_in_order_costs_one_step(book: ReferenceBook, history: list[Known]) -> None:
    """Where nothing is missing and nobody hands the case over, only the first event is walked over anew."""
    in_order = list(takewhile(lambda known: known.event.handover is None, history))
    carried = Carried(book)
    for known in in_order:
        carried.keep(carried.take(known))
    assert carried.steps == len(in_order) - 1


@given(BOOKS, BOOKS, histories())
@settings(max_examples=40, deadline=None)
def test_what_was_packed_under_other_reference_data_is_made_anew(
    book: ReferenceBook, other: ReferenceBook, history: list[Known]
) -> None:
    """A packed progress is taken back only where the states, the policy and the calendar are the same."""
    timeline: list[Known] = []
    for known in history:
        insert(timeline, known)
    progress = progress_of(timeline, Rules(book))
    under_other = progress_of(timeline, Rules(other))
    back = unpack(CASE, pack(progress), Rules(other))
    if back is not None:
        assert (back.terms and back.terms.mark) == (under_other.terms and under_other.terms.mark)
    assert (back is not None) == (progress.mark == under_other.mark)
