"""Live figures of one cell as counted by the owner of one partition: a record of ``totals-partial.v1``.

A cell is a unit (commune and office), a channel and a selector (procedure, category, form, type of document or task).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from lienthong_schemas.instants import Instant
from lienthong_schemas.records import partition_key

TOPIC: Final = "totals-partial.v1"
ALL_CHANNELS: Final = "*"
"""The channel of a snapshot of the first version, which did not tell channels apart. Such snapshots say nothing any
more once the owner of their partition has published one that does."""

SHARE_BOUNDS: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 125, 150, 200, 300)
"""Upper bounds, inclusive, of the buckets of ``shares_of_time``, in percent of the regulated time; one more bucket
holds what lies above. Tenths up to 100, so that a median or a p90 is off by less than ten points; 100 is a bound, so
that who used no more than the regulated time is told exactly; behind it the steps widen, for there only the size of
the lateness matters. They are part of the schema: other buckets need another field."""


class PartialTotals(NamedTuple):
    """A full snapshot of one cell; see ``totals-partial.v1``.

    received = in_process + paused + stopped + the four ended ones; in_process + paused = the four pending ones.
    """

    source_topic: str
    source_partition: int
    generation: int
    position: int
    as_of: Instant
    kind: str
    commune: str
    office: str
    channel: str
    selector: str
    waiting: int
    declined: int
    received: int
    carried: int
    in_process: int
    paused: int
    stopped: int
    ended_early: int
    ended_on_time: int
    ended_late: int
    ended_undated: int
    pending_in_time: int
    pending_late: int
    pending_provisional: int
    pending_undated: int
    breaches: int
    rated: int
    satisfied: int
    fee_known: int
    fee_online: int
    digitise_known: int
    digitised: int
    signature_known: int
    signed: int
    receipt_in_time: int
    receipt_late: int
    shares_of_time: list[int]


MEASURES: Final = PartialTotals._fields[PartialTotals._fields.index("waiting") : -1]
"""Names of the whole numbers of a snapshot, in their order."""


def partial_totals(record: Mapping[str, Any]) -> PartialTotals:
    """A decoded record of ``totals-partial.v1``."""
    return PartialTotals(**record)


def key_of(snapshot: PartialTotals) -> bytes:
    """The record's key. The selector comes last, for it alone may contain a bar; in a channel it is escaped."""
    source = partition_key(snapshot.source_topic, snapshot.source_partition)
    channel = without_bar(snapshot.channel)
    return f"{source}|{snapshot.commune}|{snapshot.office}|{channel}|{snapshot.selector}".encode()


def without_bar(channel: str) -> str:
    """A channel as part of a key: a bar, and the percent sign that escapes it, as in a URL."""
    return channel.replace("%", "%25").replace("|", "%7C") if "|" in channel or "%" in channel else channel


def with_bar(part: str) -> str:
    """The channel of a part of a key."""
    return part.replace("%7C", "|").replace("%25", "%") if "%" in part else part
