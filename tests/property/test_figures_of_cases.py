"""What the cases of a simulated province count as in the live figures is what a plain recount counts."""

from __future__ import annotations

from collections import Counter

from lienthong.simulation import national_entries
from lienthong_producers.domain.simulation.delivery import Arrival, TimeMark
from lienthong_producers.domain.simulation.options import Disorder, Flaws, Outage, Size
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_schemas.case_event import read_case_event
from lienthong_schemas.partial_totals import MEASURES
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.figures import LiveFigures, cell_parts, clock_view, contribution
from lienthong_streams.domain.fold import fold, fold_of
from lienthong_streams.domain.progress import progress_of
from lienthong_streams.domain.rules import rules_of
from lienthong_streams.domain.timeline import Known, applied, insert
from tests.support.figures_recount import Case, counted_again, plain
from tests.support.simulations import BOOK, CALENDAR

SCRAMBLED = Disorder(duplicates=0.1, out_of_order=0.2, held=0.02, outages=(Outage("H27.40.3", 3),))


def cases_of(simulation: Simulation, until: int) -> list[Case]:
    """Every case as it is known at an instant."""
    book = ReferenceBook([each.record(None) for each in [*national_entries(), *reference_entries(simulation.province)]])
    timelines: dict[str, list[Known]] = {}
    heard: dict[str, int] = {}
    for item in simulation.delivery(SCRAMBLED, book=BOOK, tick_minutes=720):
        if item.at > until:
            break
        if isinstance(item, Arrival):
            event, _ = read_case_event(BOOK, item.event.topic, item.event.case.case_id.encode(), item.event.value)
            insert(timelines.setdefault(event.case_id, []), Known(event, item.at))
        elif isinstance(item, TimeMark):
            heard = dict(item.complete_through)
    return [Case(timeline, fold(timeline, book, until, heard), book) for timeline in timelines.values()]


def test_figures_of_a_province_are_those_of_a_recount() -> None:
    """In the middle, with an office offline, and at the end; every figure is there."""
    simulation = Simulation(
        Size(seed=5, days=20, dossiers_per_day=30, communes=10), CALENDAR, flaws=Flaws(conflicts=0.02, lost=0.01)
    )
    seen: set[str] = set()
    for until in ((simulation.begin + simulation.horizon) // 2, simulation.horizon):
        cases, figures = cases_of(simulation, until), LiveFigures()
        for case in cases:
            events = [known.event for known in applied(case.timeline).events]
            if events:
                carried = events[0].change == "opening"
                progress = progress_of(case.timeline, rules_of(case.book))
                fold_of(progress, until, {})
                figures.add(
                    contribution(events[-1], clock_view(case.fold.processing, progress.passage), carried=carried)
                )
        found = {}
        for cell in figures.cells():
            measures, shares = figures.snapshot(cell)
            counts = {**dict(zip(MEASURES, measures, strict=True)), "shares_of_time": shares}
            found[tuple(cell_parts(cell))] = plain(
                {**counts, **dict.fromkeys(("source_partition", "generation", "position", "as_of"), 0)}
            )
        assert found == counted_again(cases)
        seen |= set().union(*found.values())
    missing = (set(MEASURES) | {f"share_{bound}" for bound in ("10", "50", "100", "125", "300")}) - seen
    assert missing <= {"ended_undated", "pending_undated"}, Counter(missing)
