"""A plain Faust agent with a Table and default settings, as its guide has it. Arguments: bootstrap, prefix, events."""

from __future__ import annotations

import os
import sys
import tempfile

import faust

from benchmarks.job import INPUT_TOPIC, OUTPUT_TOPIC, PARTITIONS, Meter, fastavro_reader, output_of, state_of

BOOTSTRAP, PREFIX, EVENTS = sys.argv[1], sys.argv[2], int(sys.argv[3])

app = faust.App(
    f"{PREFIX}.faust",
    broker=f"kafka://{BOOTSTRAP}",
    store="memory://",
    topic_partitions=PARTITIONS,
    value_serializer="raw",
    key_serializer="raw",
    web_enabled=False,
    datadir=tempfile.mkdtemp(),
)
source = app.topic(f"{PREFIX}.{INPUT_TOPIC}", key_type=bytes, value_type=bytes)
outputs = app.topic(f"{PREFIX}.{OUTPUT_TOPIC}", key_type=bytes, value_type=bytes)
table = app.Table("state", partitions=PARTITIONS, key_type=bytes, value_type=bytes)
read = fastavro_reader()
meter = Meter(EVENTS)


@app.agent(source)
async def work(stream: faust.StreamT[bytes]) -> None:
    """Decode, keep, say."""
    async for key, value in stream.items():
        record = read(value)
        table[key] = state_of(record["seq"], record["due_at"], record["status"])
        output = output_of(record["case_id"], record["seq"], record["status"])
        if output is not None:
            await outputs.send(key=key, value=output)
        if meter.count(1, output is not None):
            meter.report(host="faust-table")
            os._exit(0)


if __name__ == "__main__":
    sys.argv = [sys.argv[0]]
    faust.Worker(app, loglevel="warning", quiet=True).execute_from_commandline()
