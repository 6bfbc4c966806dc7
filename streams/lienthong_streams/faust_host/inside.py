"""All of Faust's inside that this host stands on: what is overridden and what is called of its private parts.

Written for the release in ``FAUST``. ``tests/contract/test_faust_inside.py`` holds every part to the source that was
read when this was written, and runs a host to see that each hook is really called. Why each of them:

- ``TableManager.on_rebalance`` is where Faust restores tables; here the host takes the partitions over.
- ``Consumer._drain_messages`` is Faust's loop from fetch to agent: record by record, and a fetch that a rebalance cuts
  short loses what it had in hand. Here it fetches only when asked, and gives whole runs to the agent.
- ``AIOKafkaConsumerThread._create_worker_consumer`` reads what is not committed, unless Faust's own transactions are
  on, and sets a waiting time that no setting changes (``_fetch_max_wait_ms`` of the Kafka client).
- ``App._on_rebalance_when_stopped`` closes the Kafka client, which lives in a thread of its own, from the wrong event
  loop. A worker that is asked to end while the group rebalances then waits a minute for that thread, or for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, NoReturn, cast

import faust
from faust.app.base import BootStrategy
from faust.serializers.schemas import Schema
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage

from lienthong_infra.kafka.membership import GROUP_FETCH_WAIT_MS
from lienthong_infra.kafka.naming import full_name, logical_name
from lienthong_infra.ports import TopicPartition
from lienthong_streams.faust_host.desk import Demand, Desk

FAUST: Final = "0.15.3"
"""The release that this was written for."""
PARTS: Final = (
    "faust.app.base:App._on_agent_error",
    "faust.app.base:App._on_rebalance_when_stopped",
    "faust.app.base:App._on_partitions_assigned",
    "faust.app.base:App._on_partitions_revoked",
    "faust.app.base:App._stop_fetcher",
    "faust.tables.manager:TableManager.on_start",
    "faust.tables.manager:TableManager.on_rebalance",
    "faust.tables.manager:TableManager._update_channels",
    "faust.tables.manager:TableManager.wait_until_recovery_completed",
    "faust.tables.recovery:Recovery._resume_streams",
    "faust.transport.consumer:Fetcher._fetcher",
    "faust.transport.consumer:Consumer._drain_messages",
    "faust.transport.consumer:ThreadDelegateConsumer.threadsafe_partitions_assigned",
    "faust.transport.consumer:ThreadDelegateConsumer.threadsafe_partitions_revoked",
    "faust.transport.drivers.aiokafka:Consumer._new_consumer_thread",
    "faust.transport.drivers.aiokafka:Consumer.verify_event_path",
    "faust.transport.drivers.aiokafka:ConsumerRebalanceListener.on_partitions_revoked",
    "faust.transport.drivers.aiokafka:ConsumerRebalanceListener.on_partitions_assigned",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._ensure_consumer",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.getmany",
    "faust.transport.drivers.aiokafka:ensure_aiokafka_TP",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.start",
    "mode.threads:QueueServiceThread.call_thread",
    "mode.threads:ServiceThread.stop",
)
"""What is overridden or called here, and what must go on behaving as it does for that to be right."""
_HAND_OVER_LIMIT_S: Final = 20.0
"""Seconds in which the agent must have been given what was fetched. More means that it is dead: it only passes on."""

_CAUSE_LIMIT_S: Final = 1.0
"""Seconds in which Faust says why, after its thread has ended."""


class AgentStuck(RuntimeError):
    """Faust's agent was not given what had been fetched."""


class ThreadGone(RuntimeError):
    """The thread of the Kafka client ended while something was asked of it."""


class RunSchema(Schema[Any, Any]):
    """Lets runs through as they are: the processor decodes."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:
        """A run has no key."""

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:
        """The run."""
        return message.value


class HostThread(driver.AIOKafkaConsumerThread):
    """The thread of the Kafka client; it reads committed records only, and lets the broker wait no longer than ours."""

    mundane_level = "debug"

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = self.consumer
        consumer.in_transaction = True  # the only thing that makes Faust read committed records
        try:
            client = super()._create_worker_consumer(transport)
        finally:
            consumer.in_transaction = False
        # Faust sets 1.5 s, which other questions on the same connection wait for as well, at each take-over.
        client._fetch_max_wait_ms = GROUP_FETCH_WAIT_MS
        return client


class HostConsumer(driver.Consumer):
    """Faust's consumer; brings runs to the agent when the desk asks for them."""

    app: HostApp
    mundane_level = "debug"

    def _new_consumer_thread(self) -> HostThread:
        return HostThread(self, loop=self.loop, beacon=self.beacon)

    def verify_event_path(self, now: float, tp: Any) -> None:
        """Faust's own watch looks for commits, which there are none of; the host has a better one."""

    async def on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:
        """The group gives; the Kafka client would swallow what is raised here."""
        with self._watched():
            await super().on_partitions_assigned(assigned, generation_id)
            self.app.on_rebalance_end()

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """The group takes back; the Kafka client would swallow what is raised here."""
        with self._watched():
            await super().on_partitions_revoked(revoked)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.app.desk.fail(error)
            raise

    async def _drain_messages(self, fetcher: Any) -> None:
        desk = self.app.desk
        try:
            while not (self.should_stop or fetcher.should_stop):
                await self._fill(await desk.demand())
        except asyncio.CancelledError:
            # Raised any further during a rebalance, Faust's fetcher would call a supervisor that it does not have.
            return
        except Exception as error:
            desk.fail(error)

    async def _fill(self, demand: Demand) -> None:
        prefix, wanted = self.app.prefix, self.app.desk.wanted
        if not wanted:
            await asyncio.wait({demand.filled}, timeout=demand.timeout)
            demand.close()
            return
        active = {TP(full_name(prefix, each.topic), each.partition) for each in wanted}
        generation = self.app.consumer_generation_id
        fetched = await self._thread.getmany(active, demand.timeout)
        runs = {TP(*each): run for each, run in fetched.items() if run}
        demand.expect(len(runs))
        for each, run in runs.items():
            if demand.filled.done():
                return  # a rebalance: positions are sought again
            await self.callback(_message(each, (demand, _ours(prefix, each), run), generation))
        if not (await asyncio.wait({demand.filled}, timeout=_HAND_OVER_LIMIT_S))[0]:
            raise AgentStuck(f"the agent was not given what was fetched for {_HAND_OVER_LIMIT_S:.0f} s")

    async def in_thread(self, do: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        """Await something of the Kafka client, in its thread. Raises what Faust failed with, if the thread is gone."""
        try:
            return await self._thread.call_thread(lambda: do(self._thread._ensure_consumer()))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            await self._say_why(error)
        except RuntimeError as error:  # the client's errors are such, too
            if not self._thread.thread_loop.is_closed():
                raise
            await self._say_why(error)

    async def _say_why(self, error: BaseException) -> NoReturn:
        failed = self.app.desk.failed
        await asyncio.wait({failed}, timeout=_CAUSE_LIMIT_S)
        if failed.done():
            failed.result()
        raise ThreadGone("the thread of the Kafka client has ended") from error

    def soon_in_thread(self, do: Callable[[Any], None]) -> None:
        """Do something with the Kafka client, in its thread, before whatever is asked of it later."""
        desk, loop = self.app.desk, self.loop

        def safely() -> None:
            try:
                do(self._thread._ensure_consumer())
            except Exception as error:
                loop.call_soon_threadsafe(desk.fail, error)

        try:
            self._thread.thread_loop.call_soon_threadsafe(safely)
        except RuntimeError as error:  # the thread's loop is closed
            desk.fail(ThreadGone(str(error)))


class HostTransport(driver.Transport):
    """Makes our consumer."""

    Consumer = HostConsumer


class HostTables(TableManager):
    """There are no tables: where Faust would restore them, the host takes over from its own changelog."""

    app: HostApp
    mundane_level = "debug"

    async def on_start(self) -> None:
        """Without Faust's pause of a second for tables that might still be registered, and without recovery."""
        await self._update_channels()

    async def on_rebalance(self, assigned: Any, revoked: Any, newly_assigned: Any, generation_id: int = 0) -> None:
        """Take over while the group waits, then let Faust's flow go on."""
        app = self.app
        await app.desk.assigned({_ours(app.prefix, each) for each in assigned})
        app.flow_control.resume()
        app.consumer.resume_partitions(assigned)
        app.consumer.resume_flow()
        await app._fetcher.maybe_start()
        self.on_actives_ready()
        self.on_standbys_ready()


class HostBoot(BootStrategy):
    """Starts no web server, although ``faust worker`` asks for one: a second worker would die of the port in use."""

    def web_server(self) -> list[Any]:
        """None."""
        return []


class HostApp(faust.App):
    """A Faust app whose agent passes runs on to a desk."""

    BootStrategy = HostBoot
    mundane_level = "debug"
    prefix: str
    leave_first: Callable[[], Awaitable[None]] | None = None
    """Awaited before anything is stopped."""

    @property
    def client(self) -> HostConsumer:
        """Our consumer."""
        return cast("HostConsumer", self.consumer)

    @cached_property
    def desk(self) -> Desk:
        """Made at first use, in the loop that the app runs in."""
        return Desk()

    async def on_stop(self) -> None:
        """Let the host leave before Faust stops what it stands on."""
        if self.leave_first is not None:
            await self.leave_first()
        await super().on_stop()

    def _on_rebalance_when_stopped(self) -> None:
        """Not Faust's way (see above): the client is stopped in its own thread, by whoever stops the app."""

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:
        """Faust would start the agent again, and what it had in hand would be gone."""
        self.desk.fail(exc)

    async def take_back(self, _: Any, /, *signalled: Any, **__: Any) -> None:
        """The group takes partitions back."""
        await self.desk.revoked({_ours(self.prefix, each) for revoked in signalled for each in revoked})


def to_client(prefix: str, partition: TopicPartition) -> Any:
    """A partition by its name on the cluster, as the Kafka client has it."""
    return driver.ensure_aiokafka_TP(TP(full_name(prefix, partition.topic), partition.partition))


def _ours(prefix: str, partition: Any) -> TopicPartition:
    return TopicPartition(logical_name(prefix, partition.topic), partition.partition)


def _message(partition: Any, value: Any, generation: int) -> Any:
    last = value[2][-1]
    return ConsumerMessage(
        topic=partition.topic,
        partition=partition.partition,
        offset=last.offset,
        timestamp=last.timestamp / 1000,
        timestamp_type=last.timestamp_type,
        headers=None,
        key=None,
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        tp=partition,
        generation_id=generation,
    )


def make_app(name: str, settings: Mapping[str, Any]) -> HostApp:
    """A Faust app with our parts in it. Its ``prefix`` must be set before it is started."""
    app = HostApp(name, TableManager=HostTables, **settings)
    app.transport = HostTransport(app.conf.broker_consumer, app)
    app.on_partitions_revoked.connect(app.take_back)
    return app
