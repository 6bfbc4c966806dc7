"""The verb `lienthong demo`: the whole bus on this machine, with a real log of the past and a small live province."""

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lienthong_infra import exit_codes

if TYPE_CHECKING:
    from lienthong.demo.conduct import Demo, Outcome

Once = Annotated[bool, typer.Option("--once", help="End by itself; exit code 1 if a figure is not as expected.")]
AsJson = Annotated[bool, typer.Option("--json", help="With --once: print the summary as JSON, all else on stderr.")]
INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as shells have it."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo")(_demo)


def _demo(once: Once = False, as_json: AsJson = False) -> None:
    """Run the whole bus: broker, ledger, workers, a real log of 2010 to 2012, then a small province, live.

    All its data lie in a folder of its own and are deleted at the next start; Ctrl-C ends everything.
    """
    if as_json and not once:
        raise typer.BadParameter("it goes with --once", param_hint="--json")
    raise typer.Exit(asyncio.run(_run(once, as_json)))


async def _run(once: bool, as_json: bool) -> int:
    import logging
    import time

    import psutil

    from lienthong.demo.conduct import Demo
    from lienthong.demo.show import Show
    from lienthong_infra.log_lines import log_to_stderr
    from lienthong_infra.settings import load_settings

    log_to_stderr(logging.WARNING)
    began = asyncio.get_running_loop().time() - (time.time() - psutil.Process().create_time())
    demo = Demo(load_settings(), Show(sys.stderr if as_json else sys.stdout), once=once, began=began)
    outcome = await _until_signal(demo)
    demo.farewell()
    if outcome is None:
        return INTERRUPTED if once else exit_codes.GOOD
    if as_json:
        typer.echo(json.dumps(outcome.as_json()))
    for problem in outcome.problems:
        typer.echo(f"lienthong: {problem}", err=True)
    return exit_codes.PROBLEMS_FOUND if outcome.problems else exit_codes.GOOD


async def _until_signal(demo: "Demo") -> "Outcome | None":
    """Run the demo; None where SIGINT or SIGTERM ended it. A second signal does not disturb the ending."""
    import signal

    running = asyncio.create_task(demo.run())
    asked = asyncio.Event()

    def end() -> None:
        if not asked.is_set():
            asked.set()
            running.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        return await running
    except asyncio.CancelledError:
        if not asked.is_set():
            raise
        return None
