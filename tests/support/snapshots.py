"""Pictures of a bus for tests of what `lienthong status` makes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lienthong.status.snapshot import Snapshot
from lienthong_consumers.exporter.sightings import (
    AppliedPosition,
    Breaches,
    BrokerSight,
    Comparisons,
    LedgerPosition,
    LedgerSight,
    Letters,
    NewestTick,
    OfficeSign,
    Published,
)
from lienthong_infra.kafka.groups import GroupState
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND

SECOND: Final = MICROSECONDS_PER_SECOND
NOW: Final = 1_800_000_000 * SECOND
DOSSIERS: Final = TopicPartition("dossier.v1", 0)
DOCUMENTS: Final = TopicPartition("document.v1", 1)

BROKER: Final = BrokerSight(
    seen_at=NOW,
    ends={DOSSIERS: 12_000, DOCUMENTS: 5},
    data_ends={DOSSIERS: 12_000, DOCUMENTS: 5},
    applied={
        DOSSIERS: AppliedPosition(12_000, NOW - 2 * SECOND, 3),
        DOCUMENTS: AppliedPosition(5, NOW - 2 * SECOND, 1),
    },
    tick=NewestTick(99, NOW - SECOND, {}),
    offices={"H27.16": OfficeSign(NOW - 5 * SECOND, NOW - 5 * SECOND, 0)},
)
LEDGER: Final = LedgerSight(
    seen_at=NOW,
    positions={DOSSIERS: LedgerPosition(12_000, NOW), DOCUMENTS: LedgerPosition(5, NOW)},
    breaches={"H27.16": Breaches(9, 1)},
    overdue={"18073": Breaches(3, 1)},
    letters={"dossier.v1": Letters(open=0, replayed=2, waived=1)},
    problems={"gap": 1, "conflict": 0, "held": 0},
    findings={"no-policy": 4},
    comparisons={"dossier.v1": Comparisons(compared=12)},
    compared_below={DOSSIERS: 12_000, DOCUMENTS: 0},
    published=Published(NOW - 3_000_000, 1, 7, held=True),
)
WELL: Final = Snapshot(
    bus="h27",
    at=NOW,
    connected=True,
    broker=BROKER,
    ledger=LEDGER,
    places={"broker": "127.0.0.1:25011", "ledger": "127.0.0.1:25013/ledger"},
    groups={"deadlines": GroupState("Stable", 2), "ledger": GroupState("Stable", 1)},
    shown={"deadlines": {DOSSIERS: 11_990}, "ledger": {}},
    still={"deadlines": frozenset(), "ledger": frozenset()},
)
"""A bus of which nothing is wrong."""


def with_lag() -> Snapshot:
    """The deadline worker stands still 40 records before the end."""
    applied = {**BROKER.applied, DOSSIERS: AppliedPosition(11_960, NOW - 2 * SECOND, 3)}
    return replace(
        WELL,
        broker=replace(BROKER, applied=applied),
        still={"deadlines": frozenset([DOSSIERS]), "ledger": frozenset()},
    )
