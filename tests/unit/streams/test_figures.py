"""What a case counts as in the live figures, and how the figures run. Source: design §5, §7; form II.06."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.case_marks import DUPLICATE, case_marks
from lienthong_schemas.instants import Instant, instant_of
from lienthong_schemas.partial_totals import MEASURES, SHARE_BOUNDS
from lienthong_schemas.statements import moment
from lienthong_streams.domain.figures import (
    IN_TIME,
    LATE,
    NO_CLOCK,
    PROVISIONAL,
    UNDATED,
    ClockView,
    Contribution,
    LiveFigures,
    cell_parts,
    contribution,
    is_carried,
    judged_anew,
    measures_of,
    outcome_of,
    share_number,
)
from tests.support.cases import event

RUNNING = ClockView("running", IN_TIME)
PAUSED = ClockView("paused", IN_TIME)
ENDED = ClockView("ended", IN_TIME, share=1)
STOPPED = ClockView("stopped", IN_TIME)


def at(text: str) -> Instant:
    """The instant of an hour of July 2026 in Việt Nam, as in ``06T16:30``."""
    return instant_of(moment(f"2026-07-{text}:00+07:00"))


def counted(last: CaseEvent, clock: ClockView, *, carried: bool = False) -> set[str]:
    """The measures to which a case adds one."""
    adds, _ = measures_of(outcome_of(contribution(last, clock, carried=carried)))
    return {name for name, amount in zip(MEASURES, adds, strict=True) if amount}


def received(**changes: object) -> CaseEvent:
    """A received case."""
    return event(2, "2", 0, received_at=at("06T08:00"), due_at=at("08T16:30"), **changes)  # type: ignore[arg-type]


def test_what_is_not_received_yet_waits() -> None:
    """It is known, but nobody's time runs; it is not among the received, nor carried over."""
    assert counted(event(1, "1", 0), NO_CLOCK, carried=True) == {"waiting"}


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        (RUNNING, {"in_process", "pending_in_time"}),
        (PAUSED, {"paused", "pending_in_time"}),
        (ClockView("running", LATE, breaches=1), {"in_process", "pending_late", "breaches"}),
        (ClockView("paused", PROVISIONAL, breaches=1), {"paused", "pending_provisional", "breaches"}),
        (ClockView("running", UNDATED), {"in_process", "pending_undated"}),
        (NO_CLOCK, {"in_process", "pending_undated"}),
    ],
)
def test_what_is_pending_is_in_time_late_or_neither(clock: ClockView, expected: set[str]) -> None:
    """By the due time that counts; without one, or with an event missing, a case is never called in time."""
    assert counted(received(), clock) == {"received", *expected}


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ("07T23:59", "ended_early"),
        ("08T00:00", "ended_on_time"),
        ("08T16:30", "ended_on_time"),
        ("08T16:31", "ended_late"),
        ("09T08:00", "ended_late"),
    ],
)
def test_what_has_ended_is_early_on_time_or_late(ended: str, expected: str) -> None:
    """Early by the day, as form II.06 has it, in Vietnamese time; late by the instant, as the ledger has it."""
    assert counted(received(ended_at=at(ended)), ENDED) == {"received", expected}


def test_without_a_stated_due_time_an_end_is_neither_in_time_nor_late() -> None:
    """No policy and no due time is never "in time" (design §5)."""
    assert counted(event(2, "9", 0, received_at=at("06T08:00")), ENDED) == {"received", "ended_undated"}


def test_an_end_counts_as_received_even_where_the_receipt_is_not_stated() -> None:
    """As in the ledger: received = ended + open."""
    last = received(ended_at=at("07T09:00"))._replace(received_at=None)
    assert counted(last, NO_CLOCK) == {"received", "ended_early"}


def test_what_was_stopped_is_not_pending() -> None:
    """Refused, withdrawn, a duplicate, with no end stated: open to the ledger, but nobody's time runs."""
    assert counted(received(), STOPPED, carried=True) == {"received", "stopped", "carried"}
    assert counted(event(1, "3", 0, ended_at=None), STOPPED) == {"declined"}


def test_an_end_that_is_stated_counts_as_one() -> None:
    """As in the ledger, also where the case was stopped; but its time is in no bucket."""
    stopped = contribution(received(ended_at=at("07T09:00")), STOPPED._replace(share=4), carried=False)
    assert measures_of(outcome_of(stopped))[1] == 0
    assert counted(received(ended_at=at("07T09:00")), STOPPED) == {"received", "ended_early"}


def test_what_a_case_states_besides_counts_wherever_it_stands() -> None:
    """Satisfaction, fee, papers, signature: also of a case that waits, or has ended."""
    marked = case_marks(5, "online", False, "valid")
    besides = {"rated", "satisfied", "fee_known", "fee_online", "digitise_known", "signature_known", "signed"}
    assert counted(event(1, "1", 0, marks=marked), NO_CLOCK) == {"waiting", *besides}
    assert counted(received(ended_at=at("07T09:00"), marks=marked), ENDED) == {"received", "ended_early", *besides}
    assert counted(received(marks=DUPLICATE), STOPPED) == {"received", "stopped"}


def test_receipts_count_by_the_wait_not_by_the_case() -> None:
    """A dossier that was handed over twice was waited for twice."""
    twice = contribution(received(), RUNNING._replace(receipts_in_time=2, receipts_late=1), carried=False)
    adds = dict(zip(MEASURES, measures_of(outcome_of(twice))[0], strict=True))
    assert (adds["received"], adds["receipt_in_time"], adds["receipt_late"]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("used", "regulated", "bucket"),
    [
        (0, 100, 1),
        (10, 100, 1),
        (11, 100, 2),
        (100, 100, 10),
        (100_000_001, 100_000_000, 11),
        (301, 100, 15),
        (5, 0, 0),
    ],
)
def test_a_share_of_time_has_its_bucket(used: int, regulated: int, bucket: int) -> None:
    """Bounds are inclusive: exactly the regulated time is no more than it. 0: there is nothing to compare with."""
    assert share_number(used, regulated) == bucket


CELLS = [b"18073|H27.16|online|1.005129", b"|H27.09||1.005129", b"|H27.09|%25%7C|a|b"]
VIEWS = st.builds(
    ClockView,
    state=st.sampled_from(["running", "paused", "ended", "stopped", ""]),
    verdict=st.sampled_from([IN_TIME, LATE, PROVISIONAL, UNDATED]),
    share=st.integers(0, len(SHARE_BOUNDS) + 1),
    breaches=st.integers(0, 3),
    receipts_in_time=st.integers(0, 2),
    receipts_late=st.integers(0, 1),
)
DAY = 24 * 3_600 * 1_000_000
TIMES = st.none() | st.integers(0, 3 * DAY)


@st.composite
def events(draw: st.DrawFn) -> CaseEvent:
    """The last event of some case."""
    commune, office, channel, selector = cell_parts(draw(st.sampled_from(CELLS)))
    return event(1, "2", 0)._replace(
        commune=commune, office=office, channel=channel, selector=selector,
        marks=draw(st.sampled_from([0, 1, 51, 511])),
        received_at=draw(TIMES), due_at=draw(TIMES), ended_at=draw(TIMES),
    )  # fmt: skip


CONTRIBUTIONS = st.builds(contribution, events(), VIEWS, carried=st.booleans())


def cell_of(case: Contribution) -> bytes:
    """Its cell."""
    return case.split(b"|", 1)[1]


MOVES = st.lists(st.tuples(st.integers(0, 5), CONTRIBUTIONS), max_size=40)


@given(events(), VIEWS, VIEWS, st.booleans())
def test_a_clock_judged_anew_needs_no_event(last: CaseEvent, old: ClockView, new: ClockView, carried: bool) -> None:
    """What an event states lies in the contribution: judging again gives what counting from the event gives."""
    before, after = contribution(last, old, carried=carried), contribution(last, new, carried=carried)
    assert (judged_anew(before, new), is_carried(before)) == (after, carried)


@given(MOVES)
def test_running_figures_are_those_of_the_cases(moves: list[tuple[int, Contribution]]) -> None:
    """After any sequence of transitions: what running gives is what counting from nothing gives."""
    running, cases = LiveFigures(), dict[int, Contribution]()
    for case, after in moves:
        running.move(cases.get(case, b""), after)
        cases[case] = after
    afresh = LiveFigures()
    for each in cases.values():
        afresh.add(each)
    assert [running.snapshot(cell) for cell in CELLS] == [afresh.snapshot(cell) for cell in CELLS]
    assert set(running.cells()) == set(map(cell_of, cases.values()))


@given(MOVES, MOVES)
def test_every_cell_that_changes_is_marked(
    before: list[tuple[int, Contribution]], moves: list[tuple[int, Contribution]]
) -> None:
    """What is not marked has the figures that it had when the marks were taken."""
    running, cases = LiveFigures(), dict[int, Contribution]()
    for case, after in before:
        running.move(cases.get(case, b""), after)
        cases[case] = after
    running.changed.clear()
    old = {cell: running.snapshot(cell) for cell in CELLS}
    for case, after in moves:
        running.move(cases.get(case, b""), after)
        cases[case] = after
    assert {cell for cell in CELLS if running.snapshot(cell) != old[cell]} <= running.changed
    occupied = set(map(cell_of, cases.values()))
    assert {cell for cell in CELLS if any(old[cell][0]) and cell not in occupied} <= running.emptied
    assert not running.emptied & occupied


@given(MOVES)
def test_the_sums_hold(moves: list[tuple[int, Contribution]]) -> None:
    """received = in process + paused + stopped + ended; in process + paused = pending. Source: form II.06."""
    figures = LiveFigures()
    for _, each in moves:
        figures.add(each)
    cases = Counter(cell_of(each) for _, each in moves)
    for cell in CELLS:
        measures, shares = figures.snapshot(cell)
        counts = dict(zip(MEASURES, measures, strict=True))
        ended = sum(counts[f"ended_{verdict}"] for verdict in ("early", "on_time", "late", "undated"))
        pending = sum(counts[f"pending_{verdict}"] for verdict in ("in_time", "late", "provisional", "undated"))
        assert counts["waiting"] + counts["declined"] + counts["received"] == cases[cell]
        assert counts["received"] == counts["in_process"] + counts["paused"] + counts["stopped"] + ended
        assert counts["in_process"] + counts["paused"] == pending
        assert (sum(shares) <= ended, len(shares)) == (True, len(SHARE_BOUNDS) + 1)
