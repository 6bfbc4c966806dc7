"""Mergers, splits and renamings: a past period shows the units of its time, and can be re-stated for those of today.

Sources: design of the register (docs/units.md); issue "C", item 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lienthong.report.fill import Asked, filled
from lienthong.report.form import FilledForm
from lienthong_consumers.ledger.database import connect_now
from lienthong_infra.errors import WrongCallError
from lienthong_infra.ports import OutboundRecord
from tests.support.calendars import at
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import dossier, outbound, reference

pytestmark = pytest.mark.broker

THEN, LATER, NOW = at("2025-07-01 00:00"), at("2027-01-01 00:00"), at("2027-06-01 00:00")
NAMES = {"10001": "Xã A", "10002": "Xã B", "10004": "Xã D", "10005": "Xã cũ"}


def unit(code: str, name: str, version: int = 1, **fields: Any) -> OutboundRecord:
    """A commune; version 2 applies from 2027 on."""
    body = {"name": name, "unit_type": "commune", **fields}
    valid_from = THEN if version == 1 and code in NAMES else LATER
    return reference("unit", code, body, version=version, valid_from=valid_from)


@pytest.fixture(scope="module")
async def bench(ledger_dsn_factory: Callable[[], str]) -> LedgerBench:
    """A and B become C; D is split into E and F, which one dossier names later; one commune gets a new name."""
    made = LedgerBench(ledger_dsn_factory(), "t-units")
    made.put(reference("calendar", "default", {"time_zone": "Asia/Ho_Chi_Minh", "source": "test"}))
    made.put(*(unit(code, name) for code, name in NAMES.items()))
    made.put(unit("10003", "Xã C"), unit("10006", "Xã E"), unit("10007", "Xã F"))
    made.put(unit("10001", "Xã A", 2, successors=["10003"]), unit("10002", "Xã B", 2, successors=["10003"]))
    made.put(unit("10004", "Xã D", 2, successors=["10006", "10007"]))
    made.put(reference("unit", "10005", {"name": "Phường mới", "unit_type": "ward"}, version=2, valid_from=LATER))
    times = {"received_at": at("2026-09-20 08:00"), "due_at": at("2026-12-01 17:00")}
    communes = ["10001", "10001", "10002", "10004", "10004", "10005"]
    made.put(*(outbound(dossier(n, 1, "2", commune=code, **times)) for n, code in enumerate(communes)))
    made.put(outbound(dossier(4, 2, "4", commune="10006", **times)))
    await made.settle()
    return made


def report(bench: LedgerBench, **asked: Any) -> FilledForm:
    """The form of October by commune, as asked for in June 2027."""
    with connect_now(bench.dsn, bench.prefix) as connection:
        return filled(connection, Asked("2026-M10", by="commune", **asked), NOW)


def lines(form: FilledForm) -> list[tuple[str, str, int]]:
    """Code, name and dossiers of each line."""
    return [(one.code, one.name, one.line.received) for one in form.lines]


def test_a_past_period_shows_the_units_of_its_time(bench: LedgerBench) -> None:
    """With the names that they had."""
    found = lines(report(bench))
    assert [line for line in found if line[0] in NAMES] == [
        ("10001", "Xã A", 2), ("10002", "Xã B", 1), ("10004", "Xã D", 1), ("10005", "Xã cũ", 1),
    ]  # fmt: skip


def test_units_of_today_add_up_what_was_merged(bench: LedgerBench) -> None:
    """A new name or type changes no figure; what was split stays, and it is said; nothing is lost."""
    form = report(bench, today=True)
    assert lines(form) == [
        ("10003", "Xã C", 3), ("10004", "Xã D", 1), ("10005", "Phường mới", 1), ("10006", "Xã E", 1),
    ]  # fmt: skip
    (note,) = form.notes
    assert note.startswith("10004 was split into 10006, 10007: 1 dossiers")
    assert form.total == report(bench).total


def test_a_unit_of_today_has_what_it_was_made_of(bench: LedgerBench) -> None:
    """Asked for alone."""
    assert lines(report(bench, today=True, unit="10003")) == [("10003", "Xã C", 3)]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "10003",
            "10003 did not exist in that period, it began at 2026-12-31T17:00:00Z; until then",
        ),
        ("10007", "until then there was 10004"),
        ("99999", "99999 is no unit of that period"),
    ],
)
def test_a_unit_that_did_not_exist_then_is_refused(bench: LedgerBench, code: str, said: str) -> None:
    """With what existed; exit code 2, a wrong call."""
    with pytest.raises(WrongCallError) as refused:
        report(bench, unit=code)
    assert said in str(refused.value)
    assert refused.value.exit_code == 2
