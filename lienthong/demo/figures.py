"""The figures of the simulated province, and where they are not what its waves make them to be. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lienthong.demo.announcements import Breaches
from lienthong.demo.province import Wave


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """Counts of the simulated province along the way of its events."""

    accepted: int
    """Events that an outbox said were accepted."""
    repeated: int
    """Of these, events that were sent twice."""
    garbled: int
    """Records beside them that nobody can read."""
    on_the_bus: int
    in_the_ledger: int
    breaches_announced: int
    breaches_withdrawn: int
    breaches_confirmed: int
    breaches_standing: int
    dead_letters: int


def differences(figures: LiveFigures, breaches: Breaches, waves: Sequence[Wave]) -> list[str]:
    """Everything in which the figures are not as they must be once all has arrived; empty where all is right.

    How many breaches are announced and withdrawn also depends on how quick the machine is; what holds does not.
    """
    handed_in = sum(len(wave.hand_ins) for wave in waves)
    expected = {
        "accepted": handed_in,
        "garbled": len(waves),
        "on_the_bus": figures.accepted + figures.repeated + figures.garbled,
        "in_the_ledger": handed_in,
        "breaches_standing": sum(len(wave.late) for wave in waves),
        "breaches_announced": figures.breaches_standing + figures.breaches_withdrawn,
        "dead_letters": len(waves),
    }
    found = [
        f"live {name}: {getattr(figures, name)}, expected {number}"
        for name, number in expected.items()
        if getattr(figures, name) != number
    ]
    for wave in waves:
        found += [f"live {case}: its breach was not withdrawn" for case in wave.withdrawn - set(breaches.withdrawn)]
        found += [f"live {case}: its breach was not confirmed" for case in wave.confirmed - set(breaches.confirmed)]
    return found


def municipal_differences(figures: Mapping[str, int | None], facts: Mapping[str, int]) -> list[str]:
    """Every figure of the municipal log that is not the known fact."""
    return [
        f"municipal {name}: {figures.get(name)}, expected {fact}"
        for name, fact in facts.items()
        if figures.get(name) != fact
    ]
