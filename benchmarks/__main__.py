"""``make bench``: figures of speed and size, on a real Kafka where it matters. Nothing here is timed by a test.

``--only NAME`` (again and again) runs single benchmarks; without it those that need a broker run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console

from benchmarks import latency, ledger_sink, restore, side_by_side, totals, two_workers
from lienthong_infra.embedded.servers import bootstrap as broker_address
from lienthong_infra.embedded.servers import ledger_dsn
from lienthong_infra.settings import load_settings

Arguments = argparse.Namespace


def _cpu(broker: str, arguments: Arguments, console: Console) -> Any:
    found = side_by_side.measure(broker, events=arguments.events, rounds=arguments.rounds)
    side_by_side.show(found, console)
    return found


def _latency(broker: str, arguments: Arguments, console: Console) -> Any:
    worker = ["--pace", str(arguments.pace)] if arguments.pace is not None else []
    found = latency.measure(
        broker, rate=arguments.rate, seconds=arguments.seconds, compiled=arguments.compiled, worker=worker
    )
    latency.show(found, console)
    return found


def _totals(broker: str, arguments: Arguments, console: Console) -> Any:
    found = totals.measure(broker, rate=min(arguments.rate, totals.RATE), seconds=arguments.seconds)
    totals.show(found, console)
    return found


def _workers(broker: str, arguments: Arguments, console: Console) -> Any:
    found = two_workers.measure(broker, events=arguments.events, rounds=arguments.rounds)
    two_workers.show(found, console)
    return found


def _restore(broker: str, arguments: Arguments, console: Console) -> Any:
    found = asyncio.run(restore.run(broker, arguments.cases))
    restore.show(found, console)
    return found


def _ledger(broker: str, arguments: Arguments, console: Console) -> Any:
    dsn = ledger_dsn(load_settings(), tied=True)
    found = ledger_sink.measure(broker, dsn, events=arguments.events, rounds=arguments.rounds)
    ledger_sink.show(found, console)
    return found


ON_A_BROKER: dict[str, Callable[[str, Arguments, Console], Any]] = {
    "cpu": _cpu,
    "latency": _latency,
    "totals": _totals,
    "workers": _workers,
    "restore": _restore,
    "ledger": _ledger,
}
ALONE = {
    "calendar": "benchmarks.calendar_additions",
    "checksums": "benchmarks.checksums",
    "codec": "benchmarks.codec",
    "memory": "benchmarks.memory",
    "report": "benchmarks.report",
}
"""Modules that need no broker (a database at most); each runs in a process of its own and prints its figures."""


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=[*ON_A_BROKER, *ALONE], metavar="NAME")
    parser.add_argument("--events", type=int, default=40_000, help="of cpu, workers and ledger")
    parser.add_argument("--rounds", type=int, default=1, help="of cpu, workers and ledger; medians are shown")
    parser.add_argument(
        "--rate", type=int, default=latency.RATE, help="events a second, of latency; of totals at most 200"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="of latency and totals")
    parser.add_argument("--cases", type=int, default=restore.CASES, help="of restore")
    parser.add_argument("--compiled", action="store_true", help="latency of a worker with the compiled engine")
    parser.add_argument("--pace", type=float, help="the worker's --pace, of latency")
    parser.add_argument("--json", action="store_true", help="print the single results as JSON as well")
    arguments = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    chosen, console = arguments.only or [*ON_A_BROKER], Console()
    broker = broker_address(load_settings(), tied=True) if ON_A_BROKER.keys() & set(chosen) else ""
    results: dict[str, Any] = {}
    for name in chosen:
        if name in ON_A_BROKER:
            results[name] = ON_A_BROKER[name](broker, arguments, console)
        else:
            subprocess.run([sys.executable, "-m", ALONE[name]], check=True)
    if arguments.json:
        Console(soft_wrap=True).print_json(json.dumps(results))


if __name__ == "__main__":
    main()
