"""Both engines on one trial, what differs between them, and what a trial has in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lienthong_streams.domain.facts import Fold
from lienthong_streams.domain.fold import fold
from lienthong_streams.domain.timeline import Known, insert
from tests.support.engine_oracle import SlowClock, SlowFact, SlowFold, slow_fold
from tests.support.engine_program import Trial


def engine_fold(trial: Trial) -> Fold:
    """What the engine says, given the events in the order of delivery."""
    timeline: list[Known] = []
    for event, known_at in trial.history:
        insert(timeline, Known(event, known_at))
    return fold(timeline, trial.book, trial.horizon, {})


def oracle_fold(trial: Trial) -> SlowFold:
    """What the slow engine says. Raises OutOfRange where the calendar does not reach."""
    return slow_fold(trial.history, trial.rules, trial.horizon)


def clocks_of(found: Fold) -> list[SlowClock]:
    """The engine's clocks in the oracle's form; offices that held a clock for no time are left out."""
    return sorted(
        (SlowClock(*clock[:-1], _shares(clock.name, dict(clock.shares))) for clock in found.clocks),
        key=lambda clock: clock[:2],
    )


def oracle_clocks(found: SlowFold) -> list[SlowClock]:
    """The oracle's clocks."""
    return sorted(
        (clock._replace(shares=_shares(clock.name, clock.shares)) for clock in found.clocks),
        key=lambda clock: clock[:2],
    )


def _shares(name: str, shares: Mapping[str, int]) -> dict[str, int]:
    """The shares of offices that had a clock for some time. An apology is nobody's: who answers for it may change."""
    return {} if name == "apology" else {office: share for office, share in shares.items() if share}


def facts_of(found: Fold) -> list[SlowFact]:
    """The engine's facts by what is settled about them."""
    return sorted(SlowFact(one.clock, one.episode, one.kind, one.level, one.cause) for one in found.facts)


def features_of(trial: Trial, found: SlowFold) -> Iterator[str]:
    """What a trial has in it, so that a generator that has lost something is found out."""
    data = trial.policies[0]
    yield f"unit {data.get('unit', 'stated')}"
    yield from (name for name in ("cut_off", "acceptance", "apology_lead", "warnings", "steps") if name in data)
    yield from ("by day",) * (data.get("due_precision") == "day")
    yield from ("several policies",) * (len(trial.policies) > 1)
    yield from ("several calendars",) * (len(trial.rules.calendars) > 1)
    yield from ("no duty pause",) * (data.get("financial_duty_pause") is False)
    yield from (f"{name}" for name in ("holes", "conflicts", "held") if getattr(found.order, name))
    events = [event for event, _ in trial.history]
    yield from ("copies",) * (len({(one.epoch, one.seq, one.digest) for one in events}) < len(events))
    yield from {f"change {one.change}" for one in events}
    yield from {f"status {one.status}" for one in events}
    yield from {f"fact {one.clock.split('/')[0]} {one.kind}" for one in found.facts}
    for clock in found.clocks:
        if clock.name == "processing":
            yield from ("reopened",) * (clock.episode > 1)
            yield from ("several offices",) * (len(clock.shares) > 1)
            yield from ("stated",) * (clock.stated_due_at is not None)
            yield from ("ended just at the due time",) * (clock.ended_at is not None and clock.ended_at == clock.due_at)
            yield from ("horizon just at the due time",) * (clock.ended_at is None and trial.horizon == clock.due_at)
            yield from ("horizon just behind the due time",) * (
                clock.ended_at is None and clock.due_at is not None and trial.horizon == clock.due_at + 1
            )
            yield from ("paused just at the due time",) * any(
                one.occurred_at == clock.due_at and one.status in ("5", "6", "8") for one in events
            )
