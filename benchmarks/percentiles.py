"""How late things were, in whole milliseconds; any number of them, one or none included."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles

_SHOWN = (50, 95, 99)


def told(late_ms: Sequence[float]) -> dict[str, int]:
    """Number, percentiles (``p50_ms``, ``p95_ms``, ``p99_ms``) and ``max_ms``; all 0 where nothing was measured."""
    # Of a single value every percentile is that value; the library wants two.
    cuts = quantiles([*late_ms] * 2 if len(late_ms) == 1 else late_ms, n=100) if late_ms else [0.0] * 99
    shown = {f"p{each}_ms": cuts[each - 1] for each in _SHOWN} | {"max_ms": max(late_ms, default=0.0)}
    return {"number": len(late_ms), **{name: round(value) for name, value in shown.items()}}
