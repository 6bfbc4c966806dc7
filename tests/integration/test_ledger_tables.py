"""The ledger on a real PostgreSQL: what records of each topic do to the tables."""

from __future__ import annotations

from io import BytesIO

import pytest
from fastavro import parse_schema, schemaless_writer

from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.recount import RecordCount, differences, record_count
from lienthong_infra.dead_letter import letter
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.codec import MARKER, SchemaBook, packaged_schema, without_logical_types
from lienthong_schemas.identity import event_id
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import (
    case,
    clock_event,
    dossier,
    finding,
    hour,
    outbound,
    recount_log,
    reference,
)

pytestmark = pytest.mark.broker


async def test_rows_totals_and_history_are_a_recount_of_the_log(bench: LedgerBench) -> None:
    """Ends, late ends, a waiting case, a move between offices, a duplicate, a hole, a conflict: three counts agree."""
    again = outbound(dossier(1, 2, "9", ended_at=hour(3)))
    bench.put(
        outbound(dossier(1, 1, "2")),
        again,
        again,
        outbound(dossier(2, 1, "9", ended_at=hour(200))),
        outbound(dossier(3, 1, "1", received_at=None)),
        outbound(dossier(4, 1, "2")),
        outbound(dossier(4, 2, "4", office="H27.17")),
        outbound(dossier(5, 3, "4")),
        outbound(dossier(6, 1, "4")),
        outbound(dossier(6, 1, "5", accepted_at=hour(0))),
    )
    await bench.settle()
    assert bench.counted() == recount_log(bench.case_records())
    assert bench.counted().totals == {
        ("H27.16", "dossier"): (1, 4, 2, 1, 2),
        ("H27.17", "dossier"): (0, 1, 0, 0, 1),
    }
    with connect_now(bench.dsn, bench.prefix) as connection:
        assert differences(connection) == []
        assert record_count(connection, list(CASE_TOPICS)) == RecordCount(entries=9, duplicates=1, refused=0)


async def test_figures_lie_in_the_partition_of_their_cases(bench: LedgerBench) -> None:
    """A batch with records of several partitions adds to the figures of each of them."""
    bench.put(*(outbound(dossier(number, 1, "2")) for number in range(30)))
    await bench.settle()
    counted = bench.rows(
        "SELECT e.partition, count(*) FROM case_row JOIN case_event AS e USING (case_id, epoch, seq, digest)"
        " GROUP BY e.partition ORDER BY e.partition"
    )
    assert len(counted) > 1
    assert bench.rows("SELECT partition, received FROM total_part ORDER BY partition") == counted


async def test_the_history_keeps_every_field_and_the_bytes(bench: LedgerBench) -> None:
    """Times to the microsecond, the place on the log, the value byte for byte."""
    record = dossier(1, 1, "9", ended_at=hour(3) + 1, due_at=hour(2) + 7, source_ref="row:7", step="intake")
    bench.put(outbound(record, timestamp=1_750_000_123_456))
    (written,) = bench.case_records()
    await bench.settle()
    found = bench.rows(
        'SELECT topic, partition, "offset", (extract(epoch FROM known_at) * 1000)::bigint, value, source_ref, event_id,'
        " (extract(epoch FROM ended_at) * 1000000)::bigint, (extract(epoch FROM due_at) * 1000000)::bigint, channel"
        " FROM case_event"
    )
    assert found == [
        (
            "dossier.v1",
            written.partition,
            0,
            1_750_000_123_456,
            written.value,
            "row:7",
            record["event_id"],
            hour(3) + 1,
            hour(2) + 7,
            "online",
        )
    ]


async def test_gaps_conflicts_and_held_events_have_rows_while_they_last(bench: LedgerBench) -> None:
    """They come, and the gap and the held event go when what was missing arrives."""
    bench.put(
        outbound(dossier(1, 3)),
        outbound(dossier(2, 1)),
        outbound(dossier(2, 1, "5")),
        outbound(dossier(3, 1)),
        outbound(dossier(3, 1, epoch=2)),
    )
    await bench.settle()
    counts = "SELECT (SELECT count(*) FROM gap), (SELECT count(*) FROM conflict), (SELECT count(*) FROM held)"
    assert bench.rows(counts) == [(1, 1, 1)]
    hand = {"successor": "G01", "next_epoch": 2, "last_seq": 2}
    bench.put(
        outbound(dossier(1, 1)), outbound(dossier(1, 2)), outbound(dossier(3, 2, change="handover", handover=hand))
    )
    await bench.settle()
    assert bench.rows(counts) == [(0, 1, 0)]
    assert bench.rows("SELECT epoch, seq FROM case_row WHERE case_id = %s", case(3)) == [(2, 1)]


async def test_a_final_figure_that_changes_leaves_a_correction(bench: LedgerBench) -> None:
    """Recalled after its end: by which event, and how it was counted before and after."""
    bench.put(outbound(dossier(1, 1, "9", ended_at=hour(2))))
    await bench.settle()
    recall = dossier(1, 2, "4")
    bench.put(outbound(recall))
    await bench.settle()
    assert bench.rows("SELECT case_id, event_id, ended_at_before IS NULL, ended_at_after IS NULL FROM correction") == [
        (case(1), recall["event_id"], False, True)
    ]


async def test_announcements_stand_until_they_are_withdrawn(bench: LedgerBench) -> None:
    """A withdrawal before its announcement counts too; a repeated one changes nothing."""
    bench.put(
        clock_event("kept"),
        clock_event("kept"),
        clock_event("taken back"),
        clock_event("w1", "cleared", refers_to="taken back"),
        clock_event("w2", "cleared", refers_to="comes later"),
        clock_event("sure"),
        clock_event("c1", "confirmed", refers_to="sure"),
    )
    await bench.settle()
    bench.put(clock_event("comes later"))
    await bench.settle()
    found = bench.rows("SELECT event_id, standing, withdrawn_by, confirmed_by FROM clock_event ORDER BY event_id")
    assert found == [
        ("c1", False, None, None),
        ("comes later", False, "w2", None),
        ("kept", True, None, None),
        ("sure", True, None, "c1"),
        ("taken back", False, "w1", None),
        ("w1", False, None, None),
        ("w2", False, None, None),
    ]


async def test_findings_stand_until_they_are_withdrawn(bench: LedgerBench) -> None:
    """The same for findings."""
    bench.put(finding("a"), finding("b"), finding("w", "withdrawn", refers_to="a"))
    await bench.settle()
    assert bench.rows("SELECT event_id, standing FROM finding ORDER BY event_id") == [
        ("a", False),
        ("b", True),
        ("w", False),
    ]


async def test_records_in_transactions_leave_no_hole(bench: LedgerBench) -> None:
    """Control markers between transactions are jumps of the log's own: everything behind them is taken."""
    for number in range(5):
        bench.broker.write([clock_event(f"e{number}")], transactional=True)
    await bench.settle()
    assert bench.value("SELECT count(*) FROM clock_event") == 5


async def test_an_unreadable_record_becomes_a_letter_and_the_rest_goes_on(bench: LedgerBench) -> None:
    """Original bytes and headers in the letter, in the topic and in the table; written = open."""
    bench.put(OutboundRecord("dossier.v1", case(1).encode(), b"\x00no event", (("traceparent", b"00-1"),)))
    bench.put(outbound(dossier(1, 1)), outbound(dossier(2, 0)))
    await bench.settle()
    found = bench.rows("SELECT stage, code, office, key, value, headers, state, copies FROM dead_letter ORDER BY code")
    assert found[1][:5] == ("decode", "not-single-object", "H27.16", case(1).encode(), b"\x00no event")
    assert found[1][5:] == ([["traceparent", "MDAtMQ=="]], "open", 1)
    assert found[0][:2] == ("rule", "broken-rule")
    assert bench.value("SELECT count(*) FROM case_row") == 1
    assert len(bench.broker.records("dossier-dead-letter.v1")) == 2


async def test_the_same_letter_from_streams_and_ledger_is_one(bench: LedgerBench) -> None:
    """Both refuse the record; the table counts copies."""
    bench.put(OutboundRecord("dossier.v1", b"key", b"bad"))
    (bad,) = bench.case_records()
    bench.put(letter(bad, stage="decode", code="not-single-object", problems=(), consumer="deadlines"))
    await bench.settle()
    assert bench.rows("SELECT copies, office FROM dead_letter") == [(2, "")]


async def test_a_stranger_on_a_dead_letter_topic_is_kept_as_a_letter_of_itself(bench: LedgerBench) -> None:
    """Somebody writes there by hand: nothing stops, nothing is lost."""
    bench.put(OutboundRecord("sla-dead-letter.v1", None, b"what is this"))
    await bench.settle()
    assert bench.rows("SELECT topic, code, value FROM dead_letter") == [
        ("sla-dead-letter.v1", "not-a-letter", b"what is this")
    ]


@pytest.mark.parametrize("topic", ["sla.v1", "quality.v1", "reference.v1", "heartbeat.v1", "tick.v1"])
async def test_the_bus_s_own_topics_have_dead_letters_too(bench: LedgerBench, topic: str) -> None:
    """A broken record of any topic that the ledger reads becomes a letter."""
    bench.put(OutboundRecord(topic, b"key", b"bad"))
    await bench.settle()
    assert bench.rows("SELECT topic, code FROM dead_letter") == [(topic, "not-single-object")]


async def test_what_a_database_would_refuse_is_a_letter(bench: LedgerBench) -> None:
    """A null character in an announcement must not stop the ledger."""
    bench.put(clock_event("a\0b"), clock_event("good"))
    await bench.settle()
    assert bench.value("SELECT count(*) FROM clock_event") == 1
    assert bench.value("SELECT problems FROM dead_letter") == [
        "event_id: it contains a null character",
        "settled_key: it contains a null character",
        "cause: it contains a null character",
    ]


@pytest.mark.parametrize("field", ["procedure", "channel", "status"])
async def test_a_code_that_no_index_holds_is_a_letter(bench: LedgerBench, field: str) -> None:
    """One sender's text of thousands of letters must not stop the ledger; the longest that is taken can be counted."""
    letters = "".join(chr(0x10400 + number * 7 % 40) for number in range(200))  # four bytes each
    longest = dict.fromkeys(("procedure", "channel", "status"), letters)
    bench.put(outbound(dossier(1, 1, **longest)), outbound(dossier(2, 1, **{field: "x" + letters})))
    await bench.settle()
    assert bench.rows("SELECT case_id FROM case_row") == [(case(1),)]
    assert bench.value("SELECT problems FROM dead_letter") == [
        f"{field}: it has more than 200 characters, which no code has"
    ]


async def test_a_broken_reference_record_is_a_letter(bench: LedgerBench) -> None:
    """The others are kept."""
    zone = {"time_zone": "Europe/Amsterdam", "source": "test"}
    bench.put(reference("calendar", "default", zone), reference("calendar", "other", {"time_zone": "Nowhere/At_all"}))
    await bench.settle()
    assert bench.rows("SELECT record_id FROM reference") == [("calendar/default/1",)]
    assert bench.value("SELECT count(*) FROM dead_letter") == 1


async def test_a_schema_published_later_lets_a_waiting_record_through(bench: LedgerBench) -> None:
    """An unknown fingerprint waits; other partitions go on; no letter is written."""
    newer = packaged_schema("document.v1")
    newer["fields"].append({"name": "added_later", "type": "string", "default": ""})
    mark = SchemaBook().learn("document.v1", newer)
    bench.put(OutboundRecord("document.v1", b"document:H27.16:1", _document_in(newer, mark)), outbound(dossier(1, 1)))
    others_taken = False

    def all_taken() -> bool:
        nonlocal others_taken
        if not others_taken and bench.value("SELECT count(*) FROM case_row") == 1:
            others_taken = True
            bench.put(reference("schema", "document.v1", newer))
        return others_taken and not bench.behind()

    await bench.run_until(all_taken, await bench.sink())
    assert bench.rows("SELECT case_id FROM case_row ORDER BY 1") == [("document:H27.16:1",), (case(1),)]
    assert bench.value("SELECT count(*) FROM dead_letter") == 0


async def test_a_schema_that_never_comes_is_a_letter_after_sixty_seconds(bench: LedgerBench) -> None:
    """The clock of the test jumps; the record behind it is taken."""
    moments = iter((hour(0), *([hour(0) + 61_000_000] * 1_000)))
    bench.put(OutboundRecord("dossier.v1", b"k", b"\xc3\x01" + b"unknown!", partition=0))
    bench.broker.write([outbound(dossier(1, 1))._replace(partition=0)])
    await bench.settle(clock=lambda: next(moments))
    assert bench.rows("SELECT code FROM dead_letter") == [("unknown-fingerprint",)]
    assert bench.value("SELECT count(*) FROM case_row") == 1


def _document_in(schema: object, mark: bytes) -> bytes:
    """The value of a document, written with a schema that this program does not ship."""
    identity = "document:H27.16:1"
    record = {name: value for name, value in dossier(1, 1).items() if name not in ("procedure", "channel", "step")}
    record |= {
        "case_id": identity,
        "event_id": event_id("H27.16", identity, 1, 1),
        "document_type": "letter",
        "sender": "H27.16",
        "added_later": "new",
    }
    out = BytesIO()
    out.write(MARKER + mark)
    schemaless_writer(out, parse_schema(without_logical_types(schema)), record)
    return out.getvalue()
