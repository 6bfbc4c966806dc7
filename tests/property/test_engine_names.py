"""Named properties of the engine over the trials of the oracle's generator. Source: issue B, design §4 and §5."""

from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lienthong_schemas.records import PROVISIONAL_HOLE
from lienthong_streams.domain.announcements import diff, settled_of
from tests.support.cases import CASE
from tests.support.engine_agreement import engine_fold
from tests.support.engine_program import HEAD_BYTES, STEP_BYTES, Trial, trial_of

STEPS = st.lists(st.binary(min_size=STEP_BYTES, max_size=STEP_BYTES), min_size=1, max_size=8)
TRIALS = st.builds(trial_of, st.binary(min_size=HEAD_BYTES, max_size=HEAD_BYTES), STEPS)
SOME = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
HOURS = {"working_hour": 60, "working_day": 480, "calendar_hour": 60, "calendar_minute": 1}
"""Minutes of a unit."""
VERDICTS = ("breached", "met", "met-late")


@given(TRIALS, st.randoms(use_true_random=False))
@settings(SOME)
def test_any_delivery_with_repetitions_settles_alike(trial: Trial, chance: random.Random) -> None:
    """Order and duplicates change nothing, and neither does one event said again."""
    copies = trial.history + chance.sample(trial.history, k=len(trial.history) // 2 + 1)
    chance.shuffle(copies)
    once, again = engine_fold(trial), engine_fold(trial._replace(history=copies))
    assert (settled_of(CASE, once), once.clocks) == (settled_of(CASE, again), again.clocks)


@given(TRIALS)
@settings(SOME)
def test_what_has_run_and_stood_still_is_shared_out(trial: Trial) -> None:
    """The shares of the offices make up what was used; nothing is negative."""
    for clock in engine_fold(trial).clocks:
        assert sum(share for _, share in clock.shares) == clock.used
        assert min(clock.used, clock.paused) >= 0


@given(TRIALS, st.integers(0, 20))
@settings(SOME)
def test_a_hole_is_provisional_and_its_filling_firm(trial: Trial, missing: int) -> None:
    """Without an event in the middle every verdict is provisional for want of it; with it none is."""
    numbers = sorted({(event.epoch, event.seq) for event, _ in trial.history})
    assume(len(numbers) > 2 and numbers[0] == (1, 1))
    whole = engine_fold(trial)
    assume(not {"hole", "held"} & {one.code for one in whole.remarks})
    gone = numbers[1 + missing % (len(numbers) - 2)]
    rows = [row for row in trial.history if (row[0].epoch, row[0].seq) != gone]
    torn = engine_fold(trial._replace(history=rows))
    assume("hole" in {one.code for one in torn.remarks})
    assert {one.firmness for one in torn.facts if one.kind in VERDICTS} <= {PROVISIONAL_HOLE}
    assert PROVISIONAL_HOLE not in {one.firmness for one in whole.facts}


@given(TRIALS, st.lists(st.integers(0, 400), max_size=4))
@settings(SOME)
def test_a_rebuild_announces_nothing_new(trial: Trial, ticks: list[int]) -> None:
    """Whatever was said at ticks of any spacing: what holds at the end is said, and said again it is nothing."""
    standing: dict[str, str] = {}
    withdrawals: dict[str, str] = {}
    for hours in sorted(ticks, reverse=True):
        horizon = trial.horizon - hours * 3_600_000_000
        diff(CASE, standing, withdrawals, engine_fold(trial._replace(horizon=horizon)))
    diff(CASE, standing, withdrawals, engine_fold(trial))
    assert diff(CASE, standing, withdrawals, engine_fold(trial)) == ()


@given(TRIALS)
@settings(SOME, max_examples=30)
def test_used_and_left_are_the_amount(trial: Trial) -> None:
    """At the due time just the amount is used, whatever paused it: hours, minutes, days of eight hours."""
    data = trial.policies[0]
    assume(len(trial.policies) == 1 and data.get("amount") and data.get("due_precision") != "day")
    assume(data["unit"] in HOURS and (data["unit"] != "working_day" or data.get("days") == "hours"))
    assume(all(event.due_at is None and event.opening is None for event, _ in trial.history))
    first = engine_fold(trial)
    clocks = [one for one in first.clocks if one.name == "processing" and one.state == "running"]
    assume(clocks and clocks[0].due_at is not None and "restarted" not in {one.kind for one in first.facts})
    at_due = engine_fold(trial._replace(horizon=clocks[0].due_at or 0))
    paused_late = [one for one in at_due.facts if one.kind == "paused" and one.happened_at > (clocks[0].due_at or 0)]
    used = next(one.used for one in at_due.clocks if (one.name, one.episode) == ("processing", clocks[0].episode))
    assert used == int(Decimal(str(data["amount"])) * HOURS[data["unit"]] * 60_000_000) or paused_late
