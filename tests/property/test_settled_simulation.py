"""Duplicates, disorder, holes that are filled late and an office offline for days end as a clean run does (P10)."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from lienthong.simulation import national_entries
from lienthong_producers.domain.simulation.delivery import Arrival, TimeMark
from lienthong_producers.domain.simulation.options import CLEAN, Disorder, Flaws, Outage, Size
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_schemas.case_event import read_case_event
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.announcements import settled_of
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from tests.support.simulations import BOOK, CALENDAR

SCRAMBLED = Disorder(duplicates=0.1, out_of_order=0.2, held=0.02, outages=(Outage("H27.40.3", 3),))


def settled(simulation: Simulation, disorder: Disorder) -> dict[str, Fold]:
    """All that holds about every case at the horizon, from what a delivery brought."""
    entries = [*national_entries(), *reference_entries(simulation.province)]
    book = ReferenceBook([entry.record(None) for entry in entries])
    timelines: defaultdict[str, list[Known]] = defaultdict(list)
    last = TimeMark(0, {})
    for item in simulation.delivery(disorder, book=BOOK, tick_minutes=720):
        if isinstance(item, Arrival):
            key, event = item.event.case.case_id, item.event
            insert(timelines[key], Known(read_case_event(BOOK, event.topic, key.encode(), event.value)[0], item.at))
        elif isinstance(item, TimeMark):
            last = item
    return {
        case_id: fold(timeline, book, simulation.horizon, last.complete_through)
        for case_id, timeline in timelines.items()
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_scrambled_province_settles_as_a_clean_one(seed: int) -> None:
    """Case by case: every clock event and every finding."""
    size = Size(seed=seed, days=15, dossiers_per_day=25, communes=10)
    simulation = Simulation(size, CALENDAR, flaws=Flaws(conflicts=0.02, lost=0.01))
    clean, scrambled = settled(simulation, CLEAN), settled(simulation, SCRAMBLED)
    differing = [case for case in clean if settled_of(case, clean[case]) != settled_of(case, scrambled[case])]
    assert (scrambled.keys(), differing) == (clean.keys(), [])
    kinds = Counter(fact.kind for found in clean.values() for fact in found.facts)
    codes = {remark.code for found in clean.values() for remark in found.remarks}
    assert min(kinds[kind] for kind in ("started", "paused", "resumed", "breached", "met", "met-late", "stopped")) > 5
    assert codes >= {"hole", "conflict", "invalid-transition", "due-not-restated"}


def test_stated_due_times_are_those_of_the_policies() -> None:
    """Where nobody forgot to state them anew: the engine finds next to no difference."""
    simulation = Simulation(Size(days=15, dossiers_per_day=40, communes=10), CALENDAR, flaws=Flaws(0.0, 0.0))
    found = settled(simulation, CLEAN)
    differing = [
        case
        for case, each in found.items()
        if "due-differs" in {remark.code for remark in each.remarks}
        and not {"due-not-restated", "back-dated"} & {remark.code for remark in each.remarks}
    ]
    assert len(differing) < 0.01 * len(found)
