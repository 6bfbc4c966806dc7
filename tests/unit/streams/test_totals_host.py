"""The host of the live totals on a broker in memory: what it reads, writes, and survives. Source: decision 0024."""

from __future__ import annotations

from collections import Counter

import pytest

from lienthong_infra.errors import Fenced
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND
from lienthong_schemas.partial_totals import TOPIC
from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.totals import LIVE_TOPIC, PROVINCE, WHOLE, Cell, Totals, cells_of
from lienthong_schemas.totals import key_of as key_of_cell
from tests.support.merged import added_up, plain_totals, snapshot
from tests.support.totals_bus import BOOK, Bus

OPEN = {"received": 3, "in_process": 3, "pending_in_time": 3}
PROVINCIAL = Cell(PROVINCE, "dossier", WHOLE, "", "")


@pytest.fixture
def bus() -> Bus:
    """A fresh one."""
    return Bus()


async def test_it_begins_with_the_whole_sum(bus: Bus) -> None:
    """Nothing is written before the partials are read to their end: no half sum is ever seen."""
    bus.publish(snapshot(OPEN), snapshot(OPEN, source_partition=1, office="H27.17"))
    host, observed = bus.host()
    await host.catch_up()
    assert [each.received for key, each in bus.standing().items() if key == key_of_cell(PROVINCIAL)] == [6]
    assert sum(record.key == key_of_cell(PROVINCIAL) for record in bus.broker.records(LIVE_TOPIC)) == 1
    assert (observed.position, observed.seen["taken"]) == (2, 2)


async def test_a_change_is_written_once_the_interval_is_over(bus: Bus) -> None:
    """Many changes of a cell within it are one record."""
    host, observed = bus.host()
    await host.catch_up()
    for position in (2, 3, 4):
        bus.publish(snapshot(OPEN, position=position))
    await host.step()
    first = observed.transactions
    bus.publish(snapshot({"received": 4, "in_process": 4, "pending_in_time": 4}, position=5))
    bus.now += MICROSECONDS_PER_SECOND
    await host.step()
    await host.step()
    assert (first, observed.transactions) == (0, 1)
    assert bus.standing()[key_of_cell(PROVINCIAL)].received == 4


async def test_a_new_process_writes_only_what_differs(bus: Bus) -> None:
    """Where the topic says all of it already, nothing."""
    bus.publish(snapshot(OPEN), snapshot(OPEN, office="H27.17", selector="1.2"))
    await bus.host()[0].catch_up()
    again, observed = bus.host()
    await again.catch_up()
    assert observed.transactions == 0
    bus.publish(snapshot({}, office="H27.17", selector="1.2", position=2))
    third, observed = bus.host()
    await third.catch_up()
    standing = bus.standing()
    assert observed.seen["written"] == len(list(cells_of("dossier", "H27.17", "18073", "1.2", "online", "")))
    assert plain_totals(standing.values()) == _without_fields(added_up([snapshot(OPEN)]))


async def test_what_the_topic_says_and_nobody_counts_is_taken_back(bus: Bus) -> None:
    """A total without any partial behind it, however it came there, is said to be zero."""
    stray = Totals(*PROVINCIAL[:1], "task", "province", "", "", 5, 1, {}, received=7, in_process=7, pending_undated=7)
    value = BOOK.encode(LIVE_TOPIC, stray._asdict() | {"shares_of_time": [0] * 15, "not_counted": []})
    bus.broker.write([OutboundRecord(LIVE_TOPIC, key_of_cell(stray.cell), value)])
    host, _ = bus.host()
    await host.catch_up()
    assert plain_totals(bus.standing().values()) == {}


async def test_a_frozen_process_writes_nothing_once_another_has_begun(bus: Bus) -> None:
    """The fence is the transactional id."""
    bus.publish(snapshot(OPEN))
    old, _ = bus.host()
    await old.catch_up()
    new, _ = bus.host()
    await new.catch_up()
    bus.publish(snapshot({}, position=2))
    bus.now += MICROSECONDS_PER_SECOND
    with pytest.raises(Fenced):
        await old.step()
    await new.step()
    assert plain_totals(bus.standing().values()) == {}


async def test_a_record_that_cannot_be_read_becomes_a_dead_letter(bus: Bus) -> None:
    """The others are counted."""
    bus.broker.write([OutboundRecord(TOPIC, b"k", b"\x00no snapshot")])
    bus.publish(snapshot(OPEN))
    host, observed = bus.host()
    await host.catch_up()
    (letter,) = bus.broker.records("totals-partial-dead-letter.v1")
    assert (letter.value, observed.seen["refused"], observed.position) == (b"\x00no snapshot", 1, 2)
    assert bus.standing()[key_of_cell(PROVINCIAL)].received == 3


async def test_a_field_that_is_told_later_moves_its_cases(bus: Bus) -> None:
    """The reference topic is followed, too."""
    bus.publish(snapshot(OPEN))
    host, _ = bus.host()
    await host.catch_up()
    assert {each.second for each in bus.standing().values() if each.scope == "unit-field"} == {""}
    bus.broker.write([_procedure("1.1", "Hộ tịch")])
    bus.now += MICROSECONDS_PER_SECOND
    await host.step()
    found = {each.second: each.received for each in bus.standing().values() if each.scope == "unit-field"}
    assert found == {"": 0, "Hộ tịch": 3}


def _procedure(code: str, field: str) -> OutboundRecord:
    body = f'{{"name":"any","field":"{field}","source":"a test"}}'
    record = ReferenceRecord(f"procedure/{code}/1", "procedure", code, 1, 0, 0, body)
    return OutboundRecord("reference.v1", b"procedure", BOOK.encode("reference.v1", record._asdict()))


def _without_fields(found: dict[tuple[str, str, str, str, str], Counter[str]]) -> dict[object, Counter[str]]:
    """The same where no procedure has a field."""
    return {(*name[:4], "" if name[0] == "unit-field" else name[4]): figures for name, figures in found.items()}
