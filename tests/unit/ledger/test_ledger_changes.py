"""What one batch changes in the ledger: the rules of design §4, one by one."""

from __future__ import annotations

from lienthong_consumers.domain import changes as domain_changes
from lienthong_consumers.domain.changes import continues
from lienthong_consumers.domain.entry import row_of
from lienthong_consumers.domain.figures import Figures, Unit
from lienthong_consumers.domain.settlement import Conflict, Gap, Held
from tests.support.ledger_entries import CASE, LedgerInMemory, entry, handover, hour

H16, H17 = Unit("H27.16", "dossier"), Unit("H27.17", "dossier")
IN_PROCESS, EARLY = Figures(received=1, in_process=1), Figures(received=1, ended_early=1)


def test_a_case_is_counted_once_whatever_its_number_of_events() -> None:
    """Totals move by the transition of the current row, not by events."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "2"), entry(2), entry(3, "9", ended_at=hour(50))])
    assert ledger.by_unit() == {H16: EARLY}


def test_a_case_that_is_not_received_waits() -> None:
    """A submission without a time of receipt is in no other figure."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "1", received_at=None)])
    assert ledger.by_unit() == {H16: Figures(waiting=1)}


def test_ended_exactly_at_the_due_instant_is_not_late() -> None:
    """Late means later."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "9", ended_at=hour(100))])
    assert ledger.by_unit() == {H16: Figures(received=1, ended_on_time=1)}


def test_lateness_is_by_the_due_time_of_the_last_state() -> None:
    """A later due time stated with the end makes the end timely."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "2"), entry(2, "9", ended_at=hour(101), due_at=hour(200))])
    assert ledger.by_unit() == {H16: EARLY}


def test_without_a_due_time_nothing_is_late() -> None:
    """Lateness needs both times."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "9", ended_at=hour(500), due_at=None)])
    assert ledger.by_unit() == {H16: Figures(received=1, ended_undated=1)}


def test_a_case_that_moves_is_counted_by_the_office_that_holds_it() -> None:
    """One office loses it, the other gains it, in one batch or two."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "2")])
    ledger.apply([entry(2, office="H27.17")])
    assert ledger.by_unit() == {H17: IN_PROCESS}


def test_a_duplicate_only_counts_as_a_duplicate() -> None:
    """Equal case, number and content: neither history nor row nor totals change."""
    ledger = LedgerInMemory()
    first = entry(1, "2")
    ledger.apply([first])
    changes = ledger.apply([first._replace(offset=9, accepted_at=hour(9), known_at=hour(9))])
    assert (changes.entries, changes.rows, changes.totals.changes()) == ([], {}, {})
    assert changes.duplicates == {(CASE, *first.identity): 1}


def test_a_duplicate_that_was_accepted_earlier_brings_its_time() -> None:
    """The result must not depend on which of two deliveries came first."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "2", accepted_at=hour(5))])
    ledger.apply([entry(1, "2", accepted_at=hour(3))])
    assert [one.accepted_at for one in ledger.history.values()] == [hour(3)]
    assert ledger.rows[CASE].accepted_at == hour(3)


def test_a_skipped_number_is_a_gap_until_it_arrives() -> None:
    """The later event applies at once; the gap opens and closes."""
    ledger = LedgerInMemory()
    opened = ledger.apply([entry(1, "2"), entry(4, "9", ended_at=hour(5))])
    assert (opened.gaps_opened, ledger.rows[CASE].seq) == ([(CASE, Gap(1, 2, 3))], 4)
    closed = ledger.apply([entry(2), entry(3)])
    assert (closed.gaps_closed, ledger.gaps, ledger.rows[CASE].seq) == ([(CASE, Gap(1, 2, 3))], set(), 4)


def test_a_gap_that_is_filled_in_part_becomes_two() -> None:
    """What is still missing stays reported."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1), entry(5)])
    ledger.apply([entry(3)])
    assert ledger.gaps == {(CASE, Gap(1, 2, 2)), (CASE, Gap(1, 4, 4))}


def test_an_opening_balance_has_nothing_missing_before_it() -> None:
    """The numbers below it belong to the time before the bus."""
    ledger = LedgerInMemory()
    ledger.apply([entry(7, change="opening"), entry(8)])
    assert (ledger.gaps, ledger.rows[CASE].seq) == (set(), 8)


def test_of_two_events_with_one_number_the_one_accepted_earlier_applies() -> None:
    """Both are kept; the loser is a conflict."""
    ledger = LedgerInMemory()
    late, early = entry(1, "4", accepted_at=hour(2)), entry(1, "9", accepted_at=hour(1), ended_at=hour(5))
    ledger.apply([late])
    ledger.apply([early])
    assert ledger.rows[CASE].status == "9"
    assert ledger.conflicts == {(CASE, Conflict(1, 1, late.digest, early.digest))}
    assert ledger.by_unit() == {H16: EARLY}
    assert len(ledger.history) == 2


def test_accepted_at_the_same_time_the_smaller_digest_applies() -> None:
    """The rule decides without any order of arrival."""
    ledger = LedgerInMemory()
    first = entry(1, "4", accepted_at=hour(1), digest=b"b" * 16)
    second = entry(1, "5", accepted_at=hour(1), digest=b"a" * 16)
    ledger.apply([first, second])
    assert ledger.rows[CASE].digest == b"a" * 16


def test_a_high_epoch_without_a_handover_is_history_only() -> None:
    """Nobody takes a case by writing a high epoch."""
    ledger = LedgerInMemory()
    taken = entry(1, "9", epoch=2, office="H27.17", ended_at=hour(3))
    ledger.apply([entry(1, "2"), taken])
    assert ledger.by_unit() == {H16: IN_PROCESS}
    assert ledger.held == {(CASE, Held(2, 1, taken.digest))}


def test_held_events_apply_when_the_handover_arrives() -> None:
    """The successor's events count from then on, and nothing is held any more."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "2"), entry(1, "9", epoch=2, office="H27.17", ended_at=hour(3))])
    ledger.apply([handover(2, next_epoch=2)])
    assert (ledger.by_unit(), ledger.held) == ({H17: EARLY}, set())


def test_what_lies_behind_a_handover_has_no_say() -> None:
    """The old office's further events are held."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "2"), handover(2, next_epoch=2)])
    ledger.apply([entry(3, "9", ended_at=hour(3))])
    assert (ledger.rows[CASE].seq, len(ledger.held)) == (2, 1)


def test_the_last_number_of_a_handed_over_epoch_is_missed_where_it_lacks() -> None:
    """A handover says how many events there are."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "2"), handover(2, next_epoch=2, last_seq=4)])
    assert ledger.gaps == {(CASE, Gap(1, 3, 4))}


def test_a_final_figure_that_changes_is_a_correction_with_its_cause() -> None:
    """Recalled after its end: old and new row and the event that did it."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "9", ended_at=hour(200))])
    recall = entry(2, "4")
    (correction,) = ledger.apply([recall]).corrections
    assert (correction.before.seq, correction.after.seq, correction.cause) == (1, 2, recall)


def test_an_open_case_that_changes_is_no_correction() -> None:
    """Only final figures are corrected."""
    ledger = LedgerInMemory()
    changes = ledger.apply([entry(1, "2"), entry(2, "4"), entry(3, "9", ended_at=hour(3))])
    assert changes.corrections == []


def test_rows_after_the_end_that_keep_it_are_no_correction() -> None:
    """Late steps of an ended case change no figure."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "9", ended_at=hour(3))])
    assert ledger.apply([entry(2, "9", ended_at=hour(3))]).corrections == []


def test_changes_that_cancel_out_leave_the_totals_alone() -> None:
    """A unit whose sum is zero is not written."""
    ledger = LedgerInMemory()
    ledger.apply([entry(1, "2")])
    assert ledger.apply([entry(2, "4")]).totals.changes() == {}


def test_history_is_needed_for_all_but_the_next_number() -> None:
    """What lets a case be applied without its history."""
    row = row_of(entry(2), sealed=False, carried=False)
    cases = {
        "next": continues(row, [entry(3), entry(4)]),
        "newest again": continues(row, [entry(2)]),
        "older": continues(row, [entry(1)]),
        "skipped": continues(row, [entry(4)]),
        "handover": continues(row, [handover(3, next_epoch=2)]),
        "other epoch": continues(row, [entry(3, epoch=2)]),
        "sealed": continues(row._replace(sealed=True), [entry(3)]),
        "first": continues(None, [entry(1)]),
        "not the first": continues(None, [entry(2)]),
    }
    assert {name for name, found in cases.items() if found} == {"next", "newest again", "first"}


def test_a_very_long_history_is_settled_once_a_batch() -> None:
    """The rows and totals are the same; one wild sender costs no more than one settlement a batch."""
    ledger = LedgerInMemory()
    count = domain_changes.LONG_HISTORY + 10
    ledger.apply([entry(seq, "9", ended_at=hour(1)) for seq in range(count, 0, -1)])
    changes = ledger.apply([entry(count + 2, "4"), entry(count + 1, "4"), entry(count + 2, "4")])
    assert (ledger.rows[CASE].seq, ledger.gaps, ledger.by_unit()) == (count + 2, set(), {H16: IN_PROCESS})
    assert len(changes.corrections) == 1
