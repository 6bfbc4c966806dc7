"""An event that merely goes on, added to the bytes of its case, leaves what a fold would. Source: issue B, speed."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import given, settings, target
from hypothesis import strategies as st

from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.announce import Origin
from lienthong_streams.calm_case import Present, carried_on
from lienthong_streams.case_clocks import Moment, fold_case
from lienthong_streams.case_state import CaseState, Header, decode_state, encode_state, read_header
from lienthong_streams.domain.packing import pack
from lienthong_streams.domain.rules import Rules
from lienthong_streams.domain.timeline import Known
from lienthong_streams.partial_figures import PartialFigures
from tests.property.test_progress import BOOKS, HEARD, HOUR, MONDAY, POLICIES, book_of, deliveries
from tests.support.cases import CASE, event

SOURCE = TopicPartition("dossier.v1", 0)
SCHEMAS = SchemaBook()
WAITS = st.lists(st.sampled_from([0, 1, 5, 24, 200, 700]), min_size=12, max_size=12)
"""Hours between two looks at the clock; all of them together lead beyond the calendar."""


ON = st.sampled_from([("4", ""), ("4", "appraisal"), ("4", "signing"), ("5", ""), ("6", ""), ("9", ""), ("10", "")])
ELSE: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"due_at": MONDAY + 60 * HOUR},
        {"due_at": None},
        {"office": "H27.01"},
        {"urgency": "khẩn"},
        {"ended_at": MONDAY + 9 * HOUR},
        {"occurred_at": MONDAY - HOUR},
        {"occurred_at": MONDAY + 4_000 * HOUR},
        {"status": "7"},
        {"marks": 1},
    ]
)
"""What now and then is other than before."""


@st.composite
def lives(draw: st.DrawFn) -> list[Known]:
    """Dossiers that mostly just go on, for hours or weeks, and reach the bus at once or late."""
    when = MONDAY
    fields: dict[str, Any] = {"due_at": draw(st.sampled_from([None, MONDAY + 90 * HOUR, MONDAY + 500 * HOUR]))}
    made = [Known(event(1, "2", 0, occurred_at=when, accepted_at=when, **fields), when)]
    for seq in range(2, draw(st.integers(2, 12)) + 1):
        when += draw(st.sampled_from([0, 1, 30])) * HOUR
        status, step = draw(ON)
        changes: dict[str, Any] = {
            "status": status,
            "step": step,
            **(draw(ELSE) if draw(st.integers(0, 5)) == 0 else {}),
        }
        fields |= {name: value for name, value in changes.items() if name not in ("occurred_at", "marks")}
        one = event(seq, status, 0, occurred_at=when, accepted_at=when, ended_at=fields.pop("ended_at", None))
        made.append(Known(one._replace(**{**fields, **changes}), when + draw(st.sampled_from([0, 0, HOUR]))))
    return made


class Told(NamedTuple):
    """What a case said after each event, and what is left of it."""

    said: list[list[OutboundRecord]]
    headers: list[Header]
    value: bytes
    carried: int


def told(
    book: ReferenceBook, delivery: list[Known], waits: list[int], heard: dict[str, int], *, shortcut: bool
) -> Told:
    """A case event by event, looked at once after each; with or without what is tested here."""
    rules, figures = Rules(book), PartialFigures(SOURCE, SCHEMAS)
    said: list[list[OutboundRecord]] = []
    headers: list[Header] = []
    value, carried, horizon, watched = b"", 0, MONDAY, None
    for known, wait in zip(delivery, [*waits, *[0] * len(delivery)], strict=False):
        horizon += wait * HOUR
        moment = Moment(rules, 4, horizon, heard, Origin(SOURCE, len(said), horizon, 4))
        longer = carried_on(value, known, Present(rules, 4, horizon, 9_999)) if shortcut and value else None
        if longer is not None:
            value, carried = longer[0], carried + 1
            said.append([])
        else:
            state = decode_state(CASE, value) if value else CaseState(CASE)
            due = watched is not None and watched < horizon
            told_now = state.take(known, rules) or due
            said.append(fold_case(SCHEMAS, figures, CASE, state, moment) if told_now else [])
            value = encode_state(state)
        headers.append(read_header(value))
        watched = headers[-1].watch_from
    return Told(said, headers, value, carried)


@given(BOOKS, st.one_of(lives(), deliveries()), WAITS, HEARD)
@settings(max_examples=300, deadline=None)
def test_a_case_that_goes_on_says_what_it_says_when_it_is_folded(
    book: ReferenceBook, delivery: list[Known], waits: list[int], heard: dict[str, int]
) -> None:
    """The same announcements, watch, closing and contribution after every event, and the same case in the end."""
    short, whole = (told(book, delivery, waits, heard, shortcut=shortcut) for shortcut in (True, False))
    target(float(short.carried))
    assert short.said == whole.said
    assert short.headers == whole.headers
    one, other = decode_state(CASE, short.value), decode_state(CASE, whole.value)
    assert one.timeline == other.timeline
    assert (one.standing, one.withdrawals) == (other.standing, other.withdrawals)
    assert pack(one.progress(Rules(book)))[1:] == pack(other.progress(Rules(book)))[1:]


def life(*steps: tuple[str, str]) -> list[Known]:
    """A dossier in these states and steps, an hour from one to the next, known at once."""
    made = []
    for seq, (status, step) in enumerate(steps, start=1):
        at = MONDAY + (seq - 1) * HOUR
        ended = MONDAY + 3 * HOUR if status in ("9", "10") else None
        one = event(
            seq, status, 0, step=step, occurred_at=at, accepted_at=at, ended_at=ended, due_at=MONDAY + 90 * HOUR
        )
        made.append(Known(one, at))
    return made


def test_work_that_goes_on_is_not_folded() -> None:
    """Taken up, passed on within the office, handed out: three of five events of an ordinary dossier say nothing."""
    book = book_of(POLICIES[2], urgent=True)
    ordinary = life(("2", ""), ("4", ""), ("4", "signing"), ("9", "signing"), ("10", "signing"))
    found = told(book, ordinary, [0] * 12, {}, shortcut=True)
    assert (found.carried, [len(each) for each in found.said]) == (3, [2, 0, 0, 1, 0])


def test_a_step_with_a_time_of_its_own_is_folded() -> None:
    """Its clock begins."""
    book = book_of(POLICIES[0], urgent=False)
    passed_on = life(("2", ""), ("4", ""), ("4", "appraisal"), ("4", "appraisal"))
    assert told(book, passed_on, [0] * 12, {}, shortcut=True).carried == 2
