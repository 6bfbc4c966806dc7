"""Named invariants of the deadline engine over random histories. Source: design §2 (P3, P6, P9, P10)."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.codec import SchemaBook
from lienthong_streams.case_state import CaseState, decode_state, encode_state
from lienthong_streams.domain.announcements import diff, settled, settled_of
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.rules import rules_of
from lienthong_streams.domain.timeline import Known, insert
from lienthong_streams.partition import DeadlinePartition
from tests.support.cases import CASE, book, event, handover, minute
from tests.support.log import Log

SCHEMAS = SchemaBook()
RULES = rules_of(book())
STATUSES = st.sampled_from(["1", "2", "4", "5", "6", "7", "8", "9", "10", "3", "99"])


@st.composite
def histories(draw: st.DrawFn) -> list[CaseEvent]:
    """A case of up to eight events: any states, sometimes a hole, a conflict, a handover, a due time that moves."""
    count = draw(st.integers(1, 8))
    due = draw(st.one_of(st.none(), st.integers(0, 300)))
    at = 0
    made: list[CaseEvent] = []
    for seq in range(1, count + 1):
        at += draw(st.integers(0, 60))
        due = draw(st.one_of(st.just(due), st.integers(0, 300)))
        one = event(seq, draw(STATUSES), at, due=due)
        made.append(one)
        if draw(st.booleans()) and draw(st.booleans()):
            made.append(event(seq, draw(STATUSES), at, due=due, accepted_at=minute(draw(st.integers(0, 300)))))
    if draw(st.booleans()):
        made.append(handover(count + 1, at, successor="H27.01", next_epoch=2, due=due))
        made.append(event(1, draw(STATUSES), at + 5, due=due, epoch=2, office="H27.01"))
    if len(made) > 1 and draw(st.booleans()):
        del made[draw(st.integers(0, len(made) - 1))]
    return made


def timeline_of(events: Sequence[CaseEvent]) -> list[Known]:
    """The timeline of events that are all known long after they occurred."""
    timeline: list[Known] = []
    for one in events:
        insert(timeline, Known(one, minute(1_000)))
    return timeline


@given(histories(), st.randoms(use_true_random=False), st.integers(0, 400))
@settings(max_examples=400, deadline=None)
def test_any_order_with_duplicates_folds_to_the_same(
    events: list[CaseEvent], chance: random.Random, horizon: int
) -> None:
    """The state of a case depends neither on the order in which its events came, nor on which copy came first.

    A copy may have been accepted and known at another time than its twin.
    """
    copies = [Known(one, minute(1_000)) for one in events]
    for one in chance.sample(events, k=len(events) // 2):
        accepted_at = one.accepted_at + minute(chance.randint(-90, 90)) - minute(0)
        copies.append(Known(one._replace(accepted_at=accepted_at), minute(chance.randint(-30, 300))))
    outcomes = []
    for _ in range(3):
        chance.shuffle(copies)
        timeline: list[Known] = []
        for copy in copies:
            insert(timeline, copy)
        outcomes.append(fold(timeline, book(), minute(horizon), {}))
    assert outcomes[0] == outcomes[1] == outcomes[2]


@given(histories(), st.randoms(use_true_random=False), st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=400, deadline=None)
def test_what_was_said_on_the_way_settles_to_what_holds(
    events: list[CaseEvent], chance: random.Random, horizons: list[int]
) -> None:
    """Announcing after every event, in any order, at any ticks, ends in the settled set of a clean fold."""
    shuffled = list(events)
    chance.shuffle(shuffled)
    ticks = sorted([*horizons, 400])
    state = CaseState(CASE)
    for index, one in enumerate(shuffled):
        state.take(Known(one, minute(1_000)), RULES)
        horizon = ticks[min(index, len(ticks) - 1)]
        outcome = fold(state.timeline, book(), minute(horizon), {"H27.16": minute(horizon)})
        diff(CASE, state.standing, state.withdrawals, outcome)
    last = fold(state.timeline, book(), minute(400), {})
    diff(CASE, state.standing, state.withdrawals, last)
    clean = fold(timeline_of(events), book(), minute(400), {})
    assert settled_of(CASE, clean) == settled(CASE, state.standing)


@given(histories())
@settings(max_examples=200, deadline=None)
def test_an_announcement_is_said_once_and_its_id_is_never_used_again(events: list[CaseEvent]) -> None:
    """Ids are unique over the whole life of a case, withdrawals and confirmations included."""
    standing: dict[str, str] = {}
    withdrawals: dict[str, str] = {}
    said: list[str] = []
    timeline: list[Known] = []
    for one in reversed(events):
        insert(timeline, Known(one, minute(1_000)))
        for horizon in (0, 200, 400):
            outcome = fold(timeline, book(), minute(horizon), {})
            said.extend(emission.event_id for emission in diff(CASE, standing, withdrawals, outcome))
    assert len(said) == len(set(said))


@given(histories(), st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_a_state_survives_its_bytes(events: list[CaseEvent], horizon: int) -> None:
    """What comes back from the changelog is what went in."""
    state = CaseState(CASE)
    for one in events:
        state.take(Known(one, minute(1_000)), RULES)
    diff(CASE, state.standing, state.withdrawals, fold(state.timeline, book(), minute(horizon), {}))
    back = decode_state(CASE, encode_state(state))
    assert (state.timeline, state.standing, state.withdrawals) == (back.timeline, back.standing, back.withdrawals)


@given(histories())
@settings(max_examples=200, deadline=None)
def test_pausing_and_resuming_at_one_instant_changes_no_due_time(events: list[CaseEvent]) -> None:
    """A pause of no length moves nothing."""
    plain = [event(1, "2", 0, due=60), event(2, "4", 10, due=60)]
    paused = [event(1, "2", 0, due=60), event(2, "5", 10, due=60), event(3, "4", 10, due=60)]
    due = [fold(timeline_of(some), book(), minute(100), {}).clocks[0].due_at for some in (plain, paused)]
    assert due[0] == due[1] == minute(60)
    assert events


@given(
    st.lists(histories(), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
    st.lists(st.integers(0, 400), max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_a_partition_settles_alike_in_any_runs_with_restarts(
    cases: list[list[CaseEvent]], chance: random.Random, horizons: list[int]
) -> None:
    """Records in any order, runs of any length, restarts from the changelog: settled = a plain loop of folds."""
    events = [one._replace(case_id=f"{CASE}-{number}") for number, history in enumerate(cases) for one in history]
    order = events + chance.sample(events, k=len(events) // 3)
    chance.shuffle(order)
    log = Log(SCHEMAS, order, known_at=minute(1_000))
    partition = log.partition()
    changelog: dict[bytes, bytes | None] = {}
    for horizon in [*sorted(horizons), 400]:
        reach = len(order) if horizon == 400 else chance.randint(partition.position, len(order))
        log.tick(minute(horizon), reach)
        while partition.position < reach:
            until = chance.randint(partition.position + 1, reach)
            effects = partition.run(log.records[partition.position : until], now=0)
            changelog.update(effects.changes)
            if chance.random() < 0.3:
                partition = log.restored(changelog)
        changelog.update(partition.run((), now=0).changes)
    assert _settled(partition) == _plain_loop(log, order)


def _settled(partition: DeadlinePartition) -> frozenset[tuple[str, bool]]:
    states = [(key.decode(), partition.cases.get(key)) for key in list(partition.cases)]
    return frozenset(pair for case_id, state in states if state for pair in settled(case_id, state.standing))


def _plain_loop(log: Log, order: Sequence[CaseEvent]) -> frozenset[tuple[str, bool]]:
    timelines: dict[str, list[Known]] = {}
    for one in log.read():
        insert(timelines.setdefault(one.event.case_id, []), one)
    assert {one.case_id for one in order} == set(timelines)
    return frozenset(
        pair
        for case_id, timeline in timelines.items()
        for pair in settled_of(case_id, fold(timeline, book(), minute(400), {}))
    )
