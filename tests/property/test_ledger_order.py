"""Named invariants of the ledger's domain: order, repetition and the cut into batches change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_consumers.domain.entry import Entry
from lienthong_consumers.domain.figures import totals_of
from lienthong_consumers.domain.settlement import Settlement, merge, settle
from tests.support.ledger_cells import cells
from tests.support.ledger_entries import LedgerInMemory, entry, hour
from tests.support.ledger_recount import Counted, recount

OFFICES = ("H27.16", "H27.17")
CASES = ("dossier:H27.16:1", "dossier:H27.16:2")


Number = tuple[str, int, int]
"""Case, epoch, seq."""
Times = tuple[int | None, int | None, int | None]
"""Received, due, ended."""
NUMBERS = st.tuples(st.sampled_from(CASES), st.integers(1, 3), st.integers(1, 5))
OPEN_CASE: Times = (hour(1), hour(5), None)
INSTANTS = st.sampled_from((None, hour(1), hour(5), hour(30)))
NOTHING_MORE: Mapping[str, Any] = {}
SAYS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(("1", "3", "4", "5", "9")),
        "commune": st.sampled_from(("18073", "")),
        "selector": st.sampled_from(("1.005129", "2.000635")),
        "channel": st.sampled_from(("direct", "online")),
        "rating": st.sampled_from((None, 3, 4)),
        "fee_paid": st.sampled_from((None, "online", "cash")),
        "digitised": st.sampled_from((None, False, True)),
        "signature": st.sampled_from((None, "valid", "absent")),
        "duplicate_of": st.sampled_from((None, "another")),
    },
)
"""What an event says besides its times; only figures look at it."""
CHANGE = st.sampled_from(("changed", "opening")) | st.tuples(st.integers(1, 2), st.integers(1, 5))


def _event(
    number: Number,
    *,
    office: str = OFFICES[0],
    times: Times = OPEN_CASE,
    accepted: int = 2,
    change: str | tuple[int, int] = "changed",
    says: Mapping[str, Any] = NOTHING_MORE,
) -> Entry:
    """An event; a change of two numbers is a handover: how many epochs on, and the last number. ``says``: fields."""
    case, epoch, seq = number
    further, last = change if isinstance(change, tuple) else (0, None)
    return entry(
        seq,
        case_id=case,
        epoch=epoch,
        office=office,
        received_at=times[0],
        due_at=times[1],
        ended_at=times[2],
        accepted_at=hour(accepted),
        change="handover" if further else change,
        next_epoch=epoch + further if further else None,
        last_seq=last,
        **dict(says),
    )


EVENTS = st.builds(
    _event,
    NUMBERS,
    office=st.sampled_from(OFFICES),
    times=st.tuples(INSTANTS, INSTANTS, INSTANTS),
    accepted=st.integers(1, 4),
    change=CHANGE,
    says=SAYS,
)


@st.composite
def deliveries(draw: st.DrawFn) -> list[Entry]:
    """Deliveries of a few cases: holes, conflicts, handovers, duplicates accepted at other times, in any order."""
    straight = [_event((CASES[0], 1, seq)) for seq in range(1, draw(st.integers(2, 7)))]
    events = draw(st.lists(EVENTS, max_size=14)) + straight
    twins = draw(st.lists(st.tuples(st.sampled_from(events), st.integers(0, 6)), max_size=6))
    again = [one._replace(accepted_at=hour(later), known_at=hour(later)) for one, later in twins]
    return [one._replace(offset=offset) for offset, one in enumerate(draw(st.permutations(events + again)))]


def _cut(entries: list[Entry], sizes: list[int]) -> list[list[Entry]]:
    batches: list[list[Entry]] = []
    at = 0
    for size in sizes:
        batches.append(entries[at : at + size])
        at += size
    return [batch for batch in [*batches, entries[at:]] if batch]


def _ledger(entries: list[Entry], sizes: list[int]) -> LedgerInMemory:
    ledger = LedgerInMemory()
    for batch in _cut(entries, sizes):
        ledger.apply(batch)
    return ledger


def _contents(ledger: LedgerInMemory) -> tuple[object, ...]:
    history = {identity: (one.accepted_at, one.known_at) for identity, one in ledger.history.items()}
    duplicates = ledger.duplicates.total()
    return history, duplicates, ledger.rows, ledger.counted(), ledger.gaps, ledger.conflicts, ledger.held


SIZES = st.lists(st.integers(1, 6), max_size=8)


@settings(deadline=None)  # a shared machine stalls; the suite has a time limit of its own
@given(entries=deliveries(), sizes=SIZES, data=st.data())
def test_any_order_and_any_cut_into_batches_end_in_the_same_ledger(
    entries: list[Entry], sizes: list[int], data: st.DataObject
) -> None:
    """History, rows, totals, holes, conflicts and held events are a function of the set of deliveries."""
    other = data.draw(st.permutations(entries))
    assert _contents(_ledger(entries, sizes)) == _contents(_ledger(other, data.draw(SIZES)))


@settings(deadline=None)  # a shared machine stalls; the suite has a time limit of its own
@given(entries=deliveries(), sizes=SIZES)
def test_totals_are_a_recount_of_the_rows_and_rows_and_totals_a_recount_of_the_log(
    entries: list[Entry], sizes: list[int]
) -> None:
    """Three ways to count, one of them by other code, give the same."""
    ledger = _ledger(entries, sizes)
    counted = recount(Counted(*(getattr(one, name) for name in Counted._fields)) for one in entries)
    rows = {case: (row.epoch, row.seq, row.digest) for case, row in ledger.rows.items()}
    totals = {
        (unit.office, unit.kind): (one.waiting + one.declined, one.received, one.ended, one.ended_late, one.open)
        for unit, one in ledger.by_unit().items()
    }
    by_measure = {
        tuple(cell): {name: count for name, count in figures._asdict().items() if count}
        for cell, figures in ledger.counted().items()
    }
    assert ledger.counted() == totals_of(ledger.rows.values())
    assert by_measure == cells(one._asdict() for one in entries)
    assert (rows, totals, len(ledger.history), ledger.duplicates.total()) == counted


@settings(deadline=None)  # a shared machine stalls; the suite has a time limit of its own
@given(entries=deliveries(), sizes=SIZES)
def test_the_short_way_gives_what_settling_the_whole_history_gives(entries: list[Entry], sizes: list[int]) -> None:
    """An event that continues its case is applied without its history; the result is the same."""
    ledger = _ledger(entries, sizes)
    for case in CASES:
        whole = settle(merge(one for one in entries if one.case_id == case).values())
        found = Settlement(
            ledger.rows.get(case),
            frozenset(gap for owner, gap in ledger.gaps if owner == case),
            frozenset(conflict for owner, conflict in ledger.conflicts if owner == case),
            frozenset(held for owner, held in ledger.held if owner == case),
        )
        assert found == whole
