"""A rebuild without a changelog is silent; then the difference is said. Source: design §5 (last rule)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import Change, OutboundRecord
from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.records import ClockEvent, clock_event
from lienthong_streams.case_state import decode_state
from lienthong_streams.partial_figures import PartialFigures
from lienthong_streams.partition import DeadlinePartition
from lienthong_streams.position import POSITION_KEY, Position, decode_position, encode_position
from lienthong_streams.rebuild import Announced, RebuildingLog
from tests.property.test_engine_order import histories
from tests.support.brokers import changes_of
from tests.support.cases import CASE, event, minute
from tests.support.log import SOURCE, Log, avro_record

BOOK = SchemaBook()
LIFE = [event(1, "2", 0, due=60), event(2, "5", 30, due=60), event(3, "4", 50, due=60), event(4, "9", 200, due=60)]


def played(log: Log, owner: DeadlinePartition, ticks: Iterable[int], *, at_once: int = 1) -> list[OutboundRecord]:
    """All that an owner says of a log, with a tick after each run."""
    outputs: list[OutboundRecord] = []
    ticks = iter(ticks)
    for begin in range(0, len(log.records), at_once):
        run = log.records[begin : begin + at_once]
        tick = next(ticks, None)
        if tick is not None:
            log.tick(minute(tick), run[-1].offset + 1, {"H27.16": minute(tick)})
        outputs += owner.run(run, now=0).outputs
    log.tick(minute(400), len(log.records), {"H27.16": minute(400), "H27.01": minute(400)})
    outputs += owner.run((), now=0).outputs
    return outputs


def said(outputs: Sequence[OutboundRecord]) -> list[ClockEvent]:
    """The clock events among outputs."""
    return [clock_event(BOOK.decode(one.topic, one.value or b"")) for one in outputs if one.topic == "sla.v1"]


def what_stands(outputs: Sequence[OutboundRecord], end: int) -> dict[bytes, bytes | None]:
    """What a new owner without a changelog is given, the position last."""
    announced = Announced(SOURCE)
    for one in outputs:
        announced.take(one.topic, BOOK.decode(one.topic, one.value or b""))
    return {**dict(announced.states()), POSITION_KEY: encode_position(Position(silent_until=end))}


def standing(outputs: Sequence[OutboundRecord]) -> set[str]:
    """What stands for a reader that drops an id which it has seen, as the ledger and every consumer does."""
    seen: set[str] = set()
    stands: set[str] = set()
    gone: set[str] = set()
    for one in outputs:
        record = BOOK.decode(one.topic, one.value or b"") if one.topic in ("sla.v1", "quality.v1") else {"event_id": ""}
        if record["event_id"] in {"", *seen}:
            continue
        seen.add(record["event_id"])
        if record["kind"] in ("cleared", "withdrawn"):
            gone.add(record["refers_to"])
        elif record["kind"] != "confirmed":
            stands.add(record["event_id"])
    return stands - gone


def test_a_rebuild_says_nothing_again() -> None:
    """Started, paused, resumed, breached, met late: all of it stands already."""
    log = Log(BOOK, LIFE)
    before = played(log, log.partition(), [10, 40, 100, 210])
    assert {one.kind for one in said(before)} >= {"started", "paused", "resumed", "breached", "met-late"}
    again = log.restored(what_stands(before, len(log.records)))
    assert played(log, again, []) == []


def test_without_what_stands_it_would_say_all_again() -> None:
    """So the test above can fail."""
    log = Log(BOOK, LIFE)
    played(log, log.partition(), [10, 40, 100, 210])
    assert len(said(played(log, log.partition(), []))) >= 5


def test_what_came_while_nobody_worked_is_said_after_the_rebuild() -> None:
    """The case ended in time after all, only nobody had heard: withdrawn by name once all is read."""
    log = Log(BOOK, [event(1, "2", 0, due=60)])
    before = played(log, log.partition(), [100])
    (breach,) = [one for one in said(before) if one.kind == "breached"]
    late = event(2, "9", 50, due=60)
    log.append(BOOK.encode(SOURCE.topic, avro_record(late)), late.case_id.encode())
    again = said(played(log, log.restored(what_stands(before, 2)), []))
    assert [(one.kind, one.refers_to) for one in again] == [("cleared", breach.event_id), ("met", None)]


def test_a_case_that_is_only_known_by_what_was_said_ends_no_worker() -> None:
    """Its events are refused today: what stands stays, and the rest goes on."""
    log = Log(BOOK, LIFE)
    before = played(log, log.partition(), [10, 40, 100, 210])
    empty = Log(BOOK)
    assert played(empty, empty.restored(what_stands(before, 0)), []) == []


def test_what_was_said_of_other_partitions_is_left_out() -> None:
    """The topics of announcements are shared."""
    log = Log(BOOK, LIFE)
    before = played(log, log.partition(), [100])
    announced = Announced(SOURCE._replace(partition=SOURCE.partition + 1))
    for one in before:
        announced.take(one.topic, BOOK.decode(one.topic, one.value or b""))
    assert list(announced.states()) == []


@given(histories(), st.lists(st.integers(0, 400), max_size=6), st.integers(1, 5), st.integers(0, 8))
@settings(max_examples=150, deadline=None)
def test_a_rebuild_announces_nothing_new(events: list[CaseEvent], ticks: list[int], at_once: int, death: int) -> None:
    """Whatever was said on the way, in whatever runs the log is read again, and wherever the new owner dies once."""
    log = Log(BOOK, events, known_at=minute(1_000))
    before = played(log, log.partition(), sorted(ticks))
    given_to_owner = what_stands(before, len(log.records))
    owner = log.restored(given_to_owner)
    kept: dict[bytes, bytes | None] = {}
    outputs: list[OutboundRecord] = []
    for begin in range(0, min(death, len(log.records)), at_once):
        effects = owner.run(log.records[begin : begin + at_once], now=0)
        kept.update(effects.changes)
        outputs += effects.outputs
    position = decode_position(kept.get(POSITION_KEY) or given_to_owner[POSITION_KEY] or b"")
    stands = {key: value for key, value in given_to_owner.items() if key != POSITION_KEY}
    heir = log.restored({**kept, **stands, POSITION_KEY: encode_position(position)})
    for begin in range(heir.position, len(log.records), at_once):
        outputs += heir.run(log.records[begin : begin + at_once], now=0).outputs
    while True:
        effects = heir.run((), now=0)
        outputs += effects.outputs
        if not effects.unfinished:
            break
    assert outputs == []


async def changelog_of(broker: MemoryBroker) -> list[Change]:
    """What the next owner of the partition is given."""
    log = RebuildingLog(broker.partition_log(SOURCE), SOURCE, BOOK, broker.reader)
    await log.fence()
    return await changes_of(log)


def bus() -> MemoryBroker:
    """A broker with the topics that a worker writes to."""
    broker = MemoryBroker()
    for topic in (SOURCE.topic, f"deadlines-changelog-{SOURCE.topic}", "sla.v1", "quality.v1", "totals-partial.v1"):
        broker.create_topic(topic, partitions=2)
    return broker


async def test_a_new_bus_has_nothing_to_rebuild() -> None:
    """The changelog is empty, and so are the announcements."""
    assert await changelog_of(bus()) == []


async def test_a_topic_that_is_not_there_holds_no_announcement() -> None:
    """A bus whose topics are not all made yet; the first output will say which is missing."""
    broker = MemoryBroker()
    for topic in (SOURCE.topic, f"deadlines-changelog-{SOURCE.topic}"):
        broker.create_topic(topic, partitions=2)
    assert await changelog_of(broker) == []


async def test_a_lost_changelog_is_made_up_from_the_announcements() -> None:
    """What stands for each case, then a position at the beginning that keeps silent to the end of the log."""
    broker, log = bus(), Log(BOOK, LIFE)
    before = played(log, log.partition(), [10, 40, 100, 210])
    await broker.publisher().publish(before)
    inputs = [OutboundRecord(SOURCE.topic, one.key, one.value, partition=SOURCE.partition) for one in log.records]
    await broker.publisher().publish(inputs)
    changes = await changelog_of(broker)
    ((key, value), position) = changes
    expected = what_stands(before, len(log.records))
    states = [decode_state(CASE, each or b"") for each in (value, expected[key])]
    assert [(one.standing, one.withdrawals, one.packed_timeline) for one in states[:1]] == [
        (states[1].standing, states[1].withdrawals, b"")
    ]
    assert position == (POSITION_KEY, expected[POSITION_KEY])


async def test_a_changelog_that_is_there_is_all_there_is() -> None:
    """Once a rebuild is over the announcements are not read again."""
    broker, log = bus(), Log(BOOK, LIFE)
    await broker.publisher().publish(played(log, log.partition(), [100]))
    own = broker.partition_log(SOURCE)
    await own.fence()
    kept: list[Change] = [(POSITION_KEY, encode_position(Position(next_offset=4, silent_until=4)))]
    await own.commit((), kept)
    assert await changelog_of(broker) == kept


async def test_a_rebuild_that_was_broken_off_goes_on_with_what_stands() -> None:
    """The cases that the changelog does not know yet keep what stands about them."""
    broker, log = bus(), Log(BOOK, LIFE)
    await broker.publisher().publish(played(log, log.partition(), [100]))
    own = broker.partition_log(SOURCE)
    await own.fence()
    kept: list[Change] = [(POSITION_KEY, encode_position(Position(next_offset=2, silent_until=4)))]
    await own.commit((), kept)
    changes = await changelog_of(broker)
    assert (changes[0], changes[-1], CASE.encode() in changes[1][0]) == (kept[0], kept[0], True)


async def test_live_figures_go_on_under_a_higher_generation() -> None:
    """Readers keep the snapshot with the highest (generation, position): a first generation would never be seen."""
    broker, log = bus(), Log(BOOK, LIFE)
    owner = DeadlinePartition(SOURCE, BOOK, log.barriers, figures=PartialFigures(SOURCE, BOOK, every=0))
    for _ in range(3):
        owner.restored()
    await broker.publisher().publish(played(log, owner, [100]))
    (*_, (key, value)) = await changelog_of(broker)
    assert (key, decode_position(value or b"").generation) == (POSITION_KEY, 3)


@given(histories(), st.lists(st.integers(0, 400), max_size=6), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_what_was_hidden_at_the_rebuild_is_said_again_and_changes_nothing(
    events: list[CaseEvent], ticks: list[int], hidden: int
) -> None:
    """The last announcements lie behind another owner's open transaction: they come again under their ids."""
    log = Log(BOOK, events, known_at=minute(1_000))
    before = played(log, log.partition(), sorted(ticks))
    again = played(log, log.restored(what_stands(before[:-hidden], len(log.records))), [])
    assert standing([*before, *again]) == standing(before)


def test_a_breach_that_was_hidden_comes_again_under_its_id() -> None:
    """So the test above is about something."""
    log = Log(BOOK, [event(1, "2", 0, due=60)])
    before = played(log, log.partition(), [100])
    (breach,) = [one for one in before if [each.kind for each in said([one])] == ["breached"]]
    seen = [one for one in before if one is not breach]
    again = said(played(log, log.restored(what_stands(seen, 1)), []))
    assert [one.event_id for one in again] == [one.event_id for one in said([breach])]
