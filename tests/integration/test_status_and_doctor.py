"""`lienthong status` and `lienthong doctor` on real servers, as processes with their exit codes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lienthong_infra import exit_codes
from lienthong_infra.embedded.ports import LOOPBACK, choose_port
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.groups import group_states
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.versions import has_new_transactions
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.catalogue import load_catalogue
from tests.support.commands import lienthong, running
from tests.support.waiting import wait_until

pytestmark = pytest.mark.broker

LIMIT_S = 60.0
Ran = tuple[int, Any]
"""Exit code, and what was printed as JSON (None where nothing was)."""


@pytest.fixture
async def environment(kafka_bootstrap: str, unique_prefix: str, postgres_dsn: str) -> dict[str, str]:
    """The settings of a bus whose topics are there."""
    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as admin:
        await admin.apply(load_catalogue())
    return {
        "LIENTHONG_BOOTSTRAP": kafka_bootstrap,
        "LIENTHONG_LEDGER_DSN": postgres_dsn,
        "LIENTHONG_PREFIX": unique_prefix,
    }


def ran(environment: dict[str, str], *arguments: str) -> Ran:
    """Run a verb with --json to its end."""
    done = subprocess.run(
        lienthong(*arguments, "--json"),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env={**os.environ, **environment},
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else None


def mend(environment: dict[str, str], *arguments: str) -> None:
    """Run a verb that must succeed."""
    subprocess.run(lienthong(*arguments), check=True, capture_output=True, env={**os.environ, **environment})


def subjects(report: Any) -> set[str]:
    """What a status report says is wrong."""
    return {problem["subject"] for problem in report["problems"]}


async def test_a_bus_without_workers_is_told_from_one_with_a_ledger(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """By the group's members, the positions and the missing ticks; the exit code is for scripts."""
    publisher = KafkaPublisher(environment["LIENTHONG_BOOTSTRAP"], environment["LIENTHONG_PREFIX"])
    try:
        await publisher.publish([OutboundRecord("dossier.v1", b"case", b"no event")])
    finally:
        await publisher.close()
    with running(lienthong("ledger", "run"), tmp_path / "ledger.log", environment):
        reports: list[Any] = []

        def caught_up() -> bool:
            code, report = ran(environment, "status")
            reports.append(report)
            return code == exit_codes.PROBLEMS_FOUND and report["workers"]["ledger"] == {
                "members": 1,
                "lag": 0,
                "standing_still": [],
            }

        wait_until(caught_up, timeout_s=LIMIT_S, what="the ledger to be up to date")
    report = reports[-1]
    assert {"ticker", "deadlines", "dossier.v1"} <= subjects(report)
    assert report["dead_letters"]["dossier.v1"]["open"] == 1


async def test_status_without_a_broker_ends_with_its_own_code(postgres_dsn: str) -> None:
    """And still says what is known."""
    environment = {
        "LIENTHONG_BOOTSTRAP": f"{LOOPBACK}:{choose_port(1)}",
        "LIENTHONG_LEDGER_DSN": postgres_dsn,
    }
    code, report = ran(environment, "status")
    assert (code, report["sources"]["broker"]["up"]) == (exit_codes.UNAVAILABLE, False)
    assert subjects(report) == {"broker", "ledger"}


async def test_status_of_a_bus_without_topics_says_what_to_do(kafka_bootstrap: str, unique_prefix: str) -> None:
    """The broker answers, so that is not the exit code of one that is away."""
    code, report = ran({"LIENTHONG_BOOTSTRAP": kafka_bootstrap, "LIENTHONG_PREFIX": unique_prefix}, "status")
    assert code == exit_codes.PROBLEMS_FOUND
    assert "lienthong topics apply" in report["problems"][0]["what"]


async def test_doctor_finds_what_is_missing_and_then_nothing(environment: dict[str, str]) -> None:
    """Reference data and tables, each with the verb that mends it; then no finding is bad."""
    code, found = ran(environment, "doctor")
    missing = {each["subject"]: each["advice"] for each in found if each["level"] == "bad"}
    assert code == exit_codes.PROBLEMS_FOUND
    assert missing == {
        "reference data": "`lienthong reference apply`",
        "tables": "`lienthong ledger migrate`, or start the ledger",
    }
    for verb in (("reference", "apply"), ("ledger", "migrate")):
        mend(environment, *verb)
    code, found = ran(environment, "doctor")
    assert [each for each in found if each["level"] == "bad"] == []
    assert code == exit_codes.GOOD


async def test_groups_and_versions_of_a_real_broker(kafka_bootstrap: str, unique_prefix: str) -> None:
    """A group that never was is dead; the embedded broker has the transactions of Kafka 4."""
    states = await group_states(kafka_bootstrap, unique_prefix, ["deadlines"])
    assert (states["deadlines"].state, states["deadlines"].members) == ("Dead", 0)
    assert await has_new_transactions(kafka_bootstrap)
