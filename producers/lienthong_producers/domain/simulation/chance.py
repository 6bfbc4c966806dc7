"""Seeded chance: the only module of the domain that draws lots, and the same lots on every machine.

Only ``Random.random`` is used, the one method that Python promises to keep, and only sums, products and square roots:
logarithms and cosines may differ in the last digit from one C library to the next.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable
from itertools import accumulate
from math import sqrt
from random import Random
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")

_MANY: Final = 30.0
"""From this mean on, a count is drawn from the bell curve."""
_TRIALS: Final = 5
"""Trials for each unit of the mean of a small count: close enough to Poisson's law."""


class Weighted(Generic[Item]):
    """Things of which one is drawn, each with its weight."""

    __slots__ = ("cumulated", "items", "total")

    def __init__(self, pairs: Iterable[tuple[Item, float]]) -> None:
        listed = list(pairs)
        self.items = tuple(item for item, _ in listed)
        self.cumulated = tuple(accumulate(weight for _, weight in listed))
        self.total = self.cumulated[-1]


class Chance:
    """One stream of lots. Streams of different names know nothing of one another."""

    __slots__ = ("share",)
    share: Callable[[], float]
    """Gives a number from 0 up to, but not including, 1."""

    def __init__(self, seed: int, name: str) -> None:
        self.share = Random(f"{seed}/{name}").random

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return self.share() < probability

    def whole(self, lowest: int, highest: int) -> int:
        """A whole number between two, both included."""
        return lowest + int(self.share() * (highest - lowest + 1))

    def one_of(self, weighted: Weighted[Item]) -> Item:
        """One of the things, by their weights."""
        return weighted.items[bisect(weighted.cumulated, self.share() * weighted.total)]

    def bell(self) -> float:
        """From the bell curve around 0 with a standard deviation of 1, never beyond 6."""
        share = self.share
        return sum(share() for _ in range(12)) - 6.0

    def count(self, mean: float) -> int:
        """How many there are where so many come on average."""
        if mean >= _MANY:
            return max(0, round(mean + self.bell() * sqrt(mean)))
        trials = int(mean * _TRIALS) + 1
        return sum(1 for _ in range(trials) if self.share() * trials < mean)

    def hexadecimal(self) -> str:
        """32 digits, such as a pseudonym."""
        return "".join(f"{int(self.share() * 2**52):013x}" for _ in range(3))[:32]
