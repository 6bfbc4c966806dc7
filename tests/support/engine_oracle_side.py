"""The last part of the slow engine: the clocks of acceptance, supplement, internal steps and the apology."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tests.support.engine_oracle import Course, SlowClock, SlowFact, SlowFold, shown
from tests.support.engine_oracle_case import Row, Rules, Spell, spells_of
from tests.support.engine_oracle_time import Due, Pause, Time


class Errand(NamedTuple):
    """Something that must be done by a due time; ``until`` None: it is not done."""

    clock: str
    number: int
    since: int
    row: Row
    until: int | None
    until_row: Row | None
    due: Due
    time: Time
    pauses: Sequence[Pause] = ()


def side_clocks(found: SlowFold, rows: Sequence[Row], courses: Sequence[Course], rules: Rules, horizon: int) -> None:
    """Add the clocks beside processing, and their facts."""
    errands = [*_acceptance(rows, rules)]
    counts: Counter[str] = Counter()
    for kind in (_supplements, _steps):
        for course in courses:
            errands += kind(course, counts)
    errands += [errand for course in courses for errand in _apology(course, horizon)]
    for errand in errands:
        _judge(found, errand, horizon)


def _judge(found: SlowFold, errand: Errand, horizon: int) -> None:
    until = horizon if errand.until is None else errand.until
    late = until > errand.due.last and not errand.due.moving
    told = [("started", errand.row.number)]
    if late:
        told.append(("breached", shown(errand.due.at)))
    if errand.until_row is not None:
        told.append(("met-late" if late else "met", errand.until_row.number))
    found.facts += [SlowFact(errand.clock, errand.number, kind, "", cause) for kind, cause in told]
    begin = errand.since if errand.due.begin is None else errand.due.begin
    paused = sum(
        errand.time.measure(max(one.opened, begin), until if one.closed is None else min(one.closed, until))
        for one in errand.pauses
    )
    used = errand.time.measure(begin, until) - paused
    stands = any(one.closed is None for one in errand.pauses)
    state = "ended" if errand.until is not None else "paused" if stands else "running"
    shares = {errand.row.event.office: used}
    clock = errand.clock, errand.number, state, errand.since, errand.until, None, errand.due.at, late, used, paused
    found.clocks.append(SlowClock(*clock, shares))


def _time(time: Time, span: dict[str, Any], *, step: bool) -> Time:
    """How a span of a policy is counted: no cut-off; steps in hours and to the instant."""
    data = dict(span)
    if step and span["unit"] == "working_day":
        data["days"] = "hours"
    if not step and span["unit"] in ("working_day", "calendar_day"):
        data["due_precision"] = time.data.get("due_precision", "instant")
    return Time(data, time.calendar)


def _acceptance(rows: Sequence[Row], rules: Rules) -> Iterator[Errand]:
    """From the first state that waits, before anything runs, to the first that does not."""
    spells = spells_of(rows)
    before = rows[: spells[0].first] if spells else rows
    waiting = next((index for index, row in enumerate(before) if row.effect == "waiting"), None)
    if waiting is None:
        return
    submitted = rows[waiting]
    time = rules.time(spells[0].start if spells else submitted.event.occurred_at)
    if time is None or "acceptance" not in time.data:
        return
    own = _time(time, time.data["acceptance"], step=False)
    decided = next((row for row in rows[waiting:] if row.effect != "waiting"), None)
    due = own.due(submitted.at, ())
    if due is not None:
        until = None if decided is None else decided.at
        yield Errand("acceptance", 1, submitted.at, submitted, until, decided, due, own)


def _supplements(course: Course, counts: Counter[str]) -> Iterator[Errand]:
    """One for each request for papers."""
    limit = (course.time.data.get("supplement") or {}).get("limit")
    for pause in course.pauses:
        if limit is None or pause.reason != "supplement":
            continue
        counts["supplement"] += 1
        own = _time(course.time, limit, step=False)
        due = own.due(pause.opened, ())
        closing = course.spell.last if pause.closing_row is None else pause.closing_row
        row = None if closing is None else course.rows[closing]
        if due is not None:
            number = counts["supplement"]
            yield Errand("supplement", number, pause.opened, course.rows[pause.row], pause.closed, row, due, own)


def _steps(course: Course, counts: Counter[str]) -> Iterator[Errand]:
    """One for each time that a step is begun; it stands still while the case does."""
    spell: Spell = course.spell
    stop = spell.stop if spell.last is None else spell.last
    turns: list[int] = []
    for index in range(spell.first, stop):
        if course.rows[index].event.step != (course.rows[turns[-1]].event.step if turns else ""):
            turns.append(index)
    for place, index in enumerate(turns):
        row = course.rows[index]
        span = course.time.data.get("steps", {}).get(row.event.step)
        if span is None:
            continue
        clock = f"step/{row.event.step}"
        counts[clock] += 1
        since = max(row.at, spell.start)
        after = turns[place + 1] if place + 1 < len(turns) else spell.last
        until_row = None if after is None else course.rows[after]
        until = spell.end if after == spell.last else max(course.rows[turns[place + 1]].at, spell.start)
        pauses = _within(course.pauses, since, until)
        own = _time(course.time, span, step=True)
        due = own.due(since, pauses)
        if due is not None:
            yield Errand(clock, counts[clock], since, row, until, until_row, due, own, pauses)


def _within(pauses: Sequence[Pause], since: int, until: int | None) -> list[Pause]:
    """The parts of pauses that lie in a stretch of time."""
    found = []
    for pause in pauses:
        closed = pause.closed if until is None else until if pause.closed is None else min(pause.closed, until)
        if (closed is None or closed > since) and (until is None or pause.opened < until):
            found.append(pause._replace(opened=max(pause.opened, since), closed=closed))
    return found


def _apology(course: Course, horizon: int) -> Iterator[Errand]:
    """A case that is late, or was given a new appointment, needs an apology so long before the due time it missed."""
    lead = course.time.data.get("apology_lead")
    if lead is None:
        return
    spell = course.spell
    given = next((one for one in range(1, len(course.statements)) if course.extends(one)), None)
    if given is None:
        due, at, by = course.due, None, None
        if due is None or not course.breached:
            return
    else:
        index = course.statements[given][0]
        by = course.rows[index]
        at = by.at
        stopped = spell.last is not None and spell.last < index
        earlier = spell._replace(stop=index) if stopped else spell._replace(stop=index, last=None, end=None)
        due = Course(course.rows, earlier, course.time, horizon).due
        if due is None:
            return
    deadline = course.time.before(lead, due.at)
    missed = Due(deadline, deadline, begin=spell.start)
    first = course.rows[spell.first]
    yield Errand("apology", spell.number, spell.start, first, at, by, missed, course.time)
