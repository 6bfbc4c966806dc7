"""The ledger's sink with all its tables and totals beside a plain loop that inserts the same events, in one run.

All read the same backlog of a simulated province from a real Kafka and write to one PostgreSQL, one after another. CPU
is that of the Python process; the database session's own is shown where it runs on this machine. Rates are by the clock
on the wall, with broker, database and reader sharing the machine.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.bus import bus, province_entries, publish_province
from benchmarks.processes import report_of
from lienthong_consumers.ledger.migrate import drop, migrate

MONTH: Final = 600_000
"""Events of a month of a province (design §6)."""
ASKED_RATE: Final = 5_000
ASKED_MINUTES: Final = 4.0
OURS, INSERT, COPY = "ledger", "plain insert", "plain copy"
CONTESTANTS: Mapping[str, tuple[str, ...]] = {
    OURS: ("benchmarks.ledger_ours",),
    INSERT: ("benchmarks.ledger_insert", "insert"),
    COPY: ("benchmarks.ledger_insert", "copy"),
}
Reports = dict[str, list[dict[str, Any]]]


async def contest(bootstrap: str, dsn: str, prefix: str, name: str, events: int) -> dict[str, Any]:
    """One contestant on a bus that is ready, in a ledger of its own; returns its report."""
    module, *more = CONTESTANTS[name]
    await asyncio.to_thread(migrate, dsn, prefix)
    try:
        return await report_of(module, bootstrap, dsn, prefix, str(events), *more)
    finally:
        await asyncio.to_thread(drop, dsn, prefix)


async def run(bootstrap: str, dsn: str, events: int, rounds: int) -> Reports:
    """All contestants in turn on one backlog, so many rounds."""
    reports: Reports = {name: [] for name in CONTESTANTS}
    async with bus(bootstrap, province_entries(events), imported=True) as prefix:
        await publish_province(bootstrap, prefix, events)
        for number in range(rounds):
            for name in CONTESTANTS:
                print(f"round {number + 1} of {rounds}: {name}, {events:,} events", file=sys.stderr)  # noqa: T201
                reports[name].append(await contest(bootstrap, dsn, prefix, name, events))
    return reports


def measure(bootstrap: str, dsn: str, *, events: int, rounds: int) -> Reports:
    """All contestants, so many rounds."""
    return asyncio.run(run(bootstrap, dsn, events, rounds))


def show(reports: Reports, console: Console) -> None:
    """The medians of the rounds, and what is asked for."""
    shown = Table(title="Events into PostgreSQL, one process, one run on a real Kafka")
    for heading in ("contestant", "events/s", "CPU us/event", "PostgreSQL us/event"):
        shown.add_column(heading, justify="left" if heading == "contestant" else "right")
    for name, runs in reports.items():
        database = median(each.get("postgres_us_per_event", 0.0) for each in runs)
        rate, cpu = (median(each[key] for each in runs) for key in ("events_per_second", "cpu_us_per_event"))
        shown.add_row(name, f"{rate:,.0f}", f"{cpu:.1f}", f"{database:.1f}" if database else "unknown")
    console.print(shown)
    rate = median(each["events_per_second"] for each in reports[OURS])
    console.print(f"{OURS}: {rate:,.0f} events/s (asked: {ASKED_RATE:,} or more)")
    taken = median(1e6 / (each["cpu_us_per_event"] + each.get("postgres_us_per_event", 0.0)) for each in reports[OURS])
    console.print(f"by CPU: {taken:,.0f} events/s where nobody else wants the cores; sink and session take turns")
    events = reports[OURS][0]["events"]
    minutes = f"{MONTH / rate / 60:.1f} min (asked: {ASKED_MINUTES:.0f} or less)"
    console.print(f"a month of {MONTH:,} events at this rate, taken from {events:,}: {minutes}")
