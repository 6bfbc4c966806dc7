"""The usual way with Faust: an agent and a Table, as its guide has it. The same small job as the counting processor.

Nothing of this project's host is in it; it is what the storm must be able to break. Run as a module; arguments:
bootstrap, prefix, and (not used) a name.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import faust

from lienthong_infra.kafka.naming import full_name
from lienthong_infra.ports import TopicPartition
from tests.support.counting import OUTPUT, said
from tests.support.stage import INPUT

PARTITIONS = 4
SESSION_S = 6
"""As in the storms of the hosts; a broker allows no shorter one."""


def make_app(bootstrap: str, prefix: str) -> Any:
    """An app with one agent that counts records per key in a Table, and says each count."""
    app = faust.App(
        f"{prefix}.naive",
        broker=f"kafka://{bootstrap}",
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=1,
        broker_rebalance_timeout=10,
        consumer_auto_offset_reset="earliest",
        datadir=tempfile.mkdtemp(),
        key_serializer="raw",
        value_serializer="raw",
        store="memory://",
        topic_disable_leader=True,
        topic_partitions=PARTITIONS,
        web_enabled=False,
    )
    source = app.topic(full_name(prefix, INPUT), key_type=bytes, value_type=bytes)
    outputs = app.topic(full_name(prefix, OUTPUT), key_type=bytes, value_type=bytes)
    counts: Any = app.Table("counts", partitions=PARTITIONS, key_type=bytes, value_type=bytes)

    async def count(stream: Any) -> None:
        async for event in stream.events():
            where = event.message
            number = int(counts.get(event.key) or b"0") + 1
            counts[event.key] = b"%d" % number
            key, text = said(TopicPartition(INPUT, where.partition), event.key, where.offset, number)
            await outputs.send(key=key, value=text, partition=where.partition)

    app.agent(source)(count)
    return app


if __name__ == "__main__":
    arguments, sys.argv = sys.argv[1:], sys.argv[:1]
    app = make_app(arguments[0], arguments[1])
    faust.Worker(app, loglevel="warning", quiet=True).execute_from_commandline()
