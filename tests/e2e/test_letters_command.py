"""Dead letters from the command line on a real Kafka: a letter is replayed, another fixed, and both events count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.migrate import migrate
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.catalogue import load_catalogue
from tests.support.commands import lienthong, running
from tests.support.ledger_log import case, dossier, outbound
from tests.support.waiting import wait_until

pytestmark = pytest.mark.broker
WAIT_S = 90.0


async def test_letters_are_fixed_and_waived_by_commands(
    kafka_bootstrap: str, postgres_dsn: str, unique_prefix: str, tmp_path: Path
) -> None:
    """The ledger process refuses two records; `letters fix` and `letters waive` close them; the fixed event counts."""
    environment = {
        "LIENTHONG_BOOTSTRAP": kafka_bootstrap,
        "LIENTHONG_LEDGER_DSN": postgres_dsn,
        "LIENTHONG_PREFIX": unique_prefix,
    }
    log = tmp_path / "commands.log"

    def command(*arguments: str) -> None:
        with running(lienthong(*arguments), log, environment) as process:
            assert process.wait(WAIT_S) == 0, log.read_text()

    def number(query: str) -> int:
        with connect_now(postgres_dsn, unique_prefix) as connection:
            return int((connection.execute(query).fetchone() or (0,))[0])

    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as admin:
        await admin.apply(load_catalogue())
    migrate(postgres_dsn, unique_prefix)
    publisher = KafkaPublisher(kafka_bootstrap, unique_prefix)
    await publisher.publish(
        [outbound(dossier(1, 0)), OutboundRecord("dossier.v1", case(2).encode(), b"noise"), outbound(dossier(3, 1))]
    )
    await publisher.close()
    with running(lienthong("ledger", "run"), log, environment):
        wait_until(lambda: number("SELECT count(*) FROM dead_letter") == 2, timeout_s=WAIT_S, what="two letters")
        wrong, noise = _ids(postgres_dsn, unique_prefix)
        fields = tmp_path / "fields.json"
        fields.write_text(json.dumps({"id": wrong, "value": {**dossier(1, 1)}}), encoding="utf-8")
        command("letters", "fix", wrong, "--from", str(fields), "--why", "numbered from 0", "--who", "lan")
        command("letters", "waive", noise[:8], "--why", "a test of the line", "--who", "lan")
        wait_until(lambda: number("SELECT count(*) FROM case_row") == 2, timeout_s=WAIT_S, what="the fixed event")
        assert number("SELECT count(*) FROM dead_letter WHERE state = 'open'") == 0
        assert number("SELECT count(*) FROM letter_action WHERE who = 'lan'") == 2
        command("ledger", "check")


def _ids(dsn: str, prefix: str) -> tuple[str, str]:
    """The ids of the letter of the forbidden event and of the noise."""
    with connect_now(dsn, prefix) as connection:
        found: dict[str, str] = dict(connection.execute("SELECT code, letter_id FROM dead_letter").fetchall())
    return found["broken-rule"], found["not-single-object"]
