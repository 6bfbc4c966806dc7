"""What communes report of themselves, beside the ledger: columns that differ with their dossiers, and duties."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong.report.stated import compared
from lienthong_consumers.ledger.database import connect_now
from lienthong_infra.errors import WrongCallError
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.codec import SchemaBook, packaged_schema
from lienthong_schemas.identity import event_id
from lienthong_schemas.reference_files import load_reference
from tests.support.calendars import at
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import BOOK, dossier, outbound, reference

pytestmark = pytest.mark.broker

KINDS = ("calendar", "report-form")


def report(office: str, seq: int, figures: dict[str, int], **fields: Any) -> OutboundRecord:
    """An event of the month's report of an office."""
    case_id = f"periodic-report:H27:II.06A-2026-M10-{office}"
    plain: dict[str, Any] = {
        "accepted_at": at("2026-10-16 08:00"),
        "case_id": case_id,
        "epoch": 1,
        "seq": seq,
        "seq_by": "gateway",
        "event_id": event_id(office, case_id, 1, seq),
        "change": "changed",
        "office": office,
        "commune": "",
        "occurred_at": at("2026-10-16 08:00"),
        "status": "submitted",
        "received_at": at("2026-10-15 00:00"),
        "due_at": at("2026-10-19 17:00"),
        "ended_at": at("2026-10-16 08:00"),
        "form": "II.06a",
        "period": "2026-M10",
        "figures": figures,
    }
    template = {"previous": None, "source_ref": None, "handover": None, "opening": None}
    value = BOOK.encode("periodic-report.v1", {**template, **plain, **fields})
    return OutboundRecord("periodic-report.v1", case_id.encode(), value, timestamp=at("2026-10-16 08:00") // 1_000)


def of_a_newer_program(plain: OutboundRecord) -> tuple[OutboundRecord, OutboundRecord]:
    """The schema that it has published, and the same report written with it."""
    newer = packaged_schema("periodic-report.v1")
    newer["doc"] = "Newer"
    newer["fields"].append({"name": "added", "type": "string", "default": ""})
    mark = SchemaBook().learn("periodic-report.v1", newer)
    # The added field stands last: an empty string is one zero byte.
    value = b"\xc3\x01" + mark + (plain.value or b"")[10:] + b"\0"
    return reference("schema", "periodic-report.v1", newer, version=99), plain._replace(value=value)


def handed_in(number: int, office: str, known: str, **fields: Any) -> OutboundRecord:
    """A dossier of September that is pending and late at the end of the period."""
    times = {"received_at": at("2026-09-20 08:00"), "due_at": at("2026-10-01 17:00")}
    return outbound(dossier(number, 1, "2", office=office, **{**times, **fields}), timestamp=at(known) // 1_000)


@pytest.fixture(scope="module")
async def bench(ledger_dsn_factory: Callable[[], str]) -> LedgerBench:
    """Three communes: one is right, one has forgotten a dossier, one has sent nothing."""
    made = LedgerBench(ledger_dsn_factory(), "t-stated")
    told = load_reference("vn")
    communes = ("18073", "18100", "18115")
    entries = [one for one in told if one.kind in KINDS or one.key.startswith("H27") or one.key in communes]
    made.put(*(reference(e.kind, e.key, e.body, version=e.version, valid_from=e.valid_from) for e in entries))
    made.put(handed_in(1, "H27.40.1", "2026-09-20 09:00"), handed_in(2, "H27.40.2", "2026-09-20 09:00"))
    made.put(handed_in(3, "H27.40.2", "2026-10-20 09:00"))
    right = {"received_total": 1, "resolved_total": 0, "pending_late": 1}
    made.put(*of_a_newer_program(report("H27.40.1", 1, right)), report("H27.40.2", 1, {**right, "resolved_total": 2}))
    await made.settle()
    return made


@pytest.fixture
def run(bench: LedgerBench, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Any]]:
    """Exit code and JSON of a verb of `lienthong report`."""
    monkeypatch.setenv("LIENTHONG_LEDGER_DSN", bench.dsn)
    monkeypatch.setenv("LIENTHONG_PREFIX", bench.prefix)

    def verb(*words: str) -> tuple[int, Any]:
        done = CliRunner().invoke(build_app(), ["report", *words, "--json"])
        return done.exit_code, json.loads(done.stdout)

    return verb


def test_columns_that_differ_are_listed_with_their_dossiers(run: Callable[..., tuple[int, Any]]) -> None:
    """And which of them the ledger learned of after the report; a report that is right has none."""
    code, (right, wrong) = run("stated", "--period", "2026-M10")
    assert (code, right["differences"], right["cannot_be"]) == (1, [], [])
    assert [(one["column"], one["stated"], one["computed"]) for one in wrong["differences"]] == [
        ("received_total", 1, 2),
        ("resolved_total", 2, 0),
        ("pending_late", 1, 2),
    ]
    assert wrong["cannot_be"] == ["resolved_total: 2 are more than the 1 received; it is at most 1"]
    assert wrong["differences"][0]["dossiers"] == [
        {"case_id": "dossier:H27.16:2", "known_after_the_report": False},
        {"case_id": "dossier:H27.16:3", "known_after_the_report": True},
    ]


def test_one_unit_alone_that_is_right_is_good(run: Callable[..., tuple[int, Any]]) -> None:
    """Exit code 0."""
    code, found = run("stated", "--period", "2026-M10", "--unit", "H27.40.1")
    assert (code, len(found)) == (0, 1)


@pytest.mark.parametrize("words", [("--period", "2026-X"), ("--period", "2026-M10", "--unit", "H99")])
def test_a_period_or_unit_that_there_is_not_is_a_wrong_call(bench: LedgerBench, words: tuple[str, ...]) -> None:
    """An empty list would say that all is well."""
    name, unit = words[1], words[3] if len(words) > 2 else ""
    with connect_now(bench.dsn, bench.prefix) as connection, pytest.raises(WrongCallError, match=r"2026-X|H99"):
        compared(connection, name, unit)


def test_what_is_owed_is_due_until_it_is_missing(run: Callable[..., tuple[int, Any]]) -> None:
    """Without any case of it; what came is sent. Communes that the bus was told of, and no department."""
    early, late = (run("duties", "--period", "2026-M10", "--at", f"2026-10-{day}T00:00:00+07:00") for day in (18, 21))
    states = [{one["office"]: one["state"] for one in found} for _, found in (early, late)]
    sent = {"H27.40.1": "sent", "H27.40.2": "sent"}
    assert states == [{**sent, "H27.40.3": "due"}, {**sent, "H27.40.3": "missing"}]
    assert (early[0], late[0]) == (0, 1)
