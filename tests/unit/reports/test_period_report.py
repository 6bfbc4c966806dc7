"""Form II.06: in which column a dossier counts, and sums that always add up.

Sources: Circular 01/2020/TT-VPCP form II.06 with the definitions of domain facts §5; Decree 09/2019/NĐ-CP (periods).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong_consumers.domain.period_course import Counted, Counts, course_of, no_counts
from lienthong_consumers.domain.period_lines import lines_of
from lienthong_consumers.domain.period_report import NOTHING, Cell, Countable, Line, Period, line_of, sum_of
from lienthong_schemas.instants import Instant, datetime_of, instant_of
from tests.support.calendars import HANOI, at
from tests.support.ledger_entries import entry


def day_of(instant: Instant) -> date:
    """The day in Việt Nam."""
    return datetime_of(instant).astimezone(HANOI).date()


def period(first: str, last: str) -> Period:
    """A period from its first to its last day."""
    days = date.fromisoformat(first), date.fromisoformat(last)
    begin = datetime.combine(days[0], datetime.min.time(), HANOI)
    end = datetime.combine(days[1] + timedelta(days=1), datetime.min.time(), HANOI)
    return Period("test", *days, instant_of(begin), instant_of(end))


MARCH = period("2026-02-15", "2026-03-14")


def case(received: str | None, due: str | None = None, ended: str | None = None, **fields: Any) -> Countable:
    """A dossier of Sở Tư pháp, handed in at the counter, by local times."""
    instants = [None if each is None else at(each) for each in (received, due, ended)]
    plain = Countable("H27.16", "18073", "1.005129", "direct", "4" if ended is None else "9", *instants)
    return plain._replace(**fields)


def columns(one: Countable, counting: Any = "day") -> set[str]:
    """The names of the counts in which a dossier is."""
    line = line_of(one, MARCH, day_of, counting)
    return set() if line is None else {name for name, count in line._asdict().items() if count}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (case(None), set()),
        (case("2026-03-15 00:00"), set()),
        (case("2026-03-14 23:59"), {"direct", "pending_in_time"}),
        (case("2026-02-15 00:00", channel="online"), {"online", "pending_in_time"}),
        (case("2026-02-14 23:59"), {"carried_over", "pending_in_time"}),
        (case("2026-02-01 08:00", ended="2026-02-14 23:59"), set()),
        (case("2026-02-01 08:00", "2026-02-20 17:00", "2026-02-15 00:00"), {"carried_over", "early"}),
        (case("2026-03-02 08:00", "2026-03-10 08:00", "2026-03-09 17:00"), {"direct", "early"}),
        (case("2026-03-02 08:00", "2026-03-10 08:00", "2026-03-10 17:00"), {"direct", "on_time"}),
        (case("2026-03-02 08:00", "2026-03-10 08:00", "2026-03-11 07:00"), {"direct", "late"}),
        (case("2026-03-02 08:00", None, "2026-03-11 07:00"), {"direct", "on_time"}),
        (case("2026-03-02 08:00", "2026-03-10 08:00", "2026-03-11 07:00", status="7"), {"direct", "on_time"}),
        (case("2026-03-02 08:00", "2026-03-20 08:00", "2026-03-16 07:00"), {"direct", "pending_in_time"}),
        (case("2026-03-02 08:00", "2026-03-13 17:00"), {"direct", "pending_late"}),
        (case("2026-03-02 08:00", "2026-03-14 17:00"), {"direct", "pending_in_time"}),
        (case("2026-03-02 08:00", "2026-03-13 17:00", status="5"), {"direct", "pending_in_time"}),
        (case("2026-03-02 08:00", "2026-03-13 17:00", status="6"), {"direct", "pending_in_time"}),
        (case("2026-03-02 08:00", "2026-03-13 17:00", status="8"), {"direct", "pending_in_time"}),
    ],
)
def test_a_dossier_counts_in_its_columns(one: Countable, expected: set[str]) -> None:
    """Not yet received, after the period, on its edges, carried over, early, on time, late, withdrawn, waiting."""
    assert columns(one) == expected


@pytest.mark.parametrize(
    ("status", "received", "ended", "expected"),
    [
        ("3", "2026-03-02 08:00", None, "2026-03-09 10:00"),
        ("3", "2026-03-02 08:00", "2026-03-08 10:00", "2026-03-08 10:00"),
        ("3", None, None, None),
        ("8", "2026-03-02 08:00", None, None),
        ("9", "2026-03-02 08:00", "2026-03-08 10:00", "2026-03-08 10:00"),
    ],
)
def test_refused_after_its_receipt_a_dossier_is_over(
    status: str, received: str | None, ended: str | None, expected: str | None
) -> None:
    """5 to 3: over when the refusal was accepted; refused before its receipt it was never in; 8 may go on."""
    instants = [None if each is None else at(each) for each in (received, ended, expected)]
    course = course_of(
        [entry(1, status, received_at=instants[0], ended_at=instants[1], accepted_at=at("2026-03-09 10:00"))]
    )
    assert course is not None
    assert course.over_at == instants[2]


@pytest.mark.parametrize(
    ("due", "column"), [("2026-03-10 08:00", "early"), ("2026-03-09 08:00", "on_time"), ("2026-03-05 08:00", "late")]
)
def test_refused_after_its_receipt_a_dossier_is_resolved_and_flagged(due: str, column: str) -> None:
    """In a column by its days like any other, and told beside the form."""
    assert columns(case("2026-03-02 08:00", due, "2026-03-09 10:00", status="3")) == {"direct", column, "refused"}


def test_by_instant_the_hour_counts() -> None:
    """Due at 08:00 and ended at 17:00 of that day is late to the second, and on time on the form."""
    one = case("2026-03-02 08:00", "2026-03-10 08:00", "2026-03-10 17:00")
    assert (columns(one, "day"), columns(one, "instant")) == ({"direct", "on_time"}, {"direct", "late"})
    open_one = case("2026-03-02 08:00", "2026-03-14 17:00")
    assert columns(open_one, "instant") == {"direct", "pending_late"}


def test_lines_are_sorted_and_add_up() -> None:
    """By office; an office without a dossier in the period has no line."""
    cases = [case("2026-03-02 08:00", office="B"), case("2026-03-02 08:00", office="A"), case(None, office="C")]
    lines = lines_by(counted(cases), "office")
    assert list(lines.items()) == [(name, Line(direct=1, pending_in_time=1)) for name in ("A", "B")]
    assert sum_of(lines.values()) == Line(direct=2, pending_in_time=2)


def counted(cases: list[Countable], counting: Any = "day") -> Counts:
    """The counts of dossiers that never were in another cell."""
    found = no_counts()
    for one in cases:
        line = line_of(one, MARCH, day_of, counting)
        if line is not None:
            found.add(Counted(Cell(one.office, one.commune, one.selector), line))
    return found


def lines_by(counts: Counts, name: str) -> dict[str, Line]:
    """The lines by a field of the cells."""
    key = attrgetter(name)
    return lines_of(counts, key, key)


_days = st.integers(0, 90).map(lambda days: at("2026-01-01 00:00") + days * 86_400_000_000)
_instants = st.tuples(_days, st.integers(0, 86_399)).map(lambda pair: pair[0] + pair[1] * 1_000_000)
_cases = st.builds(
    Countable,
    st.sampled_from(("A", "B")),
    st.just("18073"),
    st.sampled_from(("p", "q")),
    st.sampled_from(("online", "direct", "postal")),
    st.sampled_from(("4", "5", "7", "9")),
    st.none() | _instants,
    st.none() | _instants,
    st.none() | _instants,
)
_counting = st.sampled_from(("day", "instant"))


@given(st.lists(_cases, max_size=12), _counting)
def test_the_invariants_of_the_form_hold(cases: list[Countable], counting: Any) -> None:
    """Received = resolved + pending; the whole is the sum of its parts, by office as by procedure (domain facts §5)."""
    counts = counted(cases, counting)
    by_office = sum_of(lines_by(counts, "office").values())
    by_procedure = sum_of(lines_by(counts, "selector").values())
    assert by_office == by_procedure
    assert by_office.received == by_office.resolved + by_office.pending


@given(st.lists(_cases, max_size=12), _counting)
def test_what_is_pending_is_carried_over(cases: list[Countable], counting: Any) -> None:
    """Carried over of a period = pending of the one before, as both are known at one time (domain facts §5)."""
    april = period("2026-03-15", "2026-04-14")
    march = sum_of(line_of(one, MARCH, day_of, counting) or NOTHING for one in cases)
    assert march.pending == sum_of(line_of(one, april, day_of, counting) or NOTHING for one in cases).carried_over


@given(_cases, _counting)
def test_a_dossier_counts_at_most_once_on_each_side(one: Countable, counting: Any) -> None:
    """Once received, and once resolved or pending."""
    line = line_of(one, MARCH, day_of, counting)
    assert line is None or (line.received, line.resolved + line.pending) == (1, 1)
