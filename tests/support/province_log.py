"""The log of a simulated province for recounts: all kinds of case, a merged commune, recalls after the closing.

The same truth can be brought clean, scrambled, or with an office cut off; the log is what a broker would hold then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count

from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import OutboundRecord, Record
from lienthong_producers.domain.simulation.cases import SimulatedEvent, Step
from lienthong_producers.domain.simulation.contents import record_of
from lienthong_producers.domain.simulation.delivery import Arrival, Timetable, delivered
from lienthong_producers.domain.simulation.flaws import CONFLICT, LOST
from lienthong_producers.domain.simulation.lines_of_offices import LinesOfOffices
from lienthong_producers.domain.simulation.options import Disorder, Flaws, Size
from lienthong_producers.domain.simulation.province import Office
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_schemas.calendar_table import HOUR
from lienthong_schemas.case_event import Handover
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.identity import event_id
from tests.support.simulations import BOOK, CALENDAR

GONE, INTO = 2, 3
"""Places of the two communes among those of the province: the first is merged into the second."""
FLAWS = Flaws(conflicts=0.02, lost=0.005)
TWO_WEEKS = Size(days=15, dossiers_per_day=30, communes=10, start=date(2026, 4, 13))
"""From a Monday over the closing of a month on the 14th, two Sundays, to the Monday after."""
MERGED_ON_DAY = 6
RECALLS_EVERY = 12
"""Every so many-th dossier that was done is recalled days later (9 to 4)."""
Merged = tuple[int, int]
"""Epoch and number after which the other commune counts."""


@dataclass(frozen=True)
class Truth:
    """What happened, before anything is brought: the events of a province with the values of their records."""

    simulation: Simulation
    events: Sequence[SimulatedEvent]

    def log(self, disorder: Disorder) -> list[Record]:
        """The records of the case topics as a broker holds them after this delivery, in the order of their arrival."""
        simulation = self.simulation
        table = Timetable(simulation.begin, simulation.horizon, 24 * HOUR)
        lines = LinesOfOffices(simulation.province, simulation.begin)
        partitions = {spec.name: spec.config.partitions for spec in load_catalogue().topics.values()}
        ends = {(topic, number): count() for topic, most in partitions.items() for number in range(most)}
        found = []
        for item in delivered(self.events, table, disorder, simulation.size.seed, lines):
            if isinstance(item, Arrival):
                topic, key = item.event.topic, item.event.case.case_id.encode()
                number = partition_of(key, partitions[topic])
                place = topic, number, next(ends[topic, number])
                found.append(Record(*place, key, item.event.value, item.at // 1_000))
        return found


def truth(size: Size = TWO_WEEKS, flaws: Flaws = FLAWS) -> Truth:
    """The events of a province whose third commune is merged into the fourth after some days."""
    simulation = Simulation(size, CALENDAR, flaws=flaws)
    day = (simulation.horizon - simulation.begin) // size.days
    merger = _Merger(simulation.province.communes, simulation.begin + MERGED_ON_DAY * day)
    events = sorted(merger.events(list(simulation.truth())), key=lambda event: event.at)
    events += _recalls(events, simulation.begin, day, simulation.horizon)
    return Truth(simulation, [merger.sealed(event) for event in sorted(events, key=lambda event: event.at)])


def outbound(records: Iterable[Record]) -> list[OutboundRecord]:
    """The same records to be written, at the times that they carry."""
    return [
        OutboundRecord(each.topic, each.key, each.value, partition=each.partition, timestamp=each.timestamp)
        for each in records
    ]


class _Merger:
    """From an instant on one commune's cases are numbered by another, which their handovers name."""

    def __init__(self, communes: Sequence[Office], at: int) -> None:
        self._gone, self._into, self._at = communes[GONE], communes[INTO], at
        self._ends: dict[str, Merged] = {}

    def events(self, events: list[SimulatedEvent]) -> Iterator[SimulatedEvent]:
        """The events as they are numbered with the merger, the handovers among them."""
        last: dict[str, SimulatedEvent] = {}
        for event in events:
            if event.at < self._at:
                if event.flaw != CONFLICT:
                    last[event.case.case_id] = event
                yield event
        for case_id, event in last.items():
            if event.step.office is self._gone and event.step.handover is None and event.case.system is None:
                self._ends[case_id] = event.step.epoch, event.step.seq
                yield event._replace(step=self._handover(event.step), flaw="", next_at=None)
        for event in events:
            if event.at >= self._at:
                yield event._replace(step=self._renumbered(event.case.case_id, event.step))

    def _handover(self, step: Step) -> Step:
        handover = Handover(self._into.code, step.epoch + 1, step.seq + 1)
        at = self._at
        return step._replace(
            at=at, seq=step.seq + 1, occurred_at=at, accepted_at=at, change="handover", handover=handover, opening=None
        )

    def _renumbered(self, case_id: str, step: Step) -> Step:
        if step.office is self._gone:
            step = step._replace(office=self._into)
        if case_id not in self._ends:
            return step
        epoch, seq = self._ends[case_id]
        passed = seq if step.epoch == epoch else 0
        hand = step.handover
        if hand is not None:
            hand = hand._replace(next_epoch=hand.next_epoch + 1, last_seq=hand.last_seq - passed)
        return step._replace(epoch=step.epoch + 1, seq=step.seq - passed, handover=hand)

    def sealed(self, event: SimulatedEvent) -> SimulatedEvent:
        """The event with the value of its record."""
        record = record_of(event)
        if event.at >= self._at and record["commune"] == self._gone.commune:
            record["commune"] = self._into.commune
        record["event_id"] = event_id(record["office"], record["case_id"], record["epoch"], record["seq"])
        return event._replace(value=BOOK.encode(event.topic, record))


def _recalls(events: Sequence[SimulatedEvent], begin: int, day: int, horizon: int) -> Iterator[SimulatedEvent]:
    """Results are recalled days after they were given; half of the dossiers are done again two days later."""
    last = {event.case.case_id: event for event in events if event.flaw not in (CONFLICT, LOST)}
    numbers = {event.case.case_id: event.step.seq for event in events}
    done = [event for event in last.values() if event.case.kind == "dossier" and event.step.status in ("9", "10")]
    for number, event in enumerate(done[::RECALLS_EVERY]):
        at = event.at + (3 + number % 5) * day
        if at >= horizon - 3 * day or event.step.seq < numbers[event.case.case_id]:
            continue
        step = event.step
        recall = step._replace(
            at=at, seq=step.seq + 1, occurred_at=at, accepted_at=at, status="4", ended_at=None, change="changed",
            handover=None, opening=None,
        )  # fmt: skip
        yield event._replace(step=recall, next_at=None)
        if number % 2:
            again = at + 2 * day
            done_again = recall._replace(
                at=again, seq=step.seq + 2, occurred_at=again, accepted_at=again, status="9", ended_at=again
            )
            yield event._replace(step=done_again)
