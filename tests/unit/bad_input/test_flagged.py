"""Bad input that can be taken: each row of `docs/operate/bad-input.md` becomes its finding, and the case goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.facts import FINDING_CODES
from tests.support.bad_input import Became, findings, kept_promise, rows
from tests.support.calendars import VIETNAM_2026, at
from tests.support.cases import POLICY, STATES, book, handover, record
from tests.support.law import RESIDENCE, RESTART, book_with, happened, of, outcome

SECTION = "Taken, and flagged"
RECEIVED = ("2", "2026-03-02 09:00")
DUE = "2026-03-11 17:00"
LATER = "2026-03-05 09:00"


def dossier(*steps: tuple[str, str], horizon: str = "2026-04-20 09:00") -> list[Became]:
    """What is found about a dossier under the packaged rules."""
    return findings(outcome(horizon, *of(RESIDENCE, RECEIVED, *steps)))


def first(**fields: Any) -> list[Became]:
    """What is found about a dossier of one event."""
    return findings(outcome("2026-03-12 09:00", happened(1, "2", RECEIVED[1], **fields)))


def second(status: str, when: str = LATER, *, due: str | None = DUE, **fields: Any) -> list[Became]:
    """What is found about a dossier with a stated due time once a second event came."""
    start = happened(1, "2", RECEIVED[1], due=DUE)
    return findings(outcome("2026-03-20 09:00", start, happened(2, status, when, due=due, **fields)))


def under(reference: ReferenceBook, selector: str = RESIDENCE) -> list[Became]:
    """What is found under other rules."""
    return findings(outcome("2026-03-12 09:00", *of(selector, RECEIVED), book=reference))


def handed_over() -> list[Became]:
    """What is found while nobody has taken the case up."""
    given = handover(2, 0, successor="H27.01", next_epoch=2)._replace(occurred_at=at(LATER), accepted_at=at(LATER))
    return findings(outcome("2026-03-06 09:00", *of(RESIDENCE, RECEIVED), given))


def ahead() -> list[Became]:
    """What is found where the office says next week and the bus heard it today."""
    end = happened(2, "9", "2026-03-12 09:00", accepted_at=at(LATER))
    return findings(outcome("2026-03-20 09:00", *of(RESIDENCE, RECEIVED), end))


def extended() -> list[Became]:
    """What is found once a second new appointment was given."""
    dues = (DUE, "2026-03-13 17:00", "2026-03-16 17:00")
    events = [happened(seq, "4", f"2026-03-0{seq + 1} 09:00", due=due) for seq, due in enumerate(dues, start=1)]
    return findings(outcome("2026-03-12 09:00", *events))


def paused() -> list[Became]:
    """What is found where the slip still shows the day from before the pause."""
    start = happened(1, "2", RECEIVED[1], due=DUE)
    pause = happened(2, "5", "2026-03-03 09:00", due=DUE), happened(3, "4", "2026-03-06 09:00", due=DUE)
    return findings(outcome("2026-03-12 09:00", start, *pause))


def asked(*steps: tuple[str, str]) -> list[Became]:
    """What is found about a dossier of which papers may be asked for once, within eight working hours."""
    return findings(outcome("2026-03-20 09:00", *of(RESTART, RECEIVED, *steps)))


def registered(**fields: Any) -> list[Became]:
    """What is found where the register of units has agencies."""
    units = [
        record("unit", "H27.16", {"name": "Sở Tư pháp", "unit_type": "agency"}),
        record("unit", "18073", {"name": "Phường Thành Sen", "unit_type": "ward"}),
    ]
    return findings(outcome(LATER, happened(1, "2", RECEIVED[1], **fields), book=book_with(*units)))


def skipped() -> list[Became]:
    """What is found where the policy starts its clock with a state that was left out."""
    body = {"case_kind": "dossier", "selector": "x", "unit": "working_day", "amount": 5, "start_status": "4"}
    policy = record("clock-policy", "dossier/x/*/processing", {**body, "source": "test"})
    return findings(outcome(LATER, *of("x", RECEIVED, ("9", "2026-03-04 09:00")), book=book_with(policy)))


UNKNOWN_YEARS = (
    record("calendar", "default", VIETNAM_2026),
    record(
        "clock-policy",
        "dossier/*/*/processing",
        {"case_kind": "dossier", "unit": "working_day", "amount": 300, "source": "test"},
    ),
)
INPUTS: dict[str, Callable[[], list[Became]]] = {
    "a procedure that no policy covers": lambda: under(book(STATES)),
    "a kind of case without a table of states": lambda: under(book(POLICY)),
    "a procedure whose time nobody stated": lambda: findings(outcome(LATER, *of("9.999999", RECEIVED))),
    "an unknown status": lambda: dossier(("X", LATER)),
    "a case that begins in the middle": lambda: findings(outcome(LATER, *of(RESIDENCE, ("4", RECEIVED[1])))),
    "a skipped state": lambda: dossier(("9", LATER)),
    "a case that ends without the state with which its clock starts": skipped,
    "a case that goes on after its end": lambda: dossier(("4", "2026-03-03 09:00"), ("9", LATER), ("4", DUE)),
    "a due time before the start": lambda: first(due="2026-02-02 17:00"),
    "an end before the start": lambda: second("9", ended_at=at("2026-03-01 09:00")),
    "work before the receipt": lambda: first(received="2026-03-02 10:00"),
    "a time that is still to come": ahead,
    "a missing number": lambda: findings(outcome(LATER, *of(RESIDENCE, RECEIVED), happened(3, "4", LATER))),
    "two events with one number": lambda: findings(
        outcome(LATER, *of(RESIDENCE, RECEIVED), happened(1, "2", RECEIVED[1], step="x"))
    ),
    "an epoch that nobody opened": lambda: findings(
        outcome(LATER, *of(RESIDENCE, RECEIVED), happened(1, "9", LATER, epoch=2, office="H99"))
    ),
    "a handover that nobody took up": handed_over,
    "a pause without a new appointment": paused,
    "a slip that says another day than the law": lambda: first(due="2026-03-13 17:00"),
    "a second new appointment": extended,
    "a pause an hour before the due time": lambda: second("5", "2026-03-11 16:00"),
    "an acceptance entered hours later": lambda: first(accepted_at=at("2026-03-02 12:00")),
    "papers that did not come": lambda: dossier(("5", LATER)),
    "papers asked for days after the receipt": lambda: asked(("5", "2026-03-05 09:00")),
    "papers asked for twice": lambda: asked(("5", LATER), ("4", DUE), ("5", DUE)),
    "a due time in eleven years": lambda: first(due="2037-03-02 17:00"),
    "a due time moved before the start": lambda: second("4", due="2026-02-02 17:00"),
    "an office that the register does not have": lambda: registered(office="H27.99"),
    "a commune that the register does not have": lambda: registered(commune="99999"),
    "a case beyond the calendar's years": lambda: under(book(STATES, *UNKNOWN_YEARS)),
}


@pytest.mark.parametrize("name", INPUTS)
def test_what_is_odd_is_the_finding_that_the_page_says(name: str) -> None:
    """With its code and in these words."""
    became = INPUTS[name]()
    assert kept_promise(rows(SECTION)[name], became), became


def test_every_row_about_findings_is_tried() -> None:
    """And nothing is tried that the page leaves out."""
    assert set(rows(SECTION)) == set(INPUTS)


def test_every_finding_is_in_the_table() -> None:
    """A new code needs a row, with words for those who speak with an office about it."""
    assert {row.becomes for row in rows(SECTION).values()} == {f"finding {code}" for code in FINDING_CODES}
    assert [row.input for row in rows(SECTION).values() if not row.vietnamese] == []
