"""The municipal log through the engine alone: the settled facts of the data, at the end and at two earlier dates."""

from __future__ import annotations

import csv
import lzma
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from importlib.resources import files

import pytest

from lienthong_producers.domain.municipal_log import MunicipalEvent, read_municipal_log
from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant, instant_of
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from tests.support.cases import POLICY, STATES, book

LAST_EVENT = datetime.fromisoformat("2012-01-23T15:42:54.644+01:00")


def rows() -> list[dict[str, str]]:
    """The rows of the packaged log."""
    packed = (files("lienthong_producers") / "data" / "municipal-receipts.csv.xz").read_bytes()
    return list(csv.DictReader(lzma.decompress(packed).decode().splitlines()))


ROWS = rows()


def settled_counts(events: Iterable[MunicipalEvent], horizon: Instant) -> Counter[str]:
    """How many facts of each kind hold at a horizon."""
    timelines: dict[str, list[Known]] = {}
    for one in events:
        event = CaseEvent(
            one.case_id, 1, one.seq, b"", one.at, one.at, one.office, "", "changed", one.status,
            one.received_at, one.due_at, one.ended_at, "WABO",
        )  # fmt: skip
        insert(timelines.setdefault(one.case_id, []), Known(event, one.at))
    return Counter(
        fact.kind for timeline in timelines.values() for fact in fold(timeline, book(STATES, POLICY), horizon, {}).facts
    )


def recount(horizon: datetime) -> dict[str, int]:
    """The same figures from the rows alone, in plain Python: what was known at the horizon counts."""
    known: dict[str, dict[str, str]] = {}
    for row in ROWS:
        at = datetime.fromisoformat(row["time:timestamp"])
        end = row["case:enddate"]
        if at <= horizon or (end and datetime.fromisoformat(end) <= horizon):
            known[row["case:concept:name"]] = row
    counts = Counter[str]()
    for row in known.values():
        deadline = datetime.fromisoformat(row["case:deadline"])
        end_at = datetime.fromisoformat(row["case:enddate"]) if row["case:enddate"] else None
        if end_at is not None and end_at <= horizon:
            counts["met-late" if end_at > deadline else "met"] += 1
            counts["breached"] += end_at > deadline
        else:
            counts["breached"] += horizon > deadline
    return dict(counts)


def test_the_settled_clocks_of_the_whole_log() -> None:
    """416 breaches, 952 met, 377 met late at the log's last event (facts of the data)."""
    counts = settled_counts(read_municipal_log(ROWS), instant_of(LAST_EVENT))
    assert {k: counts[k] for k in ("breached", "met", "met-late")} == {"breached": 416, "met": 952, "met-late": 377}
    assert counts["started"] == 1434


@pytest.mark.parametrize("until", ["2011-03-31T23:59:59+02:00", "2011-09-15T12:00:00+02:00"])
def test_the_settled_clocks_at_an_earlier_date(until: str) -> None:
    """Cut off at a date, the figures are those known then."""
    horizon = datetime.fromisoformat(until)
    counts = settled_counts(read_municipal_log(ROWS, instant_of(horizon)), instant_of(horizon))
    expected = recount(horizon)
    assert min(expected.values()) > 10
    assert expected == {kind: counts[kind] for kind in expected}
