"""Streams and ledger count the same at every boundary, each by its own code, whatever order records come in (P9).

A simulated, scrambled province lies on one partition. The owner of the partition takes it in runs of any size, time
passes between them, owners are replaced, some after a run whose transaction never came about. The ledger's domain takes
the same records cut at the boundaries, as its sink does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lienthong.simulation import national_entries
from lienthong_consumers.domain.changes import Changes
from lienthong_consumers.domain.entry import Entry
from lienthong_consumers.ledger.batch import Batch
from lienthong_consumers.ledger.reading import RecordReader
from lienthong_infra.ports import OutboundRecord, Record
from lienthong_producers.domain.simulation.delivery import Arrival
from lienthong_producers.domain.simulation.options import Disorder, Flaws, Outage, Size
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_schemas import checksums
from lienthong_schemas.checksums import Checksum, checksum, checksum_of
from lienthong_schemas.errors import ContractError
from lienthong_schemas.instants import Instant
from lienthong_streams.domain.figures import Contribution, LiveFigures
from lienthong_streams.partial_figures import PartialFigures
from lienthong_streams.partition import DeadlinePartition
from tests.support.ledger_entries import LedgerInMemory
from tests.support.log import SOURCE, Log
from tests.support.simulations import BOOK, CALENDAR

SCRAMBLED = Disorder(duplicates=0.1, out_of_order=0.2, held=0.02, outages=(Outage("H27.40.2", 2),))
EVERY = 40
"""Instead of a thousand: a small province shows as much."""
NOW: Instant = 0


@pytest.fixture(autouse=True)
def boundaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boundaries close together."""
    monkeypatch.setattr(checksums, "EVERY", EVERY)


@cache
def province() -> Simulation:
    """A few communes for some days, with holes and conflicts."""
    return Simulation(
        Size(seed=5, days=6, dossiers_per_day=8, communes=3), CALENDAR, flaws=Flaws(conflicts=0.02, lost=0.02)
    )


@cache
def arrivals() -> tuple[Arrival, ...]:
    """The dossiers as they arrive, some of them broken bytes."""
    items = province().delivery(SCRAMBLED, book=BOOK, tick_minutes=360)
    return tuple(item for item in items if isinstance(item, Arrival) and item.event.topic == SOURCE.topic)


def log_of(seed: int, ticks: int) -> Log:
    """The records in another order for each seed, with broken ones between them, and a tick after every so many."""
    entries = [*national_entries(), *reference_entries(province().province)]
    log = Log(BOOK, references=[entry.record(None) for entry in entries])
    random, order = Random(seed), list(arrivals())
    if seed:
        random.shuffle(order)
    latest = 0
    for number, item in enumerate(order):
        latest = max(latest, item.at)
        value = b"broken" if random.random() < 0.02 else item.event.value
        log.append(value, item.event.case.case_id.encode(), known_at=item.at)
        if ticks and number % ticks == 0:
            log.tick(latest, len(log.records), {})
    return log


def owner_of(log: Log, changelog: dict[bytes, bytes | None]) -> DeadlinePartition:
    """Who takes the partition over."""
    owner = DeadlinePartition(SOURCE, BOOK, log.barriers, figures=PartialFigures(SOURCE, BOOK))
    owner.folds_per_run = 7
    for key, value in changelog.items():
        owner.restore(key, value)
    owner.restored()
    return owner


def read(outputs: Iterable[OutboundRecord]) -> list[tuple[bytes, Checksum]]:
    """The checksums among outputs, with their keys."""
    return [
        (each.key or b"", checksum(BOOK.decode(each.topic, each.value or b"")))
        for each in outputs
        if each.topic == checksums.TOPIC
    ]


def of_worker(log: Log, sizes: Sequence[int] = (), fates: str = "") -> dict[int, Checksum]:
    """What a worker writes, in runs of these sizes; an owner l(ives), e(nds) or d(ies) before its commit."""
    changelog: dict[bytes, bytes | None] = {}
    owner, found = owner_of(log, changelog), dict[int, Checksum]()
    fate_of = dict(enumerate(fates))
    turn = 0
    while owner.position < len(log.records):
        size = sizes[turn % len(sizes)] if sizes else len(log.records)
        effects = owner.run(log.records[owner.position : owner.position + size], now=NOW)
        fate = fate_of.get(turn, "l")
        if fate != "d":
            changelog.update(effects.changes)
            for key, one in read(effects.outputs):
                assert key == checksums.key_of(one)
                assert found.setdefault(one.below, one) == one
        if fate != "l":
            owner = owner_of(log, changelog)
        turn += 1
    return found


def take(ledger: LedgerInMemory, records: Iterable[Record]) -> None:
    """One batch of the ledger; what cannot be read is left out, as a dead letter."""
    reader, batch = RecordReader(BOOK), Batch()
    for record in records:
        with suppress(ContractError):
            reader.read(batch, record)
    ledger.apply(batch.entries)


def counted(ledger: LedgerInMemory, below: int) -> Checksum:
    """What the ledger has counted."""
    offices = {unit.office: (each.received, each.ended, each.ended_late) for unit, each in ledger.by_unit().items()}
    return checksum_of(*SOURCE, below, offices)


def of_ledger(records: Sequence[Record], ledger: LedgerInMemory | None = None) -> dict[int, Checksum]:
    """What the ledger's domain counts at every boundary."""
    ledger, found = ledger or LedgerInMemory(), dict[int, Checksum]()
    for below in range(EVERY, len(records) + 1, EVERY):
        take(ledger, records[below - EVERY : below])
        found[below] = counted(ledger, below)
    return found


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 9),
    ticks=st.sampled_from([0, 15, 90]),
    sizes=st.lists(st.integers(1, 130), min_size=1, max_size=9),
    fates=st.text("lled", max_size=12),
)
@example(
    seed=1, ticks=0, sizes=[89], fates="e"
)  # a new owner before the first tick, with a case of which nothing counts
def test_both_count_the_same_at_every_boundary(seed: int, ticks: int, sizes: list[int], fates: str) -> None:
    """In any order, cut into any runs, over any number of owners, also where no tick ever comes."""
    log = log_of(seed, ticks)
    ledger = of_ledger(log.records)
    assert of_worker(log, sizes, fates) == ledger
    assert len(ledger) > 5
    assert len({one.digest for one in ledger.values()}) > 5


def test_a_rebuild_writes_the_same_again() -> None:
    """From the beginning of the log and without a tick before its end, as after a lost changelog."""
    ticked = of_worker(log_of(1, 15), (50,))
    assert of_worker(log_of(1, 0), (33,)) == ticked


def test_a_checksum_is_written_with_the_record_that_completes_it() -> None:
    """Not with the next one, which may come days later; and not before."""
    log = log_of(0, 15)
    owner = owner_of(log, {})
    before = owner.run(log.records[: EVERY - 1], now=NOW)
    exactly = owner.run(log.records[EVERY - 1 : EVERY], now=NOW)
    after = owner.run(log.records[EVERY : EVERY + 1], now=NOW)
    assert [[one.below for _, one in read(each.outputs)] for each in (before, exactly, after)] == [[], [EVERY], []]


def test_a_boundary_in_a_hole_of_the_log_is_counted_before_what_lies_behind() -> None:
    """All records with a smaller offset are those before the hole."""
    log = log_of(0, 0)
    owner = owner_of(log, {})
    first = log.records[: EVERY - 5]
    owner.run(first, now=NOW)
    owner.skip_hole(EVERY + 5)
    ((_, one),) = read(owner.run(log.records[EVERY + 5 : EVERY + 9], now=NOW).outputs)
    ledger = LedgerInMemory()
    take(ledger, first)
    assert one == counted(ledger, EVERY)


class TwiceInLedger(LedgerInMemory):
    """A ledger with a fault: a case that comes up is counted twice."""

    def apply(self, batch: Sequence[Entry]) -> Changes:
        """Take one batch, and add its totals once more."""
        changes = super().apply(batch)
        for cell, delta in list(changes.totals.changes().items())[:1]:
            self.totals[cell] = self.totals[cell].plus(delta)
        return changes


def test_a_ledger_that_counts_twice_is_found_out() -> None:
    """The mutant is seen at the first boundary."""
    log = log_of(0, 15)
    wrong = of_ledger(log.records, TwiceInLedger())
    assert all(one != wrong[below] for below, one in of_worker(log).items())


def test_live_figures_that_count_twice_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transition that forgets to take the old outcome away counts a case twice."""
    log = log_of(0, 15)
    right = of_ledger(log.records)

    def move(figures: LiveFigures, before: Contribution, after: Contribution) -> None:
        if after:
            figures.changed.add(figures.add(after))

    monkeypatch.setattr(LiveFigures, "move", move)
    assert all(one != right[below] for below, one in of_worker(log).items())
