"""Our worker on the Faust host. Arguments: bootstrap, prefix, events, engine (``noop`` or ``real``), as of ``ours``."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

from prometheus_client import CollectorRegistry

from benchmarks.job import INPUT_TOPIC, Meter
from benchmarks.ours import Counter, NoEngine
from lienthong_schemas.codec import SchemaBook
from lienthong_streams.faust_host.process import faust_ports
from lienthong_streams.runtime.garbage import seldom_collected
from lienthong_streams.runtime.host import Host
from lienthong_streams.worker import WorkerOptions


async def main(bootstrap: str, prefix: str, events: int, engine: str) -> None:
    """Run until all events are done with."""
    ports = faust_ports([INPUT_TOPIC])(WorkerOptions(bootstrap=bootstrap, prefix=prefix), CollectorRegistry())
    ports = replace(ports, observer=Counter(Meter(events), whole=False), remark=lambda value: "")
    if engine == "noop":
        book = SchemaBook()
        ports = replace(ports, processor_of=lambda source: NoEngine(book))
    with seldom_collected():  # as the worker's process has it
        await Host(ports).run([INPUT_TOPIC], asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
