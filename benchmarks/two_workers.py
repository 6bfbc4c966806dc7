"""Two workers against one, by CPU-normalised rate: events per CPU second, the workers' rates added up.

On a machine with two cores that broker and workers share, a wall-clock rate says how busy the machine was. Two workers
that add up to twice the rate of one share the work without doing any of it twice.
"""

from __future__ import annotations

import asyncio
from statistics import median
from typing import Any

from rich.console import Console

from benchmarks.bus import bus, province_entries, publish_province
from benchmarks.processes import report_of

WORKERS = (1, 2)


async def shared(bootstrap: str, workers: int, events: int) -> list[dict[str, Any]]:
    """So many workers on a bus with a backlog; returns what each did."""
    async with bus(bootstrap, province_entries(events), imported=True) as prefix:
        await publish_province(bootstrap, prefix, events)
        arguments = (bootstrap, prefix, "0", "real", str(workers))
        reports = await asyncio.gather(*(report_of("benchmarks.ours", *arguments) for _ in range(workers)))
    if sum(each["events"] for each in reports) < events:
        raise SystemExit(f"{workers} workers took {[each['events'] for each in reports]} of {events} events")
    return list(reports)


def rate(reports: list[dict[str, Any]]) -> float:
    """Events per CPU second, added up over the workers that took part."""
    return sum(1e6 / float(each["cpu_us_per_event"]) for each in reports)


def measure(bootstrap: str, *, events: int, rounds: int) -> dict[int, list[float]]:
    """The rates of one worker and of two, so many rounds."""
    rates: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    for _ in range(rounds):
        for workers in WORKERS:
            rates[workers].append(rate(asyncio.run(shared(bootstrap, workers, events))))
    return rates


def show(rates: dict[int, list[float]], console: Console) -> None:
    """The medians, and their ratio."""
    one, two = (median(rates[workers]) for workers in WORKERS)
    console.print(f"one worker: {one:,.0f} events per CPU second; two: {two:,.0f}, {two / one:.2f} x (asked: 1.8)")
