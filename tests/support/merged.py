"""Partial snapshots for tests, and what they add up to by a plain recount that shares no code with the merger."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from lienthong_schemas.partial_totals import PartialTotals
from lienthong_schemas.totals import MEASURES, Totals

FIELDS = {"1.1": "Hộ tịch", "1.2": "Đất đai"}
PLAIN = (
    *("waiting", "declined", "received", "carried", "in_process", "paused", "stopped", "ended_early", "ended_on_time"),
    *("ended_late", "ended_undated", "pending_in_time", "pending_late", "pending_provisional", "pending_undated"),
    *("breaches", "rated", "satisfied", "fee_known", "fee_online", "digitise_known", "digitised", "signature_known"),
    *("signed", "receipt_in_time", "receipt_late"),
)
Name = tuple[str, str, str, str, str]


def snapshot(  # a record has many fields; the usual ones have defaults
    numbers: Mapping[str, int] | None = None, *, generation: int = 1, position: int = 1, at: int = 0, **more: object
) -> PartialTotals:
    """A snapshot of one cell: dossiers online in a commune, if nothing else is said."""
    places = {"source_topic": "dossier.v1", "source_partition": 0, "kind": "dossier", "commune": "18073"}
    cell = {"office": "H27.16", "channel": "online", "selector": "1.1", "shares_of_time": [0] * 15}
    counts = dict.fromkeys(PLAIN, 0) | dict(numbers or {})
    age = {"generation": generation, "position": position, "as_of": at}
    return PartialTotals(**(places | cell | counts | age | more))  # type: ignore[arg-type]


@st.composite
def histories(draw: st.DrawFn) -> list[PartialTotals]:
    """What the owners of a few partitions publish, each in the order of its log: any figures, ages that rise."""
    made = []
    for partition in range(draw(st.integers(1, 3))):
        generation = position = 1
        for _ in range(draw(st.integers(0, 6))):
            generation += draw(st.integers(0, 1))
            position += draw(st.integers(1, 9))
            numbers = {name: draw(st.integers(0, 3)) for name in draw(st.sets(st.sampled_from(PLAIN), max_size=4))}
            kind = draw(st.sampled_from(["dossier", "document"]))
            made.append(
                snapshot(
                    numbers,
                    generation=generation,
                    position=position,
                    source_topic=f"{kind}.v1",
                    source_partition=partition,
                    kind=kind,
                    office=draw(st.sampled_from(["H27.16", "H27.17"])),
                    commune=draw(st.sampled_from(["18073", ""])),
                    channel=draw(st.sampled_from(["online", "post", "zalo", ""])),
                    selector=draw(st.sampled_from(["1.1", "1.2", "x|y"])),
                    shares_of_time=draw(st.lists(st.integers(0, 2), min_size=15, max_size=15)),
                )
            )
    return made


def added_up(snapshots: Iterable[PartialTotals]) -> dict[Name, Counter[str]]:
    """By scope, kind, kind of unit, unit and second key every figure that is not zero, from the newest snapshots."""
    newest: dict[tuple[object, ...], PartialTotals] = {}
    for one in snapshots:
        place = one.source_topic, one.source_partition, one.commune, one.office, one.channel, one.selector
        before = newest.get(place)
        if before is None or (before.generation, before.position) < (one.generation, one.position):
            newest[place] = one
    found: defaultdict[Name, Counter[str]] = defaultdict(Counter)
    for one in newest.values():
        figures = Counter({name: getattr(one, name) for name in PLAIN})
        figures.update({f"share_{number}": cases for number, cases in enumerate(one.shares_of_time)})
        way = one.channel if one.channel in ("online", "direct", "post") else "other"
        figures[f"new_{way}"] += one.received - one.carried
        for name in _names(one):
            found[name].update(figures)
    return {
        name: figures
        for name, counted in found.items()
        if (figures := Counter({k: v for k, v in counted.items() if v}))
    }


def _names(one: PartialTotals) -> list[Name]:
    names = [("province", one.kind, "province", "", "")]
    for unit_kind, unit in (("agency", one.office), ("commune", one.commune)):
        names.append(("unit-procedure", one.kind, unit_kind, unit, one.selector))
        names.append(("unit-channel", one.kind, unit_kind, unit, one.channel))
        if one.kind == "dossier":
            names.append(("unit-field", one.kind, unit_kind, unit, FIELDS.get(one.selector, "")))
    return names


def plain_totals(totals: Iterable[Totals]) -> dict[Name, Counter[str]]:
    """Records of ``totals.v1`` in the same form."""
    found = {}
    for one in totals:
        figures = Counter({name: getattr(one, name) for name in MEASURES})
        figures.update({f"share_{number}": cases for number, cases in enumerate(one.shares_of_time)})
        if figures := Counter({name: count for name, count in figures.items() if count}):
            found[one.scope, one.kind, one.unit_kind, one.unit, one.second] = figures
    return found
