"""``make bench``: every contestant does the same work on the same input, one after another, in one run on a real Kafka.

Prints CPU microseconds per event (user and system time of the whole process, start-up and the first run left out), the
ratio to the confluent-kafka loop, and events a second. The machine is as noisy as it is; compare within one run only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import subprocess
import sys
import uuid
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.feed import START, publish
from benchmarks.job import INPUT_TOPIC
from lienthong_infra.embedded.servers import bootstrap as broker_address
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_infra.settings import load_settings
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.records import ReferenceRecord, Tick, partition_key
from lienthong_schemas.reference_files import load_reference

YARDSTICK = "confluent-kafka"
CONTESTANTS = {
    "ours-noop": ["benchmarks.ours", "noop"],
    "ours-real": ["benchmarks.ours", "real"],
    "ours-faust": ["benchmarks.ours_faust", "noop"],
    "faust-table": ["benchmarks.faust_table"],
    YARDSTICK: ["benchmarks.confluent_loop"],
}
LIMIT_S = 300
"""Seconds for one contestant."""


async def prepare(bootstrap: str, prefix: str, events: int) -> None:
    """Topics, reference data, input, and a tick behind it, so that the real engine announces as it goes."""
    async with KafkaAdmin(bootstrap, prefix) as admin:
        await admin.apply(load_catalogue(), imported=True)
    book, publisher = SchemaBook(), KafkaPublisher(bootstrap, prefix)
    try:
        references = [
            ReferenceRecord(one.record_id, one.kind, one.key, one.version, one.valid_from, one.valid_from, one.body)
            for one in load_reference("vn")
        ]
        await publisher.publish(
            [OutboundRecord("reference.v1", b"", book.encode("reference.v1", one._asdict())) for one in references]
        )
        tick = Tick(START, {partition_key(INPUT_TOPIC, number): 0 for number in range(4)}, len(references), {})
        await publisher.publish([OutboundRecord("tick.v1", b"", book.encode("tick.v1", tick._asdict()))])
    finally:
        await publisher.close()
    await publish(bootstrap, prefix, events)
    reader = KafkaReader(bootstrap, prefix)
    ends = await reader.ends([TopicPartition(INPUT_TOPIC, number) for number in range(4)])
    await reader.close()
    if sum(ends.values()) != events:
        raise SystemExit(f"the input has {sum(ends.values())} records instead of {events}")


def run(name: str, bootstrap: str, prefix: str, events: int) -> dict[str, float]:
    """Run one contestant in a process of its own; returns its report."""
    module, *more = CONTESTANTS[name]
    command = [sys.executable, "-m", module, bootstrap, prefix, str(events), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    lines = [line[line.index("{") :] for line in done.stdout.splitlines() if "{" in line]  # Faust writes escapes before
    if not lines:
        raise SystemExit(f"{name} gave no report (exit {done.returncode}): {done.stderr[-2000:]}")
    report: dict[str, float] = json.loads(lines[-1])
    return report


def table(results: dict[str, list[dict[str, float]]]) -> Table:
    """The results, the median of the rounds for each contestant."""
    shown = Table(title="CPU per event: the same work, one process, one run")
    for heading in ("contestant", "CPU us/event", f"ratio to {YARDSTICK}", "events/s"):
        shown.add_column(heading, justify="left" if heading == "contestant" else "right")
    cpu = {name: median(each["cpu_us_per_event"] for each in reports) for name, reports in results.items()}
    for name, reports in results.items():
        rate = median(each["events_per_second"] for each in reports)
        shown.add_row(name, f"{cpu[name]:.1f}", f"{cpu[name] / cpu[YARDSTICK]:.2f}", f"{rate:,.0f}")
    return shown


def main() -> None:
    """Run all contestants, in turn, as often as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the single results as JSON as well")
    arguments = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    console = Console(stderr=True)
    bootstrap = broker_address(load_settings(), tied=True)
    results: dict[str, list[dict[str, float]]] = {name: [] for name in CONTESTANTS}
    for number in range(arguments.rounds):
        for name, reports in results.items():
            prefix = f"bench-{uuid.uuid4().hex[:8]}"
            console.print(f"round {number + 1} of {arguments.rounds}: {name}, {arguments.events:,} events")
            asyncio.run(prepare(bootstrap, prefix, arguments.events))
            reports.append(run(name, bootstrap, prefix, arguments.events))
            asyncio.run(_remove(bootstrap, prefix))
    Console().print(table(results))
    if arguments.json:
        Console(soft_wrap=True).print_json(json.dumps(results))


async def _remove(bootstrap: str, prefix: str) -> None:
    async with KafkaAdmin(bootstrap, prefix) as admin:
        await admin.delete([*await admin.describe()])


if __name__ == "__main__":
    main()
