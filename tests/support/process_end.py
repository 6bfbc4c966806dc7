"""What ends a process of a test: as the command would, with its exit code, and its last word on stderr."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from lienthong_infra.errors import LienthongError
from lienthong_infra.log_lines import log_to_stderr
from lienthong_infra.stop_signals import stop_on_signals

Options = TypeVar("Options")


def run_to_the_end(run: Callable[[Options, asyncio.Event], Awaitable[None]], options: Options) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code that the command would end with."""

    async def until_signal() -> None:
        await run(options, stop_on_signals())

    log_to_stderr()
    try:
        asyncio.run(until_signal())
    except LienthongError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the process's last word
        return error.exit_code
    return 0
