"""The benchmarks work: tiny runs, of which no figure is judged."""

from __future__ import annotations

import asyncio
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from benchmarks import codec, latency, ledger_sink, side_by_side, totals, two_workers
from benchmarks.bus import bus, province_entries, publish_province
from benchmarks.percentiles import told

pytestmark = pytest.mark.broker
EVENTS = 150


async def contestants(bootstrap: str) -> list[dict[str, Any]]:
    """The reports of those who do the same work, run at once on one bus."""
    async with bus(bootstrap, province_entries(EVENTS), imported=True) as prefix:
        await publish_province(bootstrap, prefix, EVENTS)
        names = (side_by_side.NOOP, side_by_side.FAUST, side_by_side.LOOP)
        return await asyncio.gather(
            *(side_by_side.contest_on(prefix, name, bootstrap, EVENTS) for name in names),
        )


async def test_the_benchmarks_work(kafka_bootstrap: str) -> None:
    """Contestants take every event and say the same, a worker takes its share, clock events come back with their times.

    All at once, because most of it is waiting for processes to start.
    """
    reports, shared, late, added_up = await asyncio.gather(
        contestants(kafka_bootstrap),
        two_workers.shared(kafka_bootstrap, 1, EVENTS),
        latency.run(kafka_bootstrap, rate=100, seconds=1.0),
        totals.run(kafka_bootstrap, rate=50, seconds=1.0),
    )
    assert {each["events"] for each in (*reports, *shared)} == {EVENTS}
    assert len({each["outputs_per_event"] for each in reports}) == 1
    assert two_workers.rate(shared) > 0
    assert late["clock_event"]["number"] > 0
    assert added_up["totals.v1"]["number"] > 0
    assert 0 < late["clock_event"]["p50_ms"] <= late["clock_event"]["p99_ms"]


@pytest.mark.parametrize(
    ("late_ms", "percentiles"),
    [([], (0, 0, 0, 0)), ([7.0], (7, 7, 7, 7)), ([float(each) for each in range(1, 100)], (50, 95, 99, 99))],
)
def test_percentiles_are_told_of_any_number(late_ms: list[float], percentiles: tuple[int, ...]) -> None:
    """Of a single one, too: a short run on a slow machine has no more."""
    found = told(late_ms)
    assert found.pop("number") == len(late_ms)
    assert tuple(found.values()) == percentiles


async def test_the_sink_and_the_plain_loops_take_every_event(kafka_bootstrap: str, postgres_dsn: str) -> None:
    """One after another, on one backlog; the sink's totals are checked by the process itself."""
    reports = await ledger_sink.run(kafka_bootstrap, postgres_dsn, EVENTS, 1)
    assert [[each["events"] for each in rounds] for rounds in reports.values()] == [[EVENTS]] * 3


def test_the_figures_can_be_shown() -> None:
    """A report of each contestant gives a table and the ratios that are asked for; the codec needs no broker."""
    one = {"cpu_us_per_event": 2.0, "events_per_second": 10, "outputs_per_event": 0.5}
    console = Console(record=True, file=StringIO())
    side_by_side.show({name: [one] for name in side_by_side.CONTESTANTS}, console)
    two_workers.show({1: [10.0], 2: [19.0]}, console)
    ledger_sink.show({name: [{**one, "events": 5}] for name in ledger_sink.CONTESTANTS}, console)
    assert "1.90 x" in console.export_text()
    assert all(cost > 0 for cost in codec.measure(50, 1).values())
