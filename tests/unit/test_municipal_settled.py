"""The municipal log through the engine alone: the settled facts of the data, at the end and at two earlier dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import pytest

from lienthong_producers.domain.municipal_log import MunicipalEvent, read_municipal_log
from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant, instant_of
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from tests.support.cases import POLICY, STATES, book
from tests.support.municipal_recount import LAST_EVENT, municipal_rows, recount

VERDICTS = ("breached", "met", "met-late")


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


def test_the_settled_clocks_of_the_whole_log() -> None:
    """416 breaches, 952 met, 377 met late at the log's last event (facts of the data)."""
    counts = settled_counts(read_municipal_log(municipal_rows()), instant_of(LAST_EVENT))
    assert {kind: counts[kind] for kind in VERDICTS} == {"breached": 416, "met": 952, "met-late": 377}
    assert counts["started"] == 1434


@pytest.mark.parametrize("until", ["2011-03-31T23:59:59+02:00", "2011-09-15T12:00:00+02:00"])
def test_the_settled_clocks_at_an_earlier_date(until: str) -> None:
    """Cut off at a date, the figures are those known then."""
    horizon = datetime.fromisoformat(until)
    counts = settled_counts(read_municipal_log(municipal_rows(), instant_of(horizon)), instant_of(horizon))
    known = recount(horizon)
    expected = {kind: known[kind.replace("-", "_")] for kind in VERDICTS}
    assert min(expected.values()) > 10
    assert expected == {kind: counts[kind] for kind in expected}
