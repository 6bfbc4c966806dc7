"""The importer over the memory broker: own time, ticks after acknowledgement, importing again."""

import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from lienthong_infra.errors import BadInputError, PublishError
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord, Record, Written
from lienthong_producers.domain.municipal_log import Day, MunicipalEvent, days
from lienthong_producers.importer import Imported, MunicipalImport
from lienthong_producers.municipal_file import municipal_events
from lienthong_schemas.case_event import CASE_TOPICS, CaseEvent, read_case_event
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import instant_of_milliseconds
from lienthong_schemas.records import Tick, tick
from tests.support.senders import SECOND

BOOK = SchemaBook()
DAYS_IN_TESTS = 25
"""The first days of the log; all of it takes seconds."""


@pytest.fixture(scope="module")
def log() -> list[Day]:
    """The first days of the log."""
    return list(days(municipal_events()))[:DAYS_IN_TESTS]


@pytest.fixture
def broker() -> MemoryBroker:
    """A broker with the topics of an import."""
    made = MemoryBroker()
    for topic in CASE_TOPICS:
        made.create_topic(topic, 2)
    made.create_topic("tick.v1")
    made.create_topic("reference.v1")
    made.write([OutboundRecord("reference.v1", b"k", b"x")] * 7)
    return made


async def imported(broker: MemoryBroker, log: Sequence[Day]) -> Imported:
    """Import these days."""
    return await MunicipalImport(broker.publisher(), broker.reader()).run(log)


def events_of(records: Sequence[Record]) -> list[CaseEvent]:
    """Read case events; each must keep the contract."""
    return [read_case_event(BOOK, each.topic, each.key, each.value or b"")[0] for each in records]


def ticks(broker: MemoryBroker) -> list[Tick]:
    """Return all ticks on the bus."""
    return [tick(BOOK.decode("tick.v1", each.value or b"")) for each in broker.records("tick.v1")]


async def test_every_event_arrives_with_its_own_time(broker: MemoryBroker, log: list[Day]) -> None:
    """The events on the topic are those of the log, each stamped with the time at which it happened."""
    result = await imported(broker, log)
    expected = [event for day in log for event in day.events]
    records = broker.records("dossier.v1")
    assert Counter((e.case_id, e.seq, e.status, e.accepted_at) for e in events_of(records)) == Counter(
        (event.case_id, event.seq, event.status, event.at) for event in expected
    )
    assert all(instant_of_milliseconds(each.timestamp) == e.accepted_at for each, e in zip_events(records))
    assert result == Imported(len({event.case_id for event in expected}), len(expected), DAYS_IN_TESTS, log[-1].tick_at)


def zip_events(records: Sequence[Record]) -> list[tuple[Record, CaseEvent]]:
    """Return records with their events."""
    return list(zip(records, events_of(records), strict=True))


async def test_a_tick_covers_exactly_the_events_up_to_its_time(broker: MemoryBroker, log: list[Day]) -> None:
    """Below a tick's ends lie the events up to its time, and none that comes later."""
    await imported(broker, log)
    records = broker.records("dossier.v1")
    times = [event.accepted_at for event in events_of(records)]
    for each in ticks(broker):
        below = [r.offset < each.case_ends[f"dossier.v1/{r.partition}"] for r in records]
        assert below == [at <= each.bus_time for at in times]


async def test_ticks_vouch_for_every_office_seen_so_far(broker: MemoryBroker, log: list[Day]) -> None:
    """Each office that had an event by then is complete up to the tick; no office of the future is named."""
    await imported(broker, log)
    events = [event for day in log for event in day.events]
    for each in ticks(broker):
        known = {event.office for event in events if event.at <= each.bus_time}
        assert each.complete_through == dict.fromkeys(known, each.bus_time)
        assert each.reference_end == 7


async def test_ticks_carry_their_time_as_timestamp(broker: MemoryBroker, log: list[Day]) -> None:
    """Also a tick is stamped with the import's time."""
    await imported(broker, log)
    assert [instant_of_milliseconds(each.timestamp) for each in broker.records("tick.v1")] == [
        each.bus_time // 1000 * 1000 for each in ticks(broker)
    ]


async def test_importing_again_adds_only_duplicates(broker: MemoryBroker, log: list[Day]) -> None:
    """The second run writes the same bytes, and one tick that covers them at the time that was reached."""
    await imported(broker, log)
    once = Counter((each.key, each.value, each.timestamp) for each in broker.records("dossier.v1"))
    result = await imported(broker, log)
    twice = Counter((each.key, each.value, each.timestamp) for each in broker.records("dossier.v1"))
    assert twice == once + once
    assert (result.ticks, result.horizon) == (1, log[-1].tick_at)
    assert sum(ticks(broker)[-1].case_ends.values()) == len(broker.records("dossier.v1"))


async def test_an_import_that_broke_off_is_completed(broker: MemoryBroker, log: list[Day]) -> None:
    """Run again, it adds what is missing; the time on the tick topic never goes back."""

    class Breaking:
        def __init__(self) -> None:
            self.left = 30

        async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
            self.left -= 1
            if not self.left:
                broker.write(records[:1])
                raise PublishError("in the middle of a day")
            return broker.write(records)

        async def close(self) -> None:
            return None

    with pytest.raises(PublishError):
        await MunicipalImport(Breaking(), broker.reader()).run(log)
    await imported(broker, log)
    times = [each.bus_time for each in ticks(broker)]
    assert times == [day.tick_at for day in log]
    expected = {(event.case_id, event.seq) for day in log for event in day.events}
    assert {(event.case_id, event.seq) for event in events_of(broker.records("dossier.v1"))} == expected


async def test_each_event_names_the_digest_of_the_one_before(broker: MemoryBroker, log: list[Day]) -> None:
    """`previous` chains the events of a dossier also in an import."""
    await imported(broker, log)
    last: dict[str, str] = {}
    for each in broker.records("dossier.v1"):
        event, record = read_case_event(BOOK, each.topic, each.key, each.value or b"")
        assert record["previous"] == last.get(event.case_id)
        last[event.case_id] = event.digest.hex()


async def test_an_empty_import_writes_nothing(broker: MemoryBroker) -> None:
    """A cut-off before the first event yields no event and no tick."""
    assert await imported(broker, []) == Imported(0, 0, 0, 0)
    assert ticks(broker) == []


def test_the_log_is_read_plain_and_compressed(tmp_path: Path) -> None:
    """A file of the same form is read as CSV, gzip or xz, with the same result."""
    header = (
        "case:channel,case:concept:name,case:deadline,case:enddate,case:startdate,concept:name,org:group,time:timestamp"
    )
    row = "Desk,case-1,2011-03-01 10:00:00+01:00,,2011-01-01 10:00:00+01:00,Confirmation,Group 1,{}"
    text = "\n".join([header, row.format("2011-01-02 10:00:00+01:00")]).encode()
    plain, packed = tmp_path / "log.csv", tmp_path / "log.csv.gz"
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text))
    (event,) = municipal_events(plain)
    assert isinstance(event, MunicipalEvent)
    assert municipal_events(packed) == [event]
    assert municipal_events(plain, until=event.at - SECOND) == []


def test_a_wrong_file_is_refused_with_its_name(tmp_path: Path) -> None:
    """A missing, broken, foreign or empty file ends with a clear error, all faults listed."""
    missing, broken, foreign, empty = (tmp_path / name for name in ("none.csv", "b.gz", "f.csv", "e.csv"))
    broken.write_bytes(gzip.compress(b"x" * 1000)[:-8])
    foreign.write_text("a,b\n1,2\n3,4\n")
    empty.write_text("case:channel\n")
    for path, count in ((missing, 1), (broken, 1), (foreign, 2), (empty, 1)):
        with pytest.raises(BadInputError, match=path.name) as caught:
            municipal_events(path)
        assert len(caught.value.problems) == count
