"""Seeded chance: the same lots from the same seed, everywhere; what is drawn has the weights that were asked for."""

from collections import Counter

import pytest

from lienthong_producers.domain.simulation.chance import Chance, Weighted

DRAWS = 20_000


def test_the_same_seed_and_name_give_the_same_lots() -> None:
    """Pinned, so that another version of Python or of this module cannot change a simulation unseen."""
    chance = Chance(1, "test")
    assert [chance.whole(0, 999) for _ in range(6)] == [923, 358, 248, 476, 401, 805]
    assert (chance.hexadecimal(), chance.count(1000.0)) == ("748b7c3e86c39b38cab1108ed9166815", 976)


def test_streams_of_other_seeds_or_names_differ() -> None:
    """More dossiers change no field report."""
    lots = {(seed, name): Chance(seed, name).share() for seed in (1, 2) for name in ("dossiers", "documents")}
    assert len(set(lots.values())) == 4


def test_things_come_by_their_weights() -> None:
    """A weight of nothing is never drawn."""
    chance = Chance(3, "weights")
    weighted = Weighted((("often", 3.0), ("never", 0.0), ("seldom", 1.0)))
    drawn = Counter(chance.one_of(weighted) for _ in range(DRAWS))
    assert drawn["never"] == 0
    assert drawn["often"] / DRAWS == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("mean", [0.0, 0.3, 4.0, 29.0, 500.0])
def test_counts_have_the_mean_that_was_asked_for(mean: float) -> None:
    """Small ones as well as large ones."""
    chance = Chance(4, "counts")
    assert sum(chance.count(mean) for _ in range(4_000)) / 4_000 == pytest.approx(mean, rel=0.05)


def test_whole_numbers_reach_both_ends() -> None:
    """Both are included."""
    chance = Chance(5, "whole")
    assert {chance.whole(-1, 1) for _ in range(200)} == {-1, 0, 1}
