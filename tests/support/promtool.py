"""The tools of Prometheus, where they are installed: Debian and Ubuntu have them in the package `prometheus`."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of a tool ended."""

    good: bool
    text: str


def tool(name: str, *, package: str = "prometheus") -> str:
    """The path of a tool; the test is skipped with the reason where it is missing."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH; install it (Debian, Ubuntu: package {package})")
    return found


def run(program: str, *arguments: str | Path) -> Outcome:
    """Run a tool to its end."""
    done = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    return Outcome(done.returncode == 0, done.stdout + done.stderr)
