"""The offices of a simulated province: communes, departments, and the two systems that number for others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from lienthong_producers.domain.simulation.chance import Chance, Weighted
from lienthong_producers.domain.simulation.names import (
    DEPARTMENTS,
    PROVINCE_OFFICE,
    REPORT_HUB,
    commune_code,
    commune_name,
)
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND

FIRST_UNIT: Final = 90_001
"""Unit codes of simulated communes begin here; those of Decision 19/2025/QĐ-TTg end far below."""
MOST_AHEAD_S: Final = 240
"""Seconds by which an office's clock may run ahead. The bus believes up to five minutes; beyond them a result would
depend on when an event arrived, and no two deliveries would agree."""

_AHEAD: Final = 0.08
_SKIPPING: Final = 0.10
_OFTEN_LATE: Final = 0.08
_WARDS: Final = 0.15
"""Share of offices whose clock runs ahead, that skip states, that are often late; of communes that are wards."""


@dataclass(frozen=True, slots=True)
class Office:
    """An office and its ways. ``commune`` is the unit code of a commune's office, empty for others."""

    code: str
    name: str
    commune: str = ""
    weight: float = 1.0
    """How much comes in here, beside the other offices of its tier."""
    ahead: int = 0
    """Microseconds by which its clock runs ahead."""
    skips: float = 0.01
    """Share of its dossiers that go past a state."""
    late: float = 0.02
    """Share of its cases that end late."""


@dataclass(frozen=True)
class Province:
    """All offices, in the order of their numbers."""

    communes: tuple[Office, ...]
    departments: tuple[Office, ...]
    hub: Office
    centre: Office

    @property
    def offices(self) -> tuple[Office, ...]:
        """Every office."""
        return (*self.communes, *self.departments, self.hub, self.centre)

    @cached_property
    def commune_by_weight(self) -> Weighted[Office]:
        """To draw a commune, large ones more often."""
        return Weighted((office, office.weight) for office in self.communes)

    @cached_property
    def department_by_weight(self) -> Weighted[Office]:
        """To draw a department."""
        return Weighted((office, office.weight) for office in self.departments)


def province(seed: int, communes: int) -> Province:
    """The province of a seed: its offices keep their codes and names with every seed, their ways differ."""
    chance = Chance(seed, "province")
    made = []
    for number in range(communes):
        ward = chance.happens(_WARDS)
        title = f"{'phường' if ward else 'xã'} {commune_name(number)}"
        made.append(
            _office(
                chance, commune_code(number), f"Uỷ ban nhân dân {title}", str(FIRST_UNIT + number), 2.5 if ward else 1.0
            )
        )
    return Province(
        communes=tuple(made),
        departments=tuple(_office(chance, code, name, "", 1.0) for code, name in DEPARTMENTS),
        hub=Office(*REPORT_HUB),
        centre=Office(*PROVINCE_OFFICE),
    )


def _office(chance: Chance, code: str, name: str, commune: str, size: float) -> Office:
    ahead = chance.whole(20, MOST_AHEAD_S) if chance.happens(_AHEAD) else 0
    return Office(
        code=code,
        name=name,
        commune=commune,
        weight=size * (0.5 + chance.share()),
        ahead=ahead * MICROSECONDS_PER_SECOND,
        skips=0.3 if chance.happens(_SKIPPING) else 0.01,
        late=0.15 if chance.happens(_OFTEN_LATE) else 0.005 + 0.03 * chance.share(),
    )
