"""The ground the demo stands on: a data folder of its own, and a broker and a database, embedded or one's own."""

from __future__ import annotations

import asyncio
import fcntl
import secrets
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from lienthong_consumers.ledger.migrate import drop, migrate
from lienthong_infra.embedded.kafka import EmbeddedKafka
from lienthong_infra.embedded.postgres import EmbeddedPostgres
from lienthong_infra.embedded.servers import embedded_kafka, embedded_postgres
from lienthong_infra.errors import ConfigurationError, LienthongError
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.settings import Settings

_START_LIMIT_S: Final = 4.0
"""Seconds in which a start that was broken off may still come to its end. What starts later ends with this process."""
_DELETE_LIMIT_S: Final = 2.0
"""Seconds to delete what one prefix left on somebody else's cluster; the rest of the ten is for the workers."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Ground:
    """Where broker and database are, and under which prefixes the demo works there."""

    bootstrap: str
    ledger_dsn: str
    folder: Path
    municipal: str
    """Prefix of the import."""
    live: str
    """Prefix of the simulated province."""
    embedded: bool
    """Broker and database belong to the demo alone and end with it."""

    @property
    def logs(self) -> Path:
        """The folder of the processes' logs."""
        return self.folder / "logs"

    def environment(self, prefix: str) -> dict[str, str]:
        """What a worker of one prefix finds in its environment, whatever stands in ours."""
        return {
            "LIENTHONG_BOOTSTRAP": self.bootstrap,
            "LIENTHONG_LEDGER_DSN": self.ledger_dsn,
            "LIENTHONG_PREFIX": prefix,
            "LIENTHONG_HOME": str(self.folder),
            "LIENTHONG_METRICS_PORT": "0",
        }


def make_ledgers(ground: Ground) -> None:
    """Make the tables of both ledgers, one after the other; their processes then find them ready."""
    for prefix in (ground.live, ground.municipal):
        migrate(ground.ledger_dsn, prefix)


@asynccontextmanager
async def ground(settings: Settings) -> AsyncIterator[Ground]:
    """Broker and database, started side by side where they are embedded, and ended again.

    Raises ConfigurationError where another demo runs in the same folder, else what the servers raise.
    """
    home = settings.home / "demo"
    own = settings.model_copy(update={"home": home})
    kafka, postgres = embedded_kafka(own), embedded_postgres(own)
    with _alone(home):
        starting = [
            asyncio.ensure_future(_in_thread(start))
            for start in (
                partial(_kafka, settings.bootstrap, kafka),
                partial(_postgres, settings.ledger_dsn, postgres),
            )
        ]
        for each in starting:
            each.add_done_callback(_note)  # a start that is broken off fails when nobody waits for it any longer
        try:
            bootstrap, dsn = await asyncio.gather(*map(asyncio.shield, starting))
            guest = settings.bootstrap or settings.ledger_dsn
            municipal, live = ("municipal", "h27")
            if guest:  # somebody else's cluster: nothing of theirs is touched
                mark = secrets.token_hex(3)
                municipal, live = f"demo-{mark}-{municipal}", f"demo-{mark}-{live}"
            place = Ground(bootstrap, dsn, home, municipal, live, not guest)
            try:
                yield place
            finally:
                if guest:
                    await _leave_no_trace(place)
        finally:
            await asyncio.wait(starting, timeout=_START_LIMIT_S)
            await asyncio.gather(_in_thread(kafka.stop), _in_thread(postgres.stop))


def _note(started: asyncio.Future[str]) -> None:
    if not started.cancelled():
        started.exception()


async def _leave_no_trace(place: Ground) -> None:
    """Delete our topics and ledgers on a cluster that is not ours alone; what cannot be reached stays."""
    for prefix in (place.live, place.municipal):
        with suppress(LienthongError, TimeoutError):
            async with asyncio.timeout(_DELETE_LIMIT_S), KafkaAdmin(place.bootstrap, prefix) as admin:
                await admin.delete(list(await admin.describe()))
                await _in_thread(partial(drop, place.ledger_dsn, prefix))


def _kafka(configured: str, server: EmbeddedKafka) -> str:
    if configured:
        return configured
    server.reset()
    return server.start(tied=True)


def _postgres(configured: str, server: EmbeddedPostgres) -> str:
    if configured:
        return configured
    server.reset()
    return server.start_with_database(tied=True)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Empty the folder and hold it. Raises ConfigurationError where a demo runs in it."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home.parent / "demo.lock").open("a")
    except OSError as error:
        raise ConfigurationError(
            [f"the demo cannot keep its data in {home}: {error.strerror}; set LIENTHONG_HOME to another folder"]
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigurationError(
                [f"a demo runs already with its data in {home}: end it first, or set LIENTHONG_HOME to another folder"]
            ) from error
        for each in home.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)
            else:
                each.unlink()
        yield


async def _in_thread(work: Callable[[], Result]) -> Result:
    """Do blocking work in a thread that does not hold up the end of the process, as those of asyncio do."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def finish(result: Result | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)  # type: ignore[arg-type]  # None only where the result may be None
        else:
            done.set_exception(error)

    def body() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as caught:
            error = caught
        with suppress(RuntimeError):  # nobody waits any longer: the loop is closed
            loop.call_soon_threadsafe(finish, result, error)

    threading.Thread(target=body, daemon=True).start()
    return await done
