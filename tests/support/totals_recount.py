"""``totals.v1`` counted again from the figures of every place, as a plain recount of the log has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from lienthong_infra.ports import TopicPartition
from tests.support.figures_recount import BUCKETS, Place

Name = tuple[str, str, str, str, str]
"""Scope, kind, kind of unit, unit, second key."""
_SHARES = {f"share_{bound}": f"share_{number}" for number, bound in enumerate(BUCKETS)}


def totals_again(
    figures: Mapping[TopicPartition, Mapping[Place, Counter[str]]], fields: Mapping[str, str]
) -> dict[Name, Counter[str]]:
    """By cell every figure that is not zero. ``fields``: by procedure its field."""
    found: dict[Name, Counter[str]] = {}
    for source, places in figures.items():
        kind = source.topic.removesuffix(".v1")
        for (commune, office, channel, selector), counts in places.items():
            sums = Counter({_SHARES.get(name, name): number for name, number in counts.items()})
            way = channel if channel in ("online", "direct", "post") else "other"
            sums[f"new_{way}"] += counts["received"] - counts["carried"]
            names = [("province", kind, "province", "", "")]
            for view, unit in (("agency", office), ("commune", commune)):
                names += [("unit-procedure", kind, view, unit, selector), ("unit-channel", kind, view, unit, channel)]
                if kind == "dossier":
                    names.append(("unit-field", kind, view, unit, fields.get(selector, "")))
            for name in names:
                found.setdefault(name, Counter()).update(sums)
    return {name: +sums for name, sums in found.items() if +sums}
