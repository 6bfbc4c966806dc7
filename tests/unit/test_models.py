"""What a sender may state: every fault is listed with its field and with what to write."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong_schemas.case_event import Handover, Opening, read_case_event
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import InvalidCase
from lienthong_schemas.instants import instant_of
from lienthong_schemas.models import CASE_MODELS, Dossier, SeqBy, case_record, parse_case_state
from lienthong_schemas.statements import looks_personal

BOOK = SchemaBook()
HOLDER: SeqBy = "holder"
OWN_FIELDS: dict[str, dict[str, Any]] = {
    "dossier": {"procedure": "1.005129", "channel": "online"},
    "field-report": {"category": "road", "channel": "app"},
    "periodic-report": {"form": "II.06a", "period": "2026-M10"},
    "document": {"document_type": "circular", "sender": "H27"},
    "task": {"task_type": "directive", "assigned_by": "H27"},
}


def stated(kind: str = "dossier", **more: Any) -> dict[str, Any]:
    """Return a sound statement of a kind of case as plain data, with more fields or others in their place."""
    return {
        "kind": kind,
        "authority": "H27.16",
        "local": "000.00.16.H27-260701-0001",
        "office": "H27.16",
        "occurred_at": "2026-07-01T08:00:00+07:00",
        "status": "2",
        **OWN_FIELDS[kind],
        **more,
    }


def problems(data: Any) -> list[str]:
    """Return all problems of a statement that must be refused."""
    with pytest.raises(InvalidCase) as refused:
        parse_case_state(data)
    return list(refused.value.problems)


def record_of(data: dict[str, Any], *, epoch: int = 1, seq: int = 1) -> dict[str, Any]:
    """Return the Avro record of a sound statement."""
    return case_record(parse_case_state(data), epoch=epoch, seq=seq, seq_by=HOLDER, accepted_at=7, previous=None)


@pytest.mark.parametrize("kind", CASE_MODELS)
def test_every_kind_survives_the_wire(kind: str) -> None:
    """What is stated comes back as an event that breaks no rule of the contract."""
    record = record_of(stated(kind))
    key = record["case_id"].encode()
    event, decoded = read_case_event(BOOK, f"{kind}.v1", key, BOOK.encode(f"{kind}.v1", record))
    assert (record, kind) == (decoded, event.kind)


def test_identity_is_brought_into_normal_form() -> None:
    """Spaces and small letters of a clerk's typing do not make a second case."""
    state = parse_case_state(stated(authority=" h27.16", local="000.00.16.h27 - 260701-0001"))
    assert state.case_id == "dossier:H27.16:000.00.16.H27-260701-0001"


def test_all_problems_are_listed_with_field_and_remedy() -> None:
    """One answer shows the sender everything that is wrong."""
    data = stated(
        status=5,
        occurred_at=1_782_867_600,
        ended_at="2026-07-01T08:00:00",
        due_at="3026-07-01T08:00:00Z",
        commune="4201",
        fee_paid="bitcoin",
        applicant="short",
        digitised="yes",
        proceduer="1",
    )
    time_form = "write ISO 8601 with the UTC offset, such as 2026-07-01T08:00:00+07:00"
    assert problems(data) == [
        "commune: it is no unit code; write its five digits, leading zeros included, or leave it empty",
        f"occurred_at: it is no time; {time_form}",
        "status: it is no text; write it in quotes",
        "due_at: it lies outside the years 1900 to 2999; check the year",
        f"ended_at: it has no UTC offset; {time_form}",
        "applicant: it is no pseudonym; write 32 to 128 hexadecimal digits in lower case, never an id or a name",
        "fee_paid: write 'online', 'cash' or 'none'",
        "digitised: write true or false",
        "proceduer: there is no such field; check its spelling or leave it out",
    ]


@pytest.mark.parametrize(
    ("kind", "field", "value", "problem"),
    [
        ("field-report", "rating", 6, "rating: it is too large; write 5 or less"),
        ("field-report", "hops", True, "hops: it is no whole number"),
        (
            "field-report",
            "duplicate_of",
            "dossier:H27:1",
            "duplicate_of: it names no field report; write field-report:authority:local",
        ),
        ("periodic-report", "figures", {"received": -1}, "figures.received: it is too small; write 0 or more"),
        (
            "periodic-report",
            "period",
            "2026-M13",
            "period: it is no period; write 2026, 2026-M10, 2026-Q3, 2026-W41, 2026-6M or 2026-9M",
        ),
        (
            "document",
            "file_digest",
            "abc",
            "file_digest: it is no SHA-256; write 64 hexadecimal digits in lower case",
        ),
        ("document", "status", "", "status: it is empty"),
        ("document", "status", "  ", "status: it is empty"),
        (
            "dossier",
            "step",
            "a\0b",
            "step: it contains control characters or broken letters; write plain text in one line",
        ),
        (
            "dossier",
            "source_ref",
            "\ud800",
            "source_ref: it contains control characters or broken letters; write plain text in one line",
        ),
        ("dossier", "step", "x" * 201, "step: it is too long; write at most 200 characters"),
    ],
)
def test_a_wrong_value_is_refused(kind: str, field: str, value: Any, problem: str) -> None:
    """Every bound of the contract is told at the sender, before anything is accepted."""
    assert problems(stated(kind, **{field: value})) == [problem]


@pytest.mark.parametrize("data", [{}, {"kind": "tasks"}, {"kind": 5}, {"kind": "Dossier"}])
def test_an_unknown_kind_is_refused_with_the_known_ones(data: dict[str, Any]) -> None:
    """Without a kind nothing else can be judged, so it is the only problem."""
    assert [text.rpartition(";")[2] for text in problems(data)] == [
        " write dossier, field-report, periodic-report, document, task"
    ]


def test_what_is_no_object_is_refused() -> None:
    """A JSON line may hold a list or a number."""
    assert problems([1]) == ["event: it is no object; write its fields in braces"]


@pytest.mark.parametrize("change", ["handover", "opening"])
def test_a_change_needs_its_part(change: str) -> None:
    """A handover without a successor, an opening without its time used, mean nothing."""
    assert problems(stated(change=change)) == [f"{change}: it goes with change `{change}`, and only with it"]


def test_a_part_needs_its_change() -> None:
    """A successor in an ordinary change would be a handover that nobody sees."""
    assert problems(stated(handover={"successor": "G09"})) == [
        "handover: it goes with change `handover`, and only with it"
    ]


def test_a_handover_follows_from_the_events_own_number() -> None:
    """The sender names the successor; epoch and last number are known where the event is numbered."""
    data = stated(change="handover", handover={"successor": "g09.20"})
    assert record_of(data, epoch=2, seq=9)["handover"] == Handover("G09.20", 3, 9)._asdict()


def test_a_handover_that_does_not_fit_its_place_is_refused() -> None:
    """An epoch never falls, and the last number is not behind the handover itself."""
    data = stated(change="handover", handover={"successor": "G09", "next_epoch": 2, "last_seq": 3})
    with pytest.raises(InvalidCase) as refused:
        record_of(data, epoch=2, seq=4)
    assert [text.split(":")[0] for text in refused.value.problems] == ["handover.next_epoch", "handover.last_seq"]


def test_an_opening_brings_the_time_used() -> None:
    """A case that was open before the bus came keeps its clock."""
    data = stated(change="opening", opening={"started_at": "2026-06-01T00:00:00Z", "used_seconds": 60})
    started = instant_of(datetime(2026, 6, 1, tzinfo=UTC))
    assert record_of(data)["opening"] == Opening(started, 60, 0)._asdict()


def test_a_model_refuses_what_plain_data_is_refused_for() -> None:
    """A program that builds the model itself meets the same rules."""
    with pytest.raises(ValueError, match="UTC offset"):
        Dossier(
            authority="H27",
            local="1",
            office="H27",
            occurred_at=datetime(2026, 7, 1),  # noqa: DTZ001
            status="2",
            procedure="1",
            channel="online",
        )


@pytest.mark.parametrize("text", ["042085001234", "CCCD 001185012345", "gọi 0912345678", "+84912345678", "a@b.vn"])
def test_personal_text_is_refused(text: str) -> None:
    """Identity numbers, mobile numbers and e-mail addresses do not enter the bus through free text."""
    assert [found.split(":")[0] for found in problems(stated(source_ref=text))] == ["source_ref"]


NUMBER = st.integers(min_value=0, max_value=9_999_999).map(lambda number: f"{number:07d}")
DAY = st.dates().map(lambda day: day.strftime("%y%m%d")) | st.dates().map(lambda day: day.strftime("%Y%m%d"))
AGENCY = st.sampled_from(["000.00.16.H27", "H27.016.002", "G09.20", "H26.14.1"])


@given(AGENCY, DAY, NUMBER | NUMBER.map(lambda number: f"AB{number[:4]}"))
def test_no_dossier_code_looks_personal(agency: str, day: str, number: str) -> None:
    """Every form of dossier code passes: old, new, interlinked and those seen in the wild."""
    assert looks_personal(f"{agency}-{day}-{number}") == ""


@pytest.mark.parametrize("text", ["202607011230", "000123456789", "1.001193.000.00.00.H27", "12/2026/QĐ-UBND"])
def test_dates_counters_and_codes_do_not_look_personal(text: str) -> None:
    """A check with false hits would be switched off."""
    assert looks_personal(text) == ""
