"""Official totals from the ledger: every cell counted again, what must add up, what is written when, what is newer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from psycopg.rows import dict_row

from lienthong_consumers.ledger.database import connect, connect_now
from lienthong_consumers.ledger.official_totals import OfficialTotals
from lienthong_consumers.ledger.tables.outbound import enqueue
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.instants import datetime_of
from lienthong_schemas.records import Tick, partition_key
from lienthong_schemas.totals import (
    AGENCY,
    CHANNEL,
    COMMUNE,
    FIELD,
    MEASURES,
    OFFICIAL_TOPIC,
    PROCEDURE,
    PROVINCE,
    SCOPES,
    Cell,
    Totals,
    broken_rules,
    is_newer,
    key_of,
    sum_of,
    totals,
)
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import BOOK, OFFICE, START, clock_event, dossier, hour, other, outbound, reference
from tests.support.official_recount import Cells, recounted

pytestmark = pytest.mark.broker

SEED = 20_261_122
CASES = 400
OFFICES = (OFFICE, "H27.31", "H27.40.1")
HEARD = {OFFICE: hour(60), "H27.31": hour(10)}
"""The third office was never heard."""
FIELDS = {"1.005129": "tu-phap", "2.000815": "tu-phap"}
Publish = Callable[[], Any]


def tick(bench: LedgerBench, at: int, heard: Mapping[str, int] | None = None) -> OutboundRecord:
    """A tick over all that lies on the log now."""
    ends = {partition_key(*one): bench.broker.log(one).end for one in bench.partitions if one.topic == "dossier.v1"}
    value = Tick(at, ends, 0, HEARD if heard is None else heard)
    return OutboundRecord("tick.v1", None, BOOK.encode("tick.v1", value._asdict()), partition=0)


def some_dossier(chance: Random, number: int) -> OutboundRecord:
    """A dossier in any state, by any way, with anything known or not."""
    status = chance.choice("1233455678991")
    received = None if status == "1" or (status == "3" and number % 2) else START
    return outbound(
        dossier(
            number,
            1,
            status,
            office=chance.choice(OFFICES),
            commune=chance.choice(("18073", "18100", "")),
            procedure=chance.choice((*FIELDS, "9.999999", "with|bar")),
            channel=chance.choice(("online", "direct", "post", "carrier-pigeon")),
            received_at=received,
            due_at=chance.choice((None, hour(5), hour(50), hour(70), hour(100))),
            ended_at=hour(chance.choice((40, 50, 51, 75))) if status in "79" else None,
            change="opening" if number % 10 == 0 else "changed",
            opening={"started_at": START, "used_seconds": 0, "paused_seconds": 0} if number % 10 == 0 else None,
            fee_paid=chance.choice((None, "online", "cash", "none")),
            digitised=chance.choice((None, True, False)),
            rating=chance.choice((None, None, 1, 3, 4, 5)) if status in "79" else None,
        )
    )


def some_ends(chance: Random, number: int) -> list[OutboundRecord]:
    """What a worker says of the end of a dossier: told or not, confirmed with other figures, withdrawn, reopened."""
    told: dict[str, Any] = {
        "regulated_seconds": 28_800,
        "used_percent": chance.choice((0, 10, 11, 99, 100, 101, 300, 301, 9_999)),
    }
    more: dict[str, Any] = chance.choice(({}, told, told, told, {"regulated_seconds": 0}))
    kind = chance.choice(("met", "met-late"))
    name, late = f"end-{number}", kind == "met-late"
    said = [clock_event(name, kind, number=number, **more), clock_event(f"s-{number}", "started", number=number)]
    if number % 5 == 0:
        firm: dict[str, Any] = {**told, "used_percent": 55} if number % 2 else {}
        said.append(clock_event(f"c-{number}", "confirmed", number=number, refers_to=name, **firm))
    if number % 7 == 0:
        said.append(clock_event(f"r-{number}", "started", number=number, episode=2))
    if number % 13 == 0:
        said.append(clock_event(f"e-{number}", "stopped" if late else "met", number=number, episode=2, **told))
    if number % 11 == 0:
        said.append(clock_event(f"w-{number}", "cleared", number=number, refers_to=name))
    chance.shuffle(said)
    return said


async def turn(bench: LedgerBench, publication: OfficialTotals) -> list[Totals]:
    """One turn of a publication as the publishing process gives it; returns what it published."""
    connection = await connect(bench.dsn, bench.prefix)
    async with connection, connection.transaction(), connection.cursor() as cursor:
        await cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        records = await publication.publish(cursor, 0)
        await enqueue(cursor, records)
    found = [totals(BOOK.decode(OFFICIAL_TOPIC, record.value or b"")) for record in records]
    assert [key_of(one.cell) for one in found] == [record.key for record in records]
    return found


def recount(bench: LedgerBench, at: int) -> Cells:
    """The cells counted again from the rows."""
    with connect_now(bench.dsn, bench.prefix) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return recounted(
            cursor.execute("SELECT * FROM case_row").fetchall(),
            at=datetime_of(at),
            heard={office: datetime_of(through) for office, through in HEARD.items()},
            fields=FIELDS,
            holes=[row["case_id"] for row in cursor.execute("SELECT case_id FROM gap").fetchall()],
            clocks=cursor.execute("SELECT * FROM clock_event").fetchall(),
        )


def as_cells(found: list[Totals]) -> Cells:
    """Published records as the recount has them."""
    return {
        tuple(one.cell): {name: getattr(one, name) for name in MEASURES if getattr(one, name)}
        | {f"share_{number}": cases for number, cases in enumerate(one.shares_of_time) if cases}
        for one in found
    }


@pytest.fixture(scope="module")
async def bench(ledger_dsn_factory: Callable[[], str]) -> LedgerBench:
    """A ledger with some hundred dossiers, one with a hole, breaches, and cases of other kinds; judged at hour 60."""
    chance = Random(SEED)
    made = LedgerBench(ledger_dsn_factory(), "t-official")
    for key, field in FIELDS.items():
        made.put(reference("procedure", key, {"name": key, "field": field, "source": "made up"}))
    made.put(*(some_dossier(chance, number) for number in range(1, CASES)))
    made.put(outbound(dossier("hole", 1)), outbound(dossier("hole", 3)))
    signed = {"document_type": "circular", "sender": "H27", "code_notation": "1/X", "urgency": "normal"}
    for number, signature in enumerate(("valid", "invalid", None)):
        record = other("document", number, "03", signature=signature, file_digest=None, **signed)
        made.put(outbound(record, topic="document.v1"))
    made.put(*(said for number in range(1, CASES) for said in some_ends(chance, number)))
    made.put(clock_event("1"), clock_event("2"), clock_event("3", "cleared", refers_to="2"))
    await made.settle()
    made.put(tick(made, hour(60)))
    await made.settle()
    return made


@pytest.fixture(scope="module")
async def published(bench: LedgerBench) -> list[Totals]:
    """What its first turn publishes."""
    return await turn(bench, OfficialTotals(BOOK))


def test_every_cell_is_what_the_rows_add_up_to(bench: LedgerBench, published: list[Totals]) -> None:
    """Cell by cell and measure by measure, counted from the rows by code that shares nothing with it."""
    recounted_cells = recount(bench, hour(60))
    untold = {cell for cell, counts in recounted_cells.items() if counts.pop("share_untold", 0)}
    assert as_cells(published) == recounted_cells
    assert {tuple(one.cell) for one in published if one.not_counted} == untold
    assert {one.scope for one in published} == set(SCOPES)


def test_every_measure_is_put_to_the_test(published: list[Totals]) -> None:
    """The made-up cases reach all of them but the receipts, which have a test of their own."""
    reached = {name for one in published for name in MEASURES if getattr(one, name)}
    assert set(MEASURES) - reached == {"receipt_in_time", "receipt_late"}
    whole = next(one for one in published if one.scope == PROVINCE and one.kind == "dossier")
    assert [number for number, cases in enumerate(whole.shares_of_time) if cases] == [0, 1, 5, 9, 10, 13, 14]


def test_the_figures_of_every_cell_add_up(published: list[Totals]) -> None:
    """Received = new + carried = pending + stopped + ended, and the others, in every record."""
    assert [(one.cell, broken_rules(one)) for one in published if broken_rules(one)] == []


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != PROVINCE])
@pytest.mark.parametrize("view", [AGENCY, COMMUNE])
def test_the_province_is_the_sum_of_its_units(published: list[Totals], scope: str, view: str) -> None:
    """By agencies and by communes, whatever they are divided by: no case is lost and none is counted twice."""
    for whole in (one for one in published if one.scope == PROVINCE):
        if whole.kind != "dossier" and scope == "unit-field":
            continue
        parts = [one for one in published if (one.scope, one.kind, one.unit_kind) == (scope, whole.kind, view)]
        assert sum_of(whole.cell, parts) == whole


def test_a_record_says_what_it_stands_on(bench: LedgerBench, published: list[Totals]) -> None:
    """Time, positions of every source, the ledger's generation."""
    one = published[0]
    assert one.as_of == hour(60)
    assert one.generation > 0
    ends = {partition_key(*each): bench.broker.log(each).end for each in bench.partitions}
    assert one.positions == {name: end for name, end in ends.items() if name in one.positions}
    assert {name.split("/")[0] for name in one.positions} >= {"dossier.v1", "document.v1", "sla.v1", "tick.v1"}


async def new_bench(dsn: str, prefix: str, *records: OutboundRecord) -> LedgerBench:
    """A ledger that has taken these records and a tick after them."""
    made = LedgerBench(dsn, prefix)
    made.put(*records)
    made.put(tick(made, hour(60)))
    await made.settle()
    return made


async def test_only_what_has_changed_is_written_again(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """And the province, which says how far all of them reach; with no news at all, nothing."""
    made = await new_bench(ledger_dsn_factory(), unique_prefix, outbound(dossier(1, 1)))
    publication = OfficialTotals(BOOK)
    assert len(await turn(made, publication)) == 7
    assert await turn(made, publication) == []
    made.put(tick(made, hour(61)))
    await made.settle()
    (one,) = await turn(made, publication)
    assert (one.scope, one.as_of) == (PROVINCE, hour(61))
    made.put(outbound(dossier(2, 1, procedure="2.000815", commune="18100")))
    await made.settle()
    scopes = sorted(one.cell for one in await turn(made, publication))
    assert Cell(PROCEDURE, "dossier", COMMUNE, "18073", "1.005129") not in scopes
    assert Cell(CHANNEL, "dossier", AGENCY, OFFICE, "online") in scopes


async def test_a_new_process_goes_on_where_the_last_one_stopped(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """What was published is read from the ledger, so a restart floods nobody."""
    made = await new_bench(ledger_dsn_factory(), unique_prefix, outbound(dossier(1, 1)))
    await turn(made, OfficialTotals(BOOK))
    assert {one.scope for one in await turn(made, OfficialTotals(BOOK))} == {PROVINCE}


async def test_a_cell_that_has_lost_its_cases_says_so(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """A dossier goes to another office: the former one has zeros, or its old figures would stand for ever."""
    made = await new_bench(ledger_dsn_factory(), unique_prefix, outbound(dossier(1, 1)))
    publication = OfficialTotals(BOOK)
    await turn(made, publication)
    made.put(outbound(dossier(1, 2, office="H27.31")))
    await made.settle()
    now = {one.cell: one for one in await turn(made, publication)}
    assert now[Cell(PROCEDURE, "dossier", AGENCY, OFFICE, "1.005129")].received == 0
    assert now[Cell(PROCEDURE, "dossier", AGENCY, "H27.31", "1.005129")].received == 1
    assert Cell(PROCEDURE, "dossier", COMMUNE, "18073", "1.005129") not in now


async def test_a_field_that_has_lost_its_procedure_says_so(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """The bus is told of another field: the cell of the former one has zeros, or its cases would count in both."""
    body = {"name": "a procedure", "field": "tu-phap", "source": "made up"}
    former, later = (
        reference("procedure", "1.005129", {**body, "field": field}, version=number)
        for number, field in enumerate(("tu-phap", "xay-dung"), 1)
    )
    made = await new_bench(ledger_dsn_factory(), unique_prefix, former, outbound(dossier(1, 1)))
    publication = OfficialTotals(BOOK)
    await turn(made, publication)
    made.put(later, tick(made, hour(61)))
    await made.settle()
    now = {one.cell: one.received for one in await turn(made, publication) if one.scope == FIELD}
    fields = {(cell.unit_kind, cell.second): received for cell, received in now.items()}
    assert fields == {
        (view, field): field == "xay-dung" for view in (AGENCY, COMMUNE) for field in ("tu-phap", "xay-dung")
    }


async def test_nothing_is_said_before_the_ledger_has_caught_up(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """A tick counts once all records before it are read: in the middle of a replay no half figures go out."""
    made = LedgerBench(ledger_dsn_factory(), unique_prefix)
    made.put(outbound(dossier(1, 1)))
    await made.settle()
    assert await turn(made, OfficialTotals(BOOK)) == []
    later = outbound(dossier(1, 2, "9", ended_at=hour(50)))
    ahead = {partition_key(*one): made.broker.log(one).end + 1 for one in made.partitions if one.topic == "dossier.v1"}
    value = Tick(hour(60), ahead, 0, HEARD)
    made.put(OutboundRecord("tick.v1", None, BOOK.encode("tick.v1", value._asdict()), partition=0))
    await made.settle()
    assert await turn(made, OfficialTotals(BOOK)) == []
    made.put(later, tick(made, hour(61)))
    await made.settle()
    made.put(tick(made, hour(62)))
    await made.settle()
    assert {one.as_of for one in await turn(made, OfficialTotals(BOOK))} == {hour(62)}


async def test_time_alone_makes_cases_late_and_silence_keeps_them_provisional(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """No event of a case comes: in time, then late if the office was heard up to the due time, else provisional."""
    records = [outbound(dossier(1, 1)), outbound(dossier(2, 1, office="H27.31"))]
    made = await new_bench(ledger_dsn_factory(), unique_prefix, *records)
    publication = OfficialTotals(BOOK)
    await turn(made, publication)
    seen = []
    for at in (100, 101):
        made.put(tick(made, hour(at), {OFFICE: hour(100), "H27.31": hour(99)}))
        await made.settle()
        one = next(one for one in await turn(made, publication) if one.scope == PROVINCE)
        seen.append((one.pending_in_time, one.pending_late, one.pending_provisional))
    assert seen == [(2, 0, 0), (0, 1, 1)]


async def test_receipts_are_counted_from_what_stands(ledger_dsn_factory: Callable[[], str], unique_prefix: str) -> None:
    """A document acknowledged in time and late; a verdict that was withdrawn does not count."""
    made = await new_bench(ledger_dsn_factory(), unique_prefix, outbound(dossier(1, 1)))
    for name, kind in (("1", "met"), ("2", "met-late"), ("3", "met"), ("4", "met")):
        plain = clock_event(name, kind)
        event = {**BOOK.decode("sla.v1", plain.value or b""), "clock": "receipt"}
        made.put(plain._replace(value=BOOK.encode("sla.v1", event)))
    made.put(clock_event("5", "cleared", refers_to="4"))
    await made.settle()
    one = next(one for one in await turn(made, OfficialTotals(BOOK)) if one.scope == PROVINCE)
    assert (one.receipt_in_time, one.receipt_late) == (2, 1)


async def test_shares_of_time_are_those_of_the_last_end(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """As it was made firm; nothing of a case that is open again, nor of one that states no end."""
    ended = (outbound(dossier(number, 1, "9", ended_at=hour(50))) for number in (1, 2))
    made = await new_bench(ledger_dsn_factory(), unique_prefix, *ended, outbound(dossier(3, 1)))
    told: dict[str, Any] = {"regulated_seconds": 28_800, "used_percent": 12}
    made.put(*(clock_event(f"m{number}", "met", number=number, **told) for number in (1, 2, 3)))
    publication = OfficialTotals(BOOK)
    seen = []
    for said in (
        clock_event("c1", "confirmed", refers_to="m1", **told | {"used_percent": 95}),
        clock_event("s2", "started", number=2, episode=2),
        clock_event("m2-2", "met-late", number=2, episode=2, **told | {"used_percent": 400}),
        clock_event("w1", "cleared", refers_to="m1"),
    ):
        made.put(said)
        await made.settle()
        one = next(one for one in await turn(made, publication) if one.scope == PROVINCE)
        seen.append({number: cases for number, cases in enumerate(one.shares_of_time) if cases})
        assert one.not_counted == ()
    assert seen == [{1: 1, 9: 1}, {9: 1}, {9: 1, 14: 1}, {14: 1}]


async def test_an_end_told_by_an_older_worker_is_named_as_not_counted(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """Its announcement says nothing about the regulated time: the cells of that case say so, the others are whole."""
    ended = (outbound(dossier(number, 1, "9", ended_at=hour(50), commune=str(number))) for number in (18073, 18100))
    made = await new_bench(ledger_dsn_factory(), unique_prefix, *ended)
    told = clock_event("told", "met", number=18100, regulated_seconds=28_800, used_percent=100)
    made.put(clock_event("older", "met", number=18073), told)
    await made.settle()
    cells = {one.cell: one for one in await turn(made, OfficialTotals(BOOK)) if one.scope in (PROVINCE, CHANNEL)}
    silent = {cell.unit_kind: one for cell, one in cells.items() if one.not_counted}
    assert silent.keys() == {"province", AGENCY, COMMUNE}
    assert silent[COMMUNE].unit == "18073"
    assert sum(cells[Cell(CHANNEL, "dossier", COMMUNE, "18100", "online")].shares_of_time) == 1
    assert {sum(one.shares_of_time) for one in silent.values()} == {0, 1}


async def test_a_ledger_built_again_is_newer_than_the_one_before(
    ledger_dsn_factory: Callable[[], str], unique_prefix: str
) -> None:
    """Whatever positions it is at; and of one ledger, the record that knows more: a stale one never overrides."""
    made = await new_bench(ledger_dsn_factory(), unique_prefix, outbound(dossier(1, 1)))
    publication = OfficialTotals(BOOK)
    first = next(one for one in await turn(made, publication) if one.scope == PROVINCE)
    made.put(outbound(dossier(2, 1)))
    await made.settle()
    second = next(one for one in await turn(made, publication) if one.scope == PROVINCE)
    assert (is_newer(second, first), is_newer(first, second)) == (True, False)
    with connect_now(made.dsn, made.prefix) as connection:
        connection.execute("UPDATE judgement SET generation = generation - 60")
    rebuilt = await new_bench(made.dsn, f"{unique_prefix}-again", outbound(dossier(1, 1)))
    again = next(one for one in await turn(rebuilt, OfficialTotals(BOOK)) if one.scope == PROVINCE)
    assert is_newer(again, second._replace(generation=second.generation - 60))
