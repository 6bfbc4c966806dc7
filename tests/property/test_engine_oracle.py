"""The deadline engine against a second, slow one that shares no code with it: random policies, calendars, histories.

Equal in every clock, due time, breach, working second and share, and in every settled fact (issue B).
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, reject, settings
from hypothesis import strategies as st

from tests.support.calendar_oracle import OutOfRange
from tests.support.engine_agreement import clocks_of, engine_fold, facts_of, features_of, oracle_clocks, oracle_fold
from tests.support.engine_program import HEAD_BYTES, STEP_BYTES, Trial, trial_of

MOST_STEPS = 9
STEPS = st.lists(st.binary(min_size=STEP_BYTES, max_size=STEP_BYTES), min_size=1, max_size=MOST_STEPS)
TRIALS = st.builds(trial_of, st.binary(min_size=HEAD_BYTES, max_size=HEAD_BYTES), STEPS)
BEYOND = "beyond-calendar"
QUICK = settings(deadline=None, suppress_health_check=list(HealthCheck))


STARTS_IN_THE_FUTURE = trial_of(
    b"\x00\x00\x074\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00",
    [b"\x00\x00\x00\x00\x00\xd2", b"\x00\x00d\x00\x00\x00", b"\x00\x008\x00\x00\x00"],
)
"""Received two hours from now, as it says, ended and reopened before; the policy of that hour comes while it runs.
Found by the hundred thousand histories: the engine said that the due time had changed, the slow one knew nothing."""


def both(trial: Trial) -> tuple[Any, Any]:
    """Clocks and settled facts by our engine and by the other one; a trial beyond the calendar is left out."""
    ours = engine_fold(trial)
    try:
        slow = oracle_fold(trial)
    except OutOfRange:
        reject()
    assume(all(one.code != BEYOND for one in ours.remarks))
    return (clocks_of(ours), facts_of(ours)), (oracle_clocks(slow), sorted(slow.facts))


@given(TRIALS)
@example(STARTS_IN_THE_FUTURE)
@settings(QUICK, max_examples=5_000)
def test_both_engines_agree(trial: Trial) -> None:
    """On 5,000 histories, in the order of a scrambled delivery."""
    ours, theirs = both(trial)
    assert ours == theirs


@pytest.mark.long
@given(TRIALS)
@settings(QUICK, max_examples=100_000)
def test_both_engines_agree_on_very_many_histories(trial: Trial) -> None:
    """On 100,000 histories."""
    ours, theirs = both(trial)
    assert ours == theirs


AT_LEAST = {
    "unit working_hour": 30, "unit working_day": 100, "unit calendar_day": 30, "unit calendar_hour": 30,
    "unit calendar_minute": 30, "unit stated": 30, "cut_off": 100, "acceptance": 100, "apology_lead": 50,
    "warnings": 100, "steps": 50, "by day": 75, "several policies": 40, "several calendars": 15,
    "no duty pause": 50, "holes": 30, "conflicts": 30, "held": 30, "copies": 30, "change handover": 30,
    "change opening": 5, "reopened": 40, "several offices": 75, "stated": 150,
    "ended just at the due time": 4, "horizon just at the due time": 4, "horizon just behind the due time": 4,
    "paused just at the due time": 4, "status 99": 10, "status 3": 20, "status 7": 20,
    "fact processing breached": 125, "fact processing met": 75, "fact processing met-late": 40,
    "fact processing stopped": 20, "fact processing restarted": 20, "fact processing resumed": 75,
    "fact processing extended": 30, "fact processing due-changed": 50, "fact processing warned": 75,
    "fact processing escalated": 50, "fact acceptance breached": 5, "fact acceptance met": 10,
    "fact supplement breached": 20, "fact supplement met": 30, "fact step breached": 20, "fact step met": 10,
    "fact apology breached": 20, "fact apology met": 7,
}  # fmt: skip
"""In 750 trials, so that the generator cannot lose a feature unnoticed."""


def test_the_trials_have_everything_in_them() -> None:
    """Every unit, boundary and kind of event, often enough to be worth something."""
    chance, found = random.Random(1), Counter[str]()
    for _ in range(750):
        steps = [chance.randbytes(STEP_BYTES) for _ in range(chance.randint(1, MOST_STEPS))]
        trial = trial_of(chance.randbytes(HEAD_BYTES), steps)
        try:
            found.update(set(features_of(trial, oracle_fold(trial))))
        except OutOfRange:
            found["beyond"] += 1
    assert {name: found[name] for name, least in AT_LEAST.items() if found[name] < least} == {}
    assert found["beyond"] < 8
