"""Processes of a benchmark: each tells its result as one line of JSON on standard output."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

LIMIT_S = 600
"""Seconds for one process."""
_END_LIMIT_S = 15.0


async def report_of(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a module in a process of its own, with more variables of the environment; returns its report."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            told, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    lines = [
        line[line.index("{") :] for line in told.decode().splitlines() if "{" in line
    ]  # Faust writes escapes before
    if not lines:
        raise SystemExit(f"{module} gave no report (exit {process.returncode}): {complaints.decode()[-2000:]}")
    report: dict[str, Any] = json.loads(lines[-1])
    return report


@asynccontextmanager
async def running(*arguments: str, environment: Mapping[str, str]) -> AsyncIterator[None]:
    """A process of the command line, ``lienthong`` and these arguments, until the block is left."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lienthong.cli.main", *arguments),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_END_LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
