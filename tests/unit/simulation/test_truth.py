"""The truth of a simulated province: numbers without gaps, proper handovers, working days, every feature."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_producers.domain.simulation.flaws import CONFLICT, LOST
from lienthong_producers.domain.simulation.options import Flaws, Size
from lienthong_schemas.calendar_table import HOUR, MINUTE
from tests.support.simulated_features import FEATURES, count
from tests.support.simulations import default_month, hours, month_by_case, simulation, ten_days, tet_month

Month = Callable[[], Sequence[SimulatedEvent]]
TET = {date(2026, 2, 16) + timedelta(days=number) for number in range(5)}


def day_of(event: SimulatedEvent) -> date:
    """The local date of an event."""
    return hours().date_of(event.at)


def is_office_work(event: SimulatedEvent) -> bool:
    """Whether somebody at a counter or a desk did it: not what people write from home, nor what systems do."""
    step, case = event.step, event.case
    by_itself = step.status in ("1", "announced") or step.change == "opening"
    return case.kind != "field-report" and not by_itself


def test_events_come_in_the_order_of_time() -> None:
    """Of the true time, whatever the offices' clocks say."""
    times = [event.at for event in default_month()]
    assert times == sorted(times)


def test_numbers_run_without_a_gap() -> None:
    """Per case and epoch from 1 on, epochs from 1 on."""
    wrong = []
    for case_id, events in month_by_case().items():
        numbers: defaultdict[int, list[int]] = defaultdict(list)
        for event in events:
            numbers[event.step.epoch].append(event.step.seq)
        expected = {epoch: list(range(1, len(found) + 1)) for epoch, found in enumerate(numbers.values(), start=1)}
        if numbers != expected:
            wrong.append(case_id)
    assert wrong == []


def test_an_epoch_rises_only_behind_a_handover_that_names_the_successor() -> None:
    """The handover bears the last number, the successor sends the first event of the next epoch."""
    followed = 0
    for events in month_by_case().values():
        for earlier, later in pairwise(event.step for event in events):
            if earlier.handover is None:
                assert (later.epoch, later.seq) == (earlier.epoch, earlier.seq + 1)
            else:
                followed += 1
                assert earlier.handover == (later.office.code, later.epoch, earlier.seq)
                assert later.at - earlier.at >= 10 * MINUTE
    assert followed > 20


def test_a_case_and_its_number_are_used_once() -> None:
    """No two cases share an id."""
    cases = {id(event.case): event.case.case_id for event in default_month()}
    assert len(set(cases.values())) == len(cases)


@pytest.mark.parametrize("month", [default_month, tet_month])
def test_officers_work_in_office_hours(month: Month) -> None:
    """Nothing at counters and desks in the lunch break, at night, at the weekend, on Tết and other days off."""
    closed = [event for event in month() if is_office_work(event) and not hours().calendar.is_open(event.at)]
    assert [(event.case.case_id, event.step.status) for event in closed] == []


def test_at_tet_only_field_reports_and_online_submissions_come_in() -> None:
    """Fewer than on other days, and what goes on at all is written by citizens or done outdoors."""
    seen = Counter(
        (event.case.kind, event.step.status if event.case.kind != "field-report" else "any")
        for event in tet_month()
        if day_of(event) in TET
    )
    assert set(seen) == {("dossier", "1"), ("field-report", "any")}


def test_holidays_of_the_calendar_are_kept() -> None:
    """27 April 2026 is off in place of the Hùng Kings' day, a Sunday; the 28th is worked."""
    received = Counter(day_of(event) for event in default_month() if event.step.status == "2")
    assert received[date(2026, 4, 27)] == 0
    assert received[date(2026, 4, 28)] > 50


def test_many_more_come_after_opening_and_before_lunch() -> None:
    """At the counters of a whole month."""
    first = [
        events[0]
        for events in month_by_case().values()
        if events[0].case.kind == "dossier" and events[0].step.status == "2"
    ]
    halves = Counter((event.at - hours().midnight(day_of(event))) // (HOUR // 2) for event in first)
    after_opening, before_lunch = halves[14] + halves[15], halves[21] + halves[22]
    assert min(after_opening, before_lunch) > 1.5 * max(halves[18] + halves[19], halves[30] + halves[31])


def test_as_many_dossiers_come_in_as_asked_for() -> None:
    """On average, on a working day."""
    days = Counter(
        day_of(events[0])
        for events in month_by_case().values()
        if events[0].case.kind == "dossier" and events[0].step.change != "opening"
    )
    working = [number for day, number in days.items() if hours().is_working(day)]
    assert sum(working) / len(working) == pytest.approx(150, rel=0.1)


@pytest.mark.parametrize(("kind", "feature"), [(kind, name) for kind, found in FEATURES.items() for name in found])
def test_every_feature_occurs(kind: str, feature: str) -> None:
    """In a month of the default province with moderate arrivals."""
    assert count(month_by_case().values(), kind, feature) > 0


def test_the_usual_is_usual() -> None:
    """Most dossiers end in time: national figures tell of 4 to 5 % that are late."""
    ended = [
        events[-1].step
        for events in month_by_case().values()
        if events[-1].case.kind == "dossier" and events[-1].step.ended_at is not None
    ]
    late = sum(step.due_at is not None and (step.ended_at or 0) > step.due_at for step in ended)
    assert 0.02 < late / len(ended) < 0.09


def test_flaws_have_the_shares_that_were_asked_for() -> None:
    """Lost events and numbers given twice; the latter carry other content."""
    events = ten_days()
    flaws = Counter(event.flaw for event in events)
    assert flaws[LOST] / len(events) == pytest.approx(0.01, abs=0.005)
    assert flaws[CONFLICT] / len(events) == pytest.approx(0.02, abs=0.007)
    for first, second in pairwise(events):
        if second.flaw == CONFLICT:
            assert (first.case.case_id, first.step[1:3]) == (second.case.case_id, second.step[1:3])
            assert first.value != second.value
            assert first.step.due_at is None or first.step.due_at != second.step.due_at


def test_flaws_change_nothing_else() -> None:
    """Without them the same events come."""
    sound = simulation(flaws=Flaws(conflicts=0.0, lost=0.0)).truth()
    without = [event.step for event in ten_days() if event.flaw != CONFLICT]
    assert [event.step for event in sound] == without


def test_another_seed_gives_another_month() -> None:
    """And the same seed the same."""

    def numbers(seed: int) -> Sequence[object]:
        size = Size(seed=seed, days=2, dossiers_per_day=10, communes=3)
        return [(event.case.case_id, event.step) for event in simulation(size).truth()]

    assert numbers(1) == numbers(1) != numbers(2)
