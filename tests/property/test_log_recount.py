"""What the ledger's domain settles and counts is what a recount of the log gives, which shares no code with it.

The recount is held to the contract's rules by histories written by hand, then both are held together over random ones.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_consumers.domain.entry import Entry
from lienthong_consumers.domain.period_course import counted_of, course_of
from lienthong_consumers.domain.period_report import Counting, Period
from lienthong_consumers.domain.settlement import merge, settle
from tests.support.form_recount import Days, columns, lines, place
from tests.support.ledger_entries import START, entry, hour
from tests.support.log_recount import Delivery, History, known, standing

FIRST_DAY = date(2025, 6, 14)
"""The day before START."""
SOON = st.sampled_from((None, hour(-30), hour(1), hour(5), hour(30), hour(60)))
NUMBERS = st.tuples(st.integers(1, 3), st.integers(1, 5))


def _event(number: tuple[int, int], state: tuple[Any, ...], accepted: int, change: Any, happened: int) -> Entry:
    """An event; a change of two numbers is a handover: how many epochs on, and the last number."""
    status, office, received, due, ended = state
    further, last = change if isinstance(change, tuple) else (0, None)
    return entry(
        number[1],
        status,
        epoch=number[0],
        office=office,
        received_at=received,
        due_at=due,
        ended_at=ended,
        accepted_at=hour(accepted),
        occurred_at=hour(happened),
        change="handover" if further else change,
        next_epoch=number[0] + further if further else None,
        last_seq=last,
    )


STATES = st.tuples(st.sampled_from("234579"), st.sampled_from(("H27.16", "H27.17")), SOON, SOON, SOON)
CHANGE = st.sampled_from(("changed", "changed", "opening")) | st.tuples(st.integers(1, 2), st.integers(1, 5))
EVENTS = st.builds(_event, NUMBERS, STATES, st.integers(1, 70), CHANGE, st.integers(-10, 90))


@st.composite
def deliveries(draw: st.DrawFn) -> list[Entry]:
    """One case: holes, conflicts, handovers, late and repeated deliveries, in the order in which the log took them."""
    states = draw(st.lists(STATES, max_size=6))
    plain = [_event((1, seq), state, seq * 9, "changed", seq * 9) for seq, state in enumerate(states, 1)]
    events = plain + draw(st.lists(EVENTS, min_size=1, max_size=8))
    again = draw(st.lists(st.sampled_from(events), max_size=3))
    order = draw(st.permutations(events + again))
    return [one._replace(offset=offset, known_at=hour(offset * 5)) for offset, one in enumerate(order)]


def as_history(entries: list[Entry]) -> History:
    """The same deliveries as the recount reads them from the log."""
    return [
        Delivery(
            one.case_id, one.number, one.digest, one.accepted_at, one.known_at, (one.topic, one.partition, one.offset),
            {
                **{name: getattr(one, name) for name in ("status", "office", "commune", "channel", "change")},
                **{name: getattr(one, name) for name in ("received_at", "due_at", "ended_at", "event_id")},
                "occurred_at": one.occurred_at,
                "procedure": one.selector,
                "handover": one.next_epoch and {"next_epoch": one.next_epoch, "last_seq": one.last_seq},
            },
        )
        for one in entries
    ]  # fmt: skip


@settings(deadline=None)  # a shared machine stalls; the suite has a time limit of its own
@given(deliveries(), st.integers(0, 80))
def test_what_holds_is_what_the_recount_says_at_any_time(entries: list[Entry], hours: int) -> None:
    """The event that applies, whether its epoch is sealed, holes, conflicts, held events: as known at any time."""
    then = hour(hours)
    settled = settle(merge(one for one in entries if one.known_at <= then).values())
    counted = standing(known(as_history(entries), then))
    row = settled.row
    found = None if row is None else (row.number, row.digest, row.accepted_at, row.status, row.office)
    last = counted.last
    expected = (
        None
        if last is None
        else (last.number, last.content, last.accepted_at, last.said["status"], last.said["office"])
    )
    assert (found, row is not None and row.sealed) == (expected, counted.sealed)
    assert settled.gaps == counted.holes
    assert {((one.epoch, one.seq), one.digest) for one in settled.conflicts} == counted.lost
    assert {((one.epoch, one.seq), one.digest) for one in settled.held} == counted.held


PERIODS = st.builds(
    lambda first, days, counting: Days(
        FIRST_DAY + timedelta(days=first), FIRST_DAY + timedelta(days=first + days), counting
    ),
    st.integers(0, 4),
    st.integers(0, 3),
    st.sampled_from(("day", "instant")),
)


@settings(deadline=None)  # a shared machine stalls; the suite has a time limit of its own
@given(deliveries(), PERIODS, st.integers(0, 80))
def test_the_form_counts_a_dossier_as_the_recount_does(entries: list[Entry], days: Days, hours: int) -> None:
    """The same columns, or none, for any period, by day and by instant, as known at any time."""
    then = hour(hours)
    course = course_of(merge(one for one in entries if one.known_at <= then).values())
    found: tuple[str, set[str]] = "", set()
    counting: Counting = "day" if days.counting == "day" else "instant"
    counted = None if course is None else counted_of(course, period(days), days.day, counting)
    if counted is not None:
        found = counted.cell.office, {name for name, value in counted.line._asdict().items() if value}
        if counted.came_from is not None and counted.came_from.office != counted.cell.office:
            found[1].add("taken_over")
    office, names = place(as_history(entries), days, "office", then)
    taken = lines({entries[0].case_id: as_history(entries)}, days, "office", then).get(office, Counter())["taken_over"]
    assert found == (office, {*names, *(["taken_over"] if taken else [])})


def period(days: Days) -> Period:
    """The same period as the report knows it."""
    before = Days(days.first - timedelta(days=1), days.first - timedelta(days=1))
    return Period("test", days.first, days.last, before.over, days.over)


def test_the_recount_follows_the_rules_of_numbers() -> None:
    """By hand: the smaller (accepted, digest) wins, an epoch needs its handover, numbers behind its end are held."""
    beaten, first = entry(2, "5", accepted_at=hour(3)), entry(2, "4", accepted_at=hour(2))
    alone = entry(1, "9", epoch=2, office="H27.17")
    events = [entry(1, "2"), beaten, first, alone, entry(5, "9")]
    found = standing(as_history(events))
    assert found.last is not None
    assert (found.last.number, set(found.lost), set(found.holes)) == ((1, 5), {((1, 2), beaten.digest)}, {(1, 3, 4)})
    assert found.held == {((2, 1), alone.digest)}
    hand = entry(3, "4", change="handover", next_epoch=2, last_seq=3)
    after = standing(as_history([*events, hand]))
    assert after.last is not None
    assert (after.last.number, after.holes, {number for number, _ in after.held}) == ((2, 1), frozenset(), {(1, 5)})


def test_the_recount_follows_the_definitions_of_the_form() -> None:
    """By hand, for a period of one day: in which columns a dossier is."""
    day = Days(FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=1))

    def of(status: str, **times: int | None) -> tuple[str, ...]:
        (one,) = as_history([entry(1, status, accepted_at=hour(1), **times)])
        return columns(one, day)

    assert day.day(START) == day.first
    assert of("1", received_at=None) == ()
    assert of("4", received_at=hour(-40), due_at=hour(-30)) == ("carried_over", "pending_late")
    assert of("5", received_at=hour(-40), due_at=hour(-30)) == ("carried_over", "pending_in_time")
    assert of("9", received_at=hour(-40), ended_at=hour(-30)) == ()
    assert of("9", due_at=hour(0.5), ended_at=hour(1)) == ("direct", "on_time")
    by_instant = day._replace(counting="instant")
    (late,) = as_history([entry(1, "9", due_at=hour(0.5), ended_at=hour(1))])
    assert columns(late, by_instant) == ("direct", "late")
    assert of("7", due_at=hour(-30), ended_at=hour(1)) == ("direct", "on_time")
    assert of("3", due_at=hour(30)) == ("direct", "early", "refused")
    assert of("9", due_at=hour(-30), ended_at=hour(40)) == ("direct", "pending_late")
