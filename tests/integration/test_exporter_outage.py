"""The exporter while its broker goes away and comes back: it serves all the time, and never what is old."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lienthong_infra.embedded.kafka import EmbeddedKafka
from lienthong_infra.embedded.ports import LOOPBACK, choose_port
from lienthong_infra.embedded.servers import embedded_kafka
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_schemas.catalogue import load_catalogue
from tests.support.commands import lienthong, running
from tests.support.scrape import served_at
from tests.support.servers import settings_with_home, temporary_home
from tests.support.waiting import wait_until

pytestmark = pytest.mark.broker

LIMIT_S = 60.0
BROKER = 'lienthong_source_up{bus="h27",source="broker"}'
LOG_END = 'lienthong_log_end_offset{bus="h27",partition="0",topic="dossier.v1"}'


@pytest.fixture
def broker() -> Iterator[EmbeddedKafka]:
    """A broker of this test's own: it is stopped."""
    kafka = embedded_kafka(settings_with_home(temporary_home()))
    yield kafka
    kafka.reset()


async def test_figures_of_a_broker_that_is_away_disappear_and_come_back(broker: EmbeddedKafka, tmp_path: Path) -> None:
    """And the process that serves them is the same one all the time."""
    address = broker.start(tied=True)
    async with KafkaAdmin(address, "h27") as admin:
        await admin.apply(load_catalogue())
    port = choose_port(1)
    environment = {
        "LIENTHONG_BOOTSTRAP": address,
        "LIENTHONG_LEDGER_DSN": f"postgresql://nobody@{LOOPBACK}:{choose_port(1)}/ledger",
        "LIENTHONG_PREFIX": "h27",
    }
    command = lienthong("exporter", "--port", str(port), "--interval", "0.5")
    with running(command, tmp_path / "exporter.log", environment) as exporter:

        def broker_is(up: int) -> bool:
            served = served_at(port)
            return served.get(BROKER) == up and (LOG_END in served) == bool(up)

        wait_until(lambda: broker_is(1), timeout_s=LIMIT_S, what="the broker to be seen")
        broker.stop()
        wait_until(lambda: broker_is(0), timeout_s=LIMIT_S, what="its figures to be gone")
        broker.start(tied=True)
        wait_until(lambda: broker_is(1), timeout_s=LIMIT_S, what="the broker to be seen again")
        assert exporter.poll() is None


async def test_an_exporter_ends_in_good_order(tmp_path: Path) -> None:
    """SIGTERM is exit code 0, with both sources away; its port is free at once."""
    port = choose_port(1)
    environment = {
        "LIENTHONG_BOOTSTRAP": f"{LOOPBACK}:{choose_port(1)}",
        "LIENTHONG_LEDGER_DSN": f"postgresql://nobody@{LOOPBACK}:{choose_port(1)}/ledger",
        "LIENTHONG_PREFIX": "h27",
    }
    with running(lienthong("exporter", "--port", str(port)), tmp_path / "exporter.log", environment) as exporter:
        wait_until(lambda: served_at(port).get(BROKER) == 0, timeout_s=LIMIT_S, what="the exporter to serve")
        exporter.terminate()
        assert exporter.wait(15) == 0
    assert served_at(port) == {}


async def test_a_port_that_is_taken_is_a_wrong_setting(tmp_path: Path) -> None:
    """Exit code 78: a supervisor must not start it again for ever."""
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen(1)
        log = tmp_path / "exporter.log"
        with running(lienthong("exporter", "--port", str(other.getsockname()[1])), log) as exporter:
            assert exporter.wait(30) == 78
    assert "use --port" in log.read_text(encoding="utf-8")
