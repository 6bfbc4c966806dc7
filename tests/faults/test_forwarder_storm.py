"""The forwarder under a storm on a real Kafka: 10 × kill -9, 10 × SIGTERM, 12 deaths at named points."""

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

EVENTS, CASES = 50_000, 500
EACH = 10
AT_POINTS = 12


@pytest.mark.faults
@pytest.mark.broker
async def test_a_storm_of_ends_loses_nothing(kafka_bootstrap: str, unique_prefix: str, tmp_path: Path) -> None:
    """0 accepted events missing, each case in order once copies are dropped, every SIGTERM ends with exit code 0."""
    bus, chance = Bus(kafka_bootstrap, unique_prefix, tmp_path / "outbox.db"), random.Random(20261122)
    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as admin:
        await admin.apply(load_catalogue())
    ends = [signal.SIGKILL, signal.SIGTERM] * EACH
    chance.shuffle(ends)
    with OfficeSystem(bus, EVENTS, CASES) as office:
        codes = [end_randomly(bus, how, chance) for how in ends[:EACH]]
        dead = end_at_points(bus, AT_POINTS, chance)
        codes += [end_randomly(bus, how, chance) for how in ends[EACH:]]
        accepted = office.end()
    assert codes == [-how if how is signal.SIGKILL else 0 for how in ends]
    assert dead == [-signal.SIGKILL] * AT_POINTS
    finish(bus, accepted)
    log = await read_log(bus)
    assert log.numbers == expected_numbers(accepted, CASES)
    assert log.different == 0
