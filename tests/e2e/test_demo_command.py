"""`lienthong demo` as a user runs it: it ends by itself with the facts, or at Ctrl-C, and leaves no process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.municipal_recount import LAST_EVENT, recount
from tests.support.servers import temporary_home
from tests.support.waiting import wait_until

pytestmark = pytest.mark.broker

LIMIT_S = 180.0
"""A hung demo; the budget of 55 s holds on a machine that does nothing else."""
END_S = 10.0


def demo(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a demo with its data in a home of its own, and the servers of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIENTHONG_")}
    cache = os.environ.get("LIENTHONG_CACHE")
    environment = {**kept, "LIENTHONG_HOME": str(home), **({"LIENTHONG_CACHE": cache} if cache else {})}
    return subprocess.Popen(
        [sys.executable, "-m", "lienthong.cli.main", "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def left_over(home: Path) -> list[str]:
    """The command lines of processes that work in a home."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "environ"]):
        command = " ".join(process.info["cmdline"] or ())
        if str(home) in command or str(home) in (process.info["environ"] or {}).get("LIENTHONG_HOME", ""):
            found.append(command)
    return found


@pytest.fixture
def home() -> Path:
    """A home for one demo."""
    return temporary_home()


def summary(run: subprocess.Popen[str]) -> dict[str, Any]:
    """What a demo that ended well has written to its standard output."""
    said, told = run.communicate(timeout=LIMIT_S)
    assert run.returncode == 0, told
    found: dict[str, Any] = json.loads(said)
    return found


def test_once_ends_with_the_facts_and_leaves_no_process(home: Path) -> None:
    """The ten facts of the log, the figures of the province, exit code 0, and nothing else on standard output."""
    found = summary(demo(home, "--once", "--json"))
    assert found["municipal"] == recount(LAST_EVENT)
    live = found["live"]
    assert live["in_the_ledger"] == live["accepted"]
    assert live["on_the_bus"] == live["accepted"] + live["repeated"] + live["garbled"]
    assert live["breaches_announced"] == live["breaches_standing"] + live["breaches_withdrawn"]
    assert min(live["repeated"], live["breaches_withdrawn"], live["breaches_confirmed"], live["dead_letters"]) >= 1
    assert 0 < found["seconds"]["first_breach"] < found["seconds"]["total"]
    assert left_over(home) == []


def test_ctrl_c_ends_everything(home: Path) -> None:
    """Also while the workers are busy: within ten seconds, with exit code 0, and no process is left.

    A second demo in the same home is refused meanwhile.
    """
    run = demo(home)
    logs = home / "demo" / "logs"
    try:
        wait_until(lambda: len(list(logs.glob("*.log"))) >= 6, timeout_s=LIMIT_S, what="the workers")
        second = demo(home, "--once")
        assert "a demo runs already" in second.communicate(timeout=LIMIT_S)[1]
        assert second.returncode == 78
        asked = time.monotonic()
        run.send_signal(signal.SIGINT)
        said, told = run.communicate(timeout=LIMIT_S)
    finally:
        run.kill()
    assert (run.returncode, told) == (0, "")
    assert "no process is left" in said
    assert time.monotonic() - asked <= END_S
    assert left_over(home) == []


def test_json_without_once_is_a_wrong_call(home: Path) -> None:
    """There is no summary of a demo that runs on."""
    run = demo(home, "--json")
    assert "--once" in run.communicate(timeout=LIMIT_S)[1]
    assert run.returncode == 2
