"""How long a worker takes to have cases back from a real changelog: fence, read, build the indexes.

The process that restores also tells its largest memory, so that a changelog that does not fit into it would be seen.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from typing import Any, Final

from rich.console import Console

from benchmarks.bus import bus
from benchmarks.memory import SOURCE, Bus, many, sample_values
from lienthong_infra.kafka.partition_log import KafkaPartitionLog
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.ports import OutboundRecord
from lienthong_streams.runtime.owned import OwnedPartition

CASES: Final = 200_000
CHUNK: Final = 5_000


async def write_changelog(bootstrap: str, prefix: str, cases: int) -> None:
    """The changelog of so many open cases, the position last."""
    publisher, topic = KafkaPublisher(bootstrap, prefix), f"deadlines-changelog-{SOURCE.topic}"
    chunk: list[OutboundRecord] = []
    try:
        for key, value in many(sample_values(Bus()), cases):
            chunk.append(OutboundRecord(topic, key, value, (), SOURCE.partition))
            if len(chunk) == CHUNK:
                await publisher.publish(chunk)
                chunk = []
        await publisher.publish(chunk)
    finally:
        await publisher.close()


async def restore(bootstrap: str, prefix: str) -> dict[str, float]:
    """Take the partition over; seconds, CPU and memory."""
    log = KafkaPartitionLog(bootstrap, prefix, SOURCE)
    owned = OwnedPartition(SOURCE, log, Bus().partition())
    begin, begin_cpu = time.perf_counter(), time.process_time()
    records = await owned.take_over()
    wall, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    await owned.release()
    return {
        "cases": records - 1,
        "seconds": round(wall, 2),
        "cpu_us_per_case": round(cpu / records * 1e6, 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }


async def run(bootstrap: str, cases: int) -> dict[str, Any]:
    """Write a changelog and have it restored by a process of its own."""
    async with bus(bootstrap, (), imported=True) as prefix:
        await write_changelog(bootstrap, prefix, cases)
        command = [sys.executable, "-m", "benchmarks.restore", bootstrap, prefix]
        done = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def show(found: dict[str, Any], console: Console) -> None:
    """One line."""
    million = found["seconds"] / found["cases"] * 1e6
    console.print(
        f"restore of {found['cases']:,} cases from Kafka: {found['seconds']} s, {found['cpu_us_per_case']} us of CPU a "
        f"case, {found['peak_rss_mb']} MB at most; a million in {million:.1f} s (asked: 15)"
    )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(restore(sys.argv[1], sys.argv[2]))), flush=True)  # noqa: T201
