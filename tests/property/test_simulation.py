"""Named invariants of simulated provinces of any size, seed and disorder. Source: design §2 (P10), §5."""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_producers.domain.simulation.delivery import TimeMark
from lienthong_producers.domain.simulation.flaws import CONFLICT, LOST
from lienthong_producers.domain.simulation.options import CLEAN, Disorder, Flaws, Outage, Size
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_schemas.calendar_table import MINUTE
from tests.support.simulated_honesty import dishonest
from tests.support.simulations import BOOK, CALENDAR, arrivals

SHARES = st.sampled_from([0.0, 0.02, 0.3])


@st.composite
def simulations(draw: st.DrawFn) -> Simulation:
    """A small province at any time of 2026, with more or fewer flaws."""
    size = Size(
        seed=draw(st.integers(0, 10_000)),
        days=draw(st.integers(1, 9)),
        dossiers_per_day=draw(st.sampled_from([0.5, 6.0, 15.0])),
        communes=draw(st.integers(1, 8)),
        start=date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 330))),
    )
    return Simulation(size, CALENDAR, flaws=Flaws(conflicts=draw(SHARES), lost=draw(SHARES)))


@st.composite
def disorders(draw: st.DrawFn, simulation: Simulation) -> Disorder:
    """Any disorder that such a province can have, with up to two offices without a line."""
    codes = [office.code for office in simulation.province.offices]
    cut_off = draw(st.lists(st.sampled_from(codes), max_size=2, unique=True))
    lengths = st.floats(0.1, simulation.size.days)
    return Disorder(draw(SHARES), draw(SHARES), draw(SHARES), tuple(Outage(code, draw(lengths)) for code in cut_off))


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_any_disorder_brings_the_same_events_and_vouches_for_no_other(data: st.DataObject) -> None:
    """Every delivery carries what is not lost, byte for byte; heartbeats and ticks are honest, the last one whole.

    And no event claims a time that the bus would cut, so the settled result cannot depend on the delivery.
    """
    simulation = data.draw(simulations())
    items = list(
        simulation.delivery(
            data.draw(disorders(simulation)), book=BOOK, tick_minutes=data.draw(st.sampled_from([45, 240, 1_440]))
        )
    )
    came = arrivals(items)
    truth = Counter(event.value for event in simulation.truth(BOOK) if event.flaw != LOST)
    assert Counter(item.event.value for item in came if not item.again) == truth
    assert {item.event.value for item in came} == set(truth)
    assert [item.at for item in items] == sorted(item.at for item in items)
    assert [item for item in came if item.event.step.occurred_at > item.at + 5 * MINUTE] == []
    assert dishonest(items) == []
    assert items[-1] == TimeMark(
        simulation.horizon, {office.code: simulation.horizon for office in simulation.province.offices}
    )


@given(simulations())
@settings(max_examples=25, deadline=None)
def test_numbers_never_have_a_gap_in_the_truth(simulation: Simulation) -> None:
    """Per case and epoch they run from 1, in the order of time, whatever becomes of the events later."""
    numbers: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for event in simulation.truth():
        if event.flaw != CONFLICT:
            numbers[event.case.case_id, event.step.epoch].append(event.step.seq)
    assert [place for place, found in numbers.items() if found != list(range(1, len(found) + 1))] == []


def peak_of(days: int) -> int:
    """The most memory, in bytes, that a delivery over so many days takes while it is made.

    What other tests have left is kept out of Python's collections: the more of it, the less often it looks for garbage.
    """
    simulation = Simulation(Size(days=days, dossiers_per_day=15, communes=6, start=date(2026, 3, 2)), CALENDAR)
    gc.freeze()
    gc.collect()  # counts what is left after freezing: next to nothing
    tracemalloc.start()
    for _ in simulation.delivery(Disorder(), book=BOOK, tick_minutes=1_440):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    gc.unfreeze()
    return peak


def test_memory_does_not_grow_with_the_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """It follows the cases that are open at a time, and these are the same after three months and after six.

    What the codec remembers has a bound of its own, which three months do not reach: here it is next to nothing.
    """
    monkeypatch.setattr("lienthong_schemas.avro_varints._MEMO_LIMIT", 64)
    for _ in Simulation(Size(days=2), CALENDAR).delivery(CLEAN, book=BOOK):
        pass  # what is made once, such as parsed ids, is there
    assert peak_of(180) < 1.25 * peak_of(90)
