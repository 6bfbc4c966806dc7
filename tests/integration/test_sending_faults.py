"""A forwarder on a real Kafka that is ended in the middle of its work: a slice of the storm in `tests/faults`."""

import random
import signal
from pathlib import Path

import pytest

from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_schemas.catalogue import load_catalogue
from tests.support.sending_storm import (
    Bus,
    OfficeSystem,
    end_at_points,
    end_randomly,
    expected_numbers,
    finish,
    read_log,
)

EVENTS, CASES = 3_000, 100


@pytest.mark.broker
async def test_three_forwarders_may_die(kafka_bootstrap: str, unique_prefix: str, tmp_path: Path) -> None:
    """Kill -9, SIGTERM and a death between acknowledgement and mark: nothing accepted is missing, order holds."""
    bus, chance = Bus(kafka_bootstrap, unique_prefix, tmp_path / "outbox.db"), random.Random(7)
    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as admin:
        await admin.apply(load_catalogue())
    with OfficeSystem(bus, EVENTS, CASES) as office:
        assert end_randomly(bus, signal.SIGKILL, chance) == -signal.SIGKILL
        assert end_randomly(bus, signal.SIGTERM, chance) == 0
        assert end_at_points(bus, 3, chance) == [-signal.SIGKILL] * 3
        accepted = office.end()
    finish(bus, accepted)
    log = await read_log(bus)
    assert log.numbers == expected_numbers(accepted, CASES)
    assert log.copies > 0
    assert log.different == 0
