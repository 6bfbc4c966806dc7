"""Period reports: closed by the bus's time, published once, and never changed in silence.

Sources: design §2 P1, P2, P9; Decree 09/2019/NĐ-CP (periods); issue "C", item 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lienthong.report.fill import Asked, filled
from lienthong_consumers.domain.period_report import COUNTS, Line
from lienthong_consumers.ledger.database import connect, connect_now
from lienthong_consumers.ledger.period_publication import PeriodReports
from lienthong_consumers.ledger.period_versions import corrections
from lienthong_consumers.ledger.tables.outbound import enqueue
from lienthong_infra.errors import BadInputError
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.period_reports import broken_rules
from lienthong_schemas.records import Tick
from tests.support.calendars import at
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import dossier, outbound, reference

pytestmark = pytest.mark.broker

BOOK = SchemaBook()
CALENDAR = reference("calendar", "default", {"time_zone": "Asia/Ho_Chi_Minh", "source": "test"})
MONTHS = ("month", "quarter", "half-year", "nine-months", "year")
HOUR: Instant = 3_600_000_000
COMPLETE = {"H27.16": "2026-10-15 00:00", "H27.31": "2026-10-15 00:05"}
BEHIND = {**COMPLETE, "H27.31": "2026-10-14 23:59"}
"""Through when two offices are, of a period that ends on 14 October."""


def form(**fields: Any) -> OutboundRecord:
    """Form II.06 as the reference data have it."""
    body = {"name": "II.06", "closing_day": 14, "periods": ["month"], "source": "test", **fields}
    return reference("report-form", "II.06", body)


class Bus:
    """A ledger with its publication; what arrives has the time that the test says."""

    def __init__(self, bench: LedgerBench) -> None:
        self.bench = bench

    async def arrives(self, known: str, *records: dict[str, Any], heard: Mapping[str, str] | None = None) -> None:
        """These events are appended at a local time, and a tick then says that it has come.

        ``heard`` has, by office, through when it is complete.
        """
        instant = at(known)
        self.bench.put(*(outbound(one, timestamp=instant // 1_000) for one in records))
        ends = {
            f"dossier.v1/{number}": len(self.bench.broker.log(one).records)
            for number, one in enumerate(p for p in self.bench.partitions if p.topic == "dossier.v1")
        }
        tick = Tick(instant, ends, 0, {office: at(through) for office, through in (heard or {}).items()})
        value = BOOK.encode("tick.v1", tick._asdict())
        self.bench.put(OutboundRecord("tick.v1", b"tick", value, timestamp=instant // 1_000))
        await self.bench.settle()

    async def publishes(self, *, killed: bool = False) -> list[dict[str, Any]]:
        """One turn of the publication; the records that it enqueued, or nothing where it was killed before the end."""

        class Killed(Exception):
            pass

        async with await connect(self.bench.dsn, self.bench.prefix) as connection:
            try:
                async with connection.transaction(), connection.cursor() as cursor:
                    await cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    records = await PeriodReports(BOOK).publish(cursor, 0)
                    await enqueue(cursor, records)
                    if killed:
                        raise Killed
            except Killed:
                return []
        values = [BOOK.decode(one.topic, one.value or b"") for one in records]
        assert [problem for value in values for problem in broken_rules(value)] == []
        return [dict(value) for value in values]

    def corrections(self) -> list[tuple[Any, ...]]:
        """All corrections, the period first."""
        return self.bench.rows(
            "SELECT period, version, case_id, event_id, outcome_before, outcome_after FROM period_correction"
            " ORDER BY id"
        )

    def cells(self, period: str) -> Line:
        """The sum of a period's newest version."""
        columns = ", ".join(f"sum({name})::bigint" for name in COUNTS)
        ((*counts,),) = self.bench.rows(f"SELECT {columns} FROM period_cell WHERE period = %s", period)
        return Line(*counts)

    def today(self, period: str) -> Line:
        """What the verb counts now."""
        with connect_now(self.bench.dsn, self.bench.prefix) as connection:
            return filled(connection, Asked(period), at("2030-01-01 00:00")).total


@pytest.fixture
async def bus(dsn: str, unique_prefix: str) -> Bus:
    """An empty bus that closes months a day after their end."""
    bench = LedgerBench(dsn, unique_prefix)
    bench.put(CALENDAR, form(grace_hours=24))
    return Bus(bench)


def case(number: int, seq: int, status: str, **times: Any) -> dict[str, Any]:
    """An event of a dossier that was received on 20 September 2026 and is due on 1 October."""
    instants = {name: None if text is None else at(text) for name, text in times.items() if name.endswith("_at")}
    other = {name: value for name, value in times.items() if not name.endswith("_at")}
    plain = {
        "received_at": at("2026-09-20 08:00"),
        "due_at": at("2026-10-01 17:00"),
        "accepted_at": at("2026-09-20 08:00"),
    }
    return dossier(number, seq, status, **{**plain, "occurred_at": at("2026-09-20 08:00"), **instants, **other})


def lines(records: list[dict[str, Any]], by: str = "office", unit: str = "") -> list[tuple[Any, ...]]:
    """Period, version and received, resolved, pending of each line of these reports."""
    return [
        (one["period"], one["version"], line["received"], line["resolved"], line["pending"])
        for one in records
        if (one["by"], one["unit"]) == (by, unit)
        for line in one["lines"]
    ]


async def test_a_period_closes_by_the_time_of_the_bus_and_once(bus: Bus) -> None:
    """Not before its grace is over; a second turn and a duplicate say nothing; all ways to cut it add up."""
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"), case(2, 1, "2"))
    await bus.arrives("2026-10-15 20:00", case(1, 2, "9", ended_at="2026-09-30 10:00"))
    early = await bus.publishes()
    await bus.arrives("2026-10-16 00:00")
    due = await bus.publishes()
    await bus.arrives("2026-10-16 03:00", case(1, 2, "9", ended_at="2026-09-30 10:00"))
    again = await bus.publishes()
    assert (early, again, lines(due)) == ([], [], [("2026-M10", 1, 2, 1, 1)])
    assert {(one["by"], one["unit"]) for one in due} == {
        ("office", ""), ("commune", ""), ("field", ""), ("procedure", ""), ("field", "H27.16"),
    }  # fmt: skip
    assert (due[0]["cause"], iso_of(due[0]["closed_at"]), due[0]["first_day"]) == (
        "closing", "2026-10-15T17:00:00Z", "2026-09-15",
    )  # fmt: skip


async def test_the_time_of_a_tick_has_not_come_while_records_before_it_are_missing(bus: Bus) -> None:
    """A ledger that has read the ticks but not the dossiers would close a period with half of them."""
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"))
    tick = Tick(at("2026-10-20 00:00"), {f"dossier.v1/{number}": 50 for number in range(4)}, 0, {})
    bus.bench.put(OutboundRecord("tick.v1", b"tick", BOOK.encode("tick.v1", tick._asdict())))
    await bus.bench.settle()
    assert await bus.publishes() == []


async def test_a_late_event_is_a_correction_and_a_new_version(bus: Bus) -> None:
    """The case, its event and what it counted as before; what was published first stays."""
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"), case(2, 1, "2"))
    await bus.arrives("2026-10-16 00:00")
    first = await bus.publishes()
    late = case(1, 2, "9", ended_at="2026-10-05 10:00")
    await bus.arrives("2026-10-20 08:00", late, case(3, 1, "2"))
    second = await bus.publishes()
    assert (lines(first), lines(second)) == ([("2026-M10", 1, 2, 0, 2)], [("2026-M10", 2, 3, 1, 2)])
    assert bus.corrections() == [
        ("2026-M10", 2, "dossier:H27.16:1", late["event_id"], "pending_late", "late"),
        ("2026-M10", 2, "dossier:H27.16:3", case(3, 1, "2")["event_id"], "", "pending_late"),
    ]
    assert (second[0]["cause"], second[0]["corrections"]) == ("correction", 2)
    assert second[0]["corrected"][0]["before"] == "H27.16 online pending_late"
    assert bus.cells("2026-M10") == bus.today("2026-M10")
    assert bus.bench.rows("SELECT version FROM period_report WHERE by = 'office' ORDER BY 1") == [(1,), (2,)]


async def test_a_dossier_reopened_after_the_closing_is_corrected(bus: Bus) -> None:
    """9 to 4: it was resolved as published, and is pending as known now; the next period carries it over."""
    await bus.arrives("2026-09-20 08:05", case(1, 1, "9", ended_at="2026-09-30 10:00"))
    await bus.arrives("2026-10-16 00:00")
    await bus.publishes()
    await bus.arrives("2026-10-20 08:00", case(1, 2, "4"))
    restated = await bus.publishes()
    await bus.arrives("2026-11-16 00:00")
    november = await bus.publishes()
    assert (lines(restated), lines(november)) == ([("2026-M10", 2, 1, 0, 1)], [("2026-M11", 1, 1, 0, 1)])
    assert [row[4:] for row in bus.corrections()] == [("early", "pending_late")]


async def test_what_changes_no_figure_is_no_correction(bus: Bus) -> None:
    """A step of the work after the closing."""
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"))
    await bus.arrives("2026-10-16 00:00")
    await bus.publishes()
    await bus.arrives("2026-10-20 08:00", case(1, 2, "4"), case(1, 3, "4"))
    assert (await bus.publishes(), bus.corrections()) == ([], [])


async def test_a_conflict_that_turns_changes_a_closed_period_with_its_cause(bus: Bus) -> None:
    """Of two contents for one number the one that was accepted first applies, also where it comes last."""
    accepted = {"accepted_at": "2026-09-30 11:00"}
    await bus.arrives("2026-09-30 12:00", case(1, 1, "9", ended_at="2026-09-30 10:00", **accepted))
    await bus.arrives("2026-10-16 00:00")
    await bus.publishes()
    other = case(1, 1, "9", ended_at="2026-10-02 10:00", accepted_at="2026-09-30 10:59")
    await bus.arrives("2026-10-20 08:00", other)
    await bus.publishes()
    ((*_, before, after),) = bus.corrections()
    assert (before, after, bus.cells("2026-M10").late) == ("early", "late", 1)


async def test_one_event_corrects_every_closed_period_it_belongs_to(dsn: str, unique_prefix: str) -> None:
    """Month, quarter, half-year, nine months and year; a bus that slept closes all it missed, in order."""
    bench = LedgerBench(dsn, unique_prefix)
    bench.put(CALENDAR, form(periods=list(MONTHS)))
    bus = Bus(bench)
    times = {"received_at": "2025-12-20 08:00", "due_at": "2026-01-05 08:00"}
    await bus.arrives("2025-12-20 09:00", case(1, 1, "2", **times))
    await bus.arrives("2027-01-20 00:00")
    closed: list[str] = []
    for _ in range(3):
        turn = [one["period"] for one in await bus.publishes() if one["by"] == "office"]
        closed += turn
    assert closed[:5] == ["2026-M01", "2026-M02", "2026-M03", "2026-Q1", "2026-M04"]
    assert closed[-4:] == ["2026-M12", "2026-Q4", "2026", "2027-M01"]
    await bus.arrives("2027-01-21 00:00", case(1, 2, "9", ended_at="2026-01-04 08:00", **times))
    again = {one["period"]: one["version"] for one in await bus.publishes()}
    assert set(again.values()) == {2}
    assert set(again) == set(closed), "carried over everywhere until then"
    assert bus.cells("2026-Q2") == bus.today("2026-Q2") == Line()
    assert bus.cells("2026") == bus.today("2026") == Line(online=1, early=1)


async def test_a_kill_before_the_end_leaves_nothing_and_the_next_turn_says_all(bus: Bus) -> None:
    """Closing and correction are in the transaction of their records."""
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"))
    await bus.arrives("2026-10-16 00:00")
    await bus.publishes(killed=True)
    first = await bus.publishes()
    await bus.arrives("2026-10-20 08:00", case(1, 2, "9", ended_at="2026-10-05 10:00"))
    await bus.publishes(killed=True)
    second = await bus.publishes()
    assert (lines(first), lines(second)) == ([("2026-M10", 1, 1, 0, 1)], [("2026-M10", 2, 1, 1, 0)])
    assert len(bus.corrections()) == 1
    assert bus.bench.value("SELECT count(*) FROM outbound WHERE topic = 'period-report.v1'") == len(first + second)


async def test_several_events_of_one_dossier_are_corrections_each(bus: Bus) -> None:
    """In the order in which they came, though they share a version."""
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"))
    await bus.arrives("2026-10-16 00:00")
    await bus.publishes()
    await bus.arrives("2026-10-20 08:00", case(1, 2, "9", ended_at="2026-10-05 10:00"))
    await bus.arrives("2026-10-20 09:00", case(1, 3, "4", office="H27.31"))
    await bus.publishes()
    assert [(row[1], *row[4:]) for row in bus.corrections()] == [
        (2, "pending_late", "late"),
        (2, "late", "pending_late"),
    ]
    assert bus.cells("2026-M10") == bus.today("2026-M10")
    assert bus.bench.rows("SELECT office FROM period_cell WHERE pending_late = 1") == [("H27.31",)]


async def test_a_new_closing_day_loses_no_day(dsn: str, unique_prefix: str) -> None:
    """From 2027 on the months close on the 20th: January begins where December ended."""
    bench = LedgerBench(dsn, unique_prefix)
    body = {"name": "II.06", "closing_day": 20, "periods": ["month"], "source": "test"}
    bench.put(CALENDAR, form(), reference("report-form", "II.06", body, version=2, valid_from=at("2027-01-01 00:00")))
    bus = Bus(bench)
    await bus.arrives("2026-12-01 08:05", case(1, 1, "2"))
    await bus.arrives("2027-02-28 00:00")
    days: list[tuple[str, str, str]] = []
    for _ in range(2):
        days += [(r["period"], r["first_day"], r["last_day"]) for r in await bus.publishes() if r["by"] == "office"]
    assert days == [
        ("2026-M12", "2026-11-15", "2026-12-14"),
        ("2027-M01", "2026-12-15", "2027-01-20"),
        ("2027-M02", "2027-01-21", "2027-02-20"),
    ]


async def test_without_a_form_in_the_reference_data_nothing_is_closed(dsn: str, unique_prefix: str) -> None:
    """No cut-off is guessed."""
    bench = LedgerBench(dsn, unique_prefix)
    bench.put(CALENDAR)
    bus = Bus(bench)
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"))
    await bus.arrives("2026-12-31 00:00")
    assert await bus.publishes() == []


async def test_what_was_known_is_still_to_be_had(bus: Bus) -> None:
    """A version by its number is the form as of its time; the verb lists the corrections between them."""
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"), case(2, 1, "2"))
    await bus.arrives("2026-10-16 00:00")
    await bus.publishes()
    await bus.arrives("2026-10-20 08:00", case(1, 2, "9", ended_at="2026-10-05 10:00"))
    await bus.publishes()
    now = at("2026-11-01 00:00")
    with connect_now(bus.bench.dsn, bus.bench.prefix) as connection:
        first, second = (filled(connection, Asked("2026-M10", version=number), now) for number in (1, 2))
        as_of = filled(connection, Asked("2026-M10", as_of=at("2026-10-16 00:00")), now)
        listed = corrections(connection, "II.06", "2026-M10", 2, "18073")
        with pytest.raises(BadInputError, match="the newest version of 2026-M10 is 2"):
            filled(connection, Asked("2026-M10", version=3), now)
        with pytest.raises(BadInputError, match="2026-M09 was not published"):
            filled(connection, Asked("2026-M09", version=1), now)
    assert (first.lines, second.total) == (as_of.lines, bus.today("2026-M10"))
    assert (first.newest, second.version, len(listed)) == (2, 2, 1)


def bus_of(dsn: str, prefix: str, **fields: Any) -> Bus:
    """An empty bus that gives offices a day of grace."""
    bench = LedgerBench(dsn, prefix)
    bench.put(CALENDAR, form(grace_hours=24, **fields))
    return Bus(bench)


def said(records: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """Of the province's report by office: its period, when that was closed, and who was not complete."""
    return [
        (one["period"], iso_of(one["closed_at"]), one["incomplete_offices"])
        for one in records
        if (one["by"], one["unit"]) == ("office", "")
    ]


async def test_a_period_is_closed_once_every_office_is_complete(dsn: str, unique_prefix: str) -> None:
    """Not before its end, though all be complete; not while one is behind; nobody is named."""
    bus = bus_of(dsn, unique_prefix, wait_for_complete=True)
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"))
    await bus.arrives("2026-10-14 23:59", heard={"H27.16": "2026-10-15 02:00"})
    before_the_end = await bus.publishes()
    await bus.arrives("2026-10-15 00:01", heard=BEHIND)
    while_one_is_behind = await bus.publishes()
    await bus.arrives("2026-10-15 00:06", heard=COMPLETE)
    closed = await bus.publishes()
    assert (before_the_end, while_one_is_behind) == ([], [])
    assert said(closed) == [("2026-M10", "2026-10-14T17:06:00Z", [])]


async def test_whoever_is_not_complete_is_named_once_the_grace_is_over(dsn: str, unique_prefix: str) -> None:
    """On the topic in every version, in the ledger with its time, and in the form."""
    bus = bus_of(dsn, unique_prefix, wait_for_complete=True)
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"))
    await bus.arrives("2026-10-15 23:59", heard=BEHIND)
    early = await bus.publishes()
    await bus.arrives("2026-10-16 00:00", heard=BEHIND)
    closed = await bus.publishes()
    late = case(1, 2, "9", ended_at="2026-10-05 10:00")
    await bus.arrives("2026-10-20 08:00", late, heard={"H27.16": "2026-10-20 08:00", "H27.31": "2026-10-20 08:00"})
    corrected = await bus.publishes()
    assert (early, said(closed)) == ([], [("2026-M10", "2026-10-15T17:00:00Z", ["H27.31"])])
    assert [names for *_, names in said(corrected)] == [["H27.31"]]
    kept = bus.bench.rows("SELECT office, complete_through = %s FROM period_incomplete", "2026-10-14 23:59+07")
    assert kept == [("H27.31", True)]
    with connect_now(bus.bench.dsn, bus.bench.prefix) as connection:
        now = at("2026-11-01 00:00")
        forms = [filled(connection, Asked("2026-M10", version=number), now) for number in (None, 1, 2)]
    assert [one.as_json()["incomplete_offices"] for one in forms] == [["H27.31"]] * 3


async def test_an_office_that_was_never_heard_is_waited_for_if_a_dossier_is_its(dsn: str, unique_prefix: str) -> None:
    """Whoever vouches for nothing may still send; it is named without a time."""
    bus = bus_of(dsn, unique_prefix, wait_for_complete=True)
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"))
    await bus.arrives("2026-10-15 12:00", heard={"H27.31": "2026-10-15 12:00"})
    early = await bus.publishes()
    await bus.arrives("2026-10-16 00:00", heard={"H27.31": "2026-10-16 00:00"})
    assert (early, [names for *_, names in said(await bus.publishes())]) == ([], [["H27.16"]])
    assert bus.bench.rows("SELECT complete_through FROM period_incomplete") == [(None,)]


async def test_without_the_key_a_period_waits_for_its_grace_as_ever(dsn: str, unique_prefix: str) -> None:
    """Though all be complete; who was not at the closing is said all the same."""
    bus = bus_of(dsn, unique_prefix)
    await bus.arrives("2026-09-20 08:05", case(1, 1, "2"))
    await bus.arrives("2026-10-15 23:59", heard=COMPLETE)
    early = await bus.publishes()
    await bus.arrives("2026-10-16 00:00", heard=BEHIND)
    assert (early, [names for *_, names in said(await bus.publishes())]) == ([], [["H27.31"]])
