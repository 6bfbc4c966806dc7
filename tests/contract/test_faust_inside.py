"""Faust's inside is as it was when the host on it was written, and every hook into it is really called.

The first half fails with any change of a part that is overridden, called or relied upon, also a harmless one: read the
new source, decide, and only then write the new fingerprint. The second half runs hosts on a real Kafka.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections import Counter
from collections.abc import AsyncIterator
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faust
import pytest

from lienthong_streams.faust_host import inside
from lienthong_streams.faust_host.desk import Demand
from lienthong_streams.faust_host.membership import FaustMembership, FaustStopped
from tests.support.faust_kit import FaustKit
from tests.support.stage import Running, Stage

FINGERPRINTS = {
    "faust.app.base:App._on_agent_error": "bdd12f286de64429",
    "faust.app.base:App._on_rebalance_when_stopped": "1b172d9af8ff4eb6",
    "faust.app.base:App._on_partitions_assigned": "de932b7927db85b3",
    "faust.app.base:App._on_partitions_revoked": "d5c895bbe57dc73a",
    "faust.app.base:App._stop_fetcher": "68494554c248efcc",
    "faust.tables.manager:TableManager.on_start": "365dd25fbc0e0684",
    "faust.tables.manager:TableManager.on_rebalance": "2d2c23a07bf54328",
    "faust.tables.manager:TableManager._update_channels": "88e3941facc934d6",
    "faust.tables.manager:TableManager.wait_until_recovery_completed": "e0f224aba177e99d",
    "faust.tables.recovery:Recovery._resume_streams": "d986a6710c1aca98",
    "faust.transport.consumer:Fetcher._fetcher": "68f894f0b577d810",
    "faust.transport.consumer:Consumer._drain_messages": "44a2500309e83c63",
    "faust.transport.consumer:ThreadDelegateConsumer.threadsafe_partitions_assigned": "50fac26841ad9934",
    "faust.transport.consumer:ThreadDelegateConsumer.threadsafe_partitions_revoked": "6c55d67e9eb06ca5",
    "faust.transport.drivers.aiokafka:Consumer._new_consumer_thread": "0870ec53dea75083",
    "faust.transport.drivers.aiokafka:Consumer.verify_event_path": "a17e8f0610e1abcb",
    "faust.transport.drivers.aiokafka:ConsumerRebalanceListener.on_partitions_revoked": "348c3aec879faf80",
    "faust.transport.drivers.aiokafka:ConsumerRebalanceListener.on_partitions_assigned": "1c1f8406ad3698a6",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer": "c2701bfc3e6f6cad",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._ensure_consumer": "ff4a4c693b7ec63f",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": "39a2c6c79fc1455a",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.getmany": "26fc5fc9f3b667e1",
    "faust.transport.drivers.aiokafka:ensure_aiokafka_TP": "8bab82bf8643e5cb",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.start": "2f1ba70443327538",
    "mode.threads:QueueServiceThread.call_thread": "479edda75b54734b",
    "mode.threads:ServiceThread.stop": "32d026539c3665b2",
}
"""Of the source of each part, its signature included."""
COMPILED = {
    "_cython/streams.pyx": "0041622f4a251188",
    "transport/_cython/conductor.pyx": "dde1f974267881cf",
}
"""Of the sources of what Faust has compiled: the way of an event from the consumer through a topic to the agent."""
HOOKED = (inside.HostThread, inside.HostConsumer, inside.HostTables, inside.HostApp, inside.RunSchema)
UNUSUAL = {"_on_agent_error", "_on_rebalance_when_stopped", "verify_event_path"}
"""Hooks that a host at work does not come across; each has a test of its own here, or is called by a timer."""


def source_of(part: str) -> str:
    """The source of one part, found by its place."""
    module, path = part.split(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
    function = getattr(found, "fun", getattr(found, "__func__", found))
    return inspect.getsource(inspect.unwrap(function))


def fingerprint(text: str) -> str:
    """Short, for people who compare."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def overridden() -> dict[type, list[str]]:
    """What our classes put in the place of something of Faust."""
    return {
        ours: [name for name, what in vars(ours).items() if inspect.isfunction(what) and hasattr(ours.__base__, name)]
        for ours in HOOKED
    }


def test_the_release_is_the_one_that_was_read() -> None:
    """The requirement files pin it; the inside of another release is another inside."""
    assert version("faust-streaming") == inside.FAUST


@pytest.mark.parametrize("part", inside.PARTS)
def test_a_part_is_as_it_was_read(part: str) -> None:
    """Signature and body."""
    assert fingerprint(source_of(part)) == FINGERPRINTS[part]


@pytest.mark.parametrize("file", COMPILED)
def test_a_compiled_part_is_as_it_was_read(file: str) -> None:
    """By the file it was compiled from, which Faust brings along."""
    text = (Path(faust.__file__).parent / file).read_text(encoding="utf-8")
    assert fingerprint(text) == COMPILED[file]


def test_every_part_that_is_overridden_is_watched() -> None:
    """What stands in another's place, and has a private name there, is in the list of fingerprints."""
    private = {name for names in overridden().values() for name in names if name.startswith("_") and name[1] != "_"}
    assert private <= {part.rsplit(".", 1)[-1] for part in inside.PARTS}


@pytest.fixture
async def stage(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[Stage]:
    """Topics of the test's own on a real Kafka, members by Faust."""
    kit = FaustKit(kafka_bootstrap, unique_prefix)
    yield await Stage(kit).prepare()
    await kit.close()


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each hook was called."""
    calls: Counter[str] = Counter()

    def counted(name: str, hook: Any) -> Any:
        @wraps(hook)
        def counting(*arguments: Any, **more: Any) -> Any:
            calls[name] += 1
            return hook(*arguments, **more)

        return counting

    for ours, names in overridden().items():
        for name in names:
            monkeypatch.setattr(ours, name, counted(name, getattr(ours, name)))
    return calls


def app_of(host: Running) -> Any:
    """The Faust app of a host."""
    assert isinstance(host.membership, FaustMembership)
    return host.membership.app


@pytest.mark.broker
async def test_every_hook_is_called_by_a_host_at_work(stage: Stage, called: Counter[str]) -> None:
    """Start, records, a rebalance, the end."""
    await stage.write(50)
    async with stage.running() as host:
        await stage.until_said(host)
    hooks = {name for names in overridden().values() for name in names} - UNUSUAL
    assert {name: called[name] for name in hooks if not called[name]} == {}


@pytest.mark.broker
async def test_a_rebalance_while_faust_stops_closes_no_client_from_the_wrong_loop(
    stage: Stage, called: Counter[str]
) -> None:
    """Faust says that it has stopped, and the host ends of it; then the group takes back what it had."""
    host = await stage.start()
    await stage.until(lambda: len(host.seen.owned) == 2, host)
    app_of(host)._stopped.set()
    assert isinstance(await host.death(), FaustStopped)
    async with stage.running() as other:
        await stage.until(lambda: len(other.seen.owned) > 0, other)
    assert called["_on_rebalance_when_stopped"] > 0
    app_of(host)._stopped.clear()


@pytest.mark.broker
async def test_a_dead_agent_is_the_end_of_the_host(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faust would start it again, and go on without what it had in hand."""

    def broken(*_: Any) -> None:
        raise LookupError("the agent's fault")

    monkeypatch.setattr(Demand, "take", broken)
    await stage.write(10)
    host = await stage.start()
    assert isinstance(await host.death(), LookupError)


@pytest.mark.broker
async def test_a_crash_inside_faust_is_the_end_of_the_host(stage: Stage) -> None:
    """Whatever service it comes from."""
    host = await stage.start()
    await stage.until(lambda: len(host.seen.owned) == 2, host)
    await app_of(host).consumer.crash(LookupError("some service's fault"))
    assert isinstance(await host.death(), LookupError)
