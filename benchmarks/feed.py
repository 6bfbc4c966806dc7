"""The inputs of the benchmarks: the dossiers of a simulated province, and single dossiers made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from benchmarks.job import INPUT_TOPIC
from lienthong.simulation import simulation_of
from lienthong_infra.ports import OutboundRecord
from lienthong_producers.domain.simulation.delivery import Arrival, Beat, Delivered
from lienthong_producers.domain.simulation.options import CLEAN, Flaws, Size
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_producers.simulation_import import arrival_record
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.identity import event_id
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND

MINUTE = 60 * MICROSECONDS_PER_SECOND
START = 1_750_000_000 * MICROSECONDS_PER_SECOND
_EVENTS_OF_A_DOSSIER = 4
"""So many at least come of one within the days that are simulated."""
_TICK_MINUTES = 24 * 60
"""A tick a simulated day: as rare among the events as one a second is among thousands."""
LIFE = ("2", "4", "4", "5", "4", "4", "4", "9")
"""A dossier made by hand: received, worked on, a supplement, worked on, done."""


def dossier_record(case: int, seq: int, at: int) -> dict[str, Any]:
    """Event ``seq`` of a case, ``at`` minutes after START."""
    identity = f"dossier:H27.{case % 69 + 1:02d}:000.00.16.H27-250701-{case:06d}"
    office = f"H27.{case % 69 + 1:02d}"
    status = LIFE[seq - 1]
    occurred = START + at * MINUTE
    return {
        "accepted_at": occurred, "previous": None, "case_id": identity, "epoch": 1, "seq": seq, "seq_by": "holder",
        "event_id": event_id(office, identity, 1, seq), "change": "changed", "office": office, "commune": "18073",
        "occurred_at": occurred, "source_ref": None, "handover": None, "opening": None, "status": status,
        "received_at": START + case * MINUTE, "due_at": START + (case + 3_000 + case % 5_000) * MINUTE,
        "ended_at": occurred if status == "9" else None, "procedure": "1.005129", "channel": "online", "step": "",
        "applicant_kind": "citizen", "applicant": None, "fee_paid": None, "digitised": None,
    }  # fmt: skip


@cache
def province(events: int) -> Simulation:
    """A province that hands in so many events of dossiers within a month, or more."""
    size = Size(dossiers_per_day=max(20.0, events / _EVENTS_OF_A_DOSSIER / 18))
    return simulation_of(size, Flaws(conflicts=0.0, lost=0.0), CLEAN)


@cache
def arrivals(events: int) -> tuple[Delivered, ...]:
    """So many events of dossiers in the order of their arrival, with the ticks and heartbeats among them.

    Dossiers that were open before the first day are left out: an opening balance comes once in a dossier's life.
    """
    return tuple(_chosen(province(events).delivery(CLEAN, book=SchemaBook(), tick_minutes=_TICK_MINUTES), events))


def _chosen(delivery: Iterator[Delivered], events: int) -> Iterator[Delivered]:
    opened: set[str] = set()
    left = events
    for item in delivery:
        if isinstance(item, Beat):
            continue
        if isinstance(item, Arrival):
            case = item.event.case.case_id
            if item.event.step.change == "opening":
                opened.add(case)
            if item.event.topic != INPUT_TOPIC or case in opened or not left:
                continue
            left -= 1
        yield item
        if not left and not isinstance(item, Arrival):
            return  # the tick behind the last event
    if left:
        raise SystemExit(f"the province sends {left} events fewer than the {events} that are asked for")


def records(events: int) -> list[OutboundRecord]:
    """The same events as records, without ticks."""
    return [arrival_record(item) for item in arrivals(events) if isinstance(item, Arrival)]
