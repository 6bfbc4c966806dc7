"""A confluent-kafka (librdkafka) and fastavro loop that does the same work. Arguments: bootstrap, prefix, events."""

from __future__ import annotations

import sys

from confluent_kafka import Consumer, Producer

from benchmarks.job import INPUT_TOPIC, OUTPUT_TOPIC, Meter, output_of, state_of
from lienthong_schemas.codec import SchemaBook

RUN = 2_000
"""Records taken at once, as many as ours takes."""


def main(bootstrap: str, prefix: str, events: int) -> None:
    """Consume all events and report."""
    book, meter = SchemaBook(), Meter(events)
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{prefix}.confluent",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5})
    consumer.subscribe([f"{prefix}.{INPUT_TOPIC}"])
    states: dict[bytes, bytes] = {}
    while True:
        messages = consumer.consume(RUN, timeout=1.0)
        changed: dict[bytes, int] = {}
        for message in messages:
            key = message.key() or b""
            record = book.decode(INPUT_TOPIC, message.value() or b"")
            states[key] = state_of(record)
            changed[key] = message.partition() or 0
            output = output_of(record)
            if output is not None:
                producer.produce(f"{prefix}.{OUTPUT_TOPIC}", key=key, value=output)
        for key, partition in changed.items():
            producer.produce(
                f"{prefix}.deadlines-changelog-{INPUT_TOPIC}", key=key, value=states[key], partition=partition
            )
        producer.flush()
        if messages:
            consumer.commit(asynchronous=False)
            if meter.count(len(messages)):
                meter.report(host="confluent-kafka")
                break
    consumer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
