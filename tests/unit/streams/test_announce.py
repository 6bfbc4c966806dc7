"""What stands in the record of an announcement, field by field: each from where it belongs."""

from __future__ import annotations

import pytest

from lienthong_infra.ports import TopicPartition
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND
from lienthong_streams.announce import CLOCK_EVENTS, FINDINGS, Origin, announcement
from lienthong_streams.domain.announcements import Emission
from lienthong_streams.domain.facts import Fact, Remark
from lienthong_streams.domain.timeline import Known
from tests.support.cases import CASE, event, minute

BOOK = SchemaBook()
LAST = Known(event(3, "4", 5, due=60, office="H27.01", commune="18001", selector="2.000001"), minute(6))
ORIGIN = Origin(TopicPartition("dossier.v1", 4), 70, minute(90), 31)
KEY = f"{CASE}|processing|2|met|share|1.7"
FACT = Fact(
    clock="processing",
    episode=2,
    kind="met",
    cause="1.7",
    happened_at=minute(40),
    firmness="firm",
    stated_due_at=minute(61),
    due_at=minute(62),
    office="H27.16",
    commune="18073",
    selector="1.005129",
    used=9 * MICROSECONDS_PER_SECOND + 1,
    paused=8 * MICROSECONDS_PER_SECOND + 1,
    policy="clock-policy/dossier/*",
    level="share",
    regulated=(9 * MICROSECONDS_PER_SECOND, 90 * MICROSECONDS_PER_SECOND),
)
SAID = {
    "event_id": "its-id",
    "settled_key": KEY,
    "case_id": CASE,
    "clock": "processing",
    "episode": 2,
    "kind": "met",
    "level": "share",
    "cause": "1.7",
    "refers_to": None,
    "firmness": "firm",
    "happened_at": minute(40),
    "announced_at": minute(90),
    "stated_due_at": minute(61),
    "due_at": minute(62),
    "office": "H27.16",
    "commune": "18073",
    "selector": "1.005129",
    "used_seconds": 9,
    "paused_seconds": 8,
    "policy": "clock-policy/dossier/*",
    "reference_end": 31,
    "source_topic": "dossier.v1",
    "source_partition": 4,
    "source_offset": 70,
    "regulated_seconds": 90,
    "used_percent": 10,
}
GONE = {
    "refers_to": "another-id",
    "kind": "cleared",
    "happened_at": minute(90),
    "stated_due_at": minute(60),
    "due_at": None,
    "office": "H27.01",
    "commune": "18001",
    "selector": "2.000001",
    "used_seconds": 0,
    "paused_seconds": 0,
    "policy": "",
    "regulated_seconds": None,
    "used_percent": None,
}
"""What is other where the fact holds no longer: who holds the case now, and nothing of the fact."""


@pytest.mark.parametrize(
    ("emission", "expected"),
    [
        (Emission("said", "its-id", KEY, None, "firm", FACT), SAID),
        (
            Emission("confirmed", "its-id", KEY, "another-id", "firm", FACT),
            {**SAID, "refers_to": "another-id", "kind": "confirmed"},
        ),
        (
            Emission("withdrawn", "its-id", KEY, "another-id", "firm", FACT),
            {**SAID, "refers_to": "another-id", "kind": "cleared"},
        ),
        (Emission("withdrawn", "its-id", KEY, "another-id", "firm", None), {**SAID, **GONE}),
    ],
)
def test_every_field_of_a_clock_event(emission: Emission, expected: dict[str, object]) -> None:
    """Said, confirmed, withdrawn because it was said too early, withdrawn because it is gone."""
    made = announcement(BOOK, CASE, LAST, emission, ORIGIN)
    assert (made.topic, made.key, BOOK.decode(CLOCK_EVENTS, made.value or b"")) == ("sla.v1", CASE.encode(), expected)


FINDING = {
    "event_id": "its-id",
    "settled_key": f"{CASE}|finding|hole|1.2",
    "case_id": CASE,
    "code": "hole",
    "kind": "raised",
    "refers_to": None,
    "cause": "1.2",
    "detail": "one is missing",
    "announced_at": minute(90),
    "office": "H27.16",
    "commune": "18073",
    "source_topic": "dossier.v1",
    "source_partition": 4,
    "source_offset": 70,
}
WITHDRAWN = {
    "kind": "withdrawn",
    "refers_to": "another-id",
    "detail": "no longer so",
    "office": "H27.01",
    "commune": "18001",
}


@pytest.mark.parametrize(
    ("kind", "refers_to", "content", "expected"),
    [
        ("said", None, Remark("hole", "1.2", "one is missing", "H27.16", "18073"), FINDING),
        ("withdrawn", "another-id", None, {**FINDING, **WITHDRAWN}),
    ],
)
def test_every_field_of_a_finding(
    kind: str, refers_to: str | None, content: Remark | None, expected: dict[str, object]
) -> None:
    """Raised, and withdrawn."""
    emission = Emission(kind, "its-id", f"{CASE}|finding|hole|1.2", refers_to, "firm", content)
    made = announcement(BOOK, CASE, LAST, emission, ORIGIN)
    assert (made.topic, made.key, BOOK.decode(FINDINGS, made.value or b"")) == ("quality.v1", CASE.encode(), expected)
