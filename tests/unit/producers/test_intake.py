"""JSON lines into an outbox: every problem of every line, nothing lost, all or nothing where that is wanted."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lienthong_producers.domain.json_lines import read_lines
from lienthong_producers.errors import OutboxFull
from lienthong_producers.intake import Taken, take_in, take_in_all
from lienthong_producers.outbox import Outbox
from tests.support.senders import OFFICE, handover, plain


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox."""
    with Outbox(tmp_path / "outbox.db") as made:
        yield made


def line(**fields: object) -> bytes:
    """Return a good line, with these fields changed."""
    return json.dumps(plain(**fields)).encode() + b"\n"  # type: ignore[arg-type]


def problems(raw: bytes) -> tuple[str, ...]:
    """Return the problems of a single line."""
    (read,) = read_lines([raw])
    assert (read.state is None) == bool(read.problems)
    return read.problems


def receipts(taken: list[Taken]) -> list[tuple[int, int | None]]:
    """Return the line numbers, each with the number given to its event, or none."""
    return [(each.line.number, None if each.accepted is None else each.accepted.seq) for each in taken]


def test_good_lines_are_accepted_in_order(outbox: Outbox) -> None:
    """Each line gets its number in its case; blank lines do not count as lines with a problem."""
    taken = list(take_in(outbox, [line(), b"\n", line(local="A-2"), line()]))
    assert receipts(taken) == [(1, 1), (3, 1), (4, 2)]


def test_every_problem_of_a_line_is_listed() -> None:
    """Several wrong fields in one line are all told, each with what is wrong."""
    found = problems(line(status="", occurred_at="2026-06-01T15:00:00", colour="red"))
    assert [problem.split(":")[0] for problem in found] == ["occurred_at", "status", "colour"]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"{", "event: no JSON at character 2"),
        (b"[1]", "event: it is no object"),
        (b"7", "event: it is no object"),
        (b'{"kind": "tasks"}', "kind: it is no kind of case that can be published"),
        (b'{"kind": "dossier\xff"}', "event: byte 18 is no UTF-8"),
        (b'{"kind": NaN}', "event: NaN is no number of JSON"),
        (b"[" * 100_000, "event: "),
        (b'{"kind": "dossier", "kind": "document"}', "kind: it stands there twice"),
        (b"9" * 5000, "event: "),
    ],
)
def test_a_line_that_cannot_be_read_says_why(raw: bytes, problem: str) -> None:
    """What is no JSON object of a known kind is told in words, whatever it is."""
    assert problems(raw)[0].startswith(problem)


def test_a_byte_order_mark_does_no_harm() -> None:
    """Files of some editors begin with one."""
    assert problems(b"\xef\xbb\xbf" + line()) == ()


def test_bad_lines_do_not_hold_up_good_ones(outbox: Outbox) -> None:
    """A bad line is reported with its bytes; the lines around it are accepted."""
    taken = list(take_in(outbox, [line(), b"{\n", line()]))
    assert receipts(taken) == [(1, 1), (2, None), (3, 2)]
    assert taken[1].line.raw == b"{\n"
    assert taken[1].told() == [
        "line 2: event: no JSON at character 2: Expecting property name enclosed in double quotes"
    ]


def test_an_event_that_the_outbox_refuses_is_a_bad_line(outbox: Outbox) -> None:
    """Also what only the outbox can know, such as a handover before, is told with its line."""
    outbox.accept(handover())
    taken = list(take_in(outbox, [line(local="A-2"), line(), line(local="A-2")]))
    assert receipts(taken) == [(1, 1), (2, None), (3, 2)]
    assert "line 2: dossier:H27.16:A-1: it was handed over to G01" in taken[1].told()[0]


def test_a_contradiction_is_listed_with_its_field(outbox: Outbox) -> None:
    """A handover that does not fit the numbering names the field."""
    wrong = line(change="handover", handover={"successor": "G01", "next_epoch": 2, "last_seq": 1})
    taken = list(take_in(outbox, [line(), wrong]))
    assert [problem.split(":")[0] for problem in taken[1].problems] == ["handover.last_seq"]


def test_all_or_nothing_accepts_nothing_with_one_bad_line(outbox: Outbox) -> None:
    """All problems are told, also those that only the outbox knows; no number is used up."""
    outbox.accept(handover("A-9"))
    taken = take_in_all(outbox, [line(), b"{", line(local="A-9"), line()])
    assert receipts(taken) == [(1, None), (2, None), (3, None), (4, None)]
    assert [bool(each.problems) for each in taken] == [False, True, True, False]
    assert receipts(take_in_all(outbox, [line(), line()])) == [(1, 1), (2, 2)]


def test_a_pipe_is_answered_line_by_line(outbox: Outbox) -> None:
    """With one line at a time, a line is safe before the next is read."""
    read: list[int] = []

    def lines() -> Iterator[bytes]:
        for number in range(3):
            read.append(number)
            yield line()

    answers = take_in(outbox, lines(), at_once=1)
    assert next(answers).accepted is not None
    assert read == [0]


def test_a_full_outbox_ends_the_intake(tmp_path: Path) -> None:
    """What was told as accepted before is kept; the rest is not."""
    with Outbox(tmp_path / "small.db", max_bytes=150_000) as outbox:
        told: list[Taken] = []
        with pytest.raises(OutboxFull):
            told.extend(take_in(outbox, [line()] * 1000, at_once=10))
        assert outbox.accept_each([], keep_if=lambda _: True) == []


def test_nothing_of_the_content_is_repeated(outbox: Outbox) -> None:
    """A problem never quotes what was written: it may be a name or a number of a person."""
    found = problems(line(step="Nguyễn Văn A 0912345678", applicant="079123456789", office="nobody@example.org"))
    assert len(found) == 3
    assert not any(secret in problem for problem in found for secret in ("0912345678", "079123456789", "Nguy"))


def test_offices_are_normal_in_what_is_accepted(outbox: Outbox) -> None:
    """An office written in lower case is brought into normal form, as is the case's number."""
    (taken,) = take_in(outbox, [line(office="h27.16", authority="h27.16", local="a-1")])
    assert taken.accepted is not None
    assert taken.accepted.case_id == f"dossier:{OFFICE}:A-1"
