"""CPU per event: every contestant does the same work on the same input, one after another, in one run.

Work: decode a dossier's event, keep its state, write changelog and outputs. Only ``ours-real`` does more: all rules of
the contract, all clocks, findings, figures. CPU is user and system time of the whole process, from behind its first run
of records to the last event. The machine is as noisy as it is; compare within one run only.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.bus import bus, province_entries, publish_province
from benchmarks.compiled_engine import compiled_engine
from benchmarks.processes import report_of
from compiling.build import CannotCompile

LOOP, FAUST, NOOP, REAL = "confluent-kafka", "faust-table", "ours-noop", "ours-real"
COMPILED = "ours-real-compiled"
NOOP_COMPILED = "ours-noop-compiled"
AS_MACHINE_CODE = (NOOP_COMPILED, COMPILED)
"""With engine and codec compiled to machine code; left out where that cannot be done."""
BY_STATED = "ours-real-stated"
"""Without clock policies: the stated due times alone."""
CONTESTANTS: Mapping[str, list[str]] = {
    NOOP: ["benchmarks.ours", "noop"],
    NOOP_COMPILED: ["benchmarks.ours", "noop"],
    REAL: ["benchmarks.ours", "real"],
    COMPILED: ["benchmarks.ours", "real"],
    BY_STATED: ["benchmarks.ours", "real"],
    "ours-noop-faust": ["benchmarks.ours_faust", "noop"],
    FAUST: ["benchmarks.faust_table"],
    LOOP: ["benchmarks.confluent_loop"],
}
Reports = dict[str, list[dict[str, Any]]]


async def contest(name: str, bootstrap: str, events: int) -> dict[str, Any]:
    """One contestant on a bus of its own; returns its report."""
    async with bus(bootstrap, province_entries(events, policies=name != BY_STATED), imported=True) as prefix:
        await publish_province(bootstrap, prefix, events)
        return await contest_on(prefix, name, bootstrap, events)


async def contest_on(prefix: str, name: str, bootstrap: str, events: int) -> dict[str, Any]:
    """One contestant on a bus that is ready; returns its report."""
    module, *more = CONTESTANTS[name]
    environment = compiled_engine() if name in AS_MACHINE_CODE else None
    return await report_of(module, bootstrap, prefix, str(events), *more, environment=environment)


def measure(bootstrap: str, *, events: int, rounds: int) -> Reports:
    """All contestants in turn, so many rounds."""
    reports: Reports = {name: [] for name in CONTESTANTS}
    try:
        compiled_engine()
    except CannotCompile as error:
        for name in AS_MACHINE_CODE:
            print(f"{name} is left out: {error}", file=sys.stderr)  # noqa: T201
            del reports[name]
    for number in range(rounds):
        for name in reports:
            print(f"round {number + 1} of {rounds}: {name}, {events:,} events", file=sys.stderr)  # noqa: T201
            reports[name].append(asyncio.run(contest(name, bootstrap, events)))
    return reports


def show(reports: Reports, console: Console) -> None:
    """The medians of the rounds, and the ratios that are asked for."""
    cpu = {name: median(each["cpu_us_per_event"] for each in runs) for name, runs in reports.items()}
    shown = Table(title="CPU per event, one process, one run on a real Kafka")
    for heading in ("contestant", "CPU us/event", f"ratio to {LOOP}", "events/s", "outputs/event"):
        shown.add_column(heading, justify="left" if heading == "contestant" else "right")
    for name, runs in reports.items():
        rate = median(each["events_per_second"] for each in runs)
        outputs = median(each["outputs_per_event"] for each in runs)
        shown.add_row(name, f"{cpu[name]:.1f}", f"{cpu[name] / cpu[LOOP]:.2f}", f"{rate:,.0f}", f"{outputs:.2f}")
    console.print(shown)
    for name in (NOOP, NOOP_COMPILED):
        if name in cpu:
            console.print(f"{name} is 1/{cpu[FAUST] / cpu[name]:.1f} of {FAUST} (asked: 1/30 or less)")
            console.print(f"{name} is {cpu[name] / cpu[LOOP]:.2f} of {LOOP} (asked: 1 or less)")
    for name in (REAL, COMPILED):
        if name in cpu:
            console.print(f"{name} takes {cpu[name]:.1f} us an event (asked: 40 or less)")
