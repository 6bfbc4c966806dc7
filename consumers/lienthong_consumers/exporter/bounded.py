"""Bounded labels: whatever senders write into a field, a metric has a known number of series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Final, TypeVar

OTHER: Final = "other"
"""Label of all that did not get a series of its own."""
MOST_UNITS: Final = 300
"""Series of a metric by office or commune. The largest province, Hồ Chí Minh City, has 168 communes (Decision
19/2025/QĐ-TTg), and a province some twenty departments; what lies beyond that is a mistake or an attack."""

T = TypeVar("T")


def bounded(
    values: Mapping[str, T], *, rank: Callable[[T], float], merge: Callable[[T, T], T], most: int = MOST_UNITS
) -> dict[str, T]:
    """At most ``most`` entries: those with the highest rank by name, all others merged under ``other``."""
    if len(values) <= most:
        return dict(values)
    ordered = sorted(values, key=lambda name: (-rank(values[name]), name))
    kept = {name: values[name] for name in ordered[: most - 1] if name != OTHER}
    rest = [values[name] for name in ordered if name not in kept]
    return {**kept, OTHER: reduce(merge, rest)}
