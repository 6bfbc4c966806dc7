"""What leaves the simulation keeps the contract: every record, every stated state, nothing personal."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_producers.domain.simulation.contents import record_of, state_of, time_text
from lienthong_producers.domain.simulation.flaws import CONFLICT
from lienthong_schemas.case_event import content_digest, read_case_event
from lienthong_schemas.identity import CASE_KINDS
from lienthong_schemas.instants import EARLIEST, LATEST, iso_of
from lienthong_schemas.models import case_record, parse_case_state
from lienthong_schemas.reference import ReferenceBook, States
from lienthong_schemas.reference_files import load_reference
from lienthong_schemas.statements import looks_personal
from tests.support.simulations import BOOK, by_case, default_month, ten_days

BY_CHANCE = {"applicant", "file_digest", "event_id"}
"""Keyed HMAC, SHA-256 and UUID: hexadecimal digits, of which some may look like a phone number."""


def texts(value: object, name: str = "") -> Iterator[str]:
    """Every text in a record, digits by chance left out."""
    if isinstance(value, str) and name not in BY_CHANCE:
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from texts(each, key)


def read(event: SimulatedEvent) -> dict[str, Any]:
    """The record as a consumer reads it; raises where the contract forbids it."""
    return read_case_event(BOOK, event.topic, event.case.case_id.encode(), event.value)[1]


def test_every_event_keeps_the_contract() -> None:
    """Encoded, decoded, and judged as the streams and the ledger do."""
    kinds = Counter(read(event)["case_id"].split(":")[0] for event in ten_days())
    assert set(kinds) == set(CASE_KINDS)


def test_the_stated_state_gives_the_same_record() -> None:
    """What an office hands in and what arrives is one thing, for every event."""
    differing = []
    for event in default_month()[::5]:
        state, step = parse_case_state(state_of(event)), event.step
        by_outbox = case_record(
            state,
            epoch=step.epoch,
            seq=step.seq,
            seq_by=event.case.seq_by,
            accepted_at=step.accepted_at,
            previous=None,
        )
        if by_outbox != record_of(event):
            differing.append((event.case.case_id, step.seq))
    assert differing == []


def test_each_event_names_the_digest_of_the_one_before() -> None:
    """Within an epoch; a successor does not have what came before, nor a put-back outbox."""
    wrong = []
    for events in by_case(ten_days()).values():
        before: bytes | None = None
        for event in events:
            expected = before.hex() if before is not None and event.step.seq > 1 else None
            if read(event)["previous"] != expected:
                wrong.append(event)
            before = content_digest(event.value)
    twins = [read(event)["previous"] for event in ten_days() if event.flaw == CONFLICT]
    assert (wrong, set(twins)) == ([], {None})


def test_nothing_personal_is_in_any_event() -> None:
    """Neither in texts nor in numbers of cases."""
    found = {text for event in default_month() for text in texts(record_of(event)) if looks_personal(text)}
    assert found == set()


def test_every_status_is_one_of_the_reference_data() -> None:
    """Changes of state may break the table, states themselves are known."""
    book = ReferenceBook([entry.record(None) for entry in load_reference("vn")])
    tables = {kind: book.states(kind, 1_800_000_000_000_000) for kind in CASE_KINDS}
    used = {(event.case.kind, event.step.status) for event in default_month()}
    known = {(kind, status) for kind, table in tables.items() if isinstance(table, States) for status in table.effects}
    assert used - known == set()


@given(st.integers(EARLIEST, LATEST))
def test_times_are_written_as_everywhere(instant: int) -> None:
    """Only faster."""
    assert time_text(instant) == iso_of(instant)
