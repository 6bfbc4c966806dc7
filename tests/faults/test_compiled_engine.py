"""The compiled engine says what the Python says: the same bytes for a province, and the engine's own tests hold for it.

Compiling takes a minute or two of CPU the first time; the build is kept as long as the sources do not change.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

import pytest

from compiling.build import ROOT, built, missing
from lienthong_streams.engine_form import COMPILED, PURE

pytestmark = [pytest.mark.faults, pytest.mark.skipif(bool(missing()), reason=missing())]

EVENTS: Final = 12_000
HELD: Final = (
    "tests/unit/streams",
    "tests/unit/offline",
    "tests/unit/calendar",
    "tests/unit/test_case_event.py",
    "tests/unit/test_avro_codec.py",
    "tests/property/test_calendar_oracle.py",
    "tests/property/test_calm_cases.py",
    "tests/property/test_compiled_avro.py",
    "tests/property/test_due_time_oracle.py",
    "tests/property/test_engine_oracle.py",
    "tests/property/test_engine_order.py",
    "tests/property/test_figures_of_a_partition.py",
    "tests/property/test_packed_cases.py",
    "tests/property/test_progress.py",
    "tests/property/test_ready_codec.py",
    "tests/property/test_worker_event.py",
)
DERIVES_FROM_THE_ENGINE: Final = (
    "tests/property/test_worker_event.py::test_every_example_is_read_quickly_or_is_no_usual_event"
)
"""It makes a class from a compiled one, which only Python allows."""


def run_python(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Python in the root of the sources."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def answers(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the engine answers to the same events."""
    done = run_python("-m", "tests.support.engine_answers", str(EVENTS), environment=environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def compiled() -> dict[str, str]:
    """The environment of a process with the compiled engine."""
    return {"PYTHONPATH": str(built())}


def test_every_byte_is_the_same(compiled: dict[str, str]) -> None:
    """All outputs and the whole changelog of a province, both ways."""
    pure, other = answers({"PYTHONPATH": ""}), answers(compiled)
    assert (pure.pop("engine"), other.pop("engine")) == (PURE, COMPILED)
    assert other == pure


def test_the_tests_of_the_engine_hold_for_it(compiled: dict[str, str]) -> None:
    """The oracle and the other properties, the calendar, the codec, the partition and what it keeps."""
    done = run_python(
        *("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not faults and not long"),
        *(f"--deselect={DERIVES_FROM_THE_ENGINE}", *HELD),
        environment=compiled,
    )
    assert done.returncode == 0, done.stdout[-4000:]
