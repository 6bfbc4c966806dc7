"""The fold: clocks, due times, pauses and verdicts from a timeline. Sources: design §5, domain §1.2 and §1.3."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import iso_of
from lienthong_schemas.records import FIRM, PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_streams.domain.facts import Fact, Fold
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known
from tests.support.cases import CASE, POLICY, STATES, book, event, handover, known, minute, opening

HEARD = {"H27.16": minute(1_000_000)}


def fold_of(*events: CaseEvent, horizon: float = 0) -> Fold:
    """The fold of a history in which every office was heard."""
    return fold(known(events), book(), minute(horizon), HEARD)


def kinds(outcome: Fold) -> list[str]:
    """What holds, by kind, in order."""
    return [fact.kind for fact in outcome.facts]


def codes(outcome: Fold) -> list[str]:
    """The findings."""
    return sorted({remark.code for remark in outcome.remarks})


def only(facts: Sequence[Fact], kind: str) -> Fact:
    """The one fact of a kind."""
    (fact,) = [fact for fact in facts if fact.kind == kind]
    return fact


def test_an_open_case_before_its_due_time_has_only_started() -> None:
    """Nothing but the start holds while there is time; the due time is watched."""
    outcome = fold_of(event(1, "2", 0, due=60), horizon=30)
    assert kinds(outcome) == ["started"]
    assert outcome.watch_from == minute(60)


def test_the_due_instant_itself_is_in_time() -> None:
    """A case breaches only after its due instant (design §5: later than the due time)."""
    assert kinds(fold_of(event(1, "2", 0, due=60), horizon=60)) == ["started"]
    assert kinds(fold_of(event(1, "2", 0, due=60), horizon=60 + 1 / 60_000_000)) == ["started", "breached"]


def test_ending_exactly_at_the_due_instant_is_met() -> None:
    """Equality is in time when closed as it is while open (peers F10)."""
    assert kinds(fold_of(event(1, "2", 0, due=60), event(2, "9", 60, due=60), horizon=90)) == ["started", "met"]


def test_a_late_end_is_breached_and_met_late_without_any_tick_between() -> None:
    """`met-late` implies `breached`, also where no tick fell between (design §5)."""
    outcome = fold_of(event(1, "2", 0, due=60), event(2, "9", 61, due=60), horizon=0)
    assert kinds(outcome) == ["started", "breached", "met-late"]
    assert only(outcome.facts, "breached").cause == iso_of(minute(60))
    assert only(outcome.facts, "met-late").cause == "1.2"


def test_a_breach_is_caused_by_the_due_time_and_firm_when_the_office_was_heard() -> None:
    """The cause of a breach is the due time; it is firm once the office is complete up to it."""
    timeline = known([event(1, "2", 0, due=60)])
    heard = fold(timeline, book(), minute(90), {"H27.16": minute(60)})
    silent = fold(timeline, book(), minute(90), {"H27.16": minute(60) - 1})
    assert only(heard.facts, "breached").firmness == FIRM
    assert only(silent.facts, "breached").firmness == PROVISIONAL_SILENCE


@pytest.mark.parametrize("status", ["5", "6", "8"])
def test_a_pause_moves_the_due_time_by_its_length(status: str) -> None:
    """Supplement, financial duty and stop pause the clock (domain §1.3)."""
    events = event(1, "2", 0, due=60), event(2, status, 30, due=60), event(3, "4", 50, due=60)
    outcome = fold_of(*events, horizon=80)
    assert kinds(outcome) == ["started", "paused", "resumed"]
    assert outcome.clocks[0].due_at == minute(80)
    assert outcome.clocks[0].paused == minute(20) - minute(0)
    assert kinds(fold_of(*events, horizon=81))[-1] == "breached"


def test_a_paused_case_does_not_breach_however_long_it_waits() -> None:
    """While a pause moves the due time there is no due time to miss."""
    outcome = fold_of(event(1, "2", 0, due=60), event(2, "5", 30, due=60), horizon=10_000)
    assert kinds(outcome) == ["started", "paused"]
    assert outcome.watch_from is None


def test_a_pause_opened_after_the_due_time_does_not_un_breach() -> None:
    """No pause un-breaches (design §5, against gaming)."""
    outcome = fold_of(event(1, "2", 0, due=60), event(2, "5", 61, due=60), horizon=100)
    assert "breached" in kinds(outcome)


def test_a_due_time_stated_anew_counts_without_the_pauses_before() -> None:
    """Pauses count only since the due time was stated (design §5)."""
    outcome = fold_of(event(1, "2", 0, due=60), event(2, "5", 30, due=60), event(3, "4", 50, due=100), horizon=101)
    assert outcome.clocks[0].due_at == minute(100)
    assert "breached" in kinds(outcome)
    assert "due-not-restated" not in codes(outcome)


def test_a_pause_without_a_new_statement_is_a_finding() -> None:
    """The slip still shows the old due time: `due-not-restated`."""
    outcome = fold_of(event(1, "2", 0, due=60), event(2, "5", 30, due=60), event(3, "4", 50, due=60))
    assert codes(outcome) == ["due-not-restated"]


def test_several_pauses_add_up() -> None:
    """Repeated supplements each move the due time (peers: a dossier became overdue after three)."""
    events = [event(1, "2", 0, due=60)]
    for number in range(3):
        events.append(event(2 + 2 * number, "5", 10 + 10 * number, due=60))
        events.append(event(3 + 2 * number, "4", 15 + 10 * number, due=60))
    assert fold_of(*events).clocks[0].due_at == minute(75)


def test_withdrawn_ends_the_clock_in_time() -> None:
    """A withdrawn dossier counts as handled (domain §5)."""
    assert kinds(fold_of(event(1, "2", 0, due=60), event(2, "7", 30, due=60), horizon=90)) == ["started", "met"]


def test_not_accepted_stops_the_clock_without_a_verdict() -> None:
    """State 3 stands outside the received statistics (domain §1.3)."""
    outcome = fold_of(event(1, "2", 0, due=60), event(2, "5", 10, due=60), event(3, "3", 30, due=60), horizon=90)
    assert kinds(outcome) == ["started", "paused", "stopped"]


def test_rows_after_the_end_do_not_reopen() -> None:
    """The result is handed over (10) after the end (9): the first end counts."""
    outcome = fold_of(
        event(1, "2", 0, due=60), event(2, "4", 1, due=60), event(3, "9", 50, due=60),
        event(4, "10", 70, due=60, ended_at=minute(50)), horizon=90,
    )  # fmt: skip
    assert kinds(outcome) == ["started", "met"]
    assert only(outcome.facts, "met").cause == "1.3"


def test_going_on_after_the_end_is_a_new_episode_and_a_finding() -> None:
    """9 → 4 is a recall: rare, flagged, and a new counted episode (peers: reopening ruins the first verdict)."""
    outcome = fold_of(
        event(1, "2", 0, due=60), event(2, "9", 50, due=60), event(3, "4", 70, due=200, ended_at=None), horizon=90
    )
    assert [(fact.episode, fact.kind) for fact in outcome.facts] == [(1, "started"), (1, "met"), (2, "started")]
    assert "reopened" in codes(outcome)


def test_without_a_policy_no_clock_runs_and_it_is_a_finding() -> None:
    """`no policy` is a finding, never `in time` (design §5; peers thread 12)."""
    outcome = fold(known([event(1, "2", 0, due=60), event(2, "9", 1, due=60)]), book(STATES), minute(90), HEARD)
    assert outcome.facts == ()
    assert "no-policy" in codes(outcome)


def test_without_a_stated_due_time_nothing_is_met() -> None:
    """A policy that takes the stated due time has nothing to judge by."""
    outcome = fold_of(event(1, "2", 0), event(2, "9", 1))
    assert kinds(outcome) == ["started"]
    assert "no-due-time" in codes(outcome)


def test_a_policy_applies_from_its_effective_date() -> None:
    """Records select by `valid_from` alone."""
    later = POLICY._replace(valid_from=minute(10))
    timeline = known([event(1, "2", 0, due=60)])
    assert fold(timeline, book(STATES, later), minute(1), HEARD).facts == ()
    timeline = known([event(1, "2", 11, due=60)])
    assert kinds(fold(timeline, book(STATES, later), minute(1), HEARD)) == ["started"]


def test_a_hole_makes_the_verdict_provisional() -> None:
    """What is missing may be a pause (design §4)."""
    outcome = fold_of(event(1, "2", 0, due=60), event(3, "9", 61, due=60), horizon=90)
    assert only(outcome.facts, "breached").firmness == PROVISIONAL_HOLE
    assert [(r.code, r.cause) for r in outcome.remarks if r.code == "hole"] == [("hole", "1.2-2")]


def test_a_conflict_applies_the_event_accepted_first() -> None:
    """Equal number, different content: the smaller (accepted_at, digest) applies, both are kept."""
    early = event(2, "9", 50, due=60)
    late = event(2, "4", 40, due=60, accepted_at=minute(55))
    outcome = fold_of(event(1, "2", 0, due=60), late, early, horizon=90)
    assert "met" in kinds(outcome)
    assert "conflict" in codes(outcome)


def test_an_epoch_without_a_handover_is_held() -> None:
    """Nobody takes a case by writing a high epoch (design §4)."""
    stolen = event(1, "9", 5, due=60, epoch=2, office="H99")
    outcome = fold_of(event(1, "2", 0, due=60), stolen, horizon=90)
    assert kinds(outcome) == ["started", "breached"]
    assert "held" in codes(outcome)


def test_a_handover_opens_the_next_epoch() -> None:
    """The successor numbers from 1 in the epoch that the handover names."""
    outcome = fold_of(
        event(1, "2", 0, due=60),
        handover(2, 10, successor="H27.01", next_epoch=2, due=60),
        event(1, "9", 20, due=60, epoch=2, office="H27.01"),
        horizon=90,
    )
    assert only(outcome.facts, "met").cause == "2.1"
    assert "held" not in codes(outcome)


def test_an_event_behind_the_handover_is_held() -> None:
    """The former holder has no say after it handed over."""
    outcome = fold_of(
        event(1, "2", 0, due=60),
        handover(2, 10, successor="H27.01", next_epoch=2, due=60),
        event(3, "9", 20, due=60),
        horizon=30,
    )
    assert kinds(outcome) == ["started"]
    assert "held" in codes(outcome)


def test_an_opening_brings_in_a_case_that_is_older_than_the_bus() -> None:
    """Its clock started before; numbers before the opening are no hole."""
    outcome = fold_of(opening(7, 0, started=-100, due=60), horizon=10)
    assert outcome.clocks[0].started_at == minute(-100)
    assert "hole" not in codes(outcome)


def test_a_skipped_state_is_kept_and_flagged() -> None:
    """2 → 9 is outside the table of transitions: never dropped (design §4)."""
    outcome = fold_of(event(1, "2", 0, due=60), event(2, "9", 1, due=60))
    assert "met" in kinds(outcome)
    assert [r.detail for r in outcome.remarks if r.code == "invalid-transition"] == ["'2' -> '9'"]


def test_a_time_ahead_of_the_bus_is_cut_to_five_minutes() -> None:
    """An office cannot end a case in the future (design §5: append time + 5 minutes)."""
    end = event(2, "9", 500, due=60, ended_at=None)
    timeline = known([event(1, "2", 0, due=60)])
    timeline += [Known(end, minute(50))]
    outcome = fold(timeline, book(), minute(51), HEARD)
    assert outcome.clocks[0].ended_at == minute(55)
    assert "occurred-in-the-future" in codes(outcome)


def test_every_key_begins_with_the_case() -> None:
    """Settled keys are global: the case id comes first."""
    from lienthong_streams.domain.announcements import holding

    outcome = fold_of(event(1, "2", 0, due=60), event(3, "9", 61, due=60), horizon=90)
    assert all(key.startswith(f"{CASE}|") and key.count("|") in (3, 5) for key in holding(CASE, outcome))


def test_waiting_before_receipt_is_no_finding() -> None:
    """A case submitted online (1) is received later (2); an event in work before the receipt is one (data's README)."""
    submitted, received = event(1, "1", 0, due=60), event(2, "2", 30, due=60, received_at=minute(30))
    assert codes(fold_of(submitted, received)) == []
    worked = event(2, "2", 10, due=60, received_at=minute(30))
    assert codes(fold_of(submitted, worked)) == ["first-event-before-received"]
