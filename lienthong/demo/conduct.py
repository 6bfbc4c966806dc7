"""The demo from beginning to end: servers, topics, workers, the log of the past, the live province."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from rich.console import Group

from lienthong.demo.figures import municipal_differences
from lienthong.demo.ground import Ground, ground, make_ledgers
from lienthong.demo.live import LiveBus, prepare_live_bus
from lienthong.demo.logs import log_into
from lienthong.demo.municipal import FACTS, figures, units
from lienthong.demo.processes import running, services
from lienthong.demo.settling import BusWatch
from lienthong.demo.show import Show
from lienthong.demo.tables import municipal_lines, units_table
from lienthong.municipal import import_municipal_days, prepare_municipal_bus
from lienthong_infra.embedded.ports import choose_port, is_free
from lienthong_infra.errors import TemporaryError, UnavailableError
from lienthong_infra.settings import Settings
from lienthong_producers.domain.municipal_log import TIME_ZONE, Day, days
from lienthong_producers.municipal_file import municipal_events
from lienthong_schemas.instants import datetime_of

SETTLE_LIMIT_S: Final = 90.0
REDRAW_S: Final = 1.0
USUAL_METRICS_PORT: Final = 9477


@dataclass
class Outcome:
    """What the demo found; ``problems`` says where a figure is not as expected."""

    municipal: dict[str, int | None] = field(default_factory=dict)
    live: dict[str, int] = field(default_factory=dict)
    first_breach_s: float | None = None
    total_s: float = 0.0
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The summary for machines; seconds since the command was started."""
        to_breach = None if self.first_breach_s is None else round(self.first_breach_s, 1)
        return {
            "municipal": self.municipal,
            "live": self.live,
            "seconds": {"first_breach": to_breach, "total": round(self.total_s, 1)},
        }


class Demo:
    """One run. ``began``: when the command was started, on the event loop's clock."""

    def __init__(self, settings: Settings, show: Show, *, once: bool, began: float) -> None:
        self.outcome = Outcome()
        self._settings, self._show, self._once, self._began = settings, show, once, began

    async def run(self) -> Outcome:
        """Run to the end (``once``), or until the task is cancelled; nothing is left running then."""
        show = self._show
        reading = asyncio.create_task(asyncio.to_thread(lambda: list(days(municipal_events()))))
        async with AsyncExitStack() as stack:
            with show.step("broker and database") as remark:
                place = await stack.enter_async_context(ground(self._settings))
                remark(f"Kafka at {place.bootstrap}, data in {place.folder}")
            with show.step("topics, reference data, tables of the ledger") as remark:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(prepare_municipal_bus(place.bootstrap, place.municipal))
                    tasks.create_task(prepare_live_bus(place.bootstrap, place.live))
                    tasks.create_task(asyncio.to_thread(make_ledgers, place))
                remark(f"two buses: {place.municipal} (the past), {place.live} (live)")
            stack.enter_context(log_into(place.logs / "demo.log"))
            port = self._metrics_port()
            wanted = services(place, metrics_port=port)
            processes = await stack.enter_async_context(running(wanted, show.say))
            show.done("workers", str(len(wanted)), f"logs in {place.logs}")
            await processes.beside(self._parts(place, await reading, port))
        self.outcome.total_s = asyncio.get_running_loop().time() - self._began
        return self.outcome

    def farewell(self) -> None:
        """The last word, when everything has ended."""
        self._show.say("")
        self._show.say("  Ended; no process is left. The data and logs stay until the next demo.")

    def _metrics_port(self) -> int:
        if self._settings.metrics_port:
            return self._settings.metrics_port
        return USUAL_METRICS_PORT if is_free(USUAL_METRICS_PORT) else choose_port(1)

    async def _parts(self, place: Ground, log: list[Day], port: int) -> None:
        if self._once:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._past(place, log))
                tasks.create_task(self._present_once(place))
        else:
            await self._past(place, log)
            await self._present(place, port)

    async def _past(self, place: Ground, log: list[Day]) -> None:
        """Import the log, wait until all is applied, show what the ledger says."""
        show, done = self._show, 0
        total = sum(len(day.events) for day in log)
        show.heading("1  The past: 1,434 real permits of a municipality, 2010 to 2012")
        with show.progress("importing in its own time", total) as bar:

            def after_day(day: Day) -> None:
                nonlocal done
                done += len(day.events)
                bar(done, f"{datetime_of(day.tick_at).astimezone(TIME_ZONE):%Y-%m-%d}")

            await import_municipal_days(place.bootstrap, place.municipal, log, after_day=after_day)
        with show.step("last tick applied everywhere, ledger level"):
            async with BusWatch(place.bootstrap, place.ledger_dsn, place.municipal) as watch:
                await watch.settled(limit_s=SETTLE_LIMIT_S)
        found = await asyncio.to_thread(figures, place)
        rows = await asyncio.to_thread(units, place, log[-1].tick_at)
        self.outcome.municipal = found
        wrong = municipal_differences(found, FACTS)
        self.outcome.problems += wrong
        show.table(Group(units_table(rows), "", municipal_lines(found)))
        show.say("\n".join(wrong) if wrong else "  All ten figures are the known facts of this log.")

    async def _present_once(self, place: Ground) -> None:
        async with LiveBus(place, self._show, began=self._began) as live:
            await live.watched(live.play_wave())
            found, problems = await live.settled_figures()
            self.outcome.live = asdict(found)
            self.outcome.first_breach_s = live.first_breach_s
            self.outcome.problems += problems
            self._show.table(await live.picture())

    async def _present(self, place: Ground, port: int) -> None:
        show = self._show
        show.heading("2  The present: a small province, simulated")
        show.say(f"  Metrics: http://127.0.0.1:{port}/metrics     To stop: Ctrl-C")
        show.say("  Due times lie seconds ahead here. OVERDUE is firm; OVERDUE ? is provisional, for")
        show.say("  its office was not heard up to the due time: later it is confirmed or withdrawn.")
        async with LiveBus(place, show, began=self._began) as live:
            await live.watched(self._redrawn(live) if show.moving else live.play_on())

    async def _redrawn(self, live: LiveBus) -> None:
        with self._show.standing(await live.picture()) as draw:
            playing = asyncio.create_task(live.play_on())
            try:
                while not playing.done():
                    await asyncio.wait({playing}, timeout=REDRAW_S)
                    with suppress(UnavailableError, TemporaryError):  # the picture stays as it was for a while
                        draw(await live.picture())
                playing.result()
            finally:
                playing.cancel()
                await asyncio.wait({playing})
