"""All that `lienthong status` has seen of a bus, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lienthong_consumers.exporter.sightings import BrokerSight, LedgerSight
from lienthong_infra.kafka.groups import GroupState
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.instants import Instant


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One picture of a bus. A source that is away is None, and ``trouble`` says why."""

    bus: str
    at: Instant
    connected: bool
    """Whether a broker answered at all, though perhaps with topics missing."""
    broker: BrokerSight | None
    ledger: LedgerSight | None
    trouble: Mapping[str, str] = field(default_factory=dict)
    """By source (``broker``, ``ledger``), what went wrong there."""
    places: Mapping[str, str] = field(default_factory=dict)
    """By source, its address without secrets."""
    groups: Mapping[str, GroupState] = field(default_factory=dict)
    """By worker."""
    shown: Mapping[str, Mapping[TopicPartition, int]] = field(default_factory=dict)
    """By worker, the offsets that its group shows; for displays only, positions are kept elsewhere."""
    still: Mapping[str, frozenset[TopicPartition]] = field(default_factory=dict)
    """By worker, partitions with records ahead whose position did not move between two looks."""
    own_time: bool = False
    """The prefix holds an import: its time stands where the import left it."""
