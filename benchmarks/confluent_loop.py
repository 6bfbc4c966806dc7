"""A confluent-kafka (librdkafka) and fastavro loop that does the same work. Arguments: bootstrap, prefix, events."""

from __future__ import annotations

import sys

from confluent_kafka import Consumer, Producer

from benchmarks.job import INPUT_TOPIC, OUTPUT_TOPIC, Meter, fastavro_reader, output_of, state_of

RUN = 2_000
"""Records taken at once, as many as ours takes."""


def main(bootstrap: str, prefix: str, events: int) -> None:
    """Consume all events and report."""
    read, meter = fastavro_reader(), Meter(events)
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
        said = 0
        for message in messages:
            key = message.key() or b""
            record = read(message.value() or b"")
            states[key] = state_of(record["seq"], record["due_at"], record["status"])
            changed[key] = message.partition() or 0
            output = output_of(record["case_id"], record["seq"], record["status"])
            if output is not None:
                said += 1
                producer.produce(f"{prefix}.{OUTPUT_TOPIC}", key=key, value=output)
        for key, partition in changed.items():
            producer.produce(
                f"{prefix}.deadlines-changelog-{INPUT_TOPIC}", key=key, value=states[key], partition=partition
            )
        producer.flush()
        if messages:
            consumer.commit(asynchronous=False)
            if meter.count(len(messages), said):
                meter.report(host="confluent-kafka")
                break
    consumer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
