"""From what was seen to what is wrong, and which runbook helps. Pure; the limits are those of the alert rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from lienthong.status.snapshot import Snapshot
from lienthong_consumers.exporter.lags import DEADLINES, LEDGER, TOTALS, deadline_lags, ledger_lags, totals_lags
from lienthong_consumers.exporter.sightings import BrokerSight, LedgerSight
from lienthong_consumers.ledger.readiness import begin_command, not_begun
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.checksums import EVERY
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant

TICK_LIMIT: Final = 120 * MICROSECONDS_PER_SECOND
"""Microseconds without a tick, or without one that was applied. As in the rules TickerSilent and TicksNotApplied."""
OFFICE_LIMIT: Final = 900 * MICROSECONDS_PER_SECOND
"""Microseconds after which an office counts as silent. As in the rule OfficeSilent."""

PUBLISHED_LIMIT: Final = 900 * MICROSECONDS_PER_SECOND
"""Microseconds by which official figures may be behind the bus. As in the rule OfficialFiguresBehind."""
COMPARED_LIMIT: Final = 2 * EVERY
"""Records without a comparison of figures. As in the rule FiguresNotCompared."""

RUNBOOKS: Final = "docs/operate/runbooks"


class Problem(NamedTuple):
    """Something wrong: with what, what it is, and the file that says what to do."""

    subject: str
    what: str
    runbook: str


def problems(snapshot: Snapshot) -> list[Problem]:
    """Everything that is wrong, the gravest first."""
    found = [Problem(source, text, f"{RUNBOOKS}/source-away.md") for source, text in snapshot.trouble.items()]
    if snapshot.broker is not None:
        found.extend(_ticker(snapshot, snapshot.broker))
        found.extend(_deadlines(snapshot, snapshot.broker))
        found.extend(_totals(snapshot, snapshot.broker))
        if snapshot.ledger is not None:
            found.extend(_ledger(snapshot, snapshot.broker, snapshot.ledger))
            found.extend(_publisher(snapshot, snapshot.broker, snapshot.ledger))
        found.extend(_offices(snapshot, snapshot.broker))
        found.extend(_unreadable(snapshot.broker))
    if snapshot.ledger is not None:
        found.extend(_figures(snapshot, snapshot.ledger))
        found.extend(_letters(snapshot.ledger))
    return found


def _ticker(snapshot: Snapshot, broker: BrokerSight) -> Iterator[Problem]:
    runbook = f"{RUNBOOKS}/ticker-silent.md"
    if broker.tick is None:
        yield Problem("ticker", "there has been no tick; nothing is announced as breached", runbook)
    elif not snapshot.own_time and snapshot.at - broker.tick.bus_time > TICK_LIMIT:
        age = duration(snapshot.at - broker.tick.bus_time)
        yield Problem("ticker", f"the last tick is {age} old; nothing is announced as breached", runbook)


def _deadlines(snapshot: Snapshot, broker: BrokerSight) -> Iterator[Problem]:
    yield from _worker(snapshot, DEADLINES, sum(deadline_lags(broker).values()))
    if broker.tick is None:
        return
    applied = [broker.applied.get(each) for each in broker.ends if each.topic in CASE_TOPICS]
    behind = [broker.tick.bus_time - (one.horizon if one else 0) for one in applied]
    late = [age for age in behind if age > TICK_LIMIT]
    if late:
        # A partition without any tick is behind by all the time there is.
        by = "has applied none" if max(late) == broker.tick.bus_time else f"is {duration(max(late))} behind it"
        text = f"{len(late)} partitions have not applied the newest tick; the slowest {by}"
        yield Problem(DEADLINES, text, f"{RUNBOOKS}/worker-silent.md")


def _ledger(snapshot: Snapshot, broker: BrokerSight, ledger: LedgerSight) -> Iterator[Problem]:
    if new := not_begun(broker.ends, ledger.positions):
        named = ", ".join(new)
        what = f"it has not begun {named}, so it reaches no tick and closes no period: run `{begin_command(new)}`"
        yield Problem(LEDGER, what, f"{RUNBOOKS}/topics-not-begun.md")
    yield from _worker(snapshot, LEDGER, sum(ledger_lags(broker, ledger).values()))


def _totals(snapshot: Snapshot, broker: BrokerSight) -> Iterator[Problem]:
    """A bus may do without live totals: then nobody has ever shown a position."""
    if broker.totals is not None and not snapshot.own_time:
        yield from _worker(snapshot, TOTALS, sum(totals_lags(broker).values()))


def _publisher(snapshot: Snapshot, broker: BrokerSight, ledger: LedgerSight) -> Iterator[Problem]:
    """A bus may do without a publisher, too, and that of an import has ended with it."""
    runbook, published = f"{RUNBOOKS}/publisher-silent.md", ledger.published
    if not published.expected or snapshot.own_time:
        return
    if not published.held:
        yield Problem("publisher", f"no process publishes; {published.unsent:,} records wait", runbook)
    elif broker.tick is not None and broker.tick.bus_time - published.judged_at > PUBLISHED_LIMIT:
        age = duration(broker.tick.bus_time - published.judged_at)
        by = f"are {age} behind the bus" if published.judged_at else "were never published: no tick was reached"
        yield Problem("publisher", f"official figures {by}", runbook)


def _worker(snapshot: Snapshot, worker: str, lag: int) -> Iterator[Problem]:
    runbook = f"{RUNBOOKS}/worker-silent.md"
    group = snapshot.groups.get(worker)
    if group is not None and group.members == 0:
        yield Problem(worker, f"no process runs; {lag:,} waiting records", runbook)
    elif still := snapshot.still.get(worker):
        names = ", ".join(f"{topic}/{partition}" for topic, partition in sorted(still)[:3])
        more = f" and {len(still) - 3} more" if len(still) > 3 else ""
        yield Problem(worker, f"the position does not move although records wait: {names}{more}", runbook)


def silent_offices(snapshot: Snapshot) -> dict[str, Instant]:
    """By office, how long it has been silent (microseconds), the longest first; none where time stands still."""
    if snapshot.broker is None or snapshot.own_time:
        return {}
    ages = {office: snapshot.at - sign.last_heard for office, sign in snapshot.broker.offices.items()}
    silent = [(office, age) for office, age in ages.items() if age > OFFICE_LIMIT]
    return dict(sorted(silent, key=lambda each: -each[1]))


def _offices(snapshot: Snapshot, _: BrokerSight) -> Iterator[Problem]:
    silent = silent_offices(snapshot)
    if silent:
        named = ", ".join(f"{office} ({duration(age)})" for office, age in list(silent.items())[:3])
        more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
        yield Problem("offices", f"silent: {named}{more}", f"{RUNBOOKS}/office-silent.md")


def _unreadable(broker: BrokerSight) -> Iterator[Problem]:
    for topic, count in sorted(broker.unreadable.items()):
        runbook = "worker-silent.md" if "-changelog-" in topic else "dead-letters.md"
        yield Problem(topic, f"unreadable records at its end: {count}", f"{RUNBOOKS}/{runbook}")


def not_compared(snapshot: Snapshot) -> dict[TopicPartition, int]:
    """By partition, how many records both have gone beyond the newest offset at which their figures were compared."""
    if snapshot.broker is None or snapshot.ledger is None:
        return {}
    ahead = {
        each: min(snapshot.ledger.positions[each].next_offset, applied.next_offset)
        - snapshot.ledger.compared_below.get(each, 0)
        for each, applied in snapshot.broker.applied.items()
        if each in snapshot.ledger.positions
    }
    return {each: records for each, records in ahead.items() if records > COMPARED_LIMIT}


def _figures(snapshot: Snapshot, ledger: LedgerSight) -> Iterator[Problem]:
    runbook = f"{RUNBOOKS}/figures-mismatch.md"
    for topic, found in sorted(ledger.comparisons.items()):
        if found.differing:
            yield Problem(topic, f"live figures and ledger differ in {found.differing:,} partitions", runbook)
    for (topic, partition), records in sorted(not_compared(snapshot).items()):
        yield Problem(f"{topic}/{partition}", f"figures are not compared since {records:,} records", runbook)


def _letters(ledger: LedgerSight) -> Iterator[Problem]:
    for topic, letters in sorted(ledger.letters.items()):
        if letters.open:
            yield Problem(topic, f"open dead letters: {letters.open:,}", f"{RUNBOOKS}/dead-letters.md")


def duration(microseconds: int) -> str:
    """A time for people: ``45 s``, ``12 min``, ``5 h``, ``3 d``."""
    seconds = max(0, microseconds) // MICROSECONDS_PER_SECOND
    for limit, unit, name in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < limit:
            return f"{seconds // unit} {name}"
    return f"{seconds // 86_400} d"
