"""A picture of a bus as JSON for scripts. Field names are documented in docs/operate/status.md."""

from __future__ import annotations

from typing import Any

from lienthong.status.judge import Problem, silent_offices
from lienthong.status.snapshot import Snapshot
from lienthong_consumers.exporter.lags import DEADLINES, LEDGER, TOTALS, deadline_lags, ledger_lags, totals_lags
from lienthong_consumers.exporter.sightings import Breaches, Comparisons
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, iso_of


def report(snapshot: Snapshot, found: list[Problem]) -> dict[str, Any]:
    """Everything that was seen, and what is wrong."""
    return {
        "bus": snapshot.bus,
        "at": iso_of(snapshot.at),
        "well": not found,
        "problems": [problem._asdict() for problem in found],
        "sources": {
            source: {"up": seen is not None, "address": snapshot.places.get(source, "")}
            for source, seen in (("broker", snapshot.broker), ("ledger", snapshot.ledger))
        },
        "ticker": _ticker(snapshot),
        "workers": {worker: _worker(snapshot, worker) for worker in (DEADLINES, LEDGER, TOTALS)},
        "partitions": [_partition(snapshot, each) for each in partitions(snapshot)],
        "offices": _offices(snapshot),
        **_ledger(snapshot),
    }


def partitions(snapshot: Snapshot) -> list[TopicPartition]:
    """All partitions of case topics in their order, and of other topics those on which the ledger is behind."""
    if snapshot.broker is None:
        return []
    lags = lags_of(snapshot, LEDGER)
    shown = [each for each in snapshot.broker.ends if each.topic in CASE_TOPICS or lags.get(each)]
    places = {topic: place for place, topic in enumerate(CASE_TOPICS)}
    return sorted(shown, key=lambda each: (places.get(each.topic, len(places)), each))


def lags_of(snapshot: Snapshot, worker: str) -> dict[TopicPartition, int]:
    """How far a worker is behind, by partition."""
    if snapshot.broker is None:
        return {}
    if worker == DEADLINES:
        return deadline_lags(snapshot.broker)
    if worker == TOTALS:
        return totals_lags(snapshot.broker)
    return {} if snapshot.ledger is None else ledger_lags(snapshot.broker, snapshot.ledger)


def overdue(snapshot: Snapshot) -> Breaches:
    """Open cases past their due time, over all communes."""
    total = Breaches()
    for breaches in snapshot.ledger.overdue.values() if snapshot.ledger else ():
        total = total.plus(breaches)
    return total


def comparisons(snapshot: Snapshot) -> Comparisons:
    """How often live figures and ledger were compared, over all topics."""
    total = Comparisons()
    for found in snapshot.ledger.comparisons.values() if snapshot.ledger else ():
        total = total.plus(found)
    return total


def _moment(instant: Instant | None) -> str | None:
    """An instant for people; None where there is none yet."""
    return iso_of(instant) if instant else None


def _ticker(snapshot: Snapshot) -> dict[str, Any]:
    tick = snapshot.broker.tick if snapshot.broker else None
    age = None if tick is None else round((snapshot.at - tick.bus_time) / MICROSECONDS_PER_SECOND, 1)
    return {"last_tick": _moment(tick.bus_time if tick else None), "age_seconds": age}


def _worker(snapshot: Snapshot, worker: str) -> dict[str, Any]:
    group = snapshot.groups.get(worker)
    return {
        "members": None if group is None else group.members,
        "lag": sum(lags_of(snapshot, worker).values()),
        "standing_still": [f"{topic}/{number}" for topic, number in sorted(snapshot.still.get(worker, ()))],
    }


def _partition(snapshot: Snapshot, each: TopicPartition) -> dict[str, Any]:
    broker, ledger = snapshot.broker, snapshot.ledger
    applied = broker.applied.get(each) if broker else None
    position = ledger.positions.get(each) if ledger else None
    return {
        "topic": each.topic,
        "partition": each.partition,
        "log_end": broker.ends[each] if broker else None,
        "deadlines": {
            "applied": applied.next_offset if applied else None,
            "committed": snapshot.shown.get(DEADLINES, {}).get(each),
            "lag": lags_of(snapshot, DEADLINES).get(each),
            "horizon": _moment(applied.horizon if applied else None),
            "takeovers": applied.generation if applied else None,
        },
        "ledger": {
            "applied": position.next_offset if position else None,
            "committed": snapshot.shown.get(LEDGER, {}).get(each),
            "lag": lags_of(snapshot, LEDGER).get(each),
        },
    }


def _offices(snapshot: Snapshot) -> dict[str, Any]:
    heard = snapshot.broker.offices if snapshot.broker else {}
    silent = {office: age // MICROSECONDS_PER_SECOND for office, age in silent_offices(snapshot).items()}
    pending = {office: sign.pending for office, sign in sorted(heard.items()) if sign.pending}
    return {"known": len(heard), "silent_seconds": silent, "pending_events": pending}


def _ledger(snapshot: Snapshot) -> dict[str, Any]:
    ledger = snapshot.ledger
    if ledger is None:
        names = ("dead_letters", "overdue", "sequences", "findings", "figures", "official")
        return dict.fromkeys(names)
    return {
        "dead_letters": {topic: letters._asdict() for topic, letters in sorted(ledger.letters.items())},
        "overdue": overdue(snapshot)._asdict(),
        "sequences": dict(ledger.problems),
        "findings": dict(ledger.findings),
        "figures": comparisons(snapshot)._asdict(),
        "official": {
            "judged_at": _moment(ledger.published.judged_at),
            "unsent": ledger.published.unsent,
            "held": ledger.published.held,
        },
    }
