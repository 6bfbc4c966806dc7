"""The figures that offices report: they add up, and are those of the truth unless somebody slipped."""

from collections import Counter

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from tests.support.simulations import by_case, hours, month_by_case, tet_month


def reports(form: str) -> list[list[SimulatedEvent]]:
    """The periodic reports of a month with this form."""
    return [events for events in month_by_case().values() if events[0].case.content.get("form") == form]


def sound(figures: dict[str, int]) -> bool:
    """Whether the sums of form II.06 hold."""
    return (
        figures["received_total"]
        == sum(figures[f"{name}"] for name in ("received_online", "received_direct", "carried_over"))
        and figures["resolved_total"] == sum(figures[f"resolved_{name}"] for name in ("early", "on_time", "late"))
        and figures["pending_total"] == figures["pending_in_time"] + figures["pending_late"]
        and figures["received_total"] == figures["resolved_total"] + figures["pending_total"]
    )


def test_every_office_is_asked_each_month_and_each_week() -> None:
    """The month closes on the 14th, weeks on Sunday; all but the two systems report."""
    monthly, weekly = reports("II.06a"), reports("BC-TUAN")
    assert Counter(events[0].case.content["period"] for events in monthly) == {"2026-M04": 79}
    periods = Counter(events[0].case.content["period"] for events in weekly)
    assert periods == {"2026-W15": 79, "2026-W16": 79, "2026-W17": 79, "2026-W18": 79, "2026-W19": 79}


def test_figures_add_up_but_for_slips() -> None:
    """received = resolved + pending, and each total is the sum of its parts; a few have a slip of the pen."""
    stated = [
        event.step.content["figures"]
        for form in ("II.06a", "BC-TUAN")
        for events in reports(form)
        for event in events
        if event.step.status == "submitted"
    ]
    slips = sum(not sound(figures) for figures in stated)
    assert 0 < slips < len(stated) / 8


def test_what_is_pending_is_carried_over() -> None:
    """From one week to the next, for most offices and never more than a slip apart."""
    by_office = {
        (events[0].step.office.code, events[0].case.content["period"]): events[-1].step.content["figures"]
        for events in reports("BC-TUAN")
        if events[-1].step.status == "accepted"
    }
    pairs = [
        (figures["pending_total"], by_office[office, "2026-W18"]["carried_over"])
        for (office, period), figures in by_office.items()
        if period == "2026-W17" and (office, "2026-W18") in by_office
    ]
    assert sum(pending == carried for pending, carried in pairs) > 0.9 * len(pairs) > 30


def test_a_report_counts_the_events_of_its_office() -> None:
    """What communes say they received online in the first weeks is what the truth has."""
    closing = hours().midnight(hours().calendar.first_day.replace(year=2026, month=2, day=15))
    received: Counter[str] = Counter()
    stated = {}
    for events in by_case(tet_month()).values():
        case = events[0].case
        first = next((event for event in events if event.step.received_at is not None), None)
        if case.kind == "dossier" and case.content["channel"] == "online" and first is not None and first.at < closing:
            received[case.authority] += events[0].step.change != "opening"
        if case.content.get("period") == "2026-M02" and events[-1].step.status == "accepted":
            stated[events[0].step.office.code] = events[-1].step.content["figures"]["received_online"]
    right = [received[office] == figure for office, figure in stated.items()]
    assert sum(right) >= 0.9 * len(right) > 15
