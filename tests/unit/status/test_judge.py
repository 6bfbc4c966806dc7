"""What `lienthong status` calls wrong, and where it sends the reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lienthong.status.judge import COMPARED_LIMIT, OFFICE_LIMIT, PUBLISHED_LIMIT, TICK_LIMIT, duration, problems
from lienthong.status.snapshot import Snapshot
from lienthong_consumers.exporter.sightings import (
    AppliedPosition,
    Comparisons,
    Letters,
    NewestTick,
    OfficeSign,
    Published,
    TotalsSign,
)
from lienthong_infra.kafka.groups import GroupState
from lienthong_infra.ports import TopicPartition
from tests.support.snapshots import BROKER, DOCUMENTS, DOSSIERS, LEDGER, NOW, SECOND, WELL, with_lag
from tests.support.source_tree import ROOT

NOBODY = {"deadlines": GroupState("Empty", 0), "ledger": GroupState("Stable", 1)}


def with_tick(age: int) -> Snapshot:
    """The newest tick is so old, and applied everywhere."""
    applied = {each: one._replace(horizon=NOW - age) for each, one in BROKER.applied.items()}
    return replace(WELL, broker=replace(BROKER, tick=NewestTick(99, NOW - age, {}), applied=applied))


def with_horizon(age: int) -> Snapshot:
    """A partition was last brought up to date so long ago."""
    applied = {**BROKER.applied, DOSSIERS: AppliedPosition(12_000, NOW - age, 3)}
    return replace(WELL, broker=replace(BROKER, applied=applied))


def with_office(age: int) -> Snapshot:
    """An office was last heard so long ago."""
    return replace(WELL, broker=replace(BROKER, offices={"H27.16": OfficeSign(NOW - age, NOW - age, 0)}))


def with_totals(members: int) -> Snapshot:
    """So many processes add the live totals up."""
    groups = {**WELL.groups, "totals": GroupState("Stable" if members else "Empty", members)}
    return replace(WELL, broker=replace(BROKER, totals=TotalsSign(members, 0)), groups=groups)


def with_published(published: Published) -> Snapshot:
    """The publisher as it is seen in the ledger."""
    return replace(WELL, ledger=replace(LEDGER, published=published))


BEHIND = [
    (replace(WELL, connected=False, broker=None, trouble={"broker": "no answer"}), "broker", "source-away.md"),
    (replace(WELL, ledger=None, trouble={"ledger": "no answer"}), "ledger", "source-away.md"),
    (replace(WELL, broker=replace(BROKER, tick=None)), "ticker", "ticker-silent.md"),
    (with_tick(TICK_LIMIT + 1), "ticker", "ticker-silent.md"),
    (with_horizon(TICK_LIMIT + 2 * SECOND), "deadlines", "worker-silent.md"),
    (replace(WELL, groups=NOBODY), "deadlines", "worker-silent.md"),
    (with_lag(), "deadlines", "worker-silent.md"),
    (with_office(OFFICE_LIMIT + 1), "offices", "office-silent.md"),
    (replace(WELL, broker=replace(BROKER, unreadable={"tick.v1": 1})), "tick.v1", "dead-letters.md"),
    (
        replace(WELL, broker=replace(BROKER, unreadable={"deadlines-changelog-dossier.v1": 1})),
        "deadlines-changelog-dossier.v1",
        "worker-silent.md",
    ),
    (
        replace(WELL, ledger=replace(LEDGER, letters={"dossier.v1": Letters(open=1)})),
        "dossier.v1",
        "dead-letters.md",
    ),
    (
        replace(WELL, ledger=replace(LEDGER, comparisons={"dossier.v1": Comparisons(9, mismatches=1, differing=1)})),
        "dossier.v1",
        "figures-mismatch.md",
    ),
    (
        replace(WELL, ledger=replace(LEDGER, compared_below={DOSSIERS: 12_000 - COMPARED_LIMIT - 1, DOCUMENTS: 0})),
        "dossier.v1/0",
        "figures-mismatch.md",
    ),
    (
        replace(WELL, broker=replace(BROKER, ends={**BROKER.ends, TopicPartition("quality.v1", 0): 0})),
        "ledger",
        "topics-not-begun.md",
    ),
    (with_totals(0), "totals", "worker-silent.md"),
    (with_published(Published(NOW, 0, held=False)), "publisher", "publisher-silent.md"),
    (with_published(Published(NOW - SECOND - PUBLISHED_LIMIT - 1, 0, held=True)), "publisher", "publisher-silent.md"),
    (with_published(Published(0, 0, held=True)), "publisher", "publisher-silent.md"),
]


def test_a_bus_that_is_well_has_no_problem() -> None:
    """Overdue cases and findings are the offices' business, not a fault of the bus."""
    assert problems(WELL) == []


@pytest.mark.parametrize(("snapshot", "subject", "runbook"), BEHIND)
def test_what_is_wrong_is_named_with_its_runbook(snapshot: Snapshot, subject: str, runbook: str) -> None:
    """One thing wrong makes one problem, and its runbook exists."""
    (problem,) = problems(snapshot)
    assert (problem.subject, Path(problem.runbook).name) == (subject, runbook)
    assert (ROOT / problem.runbook).is_file()


@pytest.mark.parametrize(
    "snapshot",
    [
        with_tick(TICK_LIMIT),
        with_horizon(TICK_LIMIT),
        with_office(OFFICE_LIMIT),
        replace(WELL, ledger=replace(LEDGER, compared_below={DOSSIERS: 12_000 - COMPARED_LIMIT})),
        with_totals(1),
        with_published(Published(NOW - SECOND - PUBLISHED_LIMIT, 0, held=True)),
        with_published(Published(0, 0)),
    ],
    ids=str,
)
def test_at_its_limit_nothing_is_wrong_yet(snapshot: Snapshot) -> None:
    """The limits themselves are still good."""
    assert problems(snapshot) == []


def test_an_import_is_not_judged_by_the_present_time() -> None:
    """Its time stands where the import left it."""
    old = with_tick(10_000 * TICK_LIMIT)
    assert problems(replace(old, own_time=True)) == []


def test_a_partition_that_was_never_taken_over_is_seen_by_the_tick() -> None:
    """Also where no record waits there."""
    broker = replace(BROKER, ends={**BROKER.ends, DOSSIERS: 0}, applied={})
    (problem,) = problems(replace(WELL, broker=broker, groups={}))
    assert problem.what == "2 partitions have not applied the newest tick; the slowest has applied none"


def test_a_worker_that_does_not_run_is_named_once() -> None:
    """That it also stands still follows from that."""
    (problem,) = problems(replace(with_lag(), groups=NOBODY))
    assert problem.what == "no process runs; 40 waiting records"


def test_a_hundred_silent_offices_are_one_line() -> None:
    """The longest silent by name, the others as a number."""
    offices = {f"H27.{n:02}": OfficeSign(NOW - (1000 + n) * SECOND, 0, 0) for n in range(100)}
    (problem,) = problems(replace(WELL, broker=replace(BROKER, offices=offices)))
    assert problem.what == "silent: H27.99 (18 min), H27.98 (18 min), H27.97 (18 min) and 97 more"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (172_800, "2 d"), (10_000_000, "115 d")],
)
def test_durations_are_short(seconds: int, text: str) -> None:
    """In the largest unit of which there are at least two."""
    assert duration(seconds * SECOND) == text
