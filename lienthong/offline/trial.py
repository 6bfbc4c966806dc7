"""A trial of rules on a history: what would be said when, and how every clock stands at the end, as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lienthong_infra.ports import TopicPartition
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, iso_of
from lienthong_schemas.records import ClockEvent, Finding, clock_event, finding
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.announce import CLOCK_EVENTS, Origin, announcement
from lienthong_streams.domain.processing import Clock
from lienthong_streams.domain.replay import Replay
from lienthong_streams.domain.timeline import Known

_OF_THE_LOG: Final = ("source_topic", "source_partition", "source_offset", "reference_end")
"""Fields of an announcement that say where it lies on a bus: here is none."""
_NOWHERE: Final = TopicPartition("", 0)


def announcements(
    history: Sequence[Known], book: ReferenceBook, as_of: Instant, replay: Replay | None = None
) -> Iterator[ClockEvent | Finding]:
    """What would be announced, in the order of time. ``replay``: where to go on, for those who ask it afterwards."""
    schemas = SchemaBook()
    for said in (Replay(book, history) if replay is None else replay).until(as_of):
        origin = Origin(_NOWHERE, 0, said.at, book.end)
        record = announcement(schemas, said.case_id, said.last, said.emission, origin)
        fields = schemas.decode(record.topic, record.value or b"")
        yield clock_event(fields) if record.topic == CLOCK_EVENTS else finding(fields)


def trial(history: Sequence[Known], book: ReferenceBook, as_of: Instant) -> Iterator[str]:
    """The lines: clock events and findings in the order of time, then the clocks as they stand at ``as_of``."""
    replay = Replay(book, history)
    for one in announcements(history, book, as_of, replay):
        yield _line("clock-event" if isinstance(one, ClockEvent) else "finding", one._asdict())
    for case_id, outcome in replay.folds(as_of):
        for clock in outcome.clocks:
            yield _line("clock", {"case_id": case_id, **_clock(clock)})


def _line(kind: str, fields: Mapping[str, Any]) -> str:
    shown = {
        name: iso_of(value) if name.endswith("_at") and value is not None else value
        for name, value in fields.items()
        if name not in _OF_THE_LOG
    }
    return json.dumps({"line": kind, **shown}, ensure_ascii=False)


def _clock(clock: Clock) -> dict[str, Any]:
    return {
        "clock": clock.name,
        "episode": clock.episode,
        "state": clock.state,
        "started_at": clock.started_at,
        "ended_at": clock.ended_at,
        "stated_due_at": clock.stated_due_at,
        "due_at": clock.due_at,
        "breached": clock.breached,
        "used_seconds": clock.used // MICROSECONDS_PER_SECOND,
        "paused_seconds": clock.paused // MICROSECONDS_PER_SECOND,
        "shares": {office: share // MICROSECONDS_PER_SECOND for office, share in clock.shares},
    }
