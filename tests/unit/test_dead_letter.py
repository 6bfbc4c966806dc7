"""The layout of dead letters: byte for byte what was refused, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong_infra.dead_letter import (
    DECODE,
    RULE,
    NotALetter,
    dead_letter_topic,
    letter,
    letter_of_error,
    read_letter,
)
from lienthong_infra.ports import OutboundRecord, Record
from lienthong_schemas.errors import BrokenRule, NotSingleObject
from lienthong_schemas.identity import letter_id

RECORD = Record("dossier.v1", 3, 41, b"k", b"\x00\xffrest", 1_700_000_000_123, (("traceparent", b"00-a"),))


def as_read(outbound: OutboundRecord) -> Record:
    """The record as a reader of the dead-letter topic gets it."""
    return Record(outbound.topic, 0, 0, outbound.key, outbound.value, 5, outbound.headers)


@given(
    key=st.none() | st.binary(),
    value=st.none() | st.binary(),
    headers=st.lists(st.tuples(st.text(), st.binary())).map(tuple),
)
def test_key_value_and_headers_come_back_byte_for_byte(
    key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...]
) -> None:
    """Whatever the record was, reading its letter gives it back."""
    record = RECORD._replace(key=key, value=value, headers=headers)
    found = read_letter(as_read(letter(record, stage=DECODE, code="undecodable", problems=(), consumer="ledger")))
    assert (found.key, found.value, found.headers) == (key, value, headers)


def test_a_letter_tells_where_when_and_why() -> None:
    """Position, time, stage, code, problems and reader are in the headers."""
    found = read_letter(as_read(letter(RECORD, stage=RULE, code="no", problems=("seq: 0",), consumer="ledger")))
    assert found == (
        letter_id("dossier.v1", 3, 41, RULE),
        "dossier.v1",
        3,
        41,
        1_700_000_000_123,
        RULE,
        "no",
        ("seq: 0",),
        "ledger",
        1_700_000_000_123_000,
        b"k",
        b"\x00\xffrest",
        (("traceparent", b"00-a"),),
    )


def test_two_readers_write_the_same_letter_id() -> None:
    """The id does not depend on who reads."""
    ids = {
        read_letter(as_read(letter(RECORD, stage=DECODE, code="c", problems=(), consumer=consumer))).letter_id
        for consumer in ("ledger", "deadlines")
    }
    assert ids == {letter_id("dossier.v1", 3, 41, DECODE)}


def test_a_letter_of_a_letters_replay_keeps_the_outer_marks() -> None:
    """A record that was replayed and refused again: its old dl- headers are data, the new ones count."""
    first = letter(RECORD, stage=DECODE, code="c", problems=(), consumer="ledger")
    again = RECORD._replace(offset=77, headers=first.headers)
    found = read_letter(as_read(letter(again, stage=RULE, code="d", problems=(), consumer="ledger")))
    assert (found.offset, found.code, found.headers) == (77, "d", first.headers)


@pytest.mark.parametrize(
    ("error", "stage", "code", "problems"),
    [
        (NotSingleObject("no marker"), DECODE, "not-single-object", ("no marker",)),
        (BrokenRule(("seq: 0 is below 1", "status: it is empty")), RULE, "broken-rule", None),
    ],
)
def test_the_error_of_the_contract_gives_stage_and_code(
    error: NotSingleObject | BrokenRule, stage: str, code: str, problems: tuple[str, ...] | None
) -> None:
    """Unreadable is one stage, forbidden another; all problems are kept."""
    found = read_letter(as_read(letter_of_error(RECORD, error, consumer="ledger")))
    expected = problems if problems is not None else ("seq: 0 is below 1", "status: it is empty")
    assert (found.stage, found.code, found.problems) == (stage, code, expected)


def test_what_a_problem_quotes_from_the_data_is_left_out() -> None:
    """A malformed id may hold a name; single characters are our own words."""
    found = read_letter(
        as_read(
            letter(RECORD, stage=RULE, code="c", problems=("id: 'Nguyễn Văn A' is none: 'A' to '.'",), consumer="l")
        )
    )
    assert found.problems == ("id: '…' is none: 'A' to '.'",)


@pytest.mark.parametrize("drop", ["dl-id", "dl-offset", "dl-original-headers", "dl-problems"])
def test_a_record_without_the_marks_is_no_letter(drop: str) -> None:
    """The missing header is named."""
    outbound = letter(RECORD, stage=DECODE, code="c", problems=(), consumer="ledger")
    kept = tuple(header for header in outbound.headers if header[0] != drop)
    with pytest.raises(NotALetter, match=drop):
        read_letter(as_read(outbound._replace(headers=kept)))


@pytest.mark.parametrize(
    ("mark", "forged"),
    [
        ("dl-offset", b"x"),
        ("dl-offset", b"42"),
        ("dl-offset", str(2**63).encode()),
        ("dl-id", b"anything"),
        ("dl-code", b"a\0b"),
        ("dl-topic", b"\xff"),
    ],
)
def test_malformed_and_forged_marks_are_no_letter(mark: str, forged: bytes) -> None:
    """A number that is none, an id of another place, what no database takes: refused, not guessed."""
    outbound = letter(RECORD, stage=DECODE, code="c", problems=(), consumer="ledger")
    broken = tuple((name, forged if name == mark else value) for name, value in outbound.headers)
    with pytest.raises(NotALetter, match="malformed"):
        read_letter(as_read(outbound._replace(headers=broken)))


def test_the_dead_letter_topic_is_named_after_the_kind() -> None:
    """One dead-letter topic for each topic that is read."""
    assert dead_letter_topic("field-report.v1") == "field-report-dead-letter.v1"
