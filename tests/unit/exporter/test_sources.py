"""A source that comes and goes."""

from __future__ import annotations

import asyncio
import logging

import pytest

from lienthong_consumers.exporter.sources import Rhythm, Source
from lienthong_infra.errors import UnavailableError
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from tests.support.watches import StagedWatch

RHYTHM = Rhythm(interval_s=10)


class Stage:
    """A source, its clock and what it shows."""

    def __init__(self) -> None:
        self.now: Instant = 1_000 * MICROSECONDS_PER_SECOND
        self.watch = StagedWatch[str](lambda now: f"seen at {now // MICROSECONDS_PER_SECOND}")
        self.source = Source("broker", self.watch.opener(), clock=lambda: self.now, rhythm=RHYTHM)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * MICROSECONDS_PER_SECOND)


def away(_: Instant) -> str:
    """A source that is away."""
    raise UnavailableError("no broker")


async def test_the_newest_look_is_shown() -> None:
    """Each look replaces the one before; the watch is opened once."""
    stage = Stage()
    await stage.source.look_once()
    stage.later(10)
    await stage.source.look_once()
    assert (stage.source.sight(), stage.watch.opened) == ("seen at 1010", 1)


async def test_before_the_first_look_nothing_is_shown() -> None:
    """Nobody takes zero for a figure."""
    assert Stage().source.sight() is None


async def test_one_failed_look_is_forgiven() -> None:
    """A broker that changes its leader is no outage."""
    stage = Stage()
    await stage.source.look_once()
    stage.watch.show = away
    stage.later(10)
    await stage.source.look_once()
    assert stage.source.sight() == "seen at 1000"


async def test_after_two_failed_looks_nothing_is_shown() -> None:
    """Old figures in silence are worse than none."""
    stage = Stage()
    await stage.source.look_once()
    stage.watch.show = away
    await stage.source.look_once()
    await stage.source.look_once()
    assert stage.source.sight() is None


async def test_forgiveness_begins_anew_after_a_good_look() -> None:
    """Failures count in a row."""
    stage = Stage()
    show = stage.watch.show
    for failing in (True, False, True):
        stage.watch.show = away if failing else show
        await stage.source.look_once()
    assert stage.source.sight() == "seen at 1000"


async def test_a_look_that_never_comes_back_ages_the_sight() -> None:
    """The figures disappear by their age alone."""
    stage = Stage()
    await stage.source.look_once()
    stage.later(31)
    assert stage.source.sight() is None


async def test_after_a_failed_look_the_connection_is_made_anew() -> None:
    """A client that has failed once is not trusted again."""
    stage = Stage()
    show = stage.watch.show
    stage.watch.show = away
    await stage.source.look_once()
    stage.watch.show = show
    await stage.source.look_once()
    assert (stage.watch.opened, stage.watch.closed) == (2, 1)


async def test_an_error_that_nobody_foresaw_does_not_end_the_looking() -> None:
    """To go on serving is what an exporter is for."""
    stage = Stage()

    def broken(_: Instant) -> str:
        raise KeyError("surprise")

    stage.watch.show = broken
    await stage.source.look_once()
    assert stage.source.sight() is None


async def test_a_lasting_trouble_is_logged_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    """A night's outage is two lines, not two thousand."""
    caplog.set_level(logging.INFO)
    stage = Stage()
    show = stage.watch.show
    stage.watch.show = away
    for _ in range(3):
        await stage.source.look_once()
    stage.watch.show = show
    await stage.source.look_once()
    assert [record.message for record in caplog.records] == ["source-away", "source-back"]


async def test_looking_ends_with_its_task_and_closes() -> None:
    """Nothing is left open after Ctrl-C."""
    stage = Stage()
    looked = asyncio.Event()

    def seen(_: Instant) -> str:
        looked.set()
        return "seen"

    stage.watch.show = seen
    task = asyncio.create_task(stage.source.keep_looking())
    await asyncio.wait_for(looked.wait(), 5)
    task.cancel()
    await asyncio.wait([task])
    assert stage.watch.closed == 1
