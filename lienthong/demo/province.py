"""A small simulated province, pure: what its offices hand in, wave by wave, and what must come of it.

A wave is a function of its seed, its number and its beginning. Most cases are handled in time, some late, one not at
all. One office loses its line for a while: what falls due meanwhile is announced as provisional, and when the backlog
arrives it is withdrawn (handled in time, only nobody had heard) or confirmed. One office never sends a heartbeat, so
its breaches stay provisional. One system sends what nobody can read, and one sends an event twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from itertools import cycle
from typing import Final

from lienthong.demo.cases import Course, HandIn, Office, hand_ins
from lienthong_schemas.instants import Instant, datetime_of

WAVE_S: Final = 16.0
"""Seconds from one wave to the next, when the province runs on."""
LOCAL_TIME: Final = timezone(timedelta(hours=7))
"""The offset of Việt Nam; it has no summer time."""

OFFICES: Final = ("H27.16", "H27.31", "H27.40.1", "H27.40.2", "H27.40.3", "H27.40.4", "H27.40.5", "H27.40.6")
"""Agency codes of the offices that take part: two departments, six communes."""
SILENT: Final = "H27.40.6"
"""The office without heartbeats."""
_CUT_OFF_BY_TURNS: Final = ("H27.40.4", "H27.40.2", "H27.40.5", "H27.40.3")
_GARBLING: Final = "H27.16"
_REPEATING: Final = "H27.31"
_NUMBERS_OF_A_WAVE: Final = 100

_COMMUNE_KINDS: Final = ("dossier", "field-report", "periodic-report", "document")
_DEPARTMENT_KINDS: Final = ("dossier", "task", "document")


@dataclass(frozen=True, slots=True)
class Outage:
    """An office without a line; seconds after the beginning of the wave."""

    office: str
    begins: float
    ends: float
    """Not before this; the line stays down until its provisional breaches have been announced."""


@dataclass(frozen=True, slots=True)
class Wave:
    """What happens in one wave, and the cases of which something is expected."""

    begins: Instant
    hand_ins: tuple[HandIn, ...]
    """In the order of their times."""
    outage: Outage
    garbled_by: str
    """The office whose system sends one unreadable record."""
    repeated_by: str
    """The office that sends its first event of the wave once more."""
    late: frozenset[str]
    """Cases whose breach holds when all is told."""
    withdrawn: frozenset[str]
    """Cases announced as breached while their office could not be heard, though they were handled in time."""
    confirmed: frozenset[str]
    """Cases announced as breached while their office could not be heard, and rightly so."""


def wave(offices: Sequence[Office], *, seed: int, number: int, now: Instant) -> Wave:
    """Wave ``number`` (from 0), beginning at ``now``. ``offices`` must be those of OFFICES."""
    chance = random.Random(f"{seed}/{number}")
    by_code = {office.code: office for office in offices}
    outage = Outage(_CUT_OFF_BY_TURNS[number % len(_CUT_OFF_BY_TURNS)], begins=1.8, ends=8.0)
    numbers = iter(range(number * _NUMBERS_OF_A_WAVE + 1, (number + 1) * _NUMBERS_OF_A_WAVE))
    unheard, heard = by_code[outage.office], [by_code[code] for code in OFFICES if code not in (SILENT, outage.office)]
    missed, found_late, in_backlog = (
        Course("dossier", next(numbers), unheard, opens=0.3, due=4.5, ends=3.5),
        Course("dossier", next(numbers), unheard, opens=0.6, due=5.0, ends=7.0),
        Course("field-report", next(numbers), unheard, opens=4.0, due=30.0, ends=7.5),
    )
    silent = (
        Course("dossier", next(numbers), by_code[SILENT], opens=0.4, due=6.0, ends=3.0),
        Course("dossier", next(numbers), by_code[SILENT], opens=0.8, due=4.0, ends=None),
    )
    courses = [missed, found_late, in_backlog, *silent, *_usual(heard, numbers, chance)]
    begins = datetime_of(now).astimezone(LOCAL_TIME)
    events = {course: tuple(hand_ins(course, begins)) for course in courses}

    def case(course: Course) -> str:
        return events[course][0].state.case_id

    return Wave(
        begins=now,
        hand_ins=tuple(sorted((each for some in events.values() for each in some), key=lambda each: each.at)),
        outage=outage,
        garbled_by=_GARBLING,
        repeated_by=_REPEATING,
        late=frozenset(case(course) for course in courses if course.late),
        withdrawn=frozenset((case(missed),)),
        confirmed=frozenset((case(found_late),)),
    )


def _usual(offices: Sequence[Office], numbers: Iterator[int], chance: random.Random) -> Iterator[Course]:
    """Three cases for each office that can be heard: a third late, one paused, one never handled."""
    endings = ["in-time"] * 11 + ["late"] * 5 + ["open"]
    chance.shuffle(endings)
    kinds = {office: cycle(_COMMUNE_KINDS if office.commune else _DEPARTMENT_KINDS) for office in offices}
    yield Course("dossier", next(numbers), offices[0], 0.5, due=4.0, ends=9.5, pause=(1.5, 6.0, 11.0))
    turns = [office for office in offices for _ in range(3)][1:]
    for office, ending in zip(turns, endings, strict=True):
        opens = round(chance.uniform(0.1, 3.0), 1)
        due = round(opens + chance.uniform(2.5, 4.5), 1)
        ends = {
            "in-time": round(due - chance.uniform(1.2, 2.0), 1),
            "late": round(due + chance.uniform(1.2, 2.5), 1),
            "open": None,
        }[ending]
        yield Course(next(kinds[office]), next(numbers), office, opens, due, ends)
