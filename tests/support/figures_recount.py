"""The live figures counted again in plain Python, from events and folds of all cases. Shares no code with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.reference import ReferenceBook
from lienthong_streams.domain.facts import Fact, Fold
from lienthong_streams.domain.processing import Clock
from lienthong_streams.domain.rules import rules_of
from lienthong_streams.domain.timeline import Known
from tests.support.ledger_recount import Counted, recount

BUCKETS = ("10", "20", "30", "40", "50", "60", "70", "80", "90", "100", "125", "150", "200", "300", "more")
VIETNAM = timezone(timedelta(hours=7))
Place = tuple[str, str, str, str]
"""Commune, office, channel, selector."""
MARKS = ("rated", "satisfied", "fee_known", "fee_online", "digitise_known", "digitised", "signature_known", "signed")


class Case(NamedTuple):
    """A case: what is known of it, what holds about it, and by what reference data."""

    timeline: list[Known]
    fold: Fold
    book: ReferenceBook


def counted_again(cases: Iterable[Case]) -> dict[Place, Counter[str]]:
    """By place, every figure that is not zero; buckets of time by their upper bound in percent."""
    found: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    for case in cases:
        last, first = _last_and_first(case.timeline)
        if last is not None and first is not None:
            found[last.commune, last.office, last.channel, last.selector].update(_names(case, last, first))
    return {place: +counts for place, counts in found.items()}


def _names(case: Case, last: CaseEvent, first: CaseEvent) -> list[str]:
    clocks = [clock for clock in case.fold.clocks if clock.name == "processing"]
    clock = clocks[-1] if clocks else None
    state = clock.state if clock is not None else "none"
    names = ["breaches"] * sum(each.breached for each in clocks)
    names += [name for bit, name in enumerate(MARKS) if last.marks >> bit & 1]
    for each in case.fold.clocks:
        if each.name == "receipt" and each.ended_at is not None:
            names.append("receipt_late" if each.breached else "receipt_in_time")
    if last.ended_at is None and last.received_at is None:
        return [*names, "declined" if state == "stopped" else "waiting"]
    names.append("received")
    if first.change == "opening":
        names.append("carried")
    if last.ended_at is not None:
        if state == "ended" and clock is not None:
            names.extend(_bucket(case, clock))
        return [*names, f"ended_{_ended(last.ended_at, last.due_at)}"]
    if state == "stopped":
        return [*names, "stopped"]
    return [*names, "paused" if state == "paused" else "in_process", f"pending_{_pending(case, clock)}"]


def _pending(case: Case, clock: Clock | None) -> str:
    if clock is None:
        return "undated"
    if any(remark.code == "hole" for remark in case.fold.remarks):
        return "provisional"
    if clock.due_at is None:
        return "undated"
    if not clock.breached:
        return "in_time"
    (breach,) = _facts(case, clock, "breached")
    return "provisional" if breach.firmness == "provisional-silence" else "late"


def _ended(ended_at: int, due_at: int | None) -> str:
    if due_at is None:
        return "undated"
    if ended_at > due_at:
        return "late"
    return "early" if _date(ended_at) < _date(due_at) else "on_time"


def _date(instant: int) -> tuple[int, int, int]:
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)).astimezone(VIETNAM)
    return moment.year, moment.month, moment.day


def _bucket(case: Case, clock: Clock) -> list[str]:
    """The bucket of the time used since the last restart: over as much of the regulated time as it might have used."""
    if clock.due_at is None or clock.ended_at is None:
        return []
    restarts = [fact.used for fact in _facts(case, clock, "restarted")]
    before = restarts[-1] if restarts else 0
    if clock.ended_at <= clock.due_at:
        regulated = clock.used - before + _measured(case, clock.ended_at, clock.due_at)
    elif clock.breached:
        (breach,) = _facts(case, clock, "breached")
        regulated = breach.used - before
    else:  # late by the instant, in time by the day
        (end,) = _facts(case, clock, "met")
        regulated = clock.used - before - _measured(case, clock.due_at, end.happened_at)
    if regulated <= 0:
        return []
    used = clock.used - before
    return [f"share_{next(bound for bound in BUCKETS if bound == 'more' or used * 100 <= int(bound) * regulated)}"]


def _facts(case: Case, clock: Clock, kind: str) -> list[Fact]:
    same = (clock.name, clock.episode, kind)
    return [fact for fact in case.fold.facts if (fact.clock, fact.episode, fact.kind) == same]


def _measured(case: Case, earlier: int, later: int) -> int:
    """Microseconds in the time in which the case is counted, by the policy that its start selected."""
    start = next(fact for fact in case.fold.facts if (fact.clock, fact.kind) == ("processing", "started"))
    began = next(known.event for known in case.timeline if f"{known.event.epoch}.{known.event.seq}" == start.cause)
    terms = rules_of(case.book).terms_of(began.kind, began.selector, began.urgency, "processing", start.happened_at)
    assert terms is not None
    if any(remark.code == "beyond-calendar" for remark in case.fold.remarks):
        terms = terms.stated_alone
    return terms.measured(earlier, later)


def _last_and_first(timeline: list[Known]) -> tuple[CaseEvent | None, CaseEvent | None]:
    """The events that apply with the highest and the lowest number."""
    rows = recount(_counted(known.event) for known in timeline).rows
    if not rows:
        return None, None
    (number,) = rows.values()
    last = next(known.event for known in timeline if _identity(known.event) == number)
    firsts = [known.event for known in timeline if known.event.epoch == 1]
    lowest = min(event.seq for event in firsts)
    first = min((event for event in firsts if event.seq == lowest), key=lambda event: (event.accepted_at, event.digest))
    return last, first


def _identity(event: CaseEvent) -> tuple[int, int, bytes]:
    return event.epoch, event.seq, event.digest


def _counted(event: CaseEvent) -> Counted:
    handover = event.handover
    return Counted(
        *(event.case_id, *_identity(event), event.accepted_at, event.office),
        *(event.received_at, event.due_at, event.ended_at),
        *((None, None) if handover is None else (handover.next_epoch, handover.last_seq)),
    )


def plain(measures: Mapping[str, object]) -> Counter[str]:
    """A decoded snapshot in the same form."""
    counts = Counter({name: value for name, value in measures.items() if isinstance(value, int)})
    shares = measures["shares_of_time"]
    assert isinstance(shares, list)
    counts.update({f"share_{bound}": cases for bound, cases in zip(BUCKETS, shares, strict=True)})
    for name in ("source_partition", "generation", "position", "as_of"):
        del counts[name]
    return +counts
