"""The way to the bus: the same events in any disorder, honest heartbeats, ticks up to the horizon exactly."""

from collections import Counter
from itertools import pairwise

import pytest

from lienthong_producers.domain.simulation.delivery import USUAL_LAG, Arrival, Delivered, TimeMark
from lienthong_producers.domain.simulation.flaws import LOST
from lienthong_producers.domain.simulation.options import CLEAN, Disorder, Outage, SimulationError
from lienthong_schemas.calendar_table import HOUR, MINUTE
from tests.support.simulated_honesty import dishonest
from tests.support.simulations import (
    BOOK,
    FLAWED,
    OFFLINE,
    TEN_DAYS,
    arrivals,
    beats,
    marks,
    scrambled,
    simulation,
    ten_days,
)

DAY = 24 * HOUR


def clean() -> list[Delivered]:
    """The same ten days, everything in order."""
    return list(simulation(flaws=FLAWED).delivery(CLEAN, book=BOOK, tick_minutes=120))


def test_every_delivery_carries_the_same_set_of_events() -> None:
    """Byte for byte: the clean one, the scrambled one, and the truth without what was lost."""
    truth = Counter(event.value for event in ten_days() if event.flaw != LOST)
    assert Counter(item.event.value for item in arrivals(clean())) == truth
    assert Counter(item.event.value for item in arrivals(scrambled()) if not item.again) == truth
    assert {item.event.value for item in arrivals(scrambled())} == set(truth)


def test_a_clean_delivery_is_in_order_at_once_and_without_copies() -> None:
    """Everything comes as soon as the line allows, in the order of the truth."""
    came = arrivals(clean())
    horizon = simulation().horizon
    assert [item.event.value for item in came] == [event.value for event in ten_days() if event.flaw != LOST]
    assert all(item.at == min(item.event.at + USUAL_LAG, horizon) and not item.again for item in came)


def test_what_arrives_comes_in_the_order_of_its_arrival() -> None:
    """Events, heartbeats and ticks in one line of time, up to the horizon."""
    times = [item.at for item in scrambled()]
    assert times == sorted(times)
    assert times[-1] == simulation().horizon


def test_nothing_arrives_before_it_was_accepted() -> None:
    """And no clock runs further ahead of the arrival than the bus believes, so that results agree in any order."""
    came = arrivals(scrambled())
    assert [item for item in came if item.at < item.event.at] == []
    assert [item for item in came if item.event.step.occurred_at > item.at + 5 * MINUTE] == []


def test_as_many_copies_come_as_asked_for() -> None:
    """5 % by default, each behind its first copy."""
    first: dict[int, int] = {}
    for item in arrivals(scrambled()):
        assert item.again == (id(item.event) in first)
        first.setdefault(id(item.event), item.at)
    copies = sum(item.again for item in arrivals(scrambled()))
    assert copies / len(first) == pytest.approx(0.05, abs=0.01)


def test_as_many_come_late_as_asked_for() -> None:
    """10 % out of order by default, among them many that come behind the next event of their case."""
    came = [item for item in arrivals(scrambled()) if not item.again and item.event.sender != OFFLINE]
    late = [item for item in came if item.at - item.event.at > USUAL_LAG]
    overtaken = [item for item in late if item.event.next_at is not None and item.at > item.event.next_at]
    assert len(late) / len(came) == pytest.approx(0.11, abs=0.02)
    assert len(overtaken) > len(late) / 4


def test_some_holes_are_filled_days_later() -> None:
    """Unless the simulation ends before."""
    came = [item for item in arrivals(scrambled()) if not item.again and item.event.sender != OFFLINE]
    held = [item for item in came if item.at - item.event.at >= DAY and item.at < simulation().horizon]
    assert len(held) / len(came) == pytest.approx(0.01, abs=0.008)


def cut() -> tuple[int, int]:
    """When the office has no line: three days in the middle."""
    middle = (simulation().begin + simulation().horizon) // 2
    return middle - 3 * DAY // 2, middle + 3 * DAY // 2


def test_an_office_without_a_line_delivers_its_backlog_in_order() -> None:
    """Nothing comes from it for three days, then all of it, as it was accepted."""
    begin, end = cut()
    came = [item for item in arrivals(scrambled()) if item.event.sender == OFFLINE]
    assert [item for item in came if begin <= item.at < end] == []
    backlog = [item for item in came if end <= item.at < end + MINUTE and not item.again and item.event.at >= begin]
    assert len(backlog) > 10
    assert [item.event.at for item in backlog] == sorted(item.event.at for item in backlog)


def test_an_office_without_a_line_sends_no_heartbeat() -> None:
    """And no tick believes more than it said last."""
    begin, end = cut()
    senders = {beat.heartbeat.sender for beat in beats(scrambled()) if begin <= beat.at < end}
    told = {mark.complete_through[OFFLINE] for mark in marks(scrambled()) if begin <= mark.at < end}
    assert len(senders) == len(simulation().province.offices) - 1
    assert f"outbox-{OFFLINE}" not in senders
    assert max(told) < begin


def test_what_heartbeats_and_ticks_vouch_for_has_arrived() -> None:
    """Whatever comes late: an office is complete only up to the first event that is still under way."""
    assert dishonest(scrambled()) == []


def test_a_delivery_in_order_is_complete_at_every_tick() -> None:
    """Nobody waits for an office that has nothing under way: at most for the last two seconds."""
    behind = [
        office
        for mark in marks(clean())
        for office, through in mark.complete_through.items()
        if through < mark.at - USUAL_LAG - 1
    ]
    assert behind == []


def test_everything_is_complete_at_the_horizon() -> None:
    """The last tick comes exactly there, and vouches for every office."""
    last = scrambled()[-1]
    horizon = simulation().horizon
    assert isinstance(last, TimeMark)
    assert last.at == horizon
    assert last.complete_through == {office.code: horizon for office in simulation().province.offices}


def test_heartbeats_count_what_was_accepted_and_what_waits() -> None:
    """In the end nothing waits, and all that was accepted adds up to all that arrived."""
    last = {(beat.heartbeat.sender, beat.heartbeat.office): beat.heartbeat for beat in beats(scrambled())}
    assert {beat.pending for beat in last.values()} == {0}
    assert sum(beat.accepted for beat in last.values()) == sum(not item.again for item in arrivals(scrambled()))
    assert any(beat.heartbeat.pending for beat in beats(scrambled()))


@pytest.mark.parametrize("minutes", [7, 60, 10 * 24 * 60])
def test_ticks_come_as_often_as_asked_for(minutes: int) -> None:
    """At equal distances from the beginning on, and at last at the horizon."""
    items = simulation().delivery(CLEAN, tick_minutes=minutes)
    ticks = [item.at for item in items if isinstance(item, TimeMark)]
    made = simulation()
    assert [ticks[0] - made.begin, *{b - a for a, b in pairwise(ticks[:-1])}] in (
        [minutes * MINUTE, minutes * MINUTE],
        [minutes * MINUTE],
    )
    assert ticks[-1] == made.horizon


def test_all_that_is_wrong_with_a_disorder_is_told() -> None:
    """Shares, offices, lengths and the distance of ticks, in one go."""
    wrong = Disorder(1.5, 0.7, 0.6, (Outage("H27.99", 2), Outage("H27.40.1", 11), Outage("H27.40.1", 1)))
    with pytest.raises(SimulationError) as caught:
        list(simulation().delivery(wrong, tick_minutes=0))
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "duplicates",
        "disorder, held",
        "offline",
        "offline",
        "offline",
        "tick-minutes",
    ]


def test_the_delivery_changes_nothing_in_the_truth() -> None:
    """The province draws from streams of its own."""
    truth = [event.step for event in ten_days() if event.flaw != LOST]
    heavy = Disorder(duplicates=0.5, out_of_order=0.5)
    came = [item.event.step for item in simulation(TEN_DAYS, FLAWED).delivery(heavy) if isinstance(item, Arrival)]
    assert set(map(repr, came)) == set(map(repr, truth))
