"""The deadline worker as a house starts it that runs Faust: by Faust's own command, and ended as a supervisor does."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from signal import SIGTERM

import pytest

from lienthong_infra import exit_codes
from tests.support.fleet import Fleet
from tests.support.handwritten import MINUTE, Scribe
from tests.support.whole_bus import WholeBus, wall_clock

pytestmark = pytest.mark.broker

NO_LEDGER = "postgresql://nobody@127.0.0.1:9/none"
FAUST = ("-A", "lienthong_streams.faust_host.worker", "worker", "-l", "info")
BREACH_LIMIT_S = 60.0
END_LIMIT_S = 10.0


@pytest.fixture
async def bus(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[WholeBus]:
    """A bus without workers."""
    bus = WholeBus(kafka_bootstrap, NO_LEDGER, unique_prefix)
    await bus.prepare("vn", imported=False)
    yield bus
    await bus.close(asyncio.Event())


async def kinds_said(bus: WholeBus, wanted: str) -> list[str]:
    """The kinds of clock events on the bus, once there is one of the wanted kind."""
    async with asyncio.timeout(BREACH_LIMIT_S):
        while True:
            kinds = [each["kind"] for each in await bus.decoded("sla.v1") if each["clock"] == "processing"]
            if wanted in kinds:
                return kinds
            await asyncio.sleep(0.2)


async def test_a_breach_comes_out_of_a_worker_that_faust_starts(bus: WholeBus, tmp_path: Path) -> None:
    """Settings from the environment; SIGTERM ends it in good order within ten seconds, with exit code 0."""
    now = wall_clock()
    await bus.publish(*Scribe(bus.book, now - 60 * MINUTE).course("LATE", ("2", 1.0), ("4", 2.0)))
    await bus.tick(now)
    environment = {"LIENTHONG_BOOTSTRAP": bus.bootstrap, "LIENTHONG_PREFIX": bus.prefix}
    fleet = Fleet("faust", FAUST, tmp_path, environment)
    fleet.start("worker")
    try:
        assert await kinds_said(bus, "breached") == ["started", "breached"]
        fleet.signal("worker", SIGTERM)
        assert await fleet.ended("worker", END_LIMIT_S) == exit_codes.GOOD
    except BaseException as error:
        error.add_note(fleet.report())
        raise
    finally:
        fleet.close()


def test_a_wrong_setting_is_said_in_a_line() -> None:
    """Not with a traceback of Faust's; the exit code tells a supervisor that a new start does not help."""
    command = [sys.executable, "-m", "faust", *FAUST]
    wrong = {**os.environ, "LIENTHONG_PREFIX": "H 27"}
    done = subprocess.run(command, env=wrong, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == exit_codes.CONFIGURATION_WRONG
    assert "LIENTHONG_PREFIX: expected" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.faults
def test_a_broker_that_is_away_is_no_good_end() -> None:
    """Faust does not wait for it; a supervisor starts the worker again."""
    command = [sys.executable, "-m", "faust", *FAUST]
    away = {**os.environ, "LIENTHONG_BOOTSTRAP": "127.0.0.1:9"}
    done = subprocess.run(command, env=away, capture_output=True, check=False, timeout=60)
    assert done.returncode != exit_codes.GOOD
