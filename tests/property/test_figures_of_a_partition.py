"""The live figures that stand published are those of a recount, whatever came, when, and who died over it.

A simulated province, scrambled, goes through the owner of a partition in runs of any size. Between runs time passes;
owners are replaced, some of them after a run whose transaction never came about.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lienthong.simulation import national_entries
from lienthong_producers.domain.simulation.delivery import Arrival, Beat, Delivered
from lienthong_producers.domain.simulation.options import Disorder, Flaws, Outage, Size
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from lienthong_streams.partial_figures import PartialFigures
from lienthong_streams.partition import DeadlinePartition
from lienthong_streams.runtime.ports import Effects
from tests.support.figures_recount import Case, Place, counted_again, plain
from tests.support.log import SOURCE, Log
from tests.support.simulations import BOOK, CALENDAR

SCRAMBLED = Disorder(duplicates=0.1, out_of_order=0.2, held=0.02, outages=(Outage("H27.40.2", 2),))
EVERY = 5 * MICROSECONDS_PER_SECOND


@cache
def province() -> Simulation:
    """A few communes for some days, with holes and conflicts."""
    return Simulation(
        Size(seed=3, days=9, dossiers_per_day=9, communes=3), CALENDAR, flaws=Flaws(conflicts=0.02, lost=0.02)
    )


@cache
def delivery() -> tuple[Delivered, ...]:
    """Dossiers and ticks as they arrive."""
    items = province().delivery(SCRAMBLED, book=BOOK, tick_minutes=360)
    return tuple(
        item
        for item in items
        if not isinstance(item, Beat) and not (isinstance(item, Arrival) and item.event.topic != SOURCE.topic)
    )


class Turn(NamedTuple):
    """So many things arrive, so many seconds pass, a run is made, and its owner lives on, ends or dies over it."""

    items: int
    seconds: int
    fate: str


TURNS = st.builds(
    Turn, st.integers(0, 60), st.sampled_from([0, 1, 6]), st.sampled_from(["lives", "lives", "lives", "ends", "dies"])
)


class Bus:
    """What is committed: the changelog and the newest snapshot of each key; and the owner of the partition."""

    def __init__(self) -> None:
        entries = [*national_entries(), *reference_entries(province().province)]
        self.references = [entry.record(None) for entry in entries]
        self.log = Log(BOOK, references=self.references)
        self.heard: dict[str, int] = {}
        self.published: dict[bytes, dict[str, object]] = {}
        self.snapshots = 0
        self._changelog: dict[bytes, bytes | None] = {}
        self._now = 0
        self.owner = self._new_owner()

    def _new_owner(self) -> DeadlinePartition:
        owner = DeadlinePartition(SOURCE, BOOK, self.log.barriers, figures=PartialFigures(SOURCE, BOOK, every=EVERY))
        owner.folds_per_run = 7
        for key, value in self._changelog.items():
            owner.restore(key, value)
        owner.restored()
        return owner

    def arrive(self, item: Delivered) -> None:
        """An event or a tick comes in."""
        if isinstance(item, Arrival):
            self.log.append(item.event.value, item.event.case.case_id.encode(), known_at=item.at)
        elif not isinstance(item, Beat):
            self.heard = dict(item.complete_through)
            self.log.tick(item.at, len(self.log.records), item.complete_through)

    def run(self, seconds: int, fate: str) -> Effects:
        """A run, after so many seconds."""
        self._now += seconds * MICROSECONDS_PER_SECOND
        effects = self.owner.run(self.log.records[self.owner.position :], now=self._now)
        if fate != "dies":
            self._changelog.update(effects.changes)
            for each in effects.outputs:
                if each.topic == "totals-partial.v1":
                    self.snapshots += 1
                    self.published[each.key or b""] = BOOK.decode(each.topic, each.value or b"")
        if fate != "lives":
            self.owner = self._new_owner()
        return effects

    def counted_again(self) -> dict[Place, Counter[str]]:
        """The figures of all that has come, from the folds of its cases."""
        book, timelines = ReferenceBook(self.references), dict[str, list[Known]]()
        for known in self.log.read():
            insert(timelines.setdefault(known.event.case_id, []), known)
        horizon = self.owner.standing.horizon
        return counted_again(
            Case(timeline, fold(timeline, book, horizon, self.heard), book) for timeline in timelines.values()
        )

    def standing(self) -> dict[Place, Counter[str]]:
        """The figures that stand published; cells without a case have none."""
        found = {}
        for snapshot in self.published.values():
            place: Place = tuple(str(snapshot[name]) for name in ("commune", "office", "channel", "selector"))  # type: ignore[assignment]
            if counts := plain(snapshot):
                found[place] = counts
        return found


@settings(max_examples=8, deadline=None)
@given(st.lists(TURNS, max_size=30))
@example([Turn(40, 6, "lives")] * 10 + [Turn(20, 6, "dies"), Turn(0, 0, "ends")] * 5)
def test_what_stands_published_is_a_recount(turns: list[Turn]) -> None:
    """Once the last run has said that nothing waits any more."""
    bus, items = Bus(), list(delivery())
    for turn in turns:
        for item in items[: turn.items]:
            bus.arrive(item)
        del items[: turn.items]
        bus.run(turn.seconds, turn.fate)
    for item in items:
        bus.arrive(item)
    while bus.run(3, "lives").unfinished:
        pass
    assert bus.standing() == bus.counted_again()


def test_an_interval_saves_most_snapshots() -> None:
    """A snapshot for each change would be as many as events; the last run still leaves nothing behind."""
    bus = Bus()
    for number, item in enumerate(delivery()):
        bus.arrive(item)
        if number % 10 == 0:
            bus.run(1, "lives")
    while bus.run(3, "lives").unfinished:
        pass
    assert bus.standing() == bus.counted_again()
    assert len(bus.published) < bus.snapshots < len(bus.log.records) / 2
