"""For houses that start their workers with Faust: ``faust -A lienthong_streams.faust_host.worker worker -l info``.

Settings come from the same environment variables as everywhere. Faust owns the process, its signals and its log; the
host runs as a task of the app, and leaves before Faust stops anything. Importing this module reads the settings.
"""

from __future__ import annotations

import asyncio
import sys

from lienthong_infra import exit_codes
from lienthong_infra.embedded.servers import bootstrap
from lienthong_infra.errors import ConfigurationError
from lienthong_infra.settings import load_settings
from lienthong_streams.faust_host.app import build_app
from lienthong_streams.faust_host.inside import HostApp
from lienthong_streams.faust_host.process import end_soon, faust_ports, plan_of
from lienthong_streams.worker import WorkerOptions, die, run_worker


def _options() -> WorkerOptions:
    try:
        settings = load_settings()
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_code) from None
    return WorkerOptions(
        bootstrap=bootstrap(settings),
        prefix=settings.prefix,
        metrics_port=settings.metrics_port,
        closed_days=settings.closed_days,
    )


class _Work:
    """The host as a task of an app that Faust starts and stops."""

    def __init__(self, options: WorkerOptions, app: HostApp) -> None:
        self._options = options
        self._app = app
        self._stop = asyncio.Event()
        self._at_work = False
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Work until Faust stops; whatever goes wrong ends the process."""
        self._at_work = True
        try:
            await run_worker(self._options, self._stop, ports_of=faust_ports(app=self._app))
        except BaseException as error:
            die(error)
        self._ended.set()

    async def leave(self) -> None:
        """Leave in good order; the host itself limits how long that takes."""
        end_soon(exit_codes.TEMPORARY_FAILURE if self._app.crashed else exit_codes.GOOD)
        self._stop.set()
        if self._at_work:
            await self._ended.wait()


def _deadlines() -> HostApp:
    options = _options()
    made = build_app(plan_of(options))
    work = _Work(options, made)
    made.leave_first = work.leave
    made.task(work.run)
    return made


app = _deadlines()
"""What ``faust -A`` looks for."""
