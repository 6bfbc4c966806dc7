"""Every kind of case the whole way: outbox, forwarder, Kafka, deadline worker, ledger."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from lienthong.demo.cases import Course, Office, hand_ins
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.ports import Publisher
from lienthong_producers.forwarder import Forwarder
from lienthong_producers.outbox import Outbox
from lienthong_producers.outbox_queue import OutboxQueue
from lienthong_schemas.instants import datetime_of
from lienthong_schemas.records import ClockEvent, clock_event
from tests.support.agreement import Key, counted, events_of, ledger_count, settled_by_fold, standing_in_ledger
from tests.support.handwritten import MINUTE
from tests.support.ledger_recount import Recount
from tests.support.whole_bus import WholeBus, wall_clock, whole_bus

pytestmark = pytest.mark.broker

KINDS = ("dossier", "field-report", "periodic-report", "document", "task")
OFFICE = Office("H27.40.1", "Uỷ ban nhân dân phường Thành Sen", "18073")
DUE = 1_800.0
"""Seconds after the beginning, which lies an hour back."""
ENDS = {"in-time": 1_200.0, "late": 2_400.0, "open": None}


@dataclass
class Story:
    """What came of three cases of each kind."""

    cases: dict[tuple[str, str], str]
    """By kind and ending, the case id."""
    announced: list[ClockEvent]
    bus: WholeBus
    recount: Recount
    folded: frozenset[Key]
    events: int


async def forward(bus: WholeBus, path: Path) -> None:
    """Forward an outbox until all of it is acknowledged and vouched for."""

    async def connect() -> Publisher:
        publisher = KafkaPublisher(bus.bootstrap, bus.prefix)
        await publisher.start()
        return publisher

    with OutboxQueue(path) as queue:
        await Forwarder(queue, connect).drain(vouch=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def story(
    kafka_bootstrap: str, ledger_dsn_factory: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Story]:
    """Three cases of each kind, handed in at one office and brought all the way."""
    begins = datetime_of(wall_clock() - 60 * MINUTE)
    path = tmp_path_factory.mktemp("office") / "outbox"
    cases: dict[tuple[str, str], str] = {}
    events = 0
    with Outbox(path, offices=[OFFICE.code]) as outbox:
        for number, (kind, (ending, ends)) in enumerate((k, e) for k in KINDS for e in ENDS.items()):
            states = [each.state for each in hand_ins(Course(kind, number, OFFICE, 0.0, DUE, ends), begins)]
            outbox.accept_all(states)
            cases[kind, ending] = states[0].case_id
            events += len(states)
    async with whole_bus(kafka_bootstrap, ledger_dsn_factory(), f"t-{secrets.token_hex(5)}") as bus:
        await forward(bus, path)
        horizon = wall_clock()
        await bus.tick(horizon)
        await bus.at_rest()
        known = await events_of(bus)
        announced = [clock_event(each) for each in await bus.decoded("sla.v1")]
        folded = await settled_by_fold(bus, known, horizon)
        yield Story(cases, announced, bus, counted(known), folded, events)


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("in-time", ["started", "met"]),
        ("late", ["started", "breached", "met-late"]),
        ("open", ["started", "breached"]),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_clocks_of_each_kind(story: Story, kind: str, ending: str, said: list[str]) -> None:
    """Each ending is announced once, firmly, for the office that holds the case, under the policy of its kind."""
    found = [each for each in story.announced if each.case_id == story.cases[kind, ending]]
    assert [each.kind for each in found] == said
    assert {(each.firmness, each.office, each.commune) for each in found} == {("firm", OFFICE.code, OFFICE.commune)}
    assert {each.policy.rsplit("/", 1)[0] for each in found} == {f"policy/{kind}/*"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_ledger_counts_each_kind(story: Story, kind: str) -> None:
    """Three received, two ended, one of them late by its stated due time, one open."""
    totals = story.bus.rows("SELECT received, ended, ended_late, open FROM total WHERE kind = %s", kind)
    assert totals == [(3, 2, 1, 1)]


def test_every_accepted_event_is_in_the_ledger(story: Story) -> None:
    """Nothing is lost, nothing counts twice, nothing becomes a letter or a finding."""
    tables = ("case_event", "dead_letter", "finding", "gap", "conflict", "held")
    counts = {table: story.bus.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables}
    assert counts == {**dict.fromkeys(tables, 0), "case_event": story.events}


def test_streams_and_ledger_agree_on_lateness(story: Story) -> None:
    """The ledger's own count of late endings is the number of clocks met late, by office and kind."""
    late = story.bus.rows("SELECT office, kind, ended_late FROM total ORDER BY kind")
    met_late = story.bus.rows(
        "SELECT office, split_part(case_id, ':', 1) AS kind, count(*) FROM clock_event"
        " WHERE kind = 'met-late' AND standing GROUP BY 1, 2 ORDER BY 2"
    )
    assert late == met_late


def test_the_ledger_is_a_recount_of_the_log(story: Story) -> None:
    """Rows, totals, numbers of events and of duplicates."""
    assert ledger_count(story.bus) == story.recount


def test_what_stands_in_the_ledger_is_the_fold_of_the_log(story: Story) -> None:
    """Streams and ledger end in the settled result."""
    assert standing_in_ledger(story.bus) == story.folded
