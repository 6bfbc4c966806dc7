"""The bytes of cases: what goes in comes out, whatever it is, and adding an event leaves the bytes before it alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong_schemas.case_event import CaseEvent, Handover, Opening
from lienthong_schemas.instants import EARLIEST, LATEST
from lienthong_schemas.records import FIRM, PROVISIONAL_HOLE, PROVISIONAL_SILENCE
from lienthong_streams.case_state import CaseState, Header, decode_state, encode_state, read_header
from lienthong_streams.domain.rules import rules_of
from lienthong_streams.domain.timeline import Known, insert
from lienthong_streams.packed_standing import pack_standing, pack_withdrawals, unpack_standing, unpack_withdrawals
from lienthong_streams.packed_timeline import added, pack_timeline, unpack_timeline
from lienthong_streams.packed_values import pack_number, pack_text, unpack_number, unpack_text
from tests.support.cases import CASE, book, event, handover, known, minute, opening

RULES = rules_of(book())
INT64 = st.integers(-(2**63), 2**63 - 1)
INSTANTS = st.one_of(st.integers(0, 10_000).map(minute), INT64, st.integers(-(2**80), 2**80))
TEXTS = st.one_of(st.sampled_from(["", "H27.16", "18073", "4"]), st.text(max_size=300))
DIGESTS = st.one_of(st.binary(min_size=16, max_size=16), st.binary(max_size=40))
"""Real ones have 16 bytes; some of them begin or end in zeros."""


@st.composite
def events(
    draw: st.DrawFn, numbers: st.SearchStrategy[int] = INT64, instants: st.SearchStrategy[int] = INSTANTS
) -> Known:
    """Any event at all: the packing must not depend on what the contract allows today."""
    made = CaseEvent(
        CASE, draw(st.just(1) | numbers), draw(st.integers(1, 9) | numbers), draw(DIGESTS),
        draw(instants), draw(instants), draw(TEXTS), draw(TEXTS), draw(TEXTS), draw(TEXTS),
        draw(st.none() | instants), draw(st.none() | instants), draw(st.none() | instants), draw(TEXTS),
        draw(st.none() | st.builds(Handover, TEXTS, numbers, numbers)),
        draw(st.none() | st.builds(Opening, instants, numbers, numbers)), draw(TEXTS), draw(TEXTS),
        draw(TEXTS), draw(st.integers(0, 511) | numbers),
    )  # fmt: skip
    return Known(made, draw(instants))


@given(st.lists(events(), max_size=5))
@settings(max_examples=50, deadline=None)
def test_a_timeline_survives_its_bytes(timeline: list[Known]) -> None:
    """Openings, handovers, fields that are None, numbers beyond 64 bits, texts of any length."""
    assert unpack_timeline(CASE, pack_timeline(timeline)) == timeline


@given(st.lists(events(), max_size=4), events())
@settings(max_examples=50, deadline=None)
def test_an_event_is_added_without_touching_the_others(timeline: list[Known], one: Known) -> None:
    """Added bytes, and the same as packing all of it anew."""
    packed = pack_timeline(timeline)
    longer = added(packed, one)
    assert longer[: len(packed)] == packed
    assert longer == pack_timeline([*timeline, one])


@given(
    st.lists(events(st.integers(1, 2**63 - 1), st.integers(EARLIEST, LATEST)), max_size=6),
    st.lists(st.integers(0, 5), max_size=6),
)
@settings(max_examples=50, deadline=None)
def test_a_state_keeps_its_timeline_in_any_order(arriving: list[Known], twins: list[int]) -> None:
    """In order, out of order, duplicates, twins with another digest: what its bytes hold is what `insert` keeps."""
    arriving += [Known(arriving[at].event, minute(0)) for at in twins if at < len(arriving)]
    expected: list[Known] = []
    state = CaseState(CASE)
    for one in arriving:
        changed = state.take(one, RULES)
        assert changed == insert(expected, one)
        state = decode_state(CASE, encode_state(state))
    assert list(state.timeline) == expected


def test_an_ordinary_event_takes_about_forty_bytes() -> None:
    """The stated bound of memory stands on it: what an event shares with the first of its case costs nothing."""
    plain = known([event(seq, "4", 60 * seq, due=9_000, channel="online") for seq in range(1, 9)], delay=1)
    assert len(pack_timeline(plain)) <= 8 * 40 + 60
    marked = [Known(one.event._replace(marks=1 << 8), one.known_at) for one in plain]
    assert len(pack_timeline(marked)) - len(pack_timeline(plain)) == 8 * 3


def test_an_opening_and_a_handover_survive() -> None:
    """The two seldom parts of an event, as real cases have them."""
    timeline = known([opening(1, 5, started=-900, due=60), handover(2, 9, successor="H27.01", next_epoch=2)])
    assert unpack_timeline(CASE, pack_timeline(timeline)) == timeline


KEYS = st.one_of(
    st.sampled_from(
        [
            "processing|1|started||1.1",
            "processing|2|started||1.7",
            "processing|1|warned|80|1.1",
            "processing|1|breached||2025-06-15T16:06:40Z",
            "apology|1|breached||2025-06-15T16:06:40Z",
            "finding|hole|1.2-3",
            "finding|conflict|1.2.00ff",
        ]
    ),
    st.text(max_size=40),
)
FIRMNESSES = st.sampled_from([FIRM, PROVISIONAL_SILENCE, PROVISIONAL_HOLE])


@given(st.dictionaries(KEYS, FIRMNESSES), st.dictionaries(KEYS, st.uuids().map(str)))
@settings(max_examples=50, deadline=None)
def test_what_was_announced_survives_its_bytes(standing: dict[str, str], withdrawals: dict[str, str]) -> None:
    """Also its order, and keys that begin in no listed way."""
    assert list(unpack_standing(pack_standing(standing)).items()) == list(standing.items())
    assert unpack_withdrawals(pack_withdrawals(withdrawals)) == withdrawals


@given(
    st.none() | st.integers(-(2**62), 2**62),
    st.none() | st.integers(0, 2**62),
    st.integers(-1, 2**40),
    st.lists(st.sampled_from(["H27.16", "H27.01", "000.00.16.H27"]), unique=True).map(tuple),
    st.binary(max_size=60),
)
@settings(max_examples=50, deadline=None)
def test_a_header_is_read_without_the_rest(
    watch_from: int | None, closed_since: int | None, reference_end: int, silent: tuple[str, ...], contribution: bytes
) -> None:
    """Restore reads nothing else. A case that is watched is not closed."""
    state = CaseState(CASE)
    state.take(Known(event(1, "2", 0), minute(0)), RULES)
    header = Header(watch_from, None if watch_from is not None else closed_since, reference_end, silent, contribution)
    state.header = header
    value = encode_state(state)
    assert read_header(value) == header == decode_state(CASE, value).header


@given(st.none() | st.integers(-(2**80), 2**80), st.text(max_size=600))
def test_numbers_and_texts_of_any_size_survive(number: int | None, text: str) -> None:
    """One after another, so each also says where it ends."""
    packed = pack_number(number) + pack_text(text) + pack_number(7)
    first, at = unpack_number(packed, 0)
    second, at = unpack_text(packed, at)
    assert (number, text, (7, len(packed))) == (first, second, unpack_number(packed, at))
