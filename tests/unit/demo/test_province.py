"""The simulated province: what it hands in is sound, and what it expects is what the engine makes of it."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from lienthong.demo.cases import Office
from lienthong.demo.province import OFFICES, Wave, wave
from lienthong_schemas.case_event import case_event
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, instant_of
from lienthong_schemas.models import case_record
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import load_reference
from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known

NOW = 1_780_000_000 * MICROSECONDS_PER_SECOND
BOOK = ReferenceBook(entry.record(None) for entry in load_reference("vn") if entry.kind != "clock-policy")
SETTLED_AFTER = 15 * MICROSECONDS_PER_SECOND


def province() -> list[Office]:
    """Offices with made-up names."""
    return [Office(code, f"Office {code}", "18073" if ".40." in code else "") for code in OFFICES]


def folded(one: Wave) -> dict[str, Fold]:
    """What the engine makes of all that is handed in, by case, when everything has arrived."""
    timelines: dict[str, list[Known]] = defaultdict(list)
    for hand_in in one.hand_ins:
        timeline = timelines[hand_in.state.case_id]
        accepted = instant_of(hand_in.state.occurred_at)
        record = case_record(
            hand_in.state, epoch=1, seq=len(timeline) + 1, seq_by="holder", accepted_at=accepted, previous=None
        )
        timeline.append(Known(case_event(record, bytes(16)), accepted))
    horizon = one.begins + SETTLED_AFTER
    return {case: fold(timeline, BOOK, horizon, {}) for case, timeline in timelines.items()}


@pytest.mark.parametrize("number", range(12))
def test_the_breaches_that_hold_are_those_expected(number: int) -> None:
    """Whatever chance brings, the wave knows its late cases."""
    one = wave(province(), seed=1, number=number, now=NOW)
    breached = {case for case, each in folded(one).items() if any(fact.kind == "breached" for fact in each.facts)}
    assert breached == one.late
    assert one.confirmed <= one.late
    assert not one.withdrawn & one.late


@pytest.mark.parametrize("number", range(12))
def test_nothing_in_it_is_a_finding(number: int) -> None:
    """States, order and times are those that the reference data allow."""
    outcome = folded(wave(province(), seed=1, number=number, now=NOW))
    assert {case: each.remarks for case, each in outcome.items()} == dict.fromkeys(outcome, ())


def test_all_kinds_and_endings_occur() -> None:
    """Every wave shows all kinds of case, cases met, met late, paused and left open."""
    one = wave(province(), seed=1, number=0, now=NOW)
    kinds = Counter(hand_in.state.kind for hand_in in one.hand_ins)
    assert set(kinds) == {"dossier", "field-report", "periodic-report", "document", "task"}
    facts = Counter(fact.kind for each in folded(one).values() for fact in each.facts)
    assert min(facts[kind] for kind in ("started", "paused", "resumed", "breached", "met", "met-late")) >= 1


def test_the_same_seed_gives_the_same_wave() -> None:
    """And another number gives another one, with other cases."""
    first, again, other = (wave(province(), seed=7, number=number, now=NOW) for number in (3, 3, 4))
    assert first == again
    assert {each.state.case_id for each in first.hand_ins}.isdisjoint(each.state.case_id for each in other.hand_ins)


def test_the_office_without_a_line_ends_its_cases_meanwhile() -> None:
    """Otherwise nothing would be announced as provisional, and nothing withdrawn."""
    one = wave(province(), seed=1, number=0, now=NOW)
    for case in one.withdrawn | one.confirmed:
        last = [each for each in one.hand_ins if each.state.case_id == case][-1]
        due = last.state.due_at
        assert due is not None
        assert last.office == one.outage.office
        assert one.outage.begins < last.at < one.outage.ends
        assert instant_of(due) < one.begins + one.outage.ends * MICROSECONDS_PER_SECOND


def test_hand_ins_come_in_the_order_of_their_times() -> None:
    """So that offices can be played one after the other."""
    times = [each.at for each in wave(province(), seed=1, number=0, now=NOW).hand_ins]
    assert times == sorted(times)
