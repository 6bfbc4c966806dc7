"""From an explanation to its JSON form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from lienthong.explain import document as form
from lienthong.explain.material import Explained
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, datetime_of
from lienthong_schemas.records import ClockEvent
from lienthong_schemas.reference import ReferenceBook, States
from lienthong_streams.domain.derivation import SOURCES, Reason
from lienthong_streams.domain.explanation import APPLIES, Entry, ExplainedClock, Explanation, Version

_HOME: Final = "Asia/Ho_Chi_Minh"
"""The zone of those who read, where the bus has no calendar."""
_CALENDAR: Final = "default"


def document_of(found: Explained) -> form.Document:
    """The JSON form."""
    explanation, book = found.explanation, found.book
    newest, labels = explanation.newest, _labels(explanation, book)
    stated = {_cause(entry): entry.known.event.status for entry in explanation.entries if entry.standing == APPLIES}
    return form.Document(
        case_id=explanation.case_id,
        kind=newest.kind,
        as_of=datetime_of(explanation.horizon),
        source=found.source,  # type: ignore[arg-type]  # one of the two
        time_zone=_zone(book, explanation.horizon),
        selector=newest.selector,
        status=newest.status,
        label=labels.get(newest.status, ""),
        office=newest.office,
        states=_version(explanation.states),
        clocks=tuple(_clock(clock, stated, labels) for clock in explanation.clocks),
        findings=tuple(
            form.FindingPart(code=each.code, cause=each.cause, detail=each.detail, office=each.office)
            for each in sorted(explanation.remarks)
        ),
        announcements=tuple(_announcements(found.announced)),
        events=tuple(_event(entry, labels) for entry in explanation.entries),
        holes=tuple(form.HolePart(**hole._asdict()) for hole in explanation.holes),
    )


def _labels(explanation: Explanation, book: ReferenceBook) -> dict[str, str]:
    found = None if explanation.states is None else book.version(explanation.states.record_id)
    body = None if found is None else found[1]
    return dict(body.labels) if isinstance(body, States) else {}


def _zone(book: ReferenceBook, at: Instant) -> str:
    found = book.calendar(_CALENDAR, at)
    return _HOME if found is None else found[1].time_zone


def _version(version: Version | None) -> form.VersionPart | None:
    if version is None:
        return None
    return form.VersionPart(
        record=version.record_id,
        valid_from=datetime_of(version.valid_from),
        source=" ".join(version.source.split()),
        name=version.name,
    )


def _clock(explained: ExplainedClock, stated: dict[str, str], labels: dict[str, str]) -> form.ClockPart:
    clock = explained.clock
    return form.ClockPart(
        name=clock.name,
        episode=clock.episode,
        state=clock.state,  # type: ignore[arg-type]  # one of the four
        breached=clock.breached,
        working=explained.working,
        started_at=datetime_of(clock.started_at),
        ended_at=_moment(clock.ended_at),
        stated_due_at=_moment(clock.stated_due_at),
        due_at=_moment(clock.due_at),
        last_in_time=_moment(explained.last_in_time),
        span=explained.span,
        used_seconds=_seconds(clock.used),
        paused_seconds=_seconds(clock.paused),
        late_seconds=_seconds(explained.late),
        shares=tuple(form.SharePart(office=office, seconds=_seconds(ran)) for office, ran in clock.shares),
        policy=_version(explained.policy),
        calendar=_version(explained.calendar),
        intervals=tuple(_intervals(explained, stated, labels)),
        reasons=tuple(map(_reason, explained.reasons)),
        by_policy=tuple(map(_reason, explained.by_policy)),
    )


def _intervals(
    explained: ExplainedClock, stated: dict[str, str], labels: dict[str, str]
) -> Iterator[form.IntervalPart]:
    """The intervals, each with the state that the event stated with which it began."""
    for each in explained.intervals:
        status = stated.get(each.cause, "")
        yield form.IntervalPart(
            since=datetime_of(each.since),
            until=datetime_of(each.until),
            state=each.state,  # type: ignore[arg-type]  # one of the two
            rule=each.rule,
            cause=each.cause,
            status=status,
            label=labels.get(status, ""),
            office=each.office,
            seconds=_seconds(each.counted),
        )


def _reason(reason: Reason) -> form.ReasonPart:
    return form.ReasonPart(
        rule=reason.rule,
        at=datetime_of(reason.at),
        detail=reason.detail,
        cause=reason.cause,
        moved_seconds=_seconds(reason.moved),
        days_off=tuple(form.DaysOffPart(**days._asdict()) for days in reason.days_off),
        source=SOURCES[reason.rule],
    )


def _cause(entry: Entry) -> str:
    event = entry.known.event
    return f"{event.epoch}.{event.seq}"


def _event(entry: Entry, labels: dict[str, str]) -> form.EventPart:
    event = entry.known.event
    return form.EventPart(
        cause=_cause(entry),
        office=event.office,
        status=event.status,
        label=labels.get(event.status, ""),
        change=event.change,
        step=event.step,
        occurred_at=datetime_of(event.occurred_at),
        accepted_at=datetime_of(event.accepted_at),
        known_at=datetime_of(entry.known.known_at),
        due_at=_moment(event.due_at),
        standing=entry.standing,  # type: ignore[arg-type]  # one of the three
    )


def _announcements(announced: Sequence[ClockEvent]) -> Iterator[form.AnnouncementPart]:
    withdrawn = {one.refers_to: one.event_id for one in announced if one.kind == "cleared"}
    for one in announced:
        yield form.AnnouncementPart(
            event_id=one.event_id,
            announced_at=datetime_of(one.announced_at),
            clock=one.clock,
            episode=one.episode,
            kind=one.kind,
            level=one.level,
            cause=one.cause,
            firmness=one.firmness,
            happened_at=datetime_of(one.happened_at),
            due_at=_moment(one.due_at),
            refers_to=one.refers_to,
            withdrawn_by=withdrawn.get(one.event_id),
        )


def _moment(instant: Instant | None) -> datetime | None:
    return None if instant is None else datetime_of(instant)


def _seconds(microseconds: int) -> Any:
    """Seconds, whole where there is no fraction."""
    whole, rest = divmod(microseconds, MICROSECONDS_PER_SECOND)
    return whole if not rest else microseconds / MICROSECONDS_PER_SECOND
