"""Every metric of the exporter: its name, its labels, what it says, and which source it comes from."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Source = Literal["broker", "ledger"]
SOURCES: Final[tuple[Source, ...]] = ("broker", "ledger")


class MetricSpec(NamedTuple):
    """A gauge or a counter. ``labels`` come behind ``bus``, which all metrics carry."""

    name: str
    text: str
    labels: tuple[str, ...] = ()
    needs: tuple[Source, ...] = ()
    """Sources that must have been seen lately; without them the metric has no series."""
    counts: bool = False
    """Whether it is a counter."""


EXPORTER_INFO: Final = MetricSpec("lienthong_exporter_info", "Always 1; the version is a label.", ("version",))
SOURCE_UP: Final = MetricSpec(
    "lienthong_source_up", "1 if the source was seen within the last looks, else 0.", ("source",)
)
SOURCE_SEEN: Final = MetricSpec(
    "lienthong_source_last_seen_timestamp_seconds", "When a look at the source last succeeded, 0 = never.", ("source",)
)
LOG_END: Final = MetricSpec(
    "lienthong_log_end_offset", "End of a partition's log.", ("topic", "partition"), ("broker",)
)
APPLIED: Final = MetricSpec(
    "lienthong_applied_offset",
    "Next offset of the worker (deadlines: by its changelog; totals: by its group) or of the ledger (by its table).",
    ("worker", "topic", "partition"),
)
LAG: Final = MetricSpec(
    "lienthong_lag_records",
    "Records of the log that a worker has not applied; 0 also counts control markers as applied.",
    ("worker", "topic", "partition"),
    ("broker",),
)
MEMBERS: Final = MetricSpec(
    "lienthong_group_members",
    "Processes in the group of a worker: one of them writes the live totals; none on a bus that never had any.",
    ("worker",),
    ("broker",),
)
HORIZON: Final = MetricSpec(
    "lienthong_applied_tick_timestamp_seconds",
    "Time of the newest tick that the deadline worker has applied to a partition; 0 = none yet.",
    ("topic", "partition"),
    ("broker",),
)
GENERATION: Final = MetricSpec(
    "lienthong_partition_takeovers",
    "How often a partition was taken over by a deadline worker, since its changelog began.",
    ("topic", "partition"),
    ("broker",),
)
TICK: Final = MetricSpec(
    "lienthong_last_tick_timestamp_seconds", "Time of the bus by the newest tick; 0 = none.", (), ("broker",)
)
OFFICE_HEARD: Final = MetricSpec(
    "lienthong_office_last_heard_timestamp_seconds",
    "When the longest silent outbox of an office was last heard, by the clock of the bus.",
    ("office",),
    ("broker",),
)
OFFICE_COMPLETE: Final = MetricSpec(
    "lienthong_office_complete_through_timestamp_seconds",
    "All that the office accepted up to then is on the bus, by its own word.",
    ("office",),
    ("broker",),
)
OFFICE_PENDING: Final = MetricSpec(
    "lienthong_office_pending_events", "Events that an office accepted and the bus has not.", ("office",), ("broker",)
)
UNREADABLE: Final = MetricSpec(
    "lienthong_unreadable_records",
    "Ticks, heartbeats and positions that the exporter could not read since its last connection.",
    ("topic",),
    ("broker",),
)
BREACHES: Final = MetricSpec(
    "lienthong_standing_breaches",
    "Breaches of the processing clock that hold, of open and ended cases, by the responsible office.",
    ("office", "firmness"),
    ("ledger",),
)
OVERDUE: Final = MetricSpec(
    "lienthong_overdue_cases",
    "Open cases with a breach of the processing clock that holds, by commune.",
    ("commune", "firmness"),
    ("ledger",),
)
LETTERS: Final = MetricSpec(
    "lienthong_dead_letters", "Dead letters by what has become of them.", ("topic", "state"), ("ledger",)
)
CASE_PROBLEMS: Final = MetricSpec(
    "lienthong_case_problems",
    "Open problems of sequences: gap (numbers missing), conflict (two contents for one number), held (no handover).",
    ("problem",),
    ("ledger",),
)
FINDINGS: Final = MetricSpec(
    "lienthong_standing_findings", "What is wrong in the data of cases, by code of the finding.", ("code",), ("ledger",)
)
FIGURES_COMPARED: Final = MetricSpec(
    "lienthong_figures_compared_total",
    "Offsets, one for each 1,000 records of a partition, at which deadline workers and ledger have both counted.",
    ("topic",),
    ("ledger",),
    counts=True,
)
FIGURES_MISMATCH: Final = MetricSpec(
    "lienthong_figures_mismatch_total",
    "Those at which they counted differently; cause letter: behind a record that the workers had put aside.",
    ("topic", "cause"),
    ("ledger",),
    counts=True,
)
FIGURES_DIFFERING: Final = MetricSpec(
    "lienthong_figures_differing_partitions",
    "Partitions whose newest figures of deadline workers and ledger differ for an unknown cause.",
    ("topic",),
    ("ledger",),
)
FIGURES_COMPARED_OFFSET: Final = MetricSpec(
    "lienthong_figures_compared_offset",
    "Offset below which deadline workers and ledger have last both counted.",
    ("topic", "partition"),
    ("ledger",),
)
NOT_BEGUN: Final = MetricSpec(
    "lienthong_topics_not_begun",
    "Topics that are new to the ledger and that nobody has begun: until then it reaches no tick.",
    (),
    ("broker", "ledger"),
)
PUBLISHER_HELD: Final = MetricSpec(
    "lienthong_publisher_held",
    "1 if a process holds the right to publish what the ledger says; none on a bus that publishes nothing.",
    (),
    ("ledger",),
)
JUDGED: Final = MetricSpec(
    "lienthong_official_judged_timestamp_seconds",
    "The bus's time by which official figures were judged last; 0 = never, though a process publishes.",
    (),
    ("ledger",),
)
UNSENT: Final = MetricSpec("lienthong_unsent_records", "Records of the ledger that wait to be sent.", (), ("ledger",))
OLDEST_UNSENT: Final = MetricSpec(
    "lienthong_oldest_unsent_number", "Number of the record that has waited longest; 0 = none waits.", (), ("ledger",)
)

CATALOGUE: Final = (
    EXPORTER_INFO,
    SOURCE_UP,
    SOURCE_SEEN,
    LOG_END,
    APPLIED,
    LAG,
    MEMBERS,
    HORIZON,
    GENERATION,
    TICK,
    OFFICE_HEARD,
    OFFICE_COMPLETE,
    OFFICE_PENDING,
    UNREADABLE,
    BREACHES,
    OVERDUE,
    LETTERS,
    CASE_PROBLEMS,
    FINDINGS,
    FIGURES_COMPARED,
    FIGURES_MISMATCH,
    FIGURES_DIFFERING,
    FIGURES_COMPARED_OFFSET,
    NOT_BEGUN,
    PUBLISHER_HELD,
    JUDGED,
    UNSENT,
    OLDEST_UNSENT,
)
